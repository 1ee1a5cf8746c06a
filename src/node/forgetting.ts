/**
 * When a node may be given up although its cluster is not asked: where others can go on with the data. A
 * learner has a copy of them and can never be elected, so only voters count. Whoever is retired in this
 * browser profile is gone, although the cluster, which was not asked about that one either, does not know
 * it yet. Pure.
 */

import type { NodeId } from '../raft/types.ts';
import type { RuntimeStatus } from './node-options.ts';

/** Null: it may go. A node that is in no configuration has nothing that anybody was promised. */
export function forgetRefusal(
  status: Pick<RuntimeStatus, 'nodeId' | 'role' | 'voters' | 'outgoingVoters' | 'members'>,
  retired: ReadonlySet<NodeId>,
): string | null {
  const { nodeId, role, members } = status;
  const isOther = (id: NodeId): boolean => id !== nodeId && !retired.has(id);
  // In the middle of a change both halves elect, so each must have somebody.
  const halves = [status.voters, status.outgoingVoters].filter((half) => half.length > 0);
  if (!halves.every((half) => half.some(isOther))) {
    return members.some((member) => isOther(member.nodeId))
      ? 'no other node has a vote, so none could go on with the data'
      : 'this node has the only copy of the data';
  }
  if (role !== 'leader') return null;
  const sound = members.some((one) => one.voter && isOther(one.nodeId) && one.quarantined !== true);
  return sound ? null : 'the copies of all other voters are being replaced';
}
