/** The dialect for Kysely, over real SQLite. */

import { Kysely, sql, type CompiledQuery, type Generated } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';

import { ResqliteError, type Database } from '../../src/client/resqlite.ts';
import {
  ResqliteDialect,
  retryTransaction,
  type ResqliteDialectConfig,
} from '../../src/integrations/kysely.ts';
import { LocalDatabase } from '../apps/local-database.ts';

interface Schema {
  person: {
    id: Generated<number>;
    name: string;
    age: number | null;
    big: bigint | number | null;
    photo: Uint8Array | null;
    likes_tea: boolean | number | null;
  };
}

const PERSON = `create table person (
  id integer primary key, name text not null unique, age integer, big integer, photo blob, likes_tea integer
)`;

async function openKysely(
  config: Partial<ResqliteDialectConfig> = {},
): Promise<{ local: LocalDatabase; kysely: Kysely<Schema> }> {
  const local = await LocalDatabase.open();
  await local.db.execute(PERSON);
  return { local, kysely: kyselyOn({ database: local.db, ...config }) };
}

function kyselyOn(config: ResqliteDialectConfig): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new ResqliteDialect(config) });
}

async function errorOf(work: Promise<unknown>): Promise<ResqliteError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof ResqliteError) return error;
  throw new Error(`not a ResqliteError: ${String(error)}`);
}

test('inserts, updates and deletes tell what they did', async () => {
  const { kysely } = await openKysely();
  const inserted = await kysely
    .insertInto('person')
    .values([{ name: 'Ann' }, { name: 'Bob' }])
    .executeTakeFirstOrThrow();
  expect(inserted.insertId).toBe(2n);
  expect(inserted.numInsertedOrUpdatedRows).toBe(2n);
  const ignored = await kysely
    .insertInto('person')
    .values({ name: 'Ann' })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  expect([ignored.insertId, ignored.numInsertedOrUpdatedRows]).toEqual([undefined, 0n]);
  const updated = await kysely.updateTable('person').set({ age: 7 }).executeTakeFirstOrThrow();
  expect(updated.numUpdatedRows).toBe(2n);
  const returned = await kysely
    .updateTable('person')
    .set({ age: 8 })
    .where('name', '=', 'Bob')
    .returning(['id', 'age'])
    .execute();
  expect(returned).toEqual([{ id: 2, age: 8 }]);
  const deleted = await kysely
    .deleteFrom('person')
    .where('name', '=', 'Ann')
    .executeTakeFirstOrThrow();
  expect(deleted.numDeletedRows).toBe(1n);
  expect(await kysely.selectFrom('person').select('name').execute()).toEqual([{ name: 'Bob' }]);
});

test('values of every kind come back', async () => {
  const { kysely } = await openKysely();
  const big = 2n ** 62n;
  const photo = new Uint8Array([0, 255, 7]);
  await kysely
    .insertInto('person')
    .values({ name: 'Ann', age: null, big, photo, likes_tea: true })
    .execute();
  const person = await kysely
    .selectFrom('person')
    .selectAll()
    .where('likes_tea', '=', true)
    .executeTakeFirstOrThrow();
  expect(person).toEqual({ id: 1, name: 'Ann', age: null, big, photo, likes_tea: 1 });
});

test('what only reads is no log entry, plain SQL neither', async () => {
  const { local, kysely } = await openKysely();
  await kysely.insertInto('person').values({ name: 'Ann' }).execute();
  const before = local.applied;
  const names = kysely.selectFrom('person').select('name');
  expect(await names.execute()).toEqual([{ name: 'Ann' }]);
  const read = await sql<{ name: string }>`/* all */ select name from person`.execute(kysely);
  expect(read.rows).toEqual([{ name: 'Ann' }]);
  const common = await sql<{ n: number }>`with t(n) as (values (1)) select n from t`.execute(
    kysely,
  );
  expect(common.rows).toEqual([{ n: 1 }]);
  const info = await sql<{ name: string }>`pragma table_info(person)`.execute(kysely);
  expect(info.rows[0]?.name).toBe('id');
  expect((await names.explain())[0]).toHaveProperty('opcode');
  expect(local.applied).toBe(before);
});

test('plain SQL that writes is one log entry', async () => {
  const { local, kysely } = await openKysely();
  const before = local.applied;
  const inserted = await sql`insert into person (name) values (${'Ann'})`.execute(kysely);
  expect([inserted.insertId, inserted.numAffectedRows]).toEqual([1n, 1n]);
  const common = await sql`with t(n) as (values ('Bob')) insert into person (name) select n from t`;
  expect((await common.execute(kysely)).numAffectedRows).toBe(1n);
  await sql`pragma user_version = 3`.execute(kysely);
  expect(local.applied).toBe(before + 3);
  const version = await sql`pragma user_version`.execute(kysely);
  expect(version.rows).toEqual([{ user_version: 3 }]);
});

test('reads are at the level that is chosen', async () => {
  const { local, kysely } = await openKysely({ level: 'none', timeoutMs: 1_234 });
  const query = vi.spyOn(local.db, 'query');
  const iterate = vi.spyOn(local.db, 'iterate');
  await kysely.selectFrom('person').selectAll().execute();
  expect(query.mock.calls[0]?.[2]).toEqual({ level: 'none', timeoutMs: 1_234 });
  for await (const person of kysely.selectFrom('person').selectAll().stream()) {
    expect(person).toBeNull();
  }
  expect(iterate.mock.calls[0]?.[2]).toMatchObject({ level: 'none', timeoutMs: 1_234 });
});

test('results of any size are streamed; what stops early leaves nothing open', async () => {
  const { local, kysely } = await openKysely();
  const count = 2_500;
  await local.db.execute({
    sql: `insert into person (name) with recursive n(i) as
      (values (1) union all select i + 1 from n where i < ?) select 'p' || i from n`,
    params: [count],
  });
  const stream = (chunk?: number) =>
    kysely.selectFrom('person').select('id').orderBy('id').stream(chunk);
  let sum = 0;
  for await (const { id } of stream()) sum += id;
  expect(sum).toBe((count * (count + 1)) / 2);
  // More of them than there may be at once.
  for (let round = 0; round < 40; round += 1) {
    for await (const { id } of stream(10)) if (id === 5) break;
  }
  await kysely.transaction().execute(async (trx) => {
    const ids: number[] = [];
    const first = trx.selectFrom('person').select('id').orderBy('id').limit(3);
    for await (const { id } of first.stream()) ids.push(id);
    expect(ids).toEqual([1, 2, 3]);
  });
  const added: string[] = [];
  const insert = kysely.insertInto('person').values({ name: 'last' }).returning('name');
  for await (const { name } of insert.stream()) added.push(name);
  expect(added).toEqual(['last']);
});

test('errors are those of the library', async () => {
  const { local, kysely } = await openKysely();
  await kysely.insertInto('person').values({ name: 'Ann' }).execute();
  const twice = await errorOf(kysely.insertInto('person').values({ name: 'Ann' }).execute());
  expect([twice.code, twice.applied, twice.message]).toEqual([
    'Sql',
    'no',
    'UNIQUE constraint failed: person.name',
  ]);
  const missing = await errorOf(sql`select * from nobody`.execute(kysely));
  expect([missing.code, missing.message]).toEqual(['Sql', 'no such table: nobody']);
  const wrong = await errorOf(
    kysely
      .insertInto('person')
      .values({ name: new Date(0) as unknown as string })
      .execute(),
  );
  expect(wrong.code).toBe('InvalidArgument');
  const begun = await errorOf(sql`begin`.execute(kysely));
  expect(begun.code).toBe('NotReplicable');
  local.mishaps.push('lost', 'answer-lost');
  const lost = await errorOf(kysely.deleteFrom('person').execute());
  expect([lost.code, lost.applied]).toEqual(['NoQuorum', 'no']);
  const unknown = await errorOf(kysely.deleteFrom('person').execute());
  expect([unknown.code, unknown.applied]).toEqual(['Timeout', 'unknown']);
});

test('a signal ends a query, as newer versions of Kysely give it', async () => {
  const { local, kysely } = await openKysely();
  const driver = new ResqliteDialect({ database: local.db }).createDriver();
  await driver.init();
  const connection = await driver.acquireConnection();
  const ended = { signal: AbortSignal.abort() };
  const read = kysely.selectFrom('person').selectAll().compile();
  const write = kysely.insertInto('person').values({ name: 'Ann' }).compile();
  const before = local.applied;
  for (const query of [read, write]) {
    const args = [query, ended] as unknown as [CompiledQuery];
    const aborted = await errorOf(connection.executeQuery(...args));
    expect([aborted.code, aborted.applied]).toEqual(['Aborted', 'no']);
  }
  const args = [read, 10, ended] as unknown as [CompiledQuery, number];
  const streamed = await errorOf(connection.streamQuery(...args).next());
  expect(streamed.code).toBe('Aborted');
  expect(local.applied).toBe(before);
});

test('a database is opened when it is needed, and closed by who opened it', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute(PERSON);
  const close = vi.spyOn(local.db, 'close');
  const open = vi.fn<() => Promise<Database>>(async () => local.db);
  const promised = kyselyOn({ database: Promise.resolve(local.db) });
  expect(await promised.selectFrom('person').selectAll().execute()).toEqual([]);
  await promised.destroy();
  expect(close).not.toHaveBeenCalled();
  const opened = kyselyOn({ database: open });
  expect(open).not.toHaveBeenCalled();
  await Promise.all([1, 2].map(() => opened.selectFrom('person').selectAll().execute()));
  expect(open).toHaveBeenCalledTimes(1);
  await opened.destroy();
  expect(close).toHaveBeenCalledTimes(1);
});

test('a database that is borrowed is asked for each time, and stays open', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute(PERSON);
  const [first, second] = [local.another(), local.another()];
  const closes = [first, second].map((database) => vi.spyOn(database, 'close'));
  let current: Promise<Database> = Promise.reject(new Error('none yet'));
  const kysely = kyselyOn({ database: () => current, borrowed: true });
  const read = () => kysely.selectFrom('person').select('name').execute();
  await expect(read()).rejects.toThrow('none yet');
  current = Promise.resolve(first);
  expect(await read()).toEqual([]);
  await first.close();
  current = Promise.resolve(second);
  await kysely.insertInto('person').values({ name: 'Ann' }).execute();
  expect(await read()).toEqual([{ name: 'Ann' }]);
  await kysely.destroy();
  expect(closes.map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  await expect(read()).rejects.toThrow('destroyed');
});

test('a database that does not open is tried again at the next query', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute(PERSON);
  const open = vi.fn<() => Promise<Database>>(async () => local.db);
  open.mockRejectedValueOnce(new Error('no room'));
  const kysely = kyselyOn({ database: open });
  const read = () => kysely.selectFrom('person').selectAll().execute();
  await expect(read()).rejects.toThrow('no room');
  expect(await read()).toEqual([]);
});

test('tables and their columns are told', async () => {
  const { kysely } = await openKysely();
  const tables = await kysely.introspection.getTables();
  expect(tables.map(({ name }) => name)).toEqual(['person']);
  expect(tables[0]?.columns.map(({ name, dataType }) => `${name} ${dataType}`)).toContain(
    'photo BLOB',
  );
});

test('types are those of the schema', async () => {
  const { kysely } = await openKysely();
  const read = async () => {
    // @ts-expect-error -- there is no such column
    await kysely.selectFrom('person').select('nothing').execute();
  };
  await expect(read()).rejects.toThrow('no such column');
  const people: { name: string }[] = await retryTransaction(kysely, (trx) =>
    trx.selectFrom('person').select('name').execute(),
  );
  expect(people).toEqual([]);
  onTestFinished(() => kysely.destroy());
});
