/**
 * What may become of an outbox, as pure functions from one version to the next. Each gives back what it
 * was given where there is nothing to change, because it was done already: so whoever crashed, or was
 * overtaken by another tab, may try again.
 *
 * An entry goes one way: pending, then numbered, which is durable before it is sent anywhere, then
 * settled, which is durable before anybody is told. Only a pending one can be cancelled. A number belongs
 * to one entry for ever. A session is retired when nothing waits under it, and closed after that.
 */

import type { SessionId } from '../node/command.ts';
import { failure, type Failure } from '../node/errors.ts';
import {
  MAX_QUEUED_BYTES,
  MAX_QUEUED_OUTCOMES,
  MAX_QUEUED_WRITES,
  QUEUE_SEND_BYTES,
  QUEUE_SEND_WRITES,
} from '../node/limits.ts';
import type { Outbox, OutboxEntry, OutboxOutcome } from './outbox-codec.ts';

const NO_BODY = new Uint8Array(0);

/** What is not settled, in order. */
export function waitingIn({ entries }: Outbox): readonly OutboxEntry[] {
  return entries.filter(({ outcome }) => outcome === null);
}

/** Null: the outbox takes it. */
export function refusalOf(outbox: Outbox, body: Uint8Array): Failure | null {
  const waiting = waitingIn(outbox);
  const bytes = waiting.reduce((sum, entry) => sum + entry.body.length, body.length);
  if (waiting.length < MAX_QUEUED_WRITES && bytes <= MAX_QUEUED_BYTES) return null;
  const bounds = `${MAX_QUEUED_WRITES} writes, ${MAX_QUEUED_BYTES / 2 ** 20} MiB`;
  const message = `too much waits to be sent when there is a quorum (at most ${bounds})`;
  return failure('Overloaded', 'no', message);
}

export function withEntry(outbox: Outbox, entry: OutboxEntry): Outbox {
  return { ...outbox, entries: [...outbox.entries, entry] };
}

/** A failed outcome, of a write that has not taken effect or may have. */
export function failedOutcome(cause: Failure): OutboxOutcome {
  const { applied } = cause;
  return { applied, failure: cause, entry: null, rowsAffected: 0, response: null };
}

/** Null: the entry was sent, settled or forgotten already. */
export function withCancelled(outbox: Outbox, id: string): Outbox | null {
  const entry = outbox.entries.find((each) => each.id === id);
  if (entry === undefined || entry.sent !== null || entry.outcome !== null) return null;
  const cancelled = failure('Cancelled', 'no', 'it was cancelled before it was sent');
  return withOutcomes(outbox, new Map([[id, failedOutcome(cancelled)]]));
}

/** Null: its outcome is not known yet. */
export function withoutEntry(outbox: Outbox, id: string): Outbox | null {
  const entry = outbox.entries.find((each) => each.id === id);
  if (entry === undefined) return outbox;
  if (entry.outcome === null) return null;
  return { ...outbox, entries: outbox.entries.filter((each) => each !== entry) };
}

/** A session is to be registered. */
export function withNonce(outbox: Outbox, nonce: number): Outbox {
  if (outbox.session !== null) return outbox;
  return { ...outbox, session: { nonce, sessionId: null, nextSequence: 1 } };
}

/** One that is not wanted any more, since others were faster, is to be closed. */
export function withRegistered(outbox: Outbox, nonce: number, sessionId: SessionId): Outbox {
  const { session, closing } = outbox;
  if (session?.nonce === nonce && session.sessionId === null) {
    return { ...outbox, session: { ...session, sessionId } };
  }
  if (session?.sessionId === sessionId || closing.includes(sessionId)) return outbox;
  return { ...outbox, closing: [...closing, sessionId] };
}

/** The next entries get their numbers, as many as are sent together. */
export function withNumbers(outbox: Outbox): Outbox {
  const { session } = outbox;
  if (session === null || session.sessionId === null) return outbox;
  const { sessionId } = session;
  let { nextSequence } = session;
  let bytes = 0;
  let isFull = false;
  const first = nextSequence;
  const entries = outbox.entries.map((entry) => {
    if (entry.sent !== null || entry.outcome !== null || isFull) return entry;
    bytes += entry.body.length;
    const count = nextSequence - first;
    isFull = count > 0 && (count >= QUEUE_SEND_WRITES || bytes > QUEUE_SEND_BYTES);
    if (isFull) return entry;
    const sent = { sessionId, sequence: nextSequence };
    nextSequence += 1;
    return { ...entry, sent };
  });
  return nextSequence === first
    ? outbox
    : { ...outbox, session: { ...session, nextSequence }, entries };
}

/** By the entries' ids. What was settled before stays as it is. */
export function withOutcomes(outbox: Outbox, outcomes: ReadonlyMap<string, OutboxOutcome>): Outbox {
  let isChanged = false;
  const entries = outbox.entries.map((entry) => {
    const outcome = outcomes.get(entry.id);
    if (outcome === undefined || entry.outcome !== null) return entry;
    isChanged = true;
    return { ...entry, body: NO_BODY, outcome };
  });
  return isChanged ? { ...outbox, entries: withinBound(entries) } : outbox;
}

/** The cluster does not know the session: what was sent by it may have taken effect or not. */
export function withoutSession(outbox: Outbox, sessionId: SessionId, reason: string): Outbox {
  const lost = failedOutcome(failure('Internal', 'unknown', reason));
  const outcomes = new Map<string, OutboxOutcome>();
  for (const { id, sent } of waitingIn(outbox)) {
    if (sent?.sessionId === sessionId) outcomes.set(id, lost);
  }
  const settled = withOutcomes(outbox, outcomes);
  return settled.session?.sessionId === sessionId ? { ...settled, session: null } : settled;
}

/** Nothing waits: the session is to be closed. */
export function withRetiredSession(outbox: Outbox): Outbox {
  const { session, closing } = outbox;
  if (session === null || session.sessionId === null) return outbox;
  if (waitingIn(outbox).length > 0) return outbox;
  return { ...outbox, session: null, closing: [...closing, session.sessionId] };
}

export function withClosed(outbox: Outbox, sessionId: SessionId): Outbox {
  if (!outbox.closing.includes(sessionId)) return outbox;
  return { ...outbox, closing: outbox.closing.filter((id) => id !== sessionId) };
}

/**
 * Takes over what is in the outbox of a former cluster, which goes on as this one, once. What had a number
 * there may have taken effect in what was lost, or in what goes on: nobody can tell. The rest waits on.
 */
export function withInherited(
  outbox: Outbox,
  formerClusterId: string,
  former: Pick<Outbox, 'entries'>,
): Outbox {
  if (outbox.inherited.includes(formerClusterId)) return outbox;
  const message =
    'its cluster was recovered as a new one while it was being sent: ' +
    'whether it took effect is not known';
  const lost = failedOutcome(failure('Internal', 'unknown', message));
  const entries = former.entries.map((entry) =>
    entry.sent === null || entry.outcome !== null
      ? entry
      : { ...entry, body: NO_BODY, outcome: lost },
  );
  const inherited = [...outbox.inherited, formerClusterId];
  return { ...outbox, inherited, entries: withinBound([...entries, ...outbox.entries]) };
}

/** Of too many outcomes the oldest are forgotten. */
function withinBound(entries: readonly OutboxEntry[]): readonly OutboxEntry[] {
  let excess = -MAX_QUEUED_OUTCOMES;
  for (const { outcome } of entries) if (outcome !== null) excess += 1;
  return entries.filter(({ outcome }) => {
    if (outcome === null || excess <= 0) return true;
    excess -= 1;
    return false;
  });
}
