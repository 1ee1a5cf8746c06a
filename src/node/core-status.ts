/** The part of a node's status that its core tells. Plain reading, nothing changes. */

import type { Raft } from '../raft/raft.ts';
import type { NodeId } from '../raft/types.ts';
import type { NodeStatus } from './status.ts';
import { survivesLosses, survivesProfileLosses } from './survival.ts';

type CoreStatus = Pick<
  NodeStatus,
  | 'nodeId'
  | 'role'
  | 'term'
  | 'leaderId'
  | 'commitIndex'
  | 'lastApplied'
  | 'firstIndex'
  | 'lastIndex'
  | 'voters'
  | 'outgoingVoters'
  | 'learners'
  | 'formerMembers'
  | 'connectedVoters'
  | 'survivesLosses'
  | 'survivesProfileLosses'
>;

export function coreStatus(raft: Raft, connected: ReadonlySet<NodeId>): CoreStatus {
  const { configuration } = raft;
  const { voters, outgoingVoters, learners, access } = configuration;
  const isReachable = (id: NodeId): boolean => id === raft.nodeId || connected.has(id);
  return {
    nodeId: raft.nodeId,
    role: raft.role,
    term: raft.term,
    leaderId: raft.leaderId,
    commitIndex: raft.commitIndex,
    lastApplied: raft.appliedIndex,
    firstIndex: raft.firstIndex,
    lastIndex: raft.lastIndex,
    voters,
    outgoingVoters,
    learners,
    formerMembers: access.former.map(({ nodeId }) => nodeId),
    connectedVoters: voters.filter(isReachable).length,
    survivesLosses: survivesLosses(configuration, isReachable),
    survivesProfileLosses: survivesProfileLosses(configuration, isReachable),
  };
}
