/**
 * ReadIndex (paper section 8, thesis section 6.4): from which index on a local read is linearizable.
 *
 * A leader may answer with its commit index once it has committed an entry of its own term (before,
 * it may not know what its predecessors committed) and once a quorum has shown, by answers to a
 * round begun after the request came, that nobody else led by then. A round is a number that every
 * AppendEntries carries and every answer echoes; numbers are never used twice in a term, so an
 * answer to an old round confirms nothing new. While a round is under way, requests gather for the
 * next, which serves them all: reads cost messages by the round trip, not by the piece. A lost round
 * costs one heartbeat interval, since heartbeats carry its number again.
 *
 * A voter that forwards a request shows by it, in its own term, that until then it gave its vote to nobody
 * newer. Where that voter and the leader are a quorum, as of three voters any two are, no other leader can
 * have been elected before the request was made, and no round is needed.
 *
 * Other servers forward. Their requests travel under numbers of this file's own, which begin
 * anywhere: the answer to a request of an earlier life of the same server is then taken for nobody's.
 */

import { hasQuorum, quorumValue } from './configuration.ts';
import type { ReadIndexRequest, ReadIndexResponse } from './messages.ts';
import type { Leadership, PendingRead, ServerState } from './state.ts';
import type { LogIndex, ReadRequestId } from './types.ts';

/** A local caller's request. Its answer is a ReadState, perhaps at once. */
export function requestRead(state: ServerState, requestId: ReadRequestId, confirm: boolean): void {
  if (state.leadership !== null) {
    takeRead(state, state.leadership, { from: null, requestId, confirm });
  } else if (state.leaderId === null || isFull(state, state.forwardedReads.size)) {
    state.readStates.push({ type: 'failed', requestId });
  } else {
    forwardRead(state, requestId, confirm);
  }
}

function isFull(state: ServerState, pendingReads: number): boolean {
  return pendingReads >= state.limits.maxPendingReads;
}

function forwardRead(state: ServerState, requestId: ReadRequestId, confirm: boolean): void {
  const { nodeId, leaderId, term } = state;
  if (leaderId === null) return;
  const forwardedId = state.nextForwardedReadId as ReadRequestId;
  state.nextForwardedReadId += 1;
  const deadlineMs = state.nowMs + state.limits.electionTimeoutMaxMs;
  state.forwardedReads.set(forwardedId, { requestId, deadlineMs });
  state.outbox.send({
    type: 'read-index-request',
    from: nodeId,
    to: leaderId,
    term,
    requestId: forwardedId,
    confirm,
  });
}

export function handleReadIndexRequest(state: ServerState, message: ReadIndexRequest): void {
  const { from, requestId, confirm } = message;
  const read: PendingRead = { from, requestId, confirm };
  if (state.leadership === null) failRead(state, read);
  else if (isConfirmedBySender(state, message)) answerRead(state, read, state.commitIndex);
  else takeRead(state, state.leadership, read);
}

/** The sender and this leader are a quorum that knew of no newer leader when the request was made. */
function isConfirmedBySender(state: ServerState, { from, term }: ReadIndexRequest): boolean {
  if (term !== state.term || !state.hasCommittedInTerm) return false;
  return hasQuorum(state.log.configuration, (voter) => voter === state.nodeId || voter === from);
}

export function handleReadIndexResponse(state: ServerState, message: ReadIndexResponse): void {
  if (message.term !== state.term || message.from !== state.leaderId) return;
  const forwarded = state.forwardedReads.get(message.requestId);
  if (forwarded === undefined) return;
  state.forwardedReads.delete(message.requestId);
  const { requestId } = forwarded;
  state.readStates.push(
    message.success
      ? { type: 'ready', requestId, index: message.index }
      : { type: 'failed', requestId },
  );
}

function takeRead(state: ServerState, leadership: Leadership, read: PendingRead): void {
  if (!read.confirm && state.hasCommittedInTerm) {
    answerRead(state, read, state.commitIndex);
  } else if (isFull(state, leadership.pendingReadCount)) {
    failRead(state, read);
  } else {
    leadership.pendingReadCount += 1;
    leadership.waitingReads.push(read);
  }
}

function answerRead(state: ServerState, read: PendingRead, index: LogIndex): void {
  const { from, requestId } = read;
  if (from === null) {
    state.readStates.push({ type: 'ready', requestId, index });
    return;
  }
  state.leadership?.progressByNode.get(from)?.awaitCommits(index);
  const { nodeId, term } = state;
  state.outbox.send({
    type: 'read-index-response',
    from: nodeId,
    to: from,
    term,
    requestId,
    success: true,
    index,
  });
}

function failRead(state: ServerState, read: PendingRead): void {
  const { from, requestId } = read;
  if (from === null) {
    state.readStates.push({ type: 'failed', requestId });
    return;
  }
  const { nodeId, term } = state;
  state.outbox.send({
    type: 'read-index-response',
    from: nodeId,
    to: from,
    term,
    requestId,
    success: false,
  });
}

/** Begins a round for the requests that wait, unless one is under way and not yet overdue. */
export function serveWaitingReads(state: ServerState, leadership: Leadership): void {
  if (leadership.waitingReads.length === 0 || state.nowMs < nextRoundMs(state, leadership)) return;
  const waiting = leadership.waitingReads;
  leadership.waitingReads = [];
  for (const read of waiting) {
    if (!read.confirm) finishRead(state, leadership, read, state.commitIndex);
  }
  const requests = waiting.filter(({ confirm }) => confirm);
  if (requests.length === 0) return;
  leadership.round += 1;
  leadership.roundStartedMs = state.nowMs;
  leadership.readRounds.push({ round: leadership.round, index: state.commitIndex, requests });
  finishConfirmedReads(state, leadership);
}

/** When `serveWaitingReads` has something to do; Infinity while only an event can bring that. */
export function nextRoundMs(state: ServerState, leadership: Leadership): number {
  if (leadership.waitingReads.length === 0 || !state.hasCommittedInTerm) return Infinity;
  if (leadership.readRounds.length === 0) return state.nowMs;
  return leadership.roundStartedMs + state.limits.heartbeatIntervalMs;
}

/** Answers what a quorum of echoes confirms. An echo of a later round speaks for the earlier too. */
export function finishConfirmedReads(state: ServerState, leadership: Leadership): void {
  if (leadership.readRounds.length === 0) return;
  const { configuration } = state.log;
  const confirmedRound = quorumValue(configuration, (voter) =>
    voter === state.nodeId ? Infinity : (leadership.progressByNode.get(voter)?.echoedRound ?? 0),
  );
  let first = leadership.readRounds[0];
  while (first !== undefined && first.round <= confirmedRound) {
    leadership.readRounds.shift();
    for (const read of first.requests) finishRead(state, leadership, read, first.index);
    first = leadership.readRounds[0];
  }
}

function finishRead(
  state: ServerState,
  leadership: Leadership,
  read: PendingRead,
  index: LogIndex,
): void {
  leadership.pendingReadCount -= 1;
  answerRead(state, read, index);
}

/** The leadership is over: whoever leads next may have committed more. */
export function failLeaderReads(state: ServerState, leadership: Leadership): void {
  for (const { requests } of leadership.readRounds) {
    for (const read of requests) failRead(state, read);
  }
  for (const read of leadership.waitingReads) failRead(state, read);
}

/** The leader they went to leads no more, or cannot be reached. */
export function failForwardedReads(state: ServerState): void {
  for (const { requestId } of state.forwardedReads.values()) {
    state.readStates.push({ type: 'failed', requestId });
  }
  state.forwardedReads.clear();
}

/** Gives up what was not answered in the time a leader cut off would have stepped down in. */
export function expireForwardedReads(state: ServerState): void {
  for (const [forwardedId, { requestId, deadlineMs }] of state.forwardedReads) {
    if (deadlineMs > state.nowMs) return;
    state.forwardedReads.delete(forwardedId);
    state.readStates.push({ type: 'failed', requestId });
  }
}

/** When the oldest forwarded request expires. */
export function nextExpiryMs(state: ServerState): number {
  for (const { deadlineMs } of state.forwardedReads.values()) return deadlineMs;
  return Infinity;
}
