/**
 * AppendEntries as a leader sends them (paper Figure 2, thesis sections 10.2.1 and 10.2.2).
 *
 * They are made when messages are collected, not when something happens: what was proposed, what got
 * committed and which round began since the last time travel together, to each server in as few
 * messages as the limits allow. They do not wait for the leader's own disk.
 *
 * That something is committed is told at once to a follower that waits for it, because it asked for the
 * entry or reads; others hear of it with the next entries, or after `commitDelayMs`. A message of its
 * own and its answer would cost every follower as much as the entry did, in the moment in which the
 * leader, and whoever waits, have the entry to apply.
 */

import { isVoter } from './configuration.ts';
import { assertInvariant } from './invariants.ts';
import type { Batch } from './log.ts';
import type { Progress } from './progress.ts';
import { serveWaitingReads } from './read-index.ts';
import { spareFollowers } from './spare-followers.ts';
import type { Leadership, ServerState } from './state.ts';
import { advanceTransfer } from './transfer.ts';
import type { Entry, LogIndex } from './types.ts';

const NO_ENTRIES: readonly Entry[] = [];

/** Sends every server what it lacks, and forgets those that left and have been told. */
export function sendAppendEntries(state: ServerState, leadership: Leadership): void {
  serveWaitingReads(state, leadership);
  const batches = new BatchCache(state);
  const isConfigurationCommitted = state.log.configurationIndex <= state.commitIndex;
  advanceTransfer(state, leadership);
  if (leadership.commitDueMs === Infinity && isAnyCommitUntold(state, leadership)) {
    leadership.commitDueMs = state.nowMs + state.limits.commitDelayMs;
  }
  const spares = spareFollowers(state, leadership);
  for (const progress of leadership.progressByNode.values()) {
    // Where the beginning moved on while a snapshot is awaited, so does what heartbeats name.
    const { baseIndex } = state.log;
    if (progress.nextIndex <= baseIndex) progress.awaitSnapshot(baseIndex);
    const isHeld = spares.has(progress) && isHeldBack(state, leadership, progress);
    if (!isHeld) progress.heldSinceMs = Infinity;
    const isSent = !isHeld && sendEntries(state, leadership, progress, batches);
    if (!isSent && isHeartbeatNeeded(state, leadership, progress)) {
      send(state, leadership, progress, NO_ENTRIES);
      progress.probeSent = true;
    }
    if (progress.isLeaving && isConfigurationCommitted) {
      leadership.progressByNode.delete(progress.nodeId);
    }
  }
  if (!isAnyCommitUntold(state, leadership)) leadership.commitDueMs = Infinity;
}

/** Followers that are equally far get the same batch; it is cut once. */
class BatchCache {
  readonly #state: ServerState;
  #from = 0 as LogIndex;
  #to = 0 as LogIndex;
  #batch: Batch | null = null;

  constructor(state: ServerState) {
    this.#state = state;
  }

  batch(from: LogIndex, to: LogIndex): Batch {
    if (this.#batch === null || this.#from !== from || this.#to !== to) {
      const { log, limits } = this.#state;
      this.#batch = log.batch(from, to, limits.maxAppendEntries, limits.maxAppendBytes);
      this.#from = from;
      this.#to = to;
    }
    return this.#batch;
  }
}

/** Whether the entries for a spare follower wait for more; not where a message goes anyway. */
function isHeldBack(state: ServerState, leadership: Leadership, progress: Progress): boolean {
  const { log, limits, nowMs } = state;
  if (progress.nextIndex > log.lastIndex) return false;
  if (isHeartbeatNeeded(state, leadership, progress)) return false;
  const waitingBytes = log.bytesBetween((progress.nextIndex - 1) as LogIndex, log.lastIndex);
  if (waitingBytes >= limits.maxAppendBytes) return false;
  if (progress.heldSinceMs === Infinity) progress.heldSinceMs = nowMs;
  return nowMs < progress.heldSinceMs + limits.spareDelayMs;
}

/** Returns whether anything was sent. */
function sendEntries(
  state: ServerState,
  leadership: Leadership,
  progress: Progress,
  batches: BatchCache,
): boolean {
  const last = lastSendable(state, progress);
  let isSent = false;
  while (progress.canSendEntries && progress.nextIndex <= last) {
    const { entries, bytes } = batches.batch(progress.nextIndex, last);
    send(state, leadership, progress, entries);
    progress.entriesSent((progress.nextIndex + entries.length - 1) as LogIndex, bytes);
    progress.entriesSentMs = state.nowMs;
    isSent = true;
  }
  return isSent;
}

/**
 * The last entry to be sent now: entries gather for as long as the leader's next record does, but no
 * longer than a heartbeat interval, however slow its disk is.
 */
function lastSendable({ log, outbox, nowMs, limits }: ServerState, progress: Progress): LogIndex {
  const isGathering =
    outbox.isRecordInFlight && nowMs < progress.entriesSentMs + limits.heartbeatIntervalMs;
  return isGathering ? log.handedIndex : log.lastIndex;
}

/** Whether a message without entries is due: for the follower's timer, its commits, or a read. */
function isHeartbeatNeeded(
  state: ServerState,
  leadership: Leadership,
  progress: Progress,
): boolean {
  if (state.nowMs >= progress.lastSentMs + state.limits.heartbeatIntervalMs) return true;
  const isRoundNew = progress.sentRound < leadership.round;
  if (isRoundNew && isVoter(state.log.configuration, progress.nodeId)) return true;
  if (progress.state === 'probe') return !progress.probeSent;
  if (progress.state === 'snapshot') return false;
  if (!isCommitUntold(state, progress)) return false;
  return progress.sentCommitIndex < progress.awaitedIndex || state.nowMs >= leadership.commitDueMs;
}

function isAnyCommitUntold(state: ServerState, leadership: Leadership): boolean {
  for (const progress of leadership.progressByNode.values()) {
    if (progress.state === 'replicate' && isCommitUntold(state, progress)) return true;
  }
  return false;
}

/** Something that the follower has is committed, and it was not told yet. */
function isCommitUntold(state: ServerState, progress: Progress): boolean {
  return progress.sentCommitIndex < Math.min(state.commitIndex, progress.nextIndex - 1);
}

/** When something is to be sent though nothing else happens. */
export function nextSendMs(state: ServerState, progress: Progress): number {
  const { heartbeatIntervalMs, spareDelayMs } = state.limits;
  if (progress.heldSinceMs !== Infinity) {
    return Math.min(progress.lastSentMs + heartbeatIntervalMs, progress.heldSinceMs + spareDelayMs);
  }
  const isAnyWaiting = progress.canSendEntries && progress.nextIndex <= state.log.lastIndex;
  const lastMs = isAnyWaiting
    ? Math.min(progress.lastSentMs, progress.entriesSentMs)
    : progress.lastSentMs;
  return lastMs + heartbeatIntervalMs;
}

function send(
  state: ServerState,
  leadership: Leadership,
  progress: Progress,
  entries: readonly Entry[],
): void {
  const prevLogIndex = (progress.nextIndex - 1) as LogIndex;
  const prevLogTerm = state.log.termAt(prevLogIndex);
  assertInvariant(prevLogTerm !== null, 'nextIndex <= lastIndex + 1');
  state.outbox.send({
    type: 'append-entries',
    from: state.nodeId,
    to: progress.nodeId,
    term: state.term,
    prevLogIndex,
    prevLogTerm,
    entries,
    leaderCommit: state.commitIndex,
    round: leadership.round,
  });
  progress.lastSentMs = state.nowMs;
  progress.sentRound = leadership.round;
  const usable = Math.min(state.commitIndex, prevLogIndex + entries.length);
  progress.sentCommitIndex = Math.max(progress.sentCommitIndex, usable);
}
