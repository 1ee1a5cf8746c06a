/**
 * Snapshots (paper section 7, thesis chapter 5): what stands in for the beginning of the log.
 *
 * The core never sees a snapshot's contents. It decides who needs one (`Progress` in state
 * 'snapshot'), knows what one at an index has to say (term and configuration), and takes note of one
 * that is complete. The runtime moves the bytes.
 *
 * Taking note is two steps, because log and state machine are two stores. First the log: one whole
 * record names the snapshot and replaces everything before it. When that is durable, the state machine
 * is to be replaced, and until it is, nothing is applied. A crash in between finds the record, and the
 * state machine opens what it names.
 */

import { assertInvariant } from './invariants.ts';
import type {
  AppendEntriesResponse,
  InstallSnapshot,
  InstallSnapshotResponse,
} from './messages.ts';
import { adoptConfiguration, becomeFollower, hearLeader } from './roles.ts';
import type { ServerState } from './state.ts';
import type { LogIndex, Snapshot, StateReference } from './types.ts';

const NO_ENTRIES = 0 as LogIndex;

/** What a snapshot at `index` has to say; null where that is compacted, or not committed. */
export function describeSnapshot(
  state: ServerState,
  index: LogIndex,
): Omit<Snapshot, 'state'> | null {
  const { log, commitIndex } = state;
  const term = log.termAt(index);
  if (term === null || index > commitIndex || index === 0) return null;
  return { index, term, configuration: log.configurationAt(index) };
}

/**
 * Discards the log up to `index`, which the state machine has durably. False where it is compacted
 * already, or a snapshot is being installed.
 */
export function compactLog(
  state: ServerState,
  index: LogIndex,
  reference: StateReference,
): boolean {
  if (state.restoring !== null || state.isApplySuspended || index <= state.log.baseIndex) {
    return false;
  }
  assertInvariant(index <= state.appliedIndex, 'only what is applied is compacted');
  const described = describeSnapshot(state, index);
  assertInvariant(described !== null, 'what is applied is in the log');
  state.log.compact({ ...described, state: reference });
  return true;
}

/**
 * A chunk of a snapshot came: its sender leads (paper Figure 13, rule 1). The bytes are the runtime's
 * business; a sender of an older term is told of the newer one.
 */
export function handleInstallSnapshot(state: ServerState, message: InstallSnapshot): void {
  if (message.term >= state.term) {
    hearLeader(state, message.term, message.from);
    return;
  }
  const response: InstallSnapshotResponse = {
    type: 'install-snapshot-response',
    from: state.nodeId,
    to: message.from,
    term: state.term,
    lastIncludedIndex: message.lastIncludedIndex,
    hash: message.hash,
    offset: 0,
    isRefused: true,
  };
  state.outbox.sendWhenDurable(response, state.hardState, NO_ENTRIES);
}

/** Whether the state machine would gain by a snapshot at `index`. */
export function isSnapshotNews(state: ServerState, index: LogIndex): boolean {
  if (state.leadership !== null || state.restoring !== null) return false;
  return state.isApplySuspended ? index >= state.appliedIndex : index > state.appliedIndex;
}

/**
 * A complete snapshot takes the place of the log's beginning. It holds committed entries only, so it
 * is valid whoever leads by now. No apply may be under way. False where it is of no use.
 */
export function installSnapshot(state: ServerState, snapshot: Snapshot): boolean {
  if (!isSnapshotNews(state, snapshot.index)) return false;
  const { log, commitIndex } = state;
  const { index, term } = snapshot;
  assertInvariant(state.handedToApplyIndex === state.appliedIndex, 'no apply is under way');
  assertInvariant(term <= state.term, 'a snapshot is no newer than the term it was sent in');
  const isConsistent = index > commitIndex || log.matches(index, term);
  assertInvariant(isConsistent, 'State Machine Safety: a snapshot holds what is committed');
  log.restore(snapshot, commitIndex);
  if (index > commitIndex) state.commitIndex = index;
  state.handedToApplyIndex = index;
  state.restoring = snapshot;
  reconsiderRole(state);
  acknowledge(state, index);
  return true;
}

/**
 * No leader was heard by this very event. So a campaign ends, whose votes were asked for with another
 * log and counted by another configuration; and a learner that had given its leader up, and finds
 * itself a voter, needs an election timer, since it may be the one with the longest log.
 */
function reconsiderRole(state: ServerState): void {
  const { role, term } = state;
  if (role === 'pre-candidate' || role === 'candidate') becomeFollower(state, term, null);
  adoptConfiguration(state);
  if (state.mayCampaign && state.electionDeadlineMs === Infinity) state.resetElectionTimer();
}

/** The leader learns of it as of any entries that it knows to match. */
function acknowledge(state: ServerState, index: LogIndex): void {
  if (state.leaderId === null) return;
  const response: AppendEntriesResponse = {
    type: 'append-entries-response',
    from: state.nodeId,
    to: state.leaderId,
    term: state.term,
    round: 0,
    success: true,
    matchIndex: index,
  };
  state.outbox.sendWhenDurable(response, state.hardState, index);
}

/** A record that names `snapshot` is durable. */
export function snapshotDurable(state: ServerState, snapshot: Snapshot): void {
  if (state.restoring === snapshot) state.isRestoreDue = true;
}

/** The snapshot to be restored, once. */
export function takeSnapshot(state: ServerState): Snapshot | null {
  if (!state.isRestoreDue) return null;
  state.isRestoreDue = false;
  return state.restoring;
}

/** The state machine is what the snapshot says. */
export function snapshotRestored(state: ServerState): void {
  const { restoring } = state;
  assertInvariant(restoring !== null && !state.isRestoreDue, 'a snapshot is being restored');
  state.appliedIndex = restoring.index;
  state.restoring = null;
  state.isApplySuspended = false;
}
