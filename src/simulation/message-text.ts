/** Messages as facts for the trace's hash and as text for its readers. */

import type { NodeMessage } from '../node/messages.ts';
import type { Digest } from './digest.ts';

const TYPE_NUMBERS: Readonly<Record<NodeMessage['type'], number>> = {
  'request-vote': 1,
  'request-vote-response': 2,
  'pre-vote': 3,
  'pre-vote-response': 4,
  'append-entries': 5,
  'append-entries-response': 6,
  'read-index-request': 7,
  'read-index-response': 8,
  propose: 9,
  'propose-refused': 10,
  'join-request': 11,
  'join-response': 12,
  announce: 13,
  'install-snapshot': 14,
  'install-snapshot-response': 15,
  'timeout-now': 16,
  removed: 17,
  'administration-request': 18,
  'administration-response': 19,
  'state-hash': 20,
  'snapshot-request': 21,
  'configuration-notice': 22,
};

/** Mixes in the integers that tell one message from another, as far as matters to a trace. */
export function digestMessage(digest: Digest, message: NodeMessage): void {
  digest.number(TYPE_NUMBERS[message.type]);
  switch (message.type) {
    case 'append-entries':
      digest.number(message.term).number(message.prevLogIndex).number(message.prevLogTerm);
      digest.number(message.entries.length).number(message.leaderCommit).number(message.round);
      return;
    case 'append-entries-response':
      digest.number(message.term).number(message.round);
      if (message.success) digest.number(message.matchIndex);
      else digest.number(message.rejectedIndex).number(message.conflictIndex);
      return;
    case 'announce':
      digest.number(message.term).number(message.commitIndex).number(message.lastApplied);
      return;
    case 'propose':
      if (message.proposal.type === 'execute') digest.number(message.proposal.session.sequence);
      return;
    default:
      for (const value of Object.values(message)) {
        if (typeof value === 'number') digest.number(value);
        else if (typeof value === 'boolean') digest.number(value ? 1 : 0);
        else if (Array.isArray(value)) digest.number(value.length);
      }
  }
}

/** One line for a person. */
export function messageText(message: NodeMessage): string {
  const parts = [`${message.type} ${message.from}>${message.to}`];
  for (const [name, value] of Object.entries(message)) {
    if (name === 'type' || name === 'from' || name === 'to') continue;
    parts.push(`${name}=${valueText(value)}`);
  }
  return parts.join(' ');
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) {
    if (value.length > 4) return `[${value.length}]`;
    return `[${value.map(valueText).join(' ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const inner = Object.entries(value).map(([name, of]) => `${name}=${valueText(of)}`);
    return `{${inner.join(' ')}}`;
  }
  return String(value);
}
