/**
 * Whether somebody should be asked before this tab goes: its vote is the one that the others cannot do
 * without. A tab that is alone hurts nobody by going, and one without a vote takes none away. Pure.
 */

import type { NodeStatus } from '../node/status.ts';

type LeavingStatus = Pick<
  NodeStatus,
  'nodeId' | 'state' | 'voters' | 'outgoingVoters' | 'members' | 'quarantined'
>;

/** `nodesHere`: all nodes that end with this page. */
export function leavingBreaksQuorum(status: LeavingStatus, nodesHere: readonly string[]): boolean {
  if (status.state !== 'running') return false;
  const here = new Set(nodesHere);
  const present = new Set<string>([status.nodeId]);
  for (const { nodeId, liveness } of status.members) {
    if (liveness === 'connected') present.add(nodeId);
  }
  const staying = new Set([...present].filter((nodeId) => !here.has(nodeId)));
  if (staying.size === 0) return false;
  const hasQuorum = (ids: ReadonlySet<string>): boolean =>
    isMajority(status.voters, ids) &&
    (status.outgoingVoters.length === 0 || isMajority(status.outgoingVoters, ids));
  return hasQuorum(present) && !hasQuorum(staying);
}

function isMajority(voters: readonly string[], present: ReadonlySet<string>): boolean {
  return 2 * voters.filter((voter) => present.has(voter)).length > voters.length;
}
