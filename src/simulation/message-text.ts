/** Messages as facts for the trace's hash and as text for its readers. */

import type { NodeMessage } from '../node/messages.ts';

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
};

/** Integers that tell one message from another, as far as matters to a trace. */
export function messageFacts(message: NodeMessage): number[] {
  const facts = [TYPE_NUMBERS[message.type]];
  for (const value of Object.values(message)) {
    if (typeof value === 'number') facts.push(value);
    else if (typeof value === 'boolean') facts.push(value ? 1 : 0);
    else if (Array.isArray(value)) facts.push(value.length);
  }
  return facts;
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
