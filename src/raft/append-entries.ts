/**
 * AppendEntries as its receiver handles it (paper Figure 2 and section 5.3).
 *
 * It may come late, twice or out of order. So entries already there are kept, the log is cut only
 * where an entry really conflicts and never below the commit index, and the commit index moves no
 * further than the last entry this very message vouched for.
 *
 * An answer that claims entries goes when they are durable. A heartbeat claims only what is durable
 * already and is answered at once, so that a slow disk neither looks like a dead server nor delays a
 * ReadIndex round.
 */

import { assertInvariant } from './invariants.ts';
import type { AppendEntries, AppendEntriesResponse } from './messages.ts';
import { adoptConfiguration, hearLeader } from './roles.ts';
import type { ServerState } from './state.ts';
import type { Entry, LogIndex, Term } from './types.ts';

export function handleAppendEntries(state: ServerState, message: AppendEntries): void {
  if (!isWellFormed(message)) return;
  if (message.term < state.term) {
    reject(state, message);
    return;
  }
  hearLeader(state, message.term, message.from);
  state.leaderCommitIndex = message.leaderCommit;
  if (message.prevLogIndex < state.log.baseIndex) {
    // What is compacted is committed, and so is what the leader has there (Leader Completeness).
    handleBehindBase(state, message);
    return;
  }
  if (!state.log.matches(message.prevLogIndex, message.prevLogTerm)) {
    reject(state, message);
    return;
  }
  appendNewEntries(state, message.entries);
  const matchIndex = (message.prevLogIndex + message.entries.length) as LogIndex;
  const commitIndex = Math.min(message.leaderCommit, matchIndex) as LogIndex;
  if (commitIndex > state.commitIndex) state.commitIndex = commitIndex;
  adoptConfiguration(state);
  accept(state, message, matchIndex);
}

/** As if the message began where the log does. */
function handleBehindBase(state: ServerState, message: AppendEntries): void {
  const { baseIndex, snapshot } = state.log;
  const entries = message.entries.filter((entry) => entry.index > baseIndex);
  if (entries.length === 0 || snapshot === null) {
    const lastIndex = (message.prevLogIndex + message.entries.length) as LogIndex;
    accept(state, message, lastIndex);
    return;
  }
  const prevLogTerm = snapshot.term;
  handleAppendEntries(state, { ...message, prevLogIndex: baseIndex, prevLogTerm, entries });
}

/** Entries follow prevLogIndex without a hole, and terms do not decrease up to the sender's. */
function isWellFormed(message: AppendEntries): boolean {
  let index: number = message.prevLogIndex;
  let term: number = message.prevLogTerm;
  if ((index === 0) !== (term === 0)) return false;
  for (const entry of message.entries) {
    index += 1;
    if (entry.index !== index || entry.term < term || entry.term === 0) return false;
    term = entry.term;
  }
  return term <= message.term;
}

function appendNewEntries(state: ServerState, entries: readonly Entry[]): void {
  const { log } = state;
  for (const entry of entries) {
    if (entry.index <= log.lastIndex) {
      if (log.matches(entry.index, entry.term)) continue;
      assertInvariant(entry.index > state.commitIndex, 'a committed entry is never truncated');
      const { index: fromIndex } = entry;
      const { lastIndex: toIndex } = log;
      state.events.note(state.term, { type: 'log-truncated', fromIndex, toIndex });
      log.truncateFrom(entry.index);
    }
    log.append(entry);
  }
}

function accept(state: ServerState, message: AppendEntries, matchIndex: LogIndex): void {
  const isHeartbeat = message.entries.length === 0;
  const claimed = isHeartbeat ? Math.min(matchIndex, state.log.durableIndex) : matchIndex;
  const response: AppendEntriesResponse = {
    type: 'append-entries-response',
    from: state.nodeId,
    to: message.from,
    term: state.term,
    round: message.round,
    success: true,
    matchIndex: claimed as LogIndex,
  };
  state.outbox.sendWhenDurable(response, state.hardState, response.matchIndex);
}

/**
 * Tells where to go on (paper section 5.3): by `conflictTerm` a whole term is skipped with each
 * refusal. To a leader of an older term only the term matters.
 */
function reject(state: ServerState, message: AppendEntries): void {
  const { prevLogIndex } = message;
  const isFromLeader = message.term === state.term;
  const conflict = isFromLeader ? conflictAt(state, prevLogIndex) : null;
  const response: AppendEntriesResponse = {
    type: 'append-entries-response',
    from: state.nodeId,
    to: message.from,
    term: state.term,
    round: message.round,
    success: false,
    rejectedIndex: prevLogIndex,
    conflictIndex: conflict?.index ?? prevLogIndex,
    conflictTerm: conflict?.term ?? null,
  };
  state.outbox.sendWhenDurable(response, state.hardState, 0 as LogIndex);
}

function conflictAt(
  state: ServerState,
  prevLogIndex: LogIndex,
): { readonly index: LogIndex; readonly term: Term | null } {
  const { log, commitIndex } = state;
  const term = log.termAt(prevLogIndex);
  if (term === null) return { index: (log.lastIndex + 1) as LogIndex, term };
  assertInvariant(
    prevLogIndex > commitIndex,
    'Leader Completeness: a leader has what is committed',
  );
  const first = log.firstIndexOfTermAt(prevLogIndex);
  return { index: Math.max(first, commitIndex + 1) as LogIndex, term };
}
