/** Cursors, iteration, bookmarks and freshness over fake workers: what is asked of whom, and when. */

import { describe, expect, test, vi } from 'vitest';
import { formatBookmark } from '../../src/client/bookmark.ts';
import type { QueryRequest } from '../../src/client/protocol.ts';
import type { QueryOptions } from '../../src/client/reads.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { openFake, verdict } from './fake-database.ts';
import { CLUSTER_ID, type FakeTab, READS, resultOf } from './fake-workers.ts';

const bookmark = (index: number): string => formatBookmark(CLUSTER_ID, index as LogIndex);

/** What each query was told to wait for. */
function waits(tab: FakeTab): (number | null)[] {
  const asked: (number | null)[] = [];
  const { query } = tab.readerMethods;
  tab.readerMethods.query = (request: QueryRequest) => {
    asked.push(request.atLeast);
    return query(request);
  };
  return asked;
}

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

describe('a bookmark', () => {
  test('is in every answer: of writes, reads and scripts', async () => {
    const { db, tab } = await openFake();
    expect((await db.execute('insert')).bookmark).toBe(bookmark(7));
    expect((await db.query('select 1', [], { level: 'none' })).bookmark).toBe(bookmark(7));
    expect((await db.cursor('select 1')).bookmark).toBe(bookmark(7));
    expect((await db.run('insert')).bookmark).toBe(bookmark(7));
    tab.readerMethods.split = async () => [{ sql: 'select 1', kind: READS }];
    tab.nodeMethods.readIndex = async () => 9 as LogIndex;
    expect((await db.run('select 1')).bookmark).toBe(bookmark(9));
    expect((await db.run('')).bookmark).toBe(bookmark(0));
  });

  test.each([
    ['none', 3, 3],
    ['weak', 9, 9],
    ['linearizable', 4, 5],
    ['strong', 6, 6],
  ] as const)('is waited for at level %s', async (level, index, waited) => {
    const { db, tab } = await openFake();
    const asked = waits(tab);
    await db.query('select 1', [], { level, atLeast: bookmark(index) });
    expect(asked).toEqual([waited]);
  });

  test('that is none, or of another cluster, is refused before anything is asked', async () => {
    const { db, tab } = await openFake();
    const foreign = formatBookmark('234567abcdefghij', 1 as LogIndex);
    for (const atLeast of ['b1', foreign, 5 as never]) {
      expect(await verdict(db.query('select 1', [], { atLeast }))).toBe('InvalidArgument no');
      expect(await verdict(db.cursor('select 1', [], { atLeast }))).toBe('InvalidArgument no');
      const batches = db.iterate('select 1', [], { atLeast });
      expect(await verdict(batches.next())).toBe('InvalidArgument no');
    }
    expect(tab.calls).toEqual([]);
  });
});

test('a caller reads its own writes at every level', async () => {
  const { db, tab } = await openFake();
  const asked = waits(tab);
  for (const level of ['none', 'weak', 'linearizable', 'strong'] as const) {
    await db.query('select 1', [], { level });
  }
  expect(asked).toEqual([null, 5, 5, 5]);
  await db.execute('insert');
  asked.length = 0;
  for (const level of ['none', 'weak', 'linearizable', 'strong'] as const) {
    await db.query('select 1', [], { level });
  }
  expect(asked).toEqual([7, 7, 7, 7]);
});

describe('freshnessMs', () => {
  test("asks the node at level 'none', and waits for what was committed then", async () => {
    const { db, tab } = await openFake();
    const asked = waits(tab);
    const fresh = vi.spyOn(tab.nodeMethods, 'freshIndex');
    await db.query('select 1', [], { level: 'none', freshnessMs: 500 });
    expect([fresh.mock.calls[0]?.[0], asked]).toEqual([500, [4]]);
    tab.nodeMethods.freshIndex = async () => {
      throw new RpcFailure(failure('Stale', 'no', 'too old'));
    };
    const options = { level: 'none', freshnessMs: 500 } as const;
    expect(await verdict(db.query('select 1', [], options))).toBe('Stale no');
    expect(await verdict(db.cursor('select 1', [], options))).toBe('Stale no');
  });

  test.each<QueryOptions>([
    { freshnessMs: 5 },
    { level: 'weak', freshnessMs: 5 },
    { level: 'none', freshnessMs: -1 },
    { level: 'none', freshnessMs: Infinity },
    { level: 'none', freshnessMs: '5' as never },
  ])('%j is refused', async (options) => {
    const { db, tab } = await openFake();
    expect(await verdict(db.query('select 1', [], options))).toBe('InvalidArgument no');
    expect(tab.calls).toEqual([]);
  });
});

describe('a cursor', () => {
  test('reads any rows, in as many batches as it takes', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.readCursor = async (_, from, count) =>
      Array.from({ length: Math.min(count, 2) }, (__, at) => [from + at]);
    const cursor = await db.cursor('select 1');
    expect([cursor.columns, cursor.rowCount, cursor.appliedIndex]).toEqual([['x'], 5, 5]);
    expect(await cursor.read(1, 3)).toEqual([[1], [2], [3]]);
    expect(await cursor.read(4, 100)).toEqual([[4]]);
    expect(await cursor.read(5, 1)).toEqual([]);
    expect(await verdict(cursor.read(-1, 1))).toBe('InvalidArgument no');
    expect(await verdict(cursor.read(0, 0.5))).toBe('InvalidArgument no');
    tab.calls.length = 0;
    await cursor.close();
    expect(tab.calls).toEqual(['sql closeCursor']);
  });

  test.each(['cursor', 'dump'] as const)(
    'whose caller gave up before it was open is closed: %s',
    async (kind) => {
      const { db, tab } = await openFake();
      const abort = new AbortController();
      const { openCursor, openDump } = tab.readerMethods;
      tab.readerMethods.openCursor = async (request) => {
        abort.abort();
        return openCursor(request);
      };
      tab.readerMethods.openDump = async (request) => {
        abort.abort();
        return openDump(request);
      };
      const { signal } = abort;
      const opening = kind === 'dump' ? db.dump({ signal }) : db.cursor('select 1', [], { signal });
      expect(await verdict(opening)).toBe('Aborted no');
      await vi.waitFor(() => expect(tab.calls).toContain('sql closeCursor'));
    },
  );

  test('ends with its handle, whoever else has the node open', async () => {
    const { tab, another } = await openFake();
    const db = another();
    let opened = 0;
    let open = (): void => undefined;
    tab.readerMethods.openCursor = async () => {
      opened += 1;
      const cursor = opened;
      if (cursor === 3) await new Promise<void>((resolve) => void (open = resolve));
      return { cursor, columns: ['x'], rowCount: 5, appliedIndex: 3 as LogIndex };
    };
    const closed: number[] = [];
    tab.readerMethods.closeCursor = async (cursor) => void closed.push(cursor);
    const kept = await db.cursor('select 1');
    await (await db.cursor('select 1')).close();
    const late = db.cursor('select 1');
    await vi.waitFor(() => expect(opened).toBe(3));
    await db.close();
    open();
    const opening = await late;
    await vi.waitFor(() => expect(closed).toEqual([2, 1, 3]));
    expect(await verdict(kept.read(0, 1))).toBe('Closed no');
    await Promise.all([kept.close(), opening.close()]);
    expect(closed).toHaveLength(3);
  });

  test('is closed without an error where its rows are gone already', async () => {
    const { db } = await openFake();
    const cursor = await db.cursor('select 1');
    db.faults.crash();
    expect(await verdict(cursor.read(0, 1))).toBe('Closed no');
    await cursor.close();
  });
});

describe('iterate', () => {
  test('gives all rows in batches of the size asked for, and closes its cursor', async () => {
    const { db, tab } = await openFake();
    const batches = await collect(db.iterate('select 1', [], { batchRows: 2 }));
    expect(batches).toEqual([
      { columns: ['x'], rows: [[0], [1]] },
      { columns: ['x'], rows: [[2], [3]] },
      { columns: ['x'], rows: [[4]] },
    ]);
    expect(tab.calls.at(-1)).toBe('sql closeCursor');
  });

  test('of no rows gives one batch', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.openCursor = async () => ({
      cursor: 1,
      columns: ['x'],
      rowCount: 0,
      appliedIndex: 1 as LogIndex,
    });
    expect(await collect(db.iterate('select 1'))).toEqual([{ columns: ['x'], rows: [] }]);
    expect(tab.calls.at(-1)).toBe('sql closeCursor');
  });

  test('closes its cursor when the loop is left, and when it throws', async () => {
    const { db, tab } = await openFake();
    for await (const { rows } of db.iterate('select 1', [], { batchRows: 1 })) {
      if (rows.length > 0) break;
    }
    expect(tab.calls.filter((call) => call === 'sql closeCursor')).toHaveLength(1);
    const loop = async (): Promise<void> => {
      for await (const { rows } of db.iterate('select 1')) throw new Error(`${rows.length} rows`);
    };
    await expect(loop()).rejects.toThrow('5 rows');
    expect(tab.calls.filter((call) => call === 'sql closeCursor')).toHaveLength(2);
  });

  test('looks at its signal before it begins and between batches', async () => {
    const { db, tab } = await openFake();
    const early = db.iterate('select 1', [], { signal: AbortSignal.abort() });
    expect(await verdict(early.next())).toBe('Aborted no');
    expect(tab.calls).toEqual([]);
    const abort = new AbortController();
    const batches = db.iterate('select 1', [], { batchRows: 1, signal: abort.signal });
    expect((await batches.next()).value).toMatchObject({ rows: [[0]] });
    abort.abort();
    expect(await verdict(batches.next())).toBe('Aborted no');
    expect(tab.calls.at(-1)).toBe('sql closeCursor');
    expect((await batches.next()).done).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses batches of %s rows', async (batchRows) => {
    const { db, tab } = await openFake();
    const batches = db.iterate('select 1', [], { batchRows });
    expect(await verdict(batches.next())).toBe('InvalidArgument no');
    expect(tab.calls).toEqual([]);
  });
});

test('an aborted query that waits for its index is never asked of the SQL worker', async () => {
  const { db, tab } = await openFake();
  let answer = (): void => undefined;
  tab.nodeMethods.readIndex = () =>
    new Promise((resolve) => {
      answer = () => resolve(5 as LogIndex);
    });
  const abort = new AbortController();
  const query = verdict(db.query('select 1', [], { signal: abort.signal }));
  await vi.waitFor(() => expect(tab.calls).toEqual(['node readIndex']));
  abort.abort();
  expect(await query).toBe('Aborted no');
  answer();
  tab.nodeMethods.execute = async () => ({
    index: 1 as LogIndex,
    term: 1 as never,
    response: { committed: true, outcomes: [resultOf()] },
  });
  await db.execute('insert');
  expect(tab.calls).toEqual(['node readIndex', 'node execute']);
});

describe('the index to wait for', () => {
  const reading = (level: 'weak' | 'linearizable' | 'strong', timeoutMs = 1_000) =>
    ({ level, timeoutMs }) as const;

  test('is asked once for all reads that begin in one turn, by level and time', async () => {
    const { db, tab } = await openFake();
    const begun = [
      ...Array.from({ length: 5 }, () => db.query('select 1', [], reading('linearizable'))),
      db.query('select 1', [], reading('strong')),
      db.query('select 1', [], reading('linearizable', 2_000)),
    ];
    await Promise.all(begun);
    expect(tab.calls.filter((call) => call === 'node readIndex')).toHaveLength(3);
    expect(tab.calls.filter((call) => call === 'sql query')).toHaveLength(begun.length);
  });

  test('is asked anew by whoever comes after the question was put', async () => {
    const { db, tab } = await openFake();
    const late: Promise<unknown>[] = [];
    tab.nodeMethods.readIndex = async () => {
      if (late.length === 0) late.push(db.query('select 1'));
      return 5 as LogIndex;
    };
    await db.query('select 1');
    await Promise.all(late);
    expect(tab.calls.filter((call) => call === 'node readIndex')).toHaveLength(2);
  });

  test('that cannot be had fails every read that waits for it', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.readIndex = () =>
      Promise.reject(new RpcFailure(failure('NoQuorum', 'no', 'alone')));
    const reads = [1, 2, 3].map(() => verdict(db.query('select 1')));
    expect(await Promise.all(reads)).toEqual(['NoQuorum no', 'NoQuorum no', 'NoQuorum no']);
    expect(tab.calls).toEqual(['node readIndex']);
  });
});
