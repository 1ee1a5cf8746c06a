/**
 * Going on without those who are gone: when a cluster has lost its quorum for good, one copy of it may
 * be made the beginning of a new cluster, with an id and a key of its own, whose only voter it is.
 *
 * Which of the last entries in the copy were committed nobody can say any more, and any of them may
 * have been acknowledged. So all of them count: none is dropped. What others had acknowledged and
 * this copy never held is lost; that is for the person who decides it to know. Two halves of a cluster
 * that both go on so are two clusters: nothing of the one is ever taken for the other's.
 *
 * Pure: the same log and the same voter give the same record, so that a start that was cut off makes
 * it again.
 */

import { hasQuorum, NO_ACCESS } from '../raft/configuration.ts';
import type { Configuration, Entry, LogRecord, NodeId } from '../raft/types.ts';
import type { RuntimeStatus } from './node-options.ts';
import type { LoadedLog } from './ports.ts';

/** The one who goes on. */
export interface RecoveredVoter {
  readonly nodeId: NodeId;
  /** '' where it is not known. */
  readonly profileId: string;
  /** Its public key; '' where it has none. */
  readonly key: string;
}

/**
 * The first record of the new cluster's log: all that the old log holds, under a configuration of this
 * voter alone. Null: the old log says of no configuration, and so holds nothing.
 *
 * Where the old log was never compacted, its first configuration, which founded the cluster, is the one
 * that is replaced; every other entry of a configuration has become one without effect. Indexes and
 * terms stay, so the state machine goes on where it stands.
 */
export function recoveredRecord(log: LoadedLog, voter: RecoveredVoter): LogRecord | null {
  const configuration = configurationOfOne(voter);
  const hardState = { term: log.hardState.term, votedFor: null };
  if (log.snapshot !== null) {
    const entries = log.entries.map((entry) => withoutConfiguration(entry));
    return { hardState, snapshot: { ...log.snapshot, configuration }, entries };
  }
  const founding = log.entries.find((entry) => entry.type === 'configuration');
  if (founding === undefined) return null;
  const entries = log.entries.map((entry) =>
    entry === founding ? { ...founding, configuration } : withoutConfiguration(entry),
  );
  return { hardState, snapshot: null, entries };
}

/** The same where a cluster is founded. */
export function configurationOfOne({ nodeId, profileId, key }: RecoveredVoter): Configuration {
  return {
    voters: [nodeId],
    outgoingVoters: [],
    learners: [],
    profiles: profileId === '' ? {} : { [nodeId]: profileId },
    access: { ...NO_ACCESS, keys: key === '' ? {} : { [nodeId]: key } },
  };
}

function withoutConfiguration(entry: Entry): Entry {
  if (entry.type !== 'configuration') return entry;
  return { type: 'noop', index: entry.index, term: entry.term };
}

/** Why the cluster must not, or need not, be given up for this copy; null: it may be. */
export function recoveryRefusal(status: RuntimeStatus): string | null {
  const { state, nodeId, voters, outgoingVoters, leaderId } = status;
  if (state === 'stopped') return 'this node has stopped: reload the page first';
  if (voters.length === 0) return 'this node has no copy of any cluster yet';
  if (leaderId !== null) return 'the cluster is alive: it has a leader';
  if (voters.length === 1 && voters[0] === nodeId && outgoingVoters.length === 0) {
    return 'there is nothing to recover: this node is the only voter';
  }
  const connected = new Set(status.members.filter((m) => m.connected).map((m) => m.nodeId));
  connected.add(nodeId);
  if (hasQuorum(status, (id) => connected.has(id))) {
    return 'the cluster is alive: a majority of its voters is connected, and is about to elect a leader';
  }
  if (status.quarantined) {
    return 'the copy of this tab is lost or not to be trusted: recover in another one';
  }
  if (status.build.outdated) {
    return 'this tab runs an older version of the page than its data: reload it first';
  }
  return null;
}
