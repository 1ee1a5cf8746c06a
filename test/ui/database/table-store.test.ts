/** A browsed table: what is read when, and what a change does to rows that are being read. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cursor } from '../../../src/client/cursor.ts';
import type { Database } from '../../../src/client/database.ts';
import type { BrowsedTable } from '../../../src/ui/database/table-query.ts';

const TABLE: BrowsedTable = { name: 't', kind: 'table', columns: [{ name: 'a', type: '' }] };

type OnRows = (rows: never[], answer: { readonly appliedIndex: number }) => void;

/** A database of one table, whose reads are answered when the test says so. */
class SlowDatabase {
  readonly asked: string[] = [];
  readonly closed = vi.fn<() => void>();
  readonly ended = vi.fn<() => void>();
  rowCount = 3;
  index = 5;
  tell: OnRows = () => undefined;
  fail: (error: Error) => void = () => undefined;
  #waiting: (() => void)[] = [];

  async cursor(sql: string, _: unknown, { signal }: { signal: AbortSignal }): Promise<Cursor> {
    this.asked.push(sql);
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
    const { rowCount } = this;
    return {
      columns: ['a'],
      rowCount,
      appliedIndex: this.index,
      read: async (from: number, count: number) =>
        Array.from({ length: Math.min(count, rowCount - from) }, (_, at) => [from + at]),
      close: async () => this.closed(),
    } as unknown as Cursor;
  }

  live(_sql: string, _params: unknown, onRows: OnRows, onError: (error: Error) => void) {
    this.tell = onRows;
    this.fail = onError;
    return this.ended;
  }

  answer(): void {
    this.#waiting.shift()?.();
  }
}

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
  const storage = { getItem: () => null, setItem: () => undefined };
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
});

afterEach(() => vi.useRealTimers());

async function load() {
  const { browseOf } = await import('../../../src/ui/database/table-store.ts');
  const fake = new SlowDatabase();
  const database = fake as unknown as Database;
  const browse = browseOf(1);
  const read = vi.fn<() => void>(() => browse.show(database, TABLE, false));
  const unfollow = browse.follow(database, 't', read);
  const shown = async (): Promise<void> => {
    fake.answer();
    await vi.waitFor(() => expect(browse.isReading.value).toBe(false), { interval: 1 });
  };
  return { browse, fake, database, read, shown, unfollow };
}

test('reads once changes are followed, and a small table again whenever it changes', async () => {
  const { browse, fake, read, shown, unfollow } = await load();
  expect(fake.asked).toEqual([]);
  fake.tell([], { appliedIndex: 5 });
  await shown();
  expect(browse.rows.value).toMatchObject({ index: 5, view: { type: 'table', rowCount: 3 } });
  // It is among what was read.
  fake.tell([], { appliedIndex: 5 });
  expect(read).toHaveBeenCalledTimes(1);
  fake.index = 6;
  fake.tell([], { appliedIndex: 6 });
  await vi.advanceTimersByTimeAsync(500);
  await shown();
  expect([browse.rows.value?.index, browse.hasChanged.value]).toEqual([6, false]);
  expect(unfollow).toBe(fake.ended);
});

test('of a large table a change is only told, and rows that are kept are given back', async () => {
  const { browse, fake, database, read, shown } = await load();
  fake.rowCount = 100_000;
  fake.tell([], { appliedIndex: 5 });
  await shown();
  expect(browse.rows.value?.view.type).toBe('blocks');
  fake.tell([], { appliedIndex: 6 });
  expect([browse.hasChanged.value, read.mock.calls.length]).toEqual([true, 1]);
  fake.index = 6;
  browse.show(database, TABLE, false);
  await shown();
  expect([browse.hasChanged.value, fake.closed.mock.calls.length]).toEqual([false, 1]);
  browse.leave();
  expect([browse.rows.value, fake.closed.mock.calls.length]).toEqual([null, 2]);
});

test('other rows are read instead of those on their way; changes wait for them', async () => {
  const { browse, fake, database, shown } = await load();
  fake.tell([], { appliedIndex: 5 });
  browse.show(database, TABLE, false);
  browse.sort.value = { column: 'a', direction: 'desc' };
  expect(fake.asked).toHaveLength(1);
  browse.show(database, TABLE, true);
  await vi.waitFor(() => expect(fake.asked).toHaveLength(2));
  expect(fake.asked[1]).toContain('order by t."a" desc');
  // The first one was given up.
  fake.answer();
  await shown();
  expect([browse.error.value, browse.rows.value?.query.sql]).toEqual([null, fake.asked[1]]);
});

test('what fails is told, until the table is there again', async () => {
  const { ResqliteError } = await import('../../../src/client/errors.ts');
  const { failure } = await import('../../../src/node/errors.ts');
  const { browse, fake, shown } = await load();
  fake.fail(new ResqliteError(failure('Sql', 'no', 'no such table: t')));
  expect(browse.error.value?.message).toBe('no such table: t');
  fake.tell([], { appliedIndex: 9 });
  await shown();
  expect([browse.error.value, browse.rows.value?.index]).toEqual([null, 5]);
});

test('a small table is read again twice a second at most', async () => {
  const { browse, fake, shown } = await load();
  fake.tell([], { appliedIndex: 5 });
  await shown();
  for (let index = 6; index < 206; index += 1) {
    fake.index = index;
    fake.tell([], { appliedIndex: index });
    await vi.advanceTimersByTimeAsync(10);
    fake.answer();
  }
  // In two seconds.
  expect(fake.asked.length).toBeGreaterThan(3);
  expect(fake.asked.length).toBeLessThan(7);
  // What came last is read, too.
  for (let ms = 0; ms < 600; ms += 10) {
    await vi.advanceTimersByTimeAsync(10);
    fake.answer();
  }
  expect([browse.rows.value?.index, browse.hasChanged.value]).toEqual([205, false]);
});

test('a small result that costs much is read again only when the person asks', async () => {
  const { browse, fake, shown } = await load();
  fake.tell([], { appliedIndex: 5 });
  await vi.advanceTimersByTimeAsync(300);
  await shown();
  fake.tell([], { appliedIndex: 6 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect([fake.asked.length, browse.hasChanged.value]).toEqual([1, true]);
});

test('what is written while rows are read is not missed', async () => {
  const { browse, fake, shown } = await load();
  fake.tell([], { appliedIndex: 5 });
  fake.tell([], { appliedIndex: 6 });
  await shown();
  expect(browse.rows.value?.index).toBe(5);
  fake.index = 6;
  await vi.advanceTimersByTimeAsync(500);
  await shown();
  expect(browse.rows.value?.index).toBe(6);
});

test('a sort by a column that is there no more is dropped', async () => {
  const { browse, fake, database, shown } = await load();
  fake.tell([], { appliedIndex: 5 });
  await shown();
  browse.sort.value = { column: 'gone', direction: 'asc' };
  browse.show(database, TABLE, true);
  await shown();
  expect([browse.sort.value, fake.asked.at(-1)]).toEqual([null, 'select * from main."t" as t']);
});

test('once it was left nothing is read for nobody', async () => {
  const { browse, fake, database, shown } = await load();
  fake.rowCount = 100_000;
  fake.tell([], { appliedIndex: 5 });
  await shown();
  browse.leave();
  // A write that was saved meanwhile wants to show it.
  browse.show(database, TABLE, false);
  expect([fake.asked.length, browse.isReading.value]).toEqual([1, false]);
});
