/** How transcripts show servers, entries, records and messages: one line each, no value left out. */

import type { Message } from '../../src/raft/messages.ts';
import type {
  Configuration,
  Entry,
  LogRecord,
  NodeId,
  ReadState,
  Snapshot,
} from '../../src/raft/types.ts';

/** 'A' stands for the id 'aaaaaaaaaa'. */
export function idOf(name: string): NodeId {
  if (!/^[A-Z]$/.test(name)) throw new Error(`no server's name: ${name}`);
  return name.toLowerCase().repeat(10) as NodeId;
}

export function nameOf(id: NodeId | null): string {
  return id === null ? 'nobody' : (id[0] ?? '').toUpperCase();
}

function namesOf(ids: readonly NodeId[]): string {
  return ids.map(nameOf).join(' ');
}

export function configurationText(of: Configuration): string {
  const parts = [`voters ${namesOf(of.voters)}`];
  if (of.outgoingVoters.length > 0) parts.push(`outgoing ${namesOf(of.outgoingVoters)}`);
  if (of.learners.length > 0) parts.push(`learners ${namesOf(of.learners)}`);
  return parts.join(', ');
}

/** Index/term and what the entry is; a command is its text. */
function entryText(entry: Entry): string {
  const at = `${entry.index}/${entry.term}`;
  switch (entry.type) {
    case 'noop':
      return `${at} noop`;
    case 'command':
      return `${at} ${new TextDecoder().decode(entry.data)}`;
    case 'configuration':
      return `${at} (${configurationText(entry.configuration)})`;
  }
}

export function entriesText(entries: readonly Entry[]): string {
  return entries.map(entryText).join(', ');
}

export function snapshotText({ index, term, configuration }: Snapshot): string {
  return `snapshot at ${index}/${term} (${configurationText(configuration)})`;
}

export function recordText({ hardState, snapshot, entries }: LogRecord): string {
  const parts: string[] = [];
  if (hardState !== null) parts.push(`term ${hardState.term}, vote ${nameOf(hardState.votedFor)}`);
  if (snapshot !== null) parts.push(snapshotText(snapshot));
  if (entries.length > 0) parts.push(entriesText(entries));
  return parts.join('; ');
}

export function readText(state: ReadState): string {
  return state.type === 'ready'
    ? `read ${state.requestId} may be served at ${state.index}`
    : `read ${state.requestId} failed`;
}

export function messageText(message: Message): string {
  const route = `${nameOf(message.from)} > ${nameOf(message.to)}`;
  return `${route}  ${message.type}, term ${message.term}${detailsOf(message)}`;
}

function detailsOf(message: Message): string {
  switch (message.type) {
    case 'pre-vote':
    case 'request-vote': {
      const { lastLogIndex, lastLogTerm } = message;
      const isTransfer = message.type === 'request-vote' && message.isTransfer;
      return `, log to ${lastLogIndex}/${lastLogTerm}${isTransfer ? ', transfer' : ''}`;
    }
    case 'pre-vote-response':
    case 'request-vote-response':
      return message.voteGranted ? ', granted' : ', refused';
    case 'append-entries': {
      const { prevLogIndex, prevLogTerm, entries, leaderCommit, round } = message;
      const what = entries.length === 0 ? 'nothing' : entriesText(entries);
      const roundText = round === 0 ? '' : `, round ${round}`;
      return `, behind ${prevLogIndex}/${prevLogTerm}: ${what}; commit ${leaderCommit}${roundText}`;
    }
    case 'append-entries-response': {
      const roundText = message.round === 0 ? '' : `, round ${message.round}`;
      if (message.success) return `, has ${message.matchIndex}${roundText}`;
      const { rejectedIndex, conflictIndex, conflictTerm } = message;
      const conflict =
        conflictTerm === null
          ? `log ends before ${conflictIndex}`
          : `has term ${conflictTerm} from ${conflictIndex}`;
      return `, refuses ${rejectedIndex}: ${conflict}${roundText}`;
    }
    case 'install-snapshot':
      return `, at ${message.lastIncludedIndex}/${message.lastIncludedTerm}`;
    case 'install-snapshot-response':
      return `, at ${message.lastIncludedIndex}, ${message.isRefused ? 'refused' : 'taken'}`;
    case 'timeout-now':
      return '';
    case 'read-index-request':
      return `, request ${message.requestId}${message.confirm ? '' : ', unconfirmed'}`;
    case 'read-index-response':
      return `, request ${message.requestId}: ${message.success ? message.index : 'failed'}`;
  }
}
