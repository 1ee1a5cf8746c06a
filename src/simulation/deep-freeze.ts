/**
 * Freezes what one server hands to another, all the way down, so that no two servers can share
 * state that either of them still changes: a later write throws where it is made. Bytes cannot be
 * frozen; the checkers compare digests of them instead.
 */

import type { NodeMessage } from '../node/messages.ts';
import type { Entry } from '../raft/types.ts';

/** Entries are sent again and again, and are frozen once. */
const frozenEntries = new WeakSet<Entry>();

/** Assumes that what is frozen already is frozen all the way down. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value;
  if (Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

export function freezeEntries(entries: readonly Entry[]): void {
  Object.freeze(entries);
  for (const entry of entries) {
    if (frozenEntries.has(entry)) continue;
    frozenEntries.add(entry);
    deepFreeze(entry);
  }
}

/** The same as `deepFreeze`, without asking what most messages do not have. */
export function freezeMessage(message: NodeMessage): void {
  switch (message.type) {
    case 'append-entries':
      freezeEntries(message.entries);
      Object.freeze(message);
      return;
    case 'propose':
    case 'join-response':
    case 'install-snapshot':
    case 'configuration-notice':
    case 'join-request':
    case 'administration-request':
    case 'administration-response':
      deepFreeze(message);
      return;
    default:
      // Flat.
      Object.freeze(message);
  }
}
