/** Live queries on the page: when they read, what they hand over and when, and how they end. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { LiveQueries } from '../../src/client/live.ts';
import type { LiveApi } from '../../src/client/protocol.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure, type ErrorCode } from '../../src/node/errors.ts';
import type { QueryResult, SqlValue } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { openFake } from './fake-database.ts';
import type { FakeTab } from './fake-workers.ts';
import { FakeFrames } from './frames.ts';

const HIDDEN_MS = 1_000;

function resultOf(index: number, ...values: SqlValue[]): QueryResult {
  return { columns: ['x'], rows: values.map((value) => [value]), appliedIndex: index as LogIndex };
}

/** A worker whose reads are answered by the test. */
class FakeWorker implements LiveApi {
  readonly closed: number[] = [];
  /** Reads that wait for their answer, oldest first. */
  readonly reads: {
    readonly live: number;
    readonly answer: (result: QueryResult) => void;
    readonly fail: (code: ErrorCode, message?: string) => void;
  }[] = [];
  #last = 0;

  async openLive(sql: string): Promise<number> {
    if (sql === 'one too many') throw new RpcFailure(failure('Overloaded', 'no', 'too many'));
    this.#last += 1;
    return this.#last;
  }

  readLive(live: number): Promise<QueryResult> {
    return new Promise((answer, reject) => {
      const fail = (code: ErrorCode, message = 'no'): void => {
        reject(new RpcFailure(failure(code, 'no', message)));
      };
      this.reads.push({ live, answer, fail });
    });
  }

  async closeLive(live: number): Promise<void> {
    this.closed.push(live);
  }
}

/** Everything that is ready has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let worker: FakeWorker;
let frames: FakeFrames;
let lives: LiveQueries;
let heard: string[];
let reported: unknown[];

beforeEach(() => {
  worker = new FakeWorker();
  frames = new FakeFrames();
  heard = [];
  reported = [];
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
  const methods = worker as unknown as Record<string, (...args: unknown[]) => Promise<never>>;
  lives = new LiveQueries((method, args) => methods[method]?.(...args) as Promise<never>);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Subscribes; what it hears is noted behind its name. */
function subscribe(name = '', sql = 'select x', onEach: () => void = () => undefined): () => void {
  return lives.subscribe(sql, [], {
    onResult: ({ rows, appliedIndex }) => {
      heard.push(`${name}${String(rows.flat())}@${appliedIndex}`);
      onEach();
    },
    onError: ({ code }) => {
      heard.push(`${name}${code}`);
      onEach();
    },
  });
}

/** Answers the oldest read. */
async function answer(index: number, ...values: SqlValue[]): Promise<void> {
  worker.reads.shift()?.answer(resultOf(index, ...values));
  await settled();
}

async function fail(code: ErrorCode, message?: string): Promise<void> {
  worker.reads.shift()?.fail(code, message);
  await settled();
}

/** The query was told that it is stale, and read at once. */
async function change(index: number, ...values: SqlValue[]): Promise<void> {
  lives.told([1]);
  await settled();
  await answer(index, ...values);
}

async function opened(name?: string): Promise<() => void> {
  const end = subscribe(name);
  await settled();
  await answer(1, 'a');
  frames.draw();
  return end;
}

describe('results', () => {
  test('the first one comes at once, later ones in a frame', async () => {
    subscribe();
    await settled();
    await answer(1, 'a');
    expect(heard).toEqual(['a@1']);
    frames.draw();
    await change(2, 'b');
    expect(heard).toEqual(['a@1']);
    frames.draw();
    expect(heard).toEqual(['a@1', 'b@2']);
  });

  test('a query is read once a frame, and its last result is of the newest state', async () => {
    await opened();
    for (const index of [2, 3, 4]) {
      lives.told([1]);
      lives.told([1]);
      await settled();
      expect(worker.reads.length).toBe(1);
      // A change that comes while it is read, and one that comes while its result waits.
      lives.told([1]);
      await answer(index, index);
      lives.told([1]);
      await settled();
      expect(worker.reads.length).toBe(0);
      frames.draw();
    }
    await settled();
    await answer(5, 'last');
    frames.draw();
    await settled();
    expect(worker.reads.length).toBe(0);
    expect(heard).toEqual(['a@1', '2@2', '3@3', '4@4', 'last@5']);
  });

  test('a slow read outlasts the frames of others, and is the only one', async () => {
    await opened('slow ');
    await opened('fast ');
    lives.told([1, 2]);
    await settled();
    const [slow, fast] = worker.reads.splice(0);
    fast?.answer(resultOf(2, 'b'));
    await settled();
    frames.draw();
    lives.told([1]);
    await settled();
    expect(worker.reads).toEqual([]);
    slow?.answer(resultOf(2, 'b'));
    await settled();
    frames.draw();
    await settled();
    await answer(3, 'c');
    frames.draw();
    expect(heard.slice(2)).toEqual(['fast b@2', 'slow b@2', 'slow c@3']);
  });

  test('that are equal to the one before are left out, to the last byte', async () => {
    const values = [1, 'text', null, 2n ** 60n, new Uint8Array([1, 2])];
    subscribe();
    await settled();
    await answer(1, ...values);
    frames.draw();
    await change(2, ...values.slice(0, 4), new Uint8Array([1, 2]));
    frames.draw();
    expect(heard).toHaveLength(1);
    await change(3, ...values.slice(0, 4), new Uint8Array([1, 3]));
    frames.draw();
    await change(4, ...values.slice(0, 4));
    frames.draw();
    await change(5, ...values.slice(0, 3), 2n ** 60n + 1n);
    frames.draw();
    expect(heard.map((line) => line.at(-1))).toEqual(['1', '3', '4', '5']);
  });

  test('of all queries come in the same frame', async () => {
    await opened('one ');
    subscribe('two ');
    await settled();
    await answer(1, 'a');
    frames.draw();
    lives.told([1, 2]);
    await settled();
    await answer(2, 'b');
    await answer(2, 'b');
    expect(frames.waiting).toBe(1);
    frames.draw();
    expect(heard).toEqual(['one a@1', 'two a@1', 'one b@2', 'two b@2']);
  });

  test('in a hidden page come by a timer, also where it is hidden while one waits', async () => {
    await opened();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await change(2, 'b');
    frames.show('hidden');
    vi.advanceTimersByTime(HIDDEN_MS);
    await change(3, 'c');
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(heard).toEqual(['a@1', 'b@2', 'c@3']);
    frames.show('visible');
    await change(4, 'd');
    vi.advanceTimersByTime(HIDDEN_MS);
    expect(heard).toHaveLength(3);
    frames.draw();
    expect(heard.at(-1)).toBe('d@4');
  });
});

describe('errors', () => {
  test('are told, and the query goes on; the same one twice is told once', async () => {
    subscribe();
    for (const message of ['no such table: t', 'no such table: t']) {
      lives.told([1]);
      await settled();
      await fail('Sql', message);
      frames.draw();
    }
    await change(3, 'a');
    frames.draw();
    lives.told([1]);
    await settled();
    await fail('Sql', 'no such column: x');
    frames.draw();
    await change(5, 'a');
    frames.draw();
    expect(heard).toEqual(['Sql', 'a@3', 'Sql', 'a@5']);
  });

  test('a read that was too much for the worker is tried again', async () => {
    await opened();
    lives.told([1]);
    await settled();
    await fail('Overloaded');
    frames.draw();
    await settled();
    await answer(2, 'b');
    frames.draw();
    expect(heard).toEqual(['a@1', 'b@2']);
  });

  test('of a query that cannot be opened end it', async () => {
    subscribe('', 'one too many');
    await settled();
    lives.told([1]);
    expect(heard).toEqual(['Overloaded']);
    expect(worker.reads).toEqual([]);
  });

  test('that a callback throws are reported, and keep nobody from hearing', async () => {
    const thrown = new Error('in the callback');
    subscribe('bad ', 'select x', () => {
      throw thrown;
    });
    subscribe('good ');
    await settled();
    for (const index of [1, 2]) {
      await answer(index, index);
      await answer(index, index);
      frames.draw();
      lives.told([1, 2]);
      await settled();
    }
    expect(heard).toEqual(['bad 1@1', 'good 1@1', 'bad 2@2', 'good 2@2']);
    expect(reported).toEqual([thrown, thrown]);
  });

  test('the end of the node is told once, to everybody, and ends the queries', async () => {
    await opened('one ');
    subscribe('two ');
    await settled();
    lives.fail(failure('Internal', 'unknown', 'the worker failed'));
    await answer(1, 'a');
    lives.told([1, 2]);
    frames.draw();
    await settled();
    expect(heard).toEqual(['one a@1', 'one Internal', 'two Internal']);
    expect(worker.reads).toEqual([]);
  });
});

describe('unsubscribing', () => {
  test.each([
    ['before it is open', []],
    ['while it is read', ['settle']],
    ['while a result waits', ['settle', 'answer', 'draw', 'change']],
  ])('%s: nothing more is heard, and the worker forgets it', async (_when, steps) => {
    const end = subscribe();
    for (const step of steps) {
      if (step === 'settle') await settled();
      if (step === 'answer') await answer(1, 'a');
      if (step === 'draw') frames.draw();
      if (step === 'change') await change(2, 'b');
    }
    heard.length = 0;
    end();
    end();
    await settled();
    await answer(3, 'c');
    lives.told([1]);
    frames.draw();
    await settled();
    expect(heard).toEqual([]);
    expect(worker.closed).toEqual([1]);
    expect(worker.reads).toEqual([]);
  });

  test('in the own callback, and of another one, which hears nothing then', async () => {
    const ends: (() => void)[] = [];
    ends.push(
      subscribe('one ', 'select x', () => heard.length > 2 && ends.forEach((end) => end())),
    );
    ends.push(subscribe('two '));
    await settled();
    await answer(1, 'a');
    await answer(1, 'a');
    frames.draw();
    lives.told([1, 2]);
    await settled();
    await answer(2, 'b');
    await answer(2, 'b');
    frames.draw();
    await settled();
    expect(heard).toEqual(['one a@1', 'two a@1', 'one b@2']);
    expect(worker.closed).toEqual([1, 2]);
  });
});

describe('Database.live', () => {
  let tab: FakeTab;
  let db: Database;

  beforeEach(async () => {
    ({ tab, db } = await openFake());
  });

  test('gives rows by name, with the answer, and follows the worker’s events', async () => {
    const answers: unknown[] = [];
    db.live('select x', [], (rows, answer) => answers.push([rows, answer.appliedIndex, answer]));
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    tab.readerMethods = { ...tab.readerMethods, readLive: async () => resultOf(9, 2) };
    frames.draw();
    tab.sqlEvents?.push({ type: 'live-stale', lives: [1] });
    await vi.waitFor(() => {
      frames.draw();
      expect(answers).toHaveLength(2);
    });
    expect(answers).toMatchObject([
      [[{ x: 1 }], 3, { level: 'none', mayBeStale: true, columns: ['x'], rows: [[1]] }],
      [[{ x: 2 }], 9, { bookmark: expect.any(String) as string }],
    ]);
  });

  test('refuses what is no query at once, and everything once it is closed', async () => {
    const onRows = (): void => undefined;
    expect(() => db.live(1 as never, [], onRows)).toThrow('SQL must be a string');
    expect(() => db.live('select ?', [{} as never], onRows)).toThrow('not SQL values');
    expect(() => db.live('select 1', [], 1 as never)).toThrow('live takes a function');
    expect(() => db.onStatus(1 as never)).toThrow('onStatus takes a function');
    await db.close();
    expect(() => db.live('select 1', [], onRows)).toThrow('this database was closed');
  });

  test.each([
    [
      'stops',
      () =>
        tab.events.push({ type: 'stopped', code: 'StorageLost', reason: 'gone', keepsake: null }),
    ],
    ['dies', () => tab.sql.fail('error', 'a trap')],
  ])(
    'ends without a word with its own handle, and with one when the node %s',
    async (_how, end) => {
      const codes: string[] = [];
      const onRows = vi.fn<() => void>();
      const onError = (error: { code: string }): unknown => codes.push(error.code);
      db.live('select x', [], onRows, onError);
      await vi.waitFor(() => expect(onRows).toHaveBeenCalledOnce());
      end();
      await vi.waitFor(() => expect(codes).toHaveLength(1));
      db.live('select x', [], onRows, onError);
      await vi.waitFor(() => expect(codes).toHaveLength(2));
      expect(new Set(codes).size).toBe(1);
      db.live('select x', [], onRows, onError);
      await db.close();
      expect(codes).toHaveLength(2);
    },
  );

  test('reports errors that nobody takes', async () => {
    const readLive = async (): Promise<never> => {
      throw new RpcFailure(failure('Sql', 'no', 'no such table: t'));
    };
    tab.readerMethods = { ...tab.readerMethods, readLive };
    db.live('select x from t', [], () => undefined);
    await vi.waitFor(() => expect(reported).toMatchObject([{ code: 'Sql', applied: 'no' }]));
  });
});
