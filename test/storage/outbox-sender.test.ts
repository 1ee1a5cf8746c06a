/**
 * Sending what is in the outbox, against the session table that every node has: exactly once and in
 * order, whatever is lost, doubled or late, wherever a tab dies, and also where two tabs send at once.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { SessionId } from '../../src/node/command.ts';
import type { DurableOutcome, DurableRequest } from '../../src/node/durable-requests.ts';
import { failure } from '../../src/node/errors.ts';
import { SessionTable } from '../../src/node/sessions.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import {
  failedOutcome,
  waitingIn,
  withCancelled,
  withEntry,
  withNonce,
  withRegistered,
  withRetiredSession,
} from '../../src/storage/outbox-changes.ts';
import { EMPTY_OUTBOX, type Outbox, type OutboxEntry } from '../../src/storage/outbox-codec.ts';
import {
  OutboxSender,
  type OutboxRoute,
  type StepOutcome,
} from '../../src/storage/outbox-sender.ts';
import type { OutboxChange, OutboxKeeper } from '../../src/storage/outbox-store.ts';
import { randomOf, type Random } from './fake-disk.ts';

/** A cluster: what every node applies. */
class FakeCluster {
  readonly table = new SessionTable();
  /** What took effect, in order. */
  readonly executed: number[] = [];
  index = 0;

  apply(request: DurableRequest): DurableOutcome {
    this.index += 1;
    const index = this.index as LogIndex;
    if (request.type === 'register') {
      const register = { type: 'register-session', nonce: request.nonce, durable: true } as const;
      const outcome = this.table.register(index, register);
      if (outcome.type === 'registered') return outcome;
      return { type: 'session-refused' };
    }
    if (request.type === 'close') {
      this.table.close({ type: 'close-session', sessionId: request.sessionId });
      return { type: 'session-closed' };
    }
    const { session, body } = request;
    let outcome = this.table.admit(session, index);
    if (outcome === null) {
      this.executed.push(body[0] ?? -1);
      outcome = this.table.finish(session, body);
    }
    if (outcome.type === 'executed') {
      return { type: 'executed', index, term: 1 as Term, response: outcome.response };
    }
    if (outcome.type === 'forgotten' || outcome.type === 'unknown-session') {
      return { type: outcome.type };
    }
    return { type: 'failed', failure: failure('Timeout', 'unknown', 'out of order') };
  }
}

class Death extends Error {}

/** What one profile has, and how its tabs fare. */
class Profile implements OutboxKeeper {
  outbox: Outbox = EMPTY_OUTBOX;
  readonly cluster = new FakeCluster();
  readonly #random: Random;
  /** In thousandths: a tab dies, a message is lost, doubled or late. */
  readonly #odds: { readonly death: number; readonly trouble: number };
  readonly #late: DurableRequest[] = [];
  #nonce = 0;
  isCalm = false;

  constructor(random: Random, odds: { death: number; trouble: number }) {
    this.#random = random;
    this.#odds = odds;
  }

  async change<T>(change: (outbox: Outbox) => OutboxChange<T>): Promise<T> {
    await this.#moment();
    const { outbox, result } = change(this.outbox);
    this.outbox = outbox;
    await this.#moment();
    return result;
  }

  route(): OutboxRoute {
    return {
      confirm: async () => {
        await this.#moment();
        return this.isCalm || !this.#happens('trouble');
      },
      request: (request) => this.#request(request),
      outcomeOf: ({ index, term, response }) => ({
        applied: 'yes',
        failure: null,
        entry: { index, term },
        rowsAffected: 1,
        response,
      }),
      newNonce: () => {
        this.#nonce += 1;
        return this.#nonce;
      },
    };
  }

  queue(number: number): void {
    const about = { sql: 'insert', statements: 1, queuedAtMs: 0, sent: null, outcome: null };
    const entry: OutboxEntry = { id: `id${number}`, ...about, body: Uint8Array.of(number) };
    this.outbox = withEntry(this.outbox, entry);
  }

  /** False: it was sent. */
  cancel(number: number): boolean {
    const cancelled = withCancelled(this.outbox, `id${number}`);
    this.outbox = cancelled ?? this.outbox;
    return cancelled !== null;
  }

  /** Steps until nothing is left to do, or the tab dies. */
  async send(): Promise<StepOutcome | 'dead'> {
    const sender = new OutboxSender(this, this.route());
    try {
      for (;;) {
        const outcome = await sender.step();
        if (outcome !== 'done') return outcome;
      }
    } catch (error) {
      if (error instanceof Death) return 'dead';
      throw error;
    }
  }

  async #request(request: DurableRequest): Promise<DurableOutcome> {
    // In order, as a node sends them, but where there is trouble.
    if (this.isCalm || !this.#happens('trouble')) {
      const outcome = this.cluster.apply(request);
      await this.#moment();
      return outcome;
    }
    await this.#moment();
    const kind = this.#random(4);
    const late = this.#late.splice(0, kind === 3 ? 1 : 0);
    for (const each of late) this.cluster.apply(each);
    if (kind === 0) return { type: 'failed', failure: failure('NoQuorum', 'unknown', 'lost') };
    const outcome = this.cluster.apply(request);
    // A registration that comes after its session was closed is the node's to deal with.
    if (request.type === 'execute') this.#late.push(request);
    if (kind === 1) this.cluster.apply(request);
    await this.#moment();
    if (kind === 2) return { type: 'failed', failure: failure('Timeout', 'unknown', 'no answer') };
    return outcome;
  }

  /** Others get to run, and this tab may die. */
  async #moment(): Promise<void> {
    const turns = this.#random(6) === 0 ? this.#random(60) : 0;
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    if (!this.isCalm && this.#happens('death')) throw new Death();
  }

  #happens(what: 'death' | 'trouble'): boolean {
    return this.#random(1_000) < this.#odds[what];
  }
}

/** Sessions are the outbox's, or about to be closed: none is left behind. */
function strayNonces({ outbox, cluster }: Profile): (number | null)[] {
  const { session, closing } = outbox;
  return [...cluster.table.ids()]
    .filter((id) => !closing.includes(id))
    .map((id) => cluster.table.get(id)?.durableNonce ?? null)
    .filter((nonce) => nonce !== session?.nonce);
}

describe('sending what is queued', () => {
  test('is one session, registered, used and closed, and nothing is left of it', async () => {
    const profile = new Profile(randomOf(1), { death: 0, trouble: 0 });
    for (const number of [1, 2, 3]) profile.queue(number);
    expect(profile.cancel(2)).toBe(true);
    expect(await profile.send()).toBe('idle');
    expect(profile.cluster.executed).toEqual([1, 3]);
    expect([...profile.cluster.table.ids()]).toEqual([]);
    expect(profile.outbox.entries.map(({ outcome }) => outcome?.applied)).toEqual([
      'yes',
      'no',
      'yes',
    ]);
    expect({ ...profile.outbox, entries: [] }).toEqual(EMPTY_OUTBOX);
    expect(profile.cluster.index).toBe(4);
    expect(await profile.send()).toBe('idle');
    expect(profile.cluster.index).toBe(4);
  });

  test('numbers nothing before a majority confirms a leader, so that it can be cancelled', async () => {
    const profile = new Profile(randomOf(1), { death: 0, trouble: 1_000 });
    profile.queue(1);
    for (let round = 0; round < 20; round += 1) await profile.send();
    expect(profile.outbox.entries[0]?.sent).toBeNull();
    expect(profile.cancel(1)).toBe(true);
  });

  test('that the session is gone is told as it is, and the next ones go on in another', async () => {
    const profile = new Profile(randomOf(1), { death: 0, trouble: 0 });
    const sender = new OutboxSender(profile, profile.route());
    for (const number of [1, 2]) profile.queue(number);
    for (let steps = 0; steps < 3; steps += 1) await sender.step();
    expect(profile.outbox.entries.map(({ sent }) => sent?.sequence)).toEqual([1, 2]);
    const sessionId = profile.outbox.session?.sessionId ?? (0 as SessionId);
    profile.cluster.apply({ type: 'close', sessionId });
    profile.queue(3);
    expect(await profile.send()).toBe('idle');
    const [first, second, third] = profile.outbox.entries.map(({ outcome }) => outcome);
    expect(first).toMatchObject({ applied: 'unknown', failure: { code: 'Internal' } });
    expect(second).toEqual(first);
    expect(third).toMatchObject({ applied: 'yes' });
    expect(profile.cluster.executed).toEqual([3]);
  });

  test('takes effect exactly once and in order, whatever is lost, doubled, late or dies', async () => {
    const seeds = fc.record({
      seed: fc.integer({ min: 1 }),
      death: fc.constantFrom(0, 20, 100),
      trouble: fc.constantFrom(0, 100, 400),
      tabs: fc.constantFrom(1, 2, 3),
    });
    const property = fc.asyncProperty(seeds, async ({ seed, death, trouble, tabs }) => {
      const random = randomOf(seed);
      const profile = new Profile(random, { death, trouble });
      const cancelled = new Set<number>();
      let queued = 0;
      for (let round = 0; round < 12; round += 1) {
        for (let count = random(4); count > 0; count -= 1) {
          queued += 1;
          profile.queue(queued);
        }
        if (random(3) === 0) {
          const number = 1 + random(queued + 1);
          if (profile.cancel(number)) cancelled.add(number);
        }
        await Promise.all(Array.from({ length: tabs }, () => profile.send()));
        // Two that send at once may leave a session behind, if one dies: the sender's lock is for that.
        if (tabs === 1) expect(strayNonces(profile)).toEqual([]);
        // What was told is true.
        for (const { id, outcome } of profile.outbox.entries) {
          const number = Number(id.slice(2));
          const isDone = profile.cluster.executed.includes(number);
          if (outcome !== null) expect(outcome.applied).toBe(isDone ? 'yes' : 'no');
        }
      }
      profile.isCalm = true;
      expect(await profile.send()).toBe('idle');
      const all = Array.from({ length: queued }, (_, i) => i + 1);
      expect(profile.cluster.executed).toEqual(all.filter((number) => !cancelled.has(number)));
      expect(waitingIn(profile.outbox)).toEqual([]);
      if (tabs === 1) expect([...profile.cluster.table.ids()]).toEqual([]);
      for (const { id, outcome } of profile.outbox.entries) {
        const number = Number(id.slice(2));
        if (cancelled.has(number)) {
          const cause = failure('Cancelled', 'no', 'it was cancelled before it was sent');
          expect(outcome).toEqual(failedOutcome(cause));
        } else expect(outcome).toMatchObject({ applied: 'yes', response: Uint8Array.of(number) });
      }
    });
    await fc.assert(property, { numRuns: 250 });
  });
});

test('a session under which something waits stays: it was queued as the session was to be closed', () => {
  const sessionId = 7 as SessionId;
  const registered = withRegistered(withNonce(EMPTY_OUTBOX, 1), 1, sessionId);
  const about = { sql: 'insert', statements: 1, queuedAtMs: 0, sent: null, outcome: null };
  const waiting = withEntry(registered, { id: 'id1', ...about, body: Uint8Array.of(1) });
  expect(withRetiredSession(waiting)).toBe(waiting);
  expect(withRetiredSession(registered)).toMatchObject({ session: null, closing: [sessionId] });
});
