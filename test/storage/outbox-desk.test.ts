/** Writes that may be queued, as the tabs of a profile see them: now, later, cancelled, or refused. */

import { expect, test, vi } from 'vitest';

import type { SessionId } from '../../src/node/command.ts';
import type { DurableOutcome, DurableRequest } from '../../src/node/durable-requests.ts';
import { failure } from '../../src/node/errors.ts';
import { MAX_QUEUED_WRITES, QUEUE_LOOK_MS } from '../../src/node/limits.ts';
import type { ReadIndexOutcome } from '../../src/node/reads.ts';
import type { ExecuteOutcome } from '../../src/node/writes.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { EMPTY_OUTBOX, type Outbox } from '../../src/storage/outbox-codec.ts';
import { OutboxDesk } from '../../src/storage/outbox-desk.ts';
import type { OutboxChange } from '../../src/storage/outbox-store.ts';
import { HalfStoredError } from '../../src/storage/storage-error.ts';

const NO_QUORUM = failure('NoQuorum', 'no', 'no quorum');
const ABOUT = { sql: 'insert into t values (1)', statements: 1 };
const TERM = 1 as Term;

/** What the tabs of a profile share, and the cluster beyond. */
class World {
  isOnline = false;
  /** What took effect: by the usual way, or out of the outbox. */
  readonly effects: string[] = [];
  readonly desks: OutboxDesk[] = [];
  outbox: Outbox = EMPTY_OUTBOX;
  /** Where a change fails when it is in one copy. */
  failure: Error | null = null;
  /** What goes the usual way waits for this. */
  execution: Promise<void> = Promise.resolve();
  /** Answers larger than this are not kept. */
  largestAnswer = 5;
  readonly #listeners = new Set<(outbox: Outbox) => void>();
  readonly #line: ((release: () => void) => void)[] = [];
  #isHeld = false;
  #changed = (): void => undefined;

  tab(): OutboxDesk {
    const desk = new OutboxDesk({
      route: {
        confirm: async (): Promise<ReadIndexOutcome> =>
          this.isOnline
            ? { type: 'ready', index: 1 as LogIndex }
            : { type: 'failed', failure: NO_QUORUM },
        execute: async (body) => {
          await this.execution;
          return this.#execute(body);
        },
        request: async (request) => this.#request(request),
        outcomeOf: ({ index, term, response }) => ({
          applied: 'yes',
          failure: null,
          entry: { index, term },
          rowsAffected: 1,
          response: (response[0] ?? 0) > this.largestAnswer ? null : response,
        }),
        newNonce: () => 9,
      },
      openStore: (onChange) => {
        this.#listeners.add(onChange);
        return {
          read: async () => this.outbox,
          change: async (change) => this.#change(change),
          close: () => this.#listeners.delete(onChange),
        };
      },
      takeTurn: () => this.#takeTurn(),
      wallClock: () => 1_234,
      onChange: () => this.#changed(),
    });
    this.desks.push(desk);
    desk.start();
    return desk;
  }

  /** Resolves when the outbox is as wanted; a test that waits in vain ends by its own time limit. */
  async until(isWanted: (states: string) => boolean): Promise<string> {
    while (!isWanted(this.states)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    return this.states;
  }

  /** Of every entry. */
  get states(): string {
    return this.outbox.entries
      .map(({ sent, outcome }) => outcome?.applied ?? (sent === null ? 'pending' : 'sending'))
      .join();
  }

  get ids(): string[] {
    return this.outbox.entries.map(({ id }) => id);
  }

  #change<T>(change: (outbox: Outbox) => OutboxChange<T>): T {
    const { outbox, result } = change(this.outbox);
    if (outbox !== this.outbox) {
      this.outbox = outbox;
      if (this.failure !== null) throw this.failure;
      for (const listener of this.#listeners) listener(outbox);
    }
    return result;
  }

  #takeTurn(): Promise<() => void> {
    return new Promise((resolve) => {
      this.#line.push(resolve);
      this.#next();
    });
  }

  #next(): void {
    if (this.#isHeld) return;
    const [first] = this.#line.splice(0, 1);
    if (first === undefined) return;
    this.#isHeld = true;
    first(() => {
      this.#isHeld = false;
      this.#next();
    });
  }

  #execute(body: Uint8Array): ExecuteOutcome {
    if (!this.isOnline) return { type: 'failed', failure: NO_QUORUM };
    this.effects.push(`now ${body.join()}`);
    return { type: 'executed', index: 3 as LogIndex, term: TERM, response: body };
  }

  #request(request: DurableRequest): DurableOutcome {
    if (!this.isOnline) return { type: 'failed', failure: NO_QUORUM };
    if (request.type === 'register') return { type: 'registered', sessionId: 5 as SessionId };
    if (request.type === 'close') return { type: 'session-closed' };
    this.effects.push(`later ${request.body.join()}`);
    return { type: 'executed', index: 8 as LogIndex, term: TERM, response: request.body };
  }
}

async function write(desk: OutboxDesk, number: number): Promise<ExecuteOutcome> {
  return (await desk.write(body(number), ABOUT, null)).outcome;
}

const body = (number: number): Uint8Array => Uint8Array.of(number);

test('with a leader and nothing that waits, a write goes to the cluster at once', async () => {
  const world = new World();
  world.isOnline = true;
  const outcome = await write(world.tab(), 1);
  expect(outcome).toEqual({ type: 'executed', index: 3, term: 1, response: body(1) });
  expect(world.effects).toEqual(['now 1']);
  expect(world.outbox).toBe(EMPTY_OUTBOX);
});

test('without one it waits, in order, and is answered when it has committed, whoever sent it', async () => {
  const world = new World();
  const [one, two] = [world.tab(), world.tab()];
  const answers = [write(one, 1), write(one, 2)];
  await world.until((states) => states === 'pending,pending');
  answers.push(write(two, 3));
  await world.until((states) => states === 'pending,pending,pending');
  world.isOnline = true;
  // A leader there is; what waits goes first.
  answers.push(write(two, 4));
  const outcomes = await Promise.all(answers);
  expect(outcomes.map((outcome) => outcome.type)).toEqual(Array(4).fill('executed'));
  expect(outcomes[2]).toEqual({ type: 'executed', index: 8, term: 1, response: body(3) });
  expect(world.effects).toEqual(['later 1', 'later 2', 'later 3', 'later 4']);
  expect(world.outbox.entries.map(({ queuedAtMs, sql }) => `${queuedAtMs} ${sql}`)[0]).toBe(
    '1234 insert into t values (1)',
  );
});

test('what was not sent can be cancelled, by any tab; its maker is told that it had no effect', async () => {
  const world = new World();
  const [one, two] = [world.tab(), world.tab()];
  const writing = write(one, 1);
  await world.until((states) => states === 'pending');
  const [id = ''] = world.ids;
  expect(await two.dismiss(id)).toMatchObject({ code: 'Refused' });
  expect(await two.cancel(id)).toBeNull();
  expect(await writing).toMatchObject({ failure: { code: 'Cancelled', applied: 'no' } });
  expect(await two.cancel(id)).toMatchObject({ code: 'Refused', applied: 'no' });
  expect(await one.dismiss(id)).toBeNull();
  expect(world.states).toBe('');
  world.isOnline = true;
  await write(one, 2);
  expect(world.effects).toEqual(['now 2']);
});

test('a tab that goes leaves what it queued, and another tab sends it', async () => {
  const world = new World();
  const [one, two] = [world.tab(), world.tab()];
  const writing = write(one, 1);
  await world.until((states) => states === 'pending');
  one.stop('Closed', 'closed');
  expect(await writing).toMatchObject({ failure: { code: 'Closed', applied: 'unknown' } });
  expect(await write(one, 2)).toMatchObject({
    failure: { code: 'Closed', applied: 'no', message: expect.not.stringContaining('outbox') },
  });
  world.isOnline = true;
  expect(await world.until((states) => states === 'yes')).toBe('yes');
  expect(world.effects).toEqual(['later 1']);
  two.stop('Closed', 'closed');
});

test('beyond its bounds a write is refused; an answer that is too large is lost, and said to be', async () => {
  const world = new World();
  const desk = world.tab();
  const last = write(desk, 9);
  const others = Array.from({ length: MAX_QUEUED_WRITES - 1 }, () => write(desk, 1));
  await world.until((states) => states.split(',').length === MAX_QUEUED_WRITES);
  const refused = await write(desk, 1);
  expect(refused).toMatchObject({ failure: { code: 'Overloaded', applied: 'no' } });
  world.isOnline = true;
  expect(await last).toMatchObject({ failure: { code: 'TooLarge', applied: 'yes' } });
  const outcomes = await Promise.all(others);
  expect(outcomes.every((outcome) => outcome.type === 'executed')).toBe(true);
});

test('of a write that is in one copy of the outbox nobody says that it will have no effect', async () => {
  const world = new World();
  const desk = world.tab();
  world.failure = new HalfStoredError('StorageDenied', 'There is no room.');
  const told = await write(desk, 1);
  expect(told).toMatchObject({ failure: { code: 'StorageDenied', applied: 'unknown' } });
  world.failure = null;
  world.isOnline = true;
  await write(desk, 2);
  expect(world.effects).toEqual(['later 1', 'later 2']);
});

test('what a tab that was killed had stored and told nobody of is sent', async () => {
  vi.useFakeTimers();
  try {
    const world = new World();
    world.isOnline = true;
    world.tab();
    await vi.advanceTimersByTimeAsync(QUEUE_LOOK_MS);
    world.outbox = { ...EMPTY_OUTBOX, entries: [entryOf('a', 1)] };
    await vi.advanceTimersByTimeAsync(QUEUE_LOOK_MS);
    expect(world.effects).toEqual(['later 1']);
  } finally {
    vi.useRealTimers();
  }
});

test('what was handed to the cluster in vain is queued before what was made later', async () => {
  const world = new World();
  const desk = world.tab();
  world.isOnline = true;
  let end = (): void => undefined;
  world.execution = new Promise((resolve) => {
    end = resolve;
  });
  const answers = [write(desk, 1)];
  await new Promise((resolve) => setTimeout(resolve, 5));
  world.isOnline = false;
  answers.push(write(desk, 2));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(world.states).toBe('');
  end();
  await world.until((states) => states === 'pending,pending');
  world.isOnline = true;
  await Promise.all(answers);
  expect(world.effects).toEqual(['later 1', 'later 2']);
});

function entryOf(id: string, number: number): Outbox['entries'][number] {
  return { id, ...ABOUT, queuedAtMs: 1, body: body(number), sent: null, outcome: null };
}

test('what one former cluster took over from another, and that one from a third, is taken once', async () => {
  const outboxes: Readonly<Record<string, Outbox>> = {
    third: { ...EMPTY_OUTBOX, entries: [entryOf('a', 1)], inherited: ['second'] },
    second: { ...EMPTY_OUTBOX, entries: [entryOf('a', 1)], inherited: ['first'] },
    first: { ...EMPTY_OUTBOX, entries: [entryOf('a', 1)] },
  };
  const world = new World();
  const read = async (id: string): Promise<Outbox> => outboxes[id] ?? EMPTY_OUTBOX;
  await world.tab().inherit(['third', 'second', 'first'], read);
  expect(world.ids).toEqual(['a']);
});

test('what waited in former clusters waits here, once, also what the last of them never took over', async () => {
  const outboxes: Readonly<Record<string, Outbox>> = {
    third: { ...EMPTY_OUTBOX, entries: [entryOf('d', 4)], inherited: ['second'] },
    second: { ...EMPTY_OUTBOX, entries: [entryOf('c', 3)] },
    first: { ...EMPTY_OUTBOX, entries: [entryOf('a', 1), entryOf('b', 2)] },
  };
  const world = new World();
  const desk = world.tab();
  const read = async (id: string): Promise<Outbox> => outboxes[id] ?? EMPTY_OUTBOX;
  await desk.inherit(['third', 'second', 'first'], read);
  await desk.inherit(['third', 'second', 'first'], read);
  expect(world.ids).toEqual(['a', 'b', 'd']);
  world.isOnline = true;
  await world.until((states) => states === 'yes,yes,yes');
  expect(world.effects).toEqual(['later 1', 'later 2', 'later 4']);
});
