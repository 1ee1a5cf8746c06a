/** The store behind `useLiveQuery`, on the library's own database over real SQLite. */

import { expect, test, vi } from 'vitest';
import type { SqlParams } from '../../src/client/resqlite.ts';
import { LiveQuery } from '../../src/integrations/live-query.ts';
import { LocalDatabase } from '../apps/local-database.ts';

interface Note {
  readonly id: number;
  readonly text: string;
}

const NOTES = 'select id, text from note order by id';

/** What subscribers see, each time that they are told. */
function watch<R extends object>({ result }: LiveQuery<R>) {
  const seen: unknown[] = [];
  const end = result.subscribe(() => {
    const { rows, error } = result.snapshot();
    seen.push(error === undefined ? rows : [rows, error.code]);
  });
  return { seen, end };
}

test('rows come, and come again when another handle has written', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute('create table note (id integer primary key, text)');
  const query = new LiveQuery<Note>(local.db, NOTES, []);
  expect(query.result.snapshot()).toEqual({ rows: undefined, error: undefined });
  const { seen, end } = watch(query);
  await vi.waitFor(() => expect(seen).toEqual([[]]));
  await local.another().execute("insert into note (text) values ('hello')");
  await vi.waitFor(() => expect(seen).toEqual([[], [{ id: 1, text: 'hello' }]]));
  end();
});

test('a snapshot stays the same object until there is another result', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute(['create table note (id, text)', "insert into note values (1, 'one')"]);
  const query = new LiveQuery(local.db, 'select text from note where id = 1', []);
  const { seen, end } = watch(query);
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  const first = query.result.snapshot();
  await local.db.execute("insert into note values (2, 'none of its rows')");
  await local.db.execute("insert into note values (1, 'one more')");
  await vi.waitFor(() => expect(query.result.snapshot().rows).toHaveLength(2));
  // Of the write between them nobody was told.
  expect(seen).toHaveLength(2);
  expect(query.result.snapshot()).not.toBe(first);
  expect(query.result.snapshot()).toBe(query.result.snapshot());
  end();
});

test('a missing table is an error until it is made; what was shown stays beside an error', async () => {
  const local = await LocalDatabase.open();
  const query = new LiveQuery(local.db, 'select x from t', []);
  const { seen, end } = watch(query);
  await vi.waitFor(() => expect(seen).toEqual([[undefined, 'Sql']]));
  await local.db.execute(['create table t (x)', 'insert into t values (1)']);
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([{ x: 1 }]));
  await local.db.execute('drop table t');
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([[{ x: 1 }], 'Sql']));
  end();
});

test('several subscribers share a query, which ends with the last and begins again', async () => {
  const local = await LocalDatabase.open();
  const live = vi.spyOn(local.db, 'live');
  const { result } = new LiveQuery(local.db, 'select 1 as x', []);
  const told: string[] = [];
  const listener = (): number => told.push('same');
  const ends = [result.subscribe(listener), result.subscribe(listener)];
  await vi.waitFor(() => expect(told).toEqual(['same', 'same']));
  ends[0]?.();
  ends[0]?.();
  expect(live).toHaveBeenCalledTimes(1);
  ends[1]?.();
  const again = result.subscribe(listener);
  expect(live).toHaveBeenCalledTimes(2);
  await vi.waitFor(() => expect(told).toHaveLength(3));
  again();
});

test('without a database there is no result, and no error', () => {
  for (const database of [null, undefined]) {
    const query = new LiveQuery(database, 'select 1', []);
    const { seen, end } = watch(query);
    end();
    expect(seen).toEqual([]);
    expect(query.result.snapshot()).toBe(query.result.initial());
  }
});

test('a closed database and refused parameters are errors, told to whoever subscribes', async () => {
  const local = await LocalDatabase.open();
  const refused = new LiveQuery(local.db, 'select ?', [new Date(0)] as never);
  expect(watch(refused).seen).toEqual([[undefined, 'InvalidArgument']]);
  const noParams = new LiveQuery(local.db, 'select ?', null as never);
  expect(watch(noParams).seen).toEqual([[undefined, 'InvalidArgument']]);
  const handle = local.another();
  const query = new LiveQuery(handle, 'select 1 as x', []);
  const { seen, end } = watch(query);
  await vi.waitFor(() => expect(seen).toEqual([[{ x: 1 }]]));
  end();
  await handle.close();
  expect(watch(query).seen).toEqual([[[{ x: 1 }], 'Closed']]);
});

test('a node that ends has the last word', async () => {
  const local = await LocalDatabase.open();
  const query = new LiveQuery(local.db, 'select 1 as x', []);
  const { seen } = watch(query);
  await vi.waitFor(() => expect(seen).toEqual([[{ x: 1 }]]));
  local.db.faults.crash();
  await vi.waitFor(() => expect(seen.at(-1)).toEqual([[{ x: 1 }], 'Closed']));
});

const SAME: readonly (readonly [string, SqlParams, SqlParams])[] = [
  ['nothing', [], []],
  ['each type', [1, 2n, 'a', null, true, NaN], [1, 2n, 'a', null, true, NaN]],
  ['blobs', [Uint8Array.of(1, 2)], [Uint8Array.of(1, 2)]],
  ['names, in any order', { a: 1, b: null }, { b: null, a: 1 }],
  ['named blobs', { a: Uint8Array.of(1) }, { a: Uint8Array.of(1) }],
  ['what is refused anyway', [new Date(0)] as never, [new Date(1)] as never],
];

test.each(SAME)('parameters are the same by value: %s', (_, params, others) => {
  const query = new LiveQuery(null, 'select ?', params);
  expect(query.asks(null, 'select ?', others)).toBe(true);
  expect(query.asks(null, 'select ?2', others)).toBe(false);
});

const DIFFERENT: readonly (readonly [string, SqlParams, SqlParams])[] = [
  ['a number and a bigint', [1], [1n]],
  ['a number and a text', [1], ['1']],
  ['NULL and a text', [null], ['']],
  ['order', [1, 2], [2, 1]],
  ['length', [1], [1, 1]],
  ['bytes', [Uint8Array.of(1, 2)], [Uint8Array.of(1, 3)]],
  ['fewer bytes', [Uint8Array.of(1, 2)], [Uint8Array.of(1)]],
  ['names', { a: 1 }, { b: 1 }],
  ['more names', { a: 1 }, { a: 1, b: 1 }],
  ['places and names', [1], { 0: 1 }],
  ['a blob and a list', [Uint8Array.of(1)], [[1]] as never],
];

test.each(DIFFERENT)('parameters are different ones: %s', (_, params, others) => {
  expect(new LiveQuery(null, 'select ?', params).asks(null, 'select ?', others)).toBe(false);
  expect(new LiveQuery(null, 'select ?', others).asks(null, 'select ?', params)).toBe(false);
});

test('parameters that their owner changes in place are other ones', async () => {
  const local = await LocalDatabase.open();
  const bytes = Uint8Array.of(1);
  const params = ['a', bytes];
  const query = new LiveQuery(local.db, 'select ? as a, hex(?) as b', params);
  params[0] = 'b';
  bytes[0] = 2;
  expect(query.asks(local.db, 'select ? as a, hex(?) as b', params)).toBe(false);
  const { seen, end } = watch(query);
  await vi.waitFor(() => expect(seen).toEqual([[{ a: 'a', b: '01' }]]));
  end();
});
