/**
 * Whether somebody should be asked before this tab goes: its vote is the one that the others cannot do
 * without. A tab that is alone hurts nobody by going, and one without a vote takes none away. Pure.
 */

import type { NodeStatus } from '../node/status.ts';
import { spareVotersOf } from './health.ts';

type LeavingStatus = Pick<NodeStatus, 'nodeId' | 'state' | 'voters' | 'outgoingVoters' | 'members'>;

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
  return spareVotersOf(status, present) >= 0 && spareVotersOf(status, staying) < 0;
}
