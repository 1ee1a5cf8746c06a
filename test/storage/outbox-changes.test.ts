/** What may become of an outbox, step by step; the sender's tests have the whole. */

import { expect, test } from 'vitest';

import type { SessionId } from '../../src/node/command.ts';
import {
  MAX_QUEUED_BYTES,
  MAX_QUEUED_OUTCOMES,
  MAX_QUEUED_WRITES,
  QUEUE_SEND_BYTES,
  QUEUE_SEND_WRITES,
} from '../../src/node/limits.ts';
import {
  refusalOf,
  waitingIn,
  withCancelled,
  withEntry,
  withInherited,
  withNonce,
  withNumbers,
  withoutEntry,
  withOutcomes,
  withRegistered,
} from '../../src/storage/outbox-changes.ts';
import {
  EMPTY_OUTBOX,
  type Outbox,
  type OutboxEntry,
  type OutboxOutcome,
} from '../../src/storage/outbox-codec.ts';

const DONE: OutboxOutcome = {
  applied: 'yes',
  failure: null,
  entry: null,
  rowsAffected: 1,
  response: null,
};

function entryOf(id: string, bytes = 1): OutboxEntry {
  const about = { sql: 'insert', statements: 1, queuedAtMs: 5 };
  return { id, ...about, body: new Uint8Array(bytes), sent: null, outcome: null };
}

function outboxOf(...entries: readonly OutboxEntry[]): Outbox {
  return entries.reduce(withEntry, EMPTY_OUTBOX);
}

function registered(outbox: Outbox): Outbox {
  return withRegistered(withNonce(outbox, 5), 5, 40 as SessionId);
}

function statesOf({ entries }: Outbox): string[] {
  return entries.map(({ id, sent, outcome }) =>
    outcome === null ? `${id} ${sent?.sequence ?? 'pending'}` : `${id} ${outcome.applied}`,
  );
}

test('it is bounded in writes and in bytes, and what is settled does not count', () => {
  const ids = Array.from({ length: MAX_QUEUED_WRITES }, (_, i) => `id${i}`);
  const full = outboxOf(...ids.map((id) => entryOf(id)));
  expect(refusalOf(full, new Uint8Array(1))).toMatchObject({ code: 'Overloaded', applied: 'no' });
  const settled = withOutcomes(full, new Map([['id7', DONE]]));
  expect(refusalOf(settled, new Uint8Array(1))).toBeNull();
  const large = outboxOf(entryOf('a', MAX_QUEUED_BYTES - 1));
  expect(refusalOf(large, new Uint8Array(1))).toBeNull();
  expect(refusalOf(large, new Uint8Array(2))?.code).toBe('Overloaded');
});

test('numbers are given in order, to as many as are sent together, and never twice', () => {
  const ids = Array.from({ length: QUEUE_SEND_WRITES + 2 }, (_, i) => `id${i}`);
  const outbox = registered(outboxOf(...ids.map((id) => entryOf(id))));
  expect(withNumbers(EMPTY_OUTBOX)).toBe(EMPTY_OUTBOX);
  const first = withNumbers(outbox);
  const numbersOf = ({ entries }: Outbox) => entries.map(({ sent }) => sent?.sequence ?? null);
  const given = ids.map((_, i) => (i < QUEUE_SEND_WRITES ? i + 1 : null));
  expect(numbersOf(first)).toEqual(given);
  expect(numbersOf(withNumbers(first))).toEqual(ids.map((_, i) => i + 1));
  const large = [1, 2, 3].map((n) => entryOf(`${n}`, QUEUE_SEND_BYTES - 1));
  expect(numbersOf(withNumbers(registered(outboxOf(...large))))).toEqual([1, null, null]);
});

test('only what was not sent can be cancelled, and only what is settled is forgotten', () => {
  const outbox = registered(outboxOf(entryOf('a'), entryOf('b')));
  const cancelled = withCancelled(outbox, 'a');
  expect(cancelled?.entries[0]?.outcome?.failure).toMatchObject({ code: 'Cancelled' });
  expect(withNumbers(cancelled ?? outbox).entries.map(({ sent }) => sent?.sequence)).toEqual([
    undefined,
    1,
  ]);
  const numbered = withNumbers(outbox);
  expect(withCancelled(numbered, 'a')).toBeNull();
  expect(withCancelled(outbox, 'c')).toBeNull();
  expect(withoutEntry(outbox, 'a')).toBeNull();
  expect(withoutEntry(numbered, 'a')).toBeNull();
  const settled = withOutcomes(numbered, new Map([['a', DONE]]));
  expect(withCancelled(settled, 'a')).toBeNull();
  expect(statesOf(settled)).toEqual(['a yes', 'b 2']);
  expect(statesOf(withoutEntry(settled, 'a') ?? outbox)).toEqual(['b 2']);
});

test('an outcome is final, and the oldest of too many are forgotten', () => {
  const ids = Array.from({ length: MAX_QUEUED_OUTCOMES + 2 }, (_, i) => `id${i}`);
  const outbox = outboxOf(...ids.map((id) => entryOf(id)));
  const settled = withOutcomes(outbox, new Map(ids.slice(1).map((id) => [id, DONE])));
  expect(settled.entries.map(({ id }) => id)).toEqual(ids.filter((id) => id !== 'id1'));
  expect(waitingIn(settled).map(({ id }) => id)).toEqual(['id0']);
  expect(settled.entries.at(-1)?.body).toHaveLength(0);
  const again: OutboxOutcome = { ...DONE, applied: 'unknown' };
  expect(withOutcomes(settled, new Map([['id9', again]]))).toBe(settled);
});

test('what waited in a former cluster waits on, once; of what was being sent nobody can tell', () => {
  const former = withNumbers(registered(outboxOf(entryOf('a'), entryOf('b'))));
  const settled = withOutcomes(former, new Map([['a', DONE]]));
  const left = withEntry(settled, entryOf('c'));
  const inherited = withInherited(outboxOf(entryOf('d')), 'former', left);
  expect(statesOf(inherited)).toEqual(['a yes', 'b unknown', 'c pending', 'd pending']);
  expect(withNumbers(registered(inherited)).entries.map(({ sent }) => sent?.sequence)).toEqual([
    1, 2, 1, 2,
  ]);
  const dismissed = withoutEntry(inherited, 'a') ?? inherited;
  expect(withInherited(dismissed, 'former', left)).toBe(dismissed);
});
