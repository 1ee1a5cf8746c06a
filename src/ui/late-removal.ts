/**
 * Whether a tab's node turns out to have been removed while no tab ran it: it stops for that before it
 * has known a leader. Nobody watched it go, and where another node of this browser belongs, which speaks
 * for newcomers, a new one takes its place; else a person has to know that an invite is needed.
 */

import type { NodeStatus } from '../node/status.ts';

type MemberWord = Pick<NodeStatus['members'][number], 'nodeId' | 'profileId'>;
type RemovalWord = Pick<NodeStatus, 'nodeId' | 'profileId' | 'state' | 'leaderId'> & {
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

function hasOthersHere({ nodeId, profileId, members }: RemovalWord): boolean {
  return members.some((member) => member.nodeId !== nodeId && member.profileId === profileId);
}
