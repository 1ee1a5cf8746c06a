/**
 * Whether a tab's node turns out to have been removed while no tab ran it: it stops for that before it
 * has known a leader. Nobody watched it go, and where another node of this browser belongs, which speaks
 * for newcomers, a new one takes its place; else a person has to know that an invite is needed.
 */

import type { NodeStatus } from '../node/status.ts';

type MemberWord = Pick<NodeStatus['members'][number], 'nodeId' | 'profileId'>;
type RemovalWord = Pick<NodeStatus, 'nodeId' | 'state' | 'leaderId'> & {
  readonly transport: Pick<NodeStatus['transport'], 'refusal'>;
  readonly members: readonly MemberWord[];
};

/** To be told every status of one node; true once, where another is to take its place. */
export function lateRemoval(): (status: RemovalWord) => boolean {
  let isSettled = false;
  return (status) => {
    if (isSettled) return false;
    const { state, leaderId, transport } = status;
    isSettled = leaderId !== null || state === 'stopped';
    const isRemoved = state === 'stopped' && transport.refusal === 'removed';
    return leaderId === null && isRemoved && hasOthersHere(status);
  };
}

function hasOthersHere({ nodeId, members }: RemovalWord): boolean {
  const own = members.find((member) => member.nodeId === nodeId);
  // Its own log says that it is out: it was there, and has likely asked for it.
  if (own === undefined) return true;
  return members.some((member) => member !== own && member.profileId === own.profileId);
}
