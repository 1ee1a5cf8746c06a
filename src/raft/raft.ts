/**
 * One Raft server: the face of the core.
 *
 * The core is a synchronous, deterministic function of its inputs. `tick`, `step`, `propose`,
 * `readIndex` and the others change its state and do nothing else; `ready` then hands out everything
 * that is to be done, in one batch whose type is the law of order. The caller persists the record,
 * sends `messages` without waiting for it, sends `messagesAfterRecord` when it is durable, applies
 * `committedEntries`, and reports back by `recordDurable` and `applied`. Messages for the followers
 * are made in `ready`: what happens between two calls travels together.
 *
 * The caller ticks before every input, so that a server that was suspended notices before it
 * believes what lay in its queue. An `InvariantViolation` out of any call means that this server
 * must stop: its state can no longer be trusted.
 */

import { handleAppendEntries } from './append-entries.ts';
import { nextSendMs, sendAppendEntries } from './append-sender.ts';
import { entriesApplied, resumeApply, stallApply, takeCommittedEntries } from './apply.ts';
import { votersOf } from './configuration.ts';
import type { ConfigurationTarget } from './configuration.ts';
import {
  countOwnVote,
  handleElectionTimeout,
  handlePreVote,
  handlePreVoteResponse,
  handleRequestVote,
  handleRequestVoteResponse,
  handleTimeoutNow,
  suspectLeader,
} from './election.ts';
import type { RaftEvent } from './events.ts';
import type { ProgressView, ServerView } from './invariants.ts';
import { checkLimits } from './limits.ts';
import { proposeConfiguration } from './membership.ts';
import type { Message } from './messages.ts';
import { progressOf } from './progress-view.ts';
import {
  expireForwardedReads,
  failForwardedReads,
  handleReadIndexRequest,
  handleReadIndexResponse,
  nextExpiryMs,
  nextRoundMs,
  requestRead,
} from './read-index.ts';
import {
  advanceCommitIndex,
  appendCommands,
  checkQuorum,
  handleAppendEntriesResponse,
  quorumDeadlineMs,
} from './replication.ts';
import { becomeFollower, stepDown } from './roles.ts';
import {
  compactLog,
  describeSnapshot,
  handleInstallSnapshot,
  installSnapshot,
  isSnapshotNews,
  snapshotDurable,
  snapshotRestored,
  takeSnapshot,
} from './snapshot.ts';
import type { Ready } from './ready.ts';
import { ServerState } from './state.ts';
import type { RaftOptions } from './state.ts';
import { abdicate, expireTransfer, startTransfer } from './transfer.ts';
import type { TransferOutcome } from './transfer.ts';
import type {
  Configuration,
  Entry,
  LogIndex,
  NodeId,
  ReadRequestId,
  ReadState,
  Role,
  Snapshot,
  StateReference,
  Term,
} from './types.ts';

export type { RaftLimits } from './limits.ts';
export type { Ready } from './ready.ts';
export type { RaftOptions } from './state.ts';

export type ProposeResult =
  | { readonly type: 'appended'; readonly firstIndex: LogIndex; readonly term: Term }
  | { readonly type: 'not-leader' }
  /** Too many bytes are uncommitted, or committed and not applied; nothing was appended. */
  | { readonly type: 'overloaded' }
  /** A command is larger than `maxEntryBytes`; nothing was appended. */
  | { readonly type: 'too-large' }
  /** This leader is handing over; nothing was appended. */
  | { readonly type: 'transferring' };

const NO_MESSAGES: readonly Message[] = [];
const NO_READ_STATES: readonly ReadState[] = [];

export class Raft implements ServerView {
  readonly #state: ServerState;

  /**
   * Starts as a follower (or learner) of nobody. Throws `RangeError` for impossible limits and
   * `InvariantViolation` where what was loaded does not fit together: entries with holes, a term
   * older than the log's, or a state machine that is ahead of its log.
   */
  constructor(options: RaftOptions) {
    checkLimits(options.limits);
    this.#state = new ServerState(options);
    const [soleVoter, ...others] = votersOf(this.configuration);
    // Who decides alone has nobody to wait for.
    if (soleVoter === this.nodeId && others.length === 0) {
      this.#state.electionDeadlineMs = options.nowMs;
    }
  }

  /** Moves time; a time before the last one is ignored. */
  tick(nowMs: number): void {
    const state = this.#state;
    if (!(nowMs >= state.nowMs)) return;
    state.nowMs = nowMs;
    if (state.leadership !== null) {
      checkQuorum(state, state.leadership);
      if (state.leadership !== null) expireTransfer(state, state.leadership);
      return;
    }
    expireForwardedReads(state);
    if (nowMs >= state.electionDeadlineMs) handleElectionTimeout(state);
  }

  /**
   * The earliest time at which `tick` and `ready` would do something though nothing else happened;
   * Infinity where never. After a tick to `now` and a `ready`, it is later than `now`.
   */
  nextDeadlineMs(): number {
    const state = this.#state;
    const { leadership } = state;
    if (leadership === null) return Math.min(state.electionDeadlineMs, nextExpiryMs(state));
    let deadlineMs = Math.min(
      quorumDeadlineMs(state, leadership),
      nextRoundMs(state, leadership),
      leadership.commitDueMs,
    );
    for (const progress of leadership.progressByNode.values()) {
      deadlineMs = Math.min(deadlineMs, nextSendMs(state, progress));
    }
    if (leadership.transfer !== null) {
      deadlineMs = Math.min(deadlineMs, leadership.transfer.deadlineMs);
    }
    return deadlineMs;
  }

  /** Takes a message from another server, in any order, any number of times. */
  step(message: Message): void {
    const state = this.#state;
    if (message.to !== state.nodeId || message.from === state.nodeId) return;
    switch (message.type) {
      case 'pre-vote':
        handlePreVote(state, message);
        return;
      case 'pre-vote-response':
        handlePreVoteResponse(state, message);
        return;
      case 'request-vote':
        handleRequestVote(state, message);
        return;
      case 'request-vote-response':
        handleRequestVoteResponse(state, message);
        return;
      case 'append-entries':
        handleAppendEntries(state, message);
        return;
      case 'append-entries-response':
        adoptTerm(state, message.term);
        if (state.leadership !== null && message.term === state.term) {
          handleAppendEntriesResponse(state, state.leadership, message);
        }
        return;
      case 'install-snapshot':
        handleInstallSnapshot(state, message);
        return;
      case 'install-snapshot-response':
        adoptTerm(state, message.term);
        return;
      case 'timeout-now':
        handleTimeoutNow(state, message);
        return;
      case 'read-index-request':
        adoptTerm(state, message.term);
        handleReadIndexRequest(state, message);
        return;
      case 'read-index-response':
        adoptTerm(state, message.term);
        handleReadIndexResponse(state, message);
    }
  }

  /**
   * Appends one entry for each of `commands` (at least one), in order, all or none. That they are
   * appended says nothing yet: they are committed when they come back as committedEntries of the
   * same term, and lost where others come at their indexes.
   */
  propose(commands: readonly Uint8Array[]): ProposeResult {
    if (commands.length === 0) throw new RangeError('nothing to propose');
    const { leadership, log, term } = this.#state;
    if (leadership === null) return { type: 'not-leader' };
    const firstIndex = (log.lastIndex + 1) as LogIndex;
    const type = appendCommands(this.#state, leadership, commands);
    return type === 'appended' ? { type, firstIndex, term } : { type };
  }

  /**
   * Begins to change the configuration. 'not-ready': a change is under way, or this leader has not
   * committed an entry of its term yet. Throws `RangeError` for a target without a voter or with a
   * server that is both voter and learner.
   */
  proposeConfiguration(target: ConfigurationTarget): 'appended' | 'not-leader' | 'not-ready' {
    return proposeConfiguration(this.#state, target);
  }

  /**
   * Begins to hand the leadership over to `target`, another voter (thesis section 3.10). Until it is
   * over, one way or the other, nothing is appended.
   */
  transferLeadership(target: NodeId): TransferOutcome {
    return startTransfer(this.#state, target);
  }

  /** This process ends: if it leads, another voter is told to campaign at once. */
  abdicate(): void {
    if (this.#state.leadership !== null) abdicate(this.#state, this.#state.leadership);
  }

  /** Stops leading, in its own term: somebody else may be elected. */
  resign(): void {
    if (this.#state.leadership !== null) stepDown(this.#state, 'resigned');
  }

  /** Whom this leader is handing over to. */
  get transferTarget(): NodeId | null {
    return this.#state.leadership?.transfer?.target ?? null;
  }

  /** What a snapshot of the state at `index` says of the log; null where the log does not know. */
  describeSnapshot(index: LogIndex): Omit<Snapshot, 'state'> | null {
    return describeSnapshot(this.#state, index);
  }

  /**
   * Discards the log up to `index`, which the state machine has applied and holds durably. False
   * where there is nothing to discard, or a snapshot is being installed.
   */
  compact(index: LogIndex, state: StateReference): boolean {
    return compactLog(this.#state, index, state);
  }

  /** Whether a snapshot at `index` would be installed. */
  isSnapshotNews(index: LogIndex): boolean {
    return isSnapshotNews(this.#state, index);
  }

  /**
   * Takes a complete snapshot into the log; no apply may be under way. It comes back as
   * `Ready.snapshot` when that is durable. False where it is of no use.
   */
  installSnapshot(snapshot: Snapshot): boolean {
    return installSnapshot(this.#state, snapshot);
  }

  /** The state machine is now what `Ready.snapshot` said. */
  restored(): void {
    snapshotRestored(this.#state);
  }

  /** The state machine is not to be trusted: nothing more is applied until a snapshot is restored. */
  suspendApply(): void {
    this.#state.isApplySuspended = true;
  }

  /** The state machine cannot take the next entry: nothing is applied until `resumeApply`. */
  stallApply(): void {
    stallApply(this.#state);
  }

  /** What comes behind the applied index is handed out again. */
  resumeApply(): void {
    resumeApply(this.#state);
  }

  /**
   * Asks from which index on a local read is linearizable (`confirm`), or merely what the leader
   * believes is committed. The answer is a ReadState with this id; it may come late or be 'failed',
   * but it comes unless this server stops.
   */
  readIndex(requestId: ReadRequestId, confirm: boolean): void {
    requestRead(this.#state, requestId, confirm);
  }

  /** `peer` waits until what the log holds now is committed: a leader tells it so at once. */
  awaitCommits(peer: NodeId): void {
    const { leadership, log } = this.#state;
    leadership?.progressByNode.get(peer)?.awaitCommits(log.lastIndex);
  }

  /** Whatever was on its way to or from `peer` is lost. */
  linkReset(peer: NodeId): void {
    const state = this.#state;
    const progress = state.leadership?.progressByNode.get(peer);
    progress?.probeFrom(progress.matchIndex);
    if (state.leaderId === peer) failForwardedReads(state);
  }

  /** The link to `peer` broke, and with it whatever was under way; if it led, it may be gone. */
  linkLost(peer: NodeId): void {
    this.linkReset(peer);
    if (this.#state.leaderId === peer) suspectLeader(this.#state);
  }

  /** Everything to be done since the last call; null where there is nothing. */
  ready(): Ready | null {
    const state = this.#state;
    const { outbox } = state;
    if (state.leadership !== null) sendAppendEntries(state, state.leadership);
    const record = outbox.takeRecord(state.hardState);
    const messagesAfterRecord = record === null ? NO_MESSAGES : outbox.takeMessagesAfterRecord();
    const messages = outbox.takeMessages();
    const committedEntries = takeCommittedEntries(state);
    const snapshot = takeSnapshot(state);
    const readStates = this.#takeReadStates();
    const isIdle =
      record === null &&
      messages.length === 0 &&
      committedEntries.length === 0 &&
      snapshot === null &&
      readStates.length === 0;
    if (isIdle) return null;
    return { record, messages, messagesAfterRecord, committedEntries, snapshot, readStates };
  }

  #takeReadStates(): readonly ReadState[] {
    const state = this.#state;
    if (state.readStates.length === 0) return NO_READ_STATES;
    const { readStates } = state;
    state.readStates = [];
    return readStates;
  }

  /** The record in flight is durable. Throws `InvariantViolation` where none is. */
  recordDurable(): void {
    const state = this.#state;
    const snapshot = state.outbox.recordDurable();
    if (snapshot !== null) snapshotDurable(state, snapshot);
    countOwnVote(state);
    if (state.leadership !== null) advanceCommitIndex(state, state.leadership);
  }

  /** What was handed out is applied up to `index`. */
  applied(index: LogIndex): void {
    entriesApplied(this.#state, index);
  }

  get nodeId(): NodeId {
    return this.#state.nodeId;
  }

  /** A server outside its own configuration counts as a learner once that is committed. */
  get role(): Role {
    return this.#state.role;
  }

  get term(): Term {
    return this.#state.term;
  }

  get votedFor(): NodeId | null {
    return this.#state.hardState.votedFor;
  }

  /** How long from the last tick until its election timer fires; Infinity: it does not run. */
  get electionDueMs(): number {
    return this.#state.electionDeadlineMs - this.#state.nowMs;
  }

  /** The leader of the present term, as far as known; itself when it leads. */
  get leaderId(): NodeId | null {
    return this.#state.leaderId;
  }

  get commitIndex(): LogIndex {
    return this.#state.commitIndex;
  }

  /** What the leader that this server follows said last of its own; beyond what this server may know. */
  get leaderCommitIndex(): LogIndex {
    return this.#state.leaderCommitIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#state.appliedIndex;
  }

  /** What stands in for the log before `firstIndex`; null: nothing was ever compacted. */
  get snapshot(): Snapshot | null {
    return this.#state.log.snapshot;
  }

  /** What the entries behind `index`, which is not compacted, weigh. */
  bytesBehind(index: LogIndex): number {
    const { log } = this.#state;
    return log.bytesBetween(index, log.lastIndex);
  }

  /** The index of the entry that `configuration` comes from, or of the snapshot that covers it. */
  get configurationIndex(): LogIndex {
    return this.#state.log.configurationIndex;
  }

  /** Nothing is applied until a snapshot is restored, or applying is resumed. */
  get isApplySuspended(): boolean {
    return this.#state.isApplySuspended;
  }

  /** Entries are being applied, or a snapshot is being restored. */
  get isStateMachineBusy(): boolean {
    return this.isRestoring || this.#state.handedToApplyIndex > this.#state.appliedIndex;
  }

  /** A snapshot is installed in the log and not yet in the state machine. */
  get isRestoring(): boolean {
    return this.#state.restoring !== null;
  }

  get firstIndex(): LogIndex {
    return this.#state.log.firstIndex;
  }

  get lastIndex(): LogIndex {
    return this.#state.log.lastIndex;
  }

  /** The last index that the disk holds just as the log does. */
  get durableIndex(): LogIndex {
    return this.#state.log.durableIndex;
  }

  /** In force: the latest in the log, committed or not. */
  get configuration(): Configuration {
    return this.#state.log.configuration;
  }

  /**
   * The latest configuration that this server knows to be committed, and where it comes from; an
   * empty one at 0 before any. It is the one in force unless a change is under way.
   */
  get committedConfiguration(): {
    readonly index: LogIndex;
    readonly configuration: Configuration;
  } {
    const { log, commitIndex } = this.#state;
    const { configurationIndex: index, configuration } = log;
    if (index <= commitIndex) return { index, configuration };
    return { index: log.previousConfigurationIndex, configuration: log.previousConfiguration };
  }

  /** Null where it is compacted, or beyond the log. */
  entryAt(index: LogIndex): Entry | null {
    return this.#state.log.entryAt(index);
  }

  /** Also of the last compacted index (0 for index 0); null before that, and beyond the log. */
  termAt(index: LogIndex): Term | null {
    return this.#state.log.termAt(index);
  }

  /** Whose votes or pre-votes it has in its campaign so far; of a leader, who elected it; else nobody. */
  get votes(): readonly NodeId[] {
    return this.#state.leadership?.votes ?? [...this.#state.votes];
  }

  /** The terms of the entries in the log, in order; of more than `atMost` the oldest are left out. */
  termRuns(atMost: number): readonly { readonly term: Term; readonly firstIndex: LogIndex }[] {
    return this.#state.log.termRuns(atMost);
  }

  /** What happened since the last call; null: nothing. */
  takeEvents(): readonly RaftEvent[] | null {
    return this.#state.events.take();
  }

  /** What this leader knows of a member, itself included; null for others, and unless it leads. */
  progress(peer: NodeId): ProgressView | null {
    return progressOf(this.#state, peer);
  }
}

/** A newer term ends whatever this server was (paper section 5.1). */
function adoptTerm(state: ServerState, term: Term): void {
  if (term > state.term) becomeFollower(state, term, null);
}
