/** The Drizzle driver, over real SQLite. */

import { asc, DrizzleQueryError, eq, relations, sql, TransactionRollbackError } from 'drizzle-orm';
import { Cache, type MutationOption } from 'drizzle-orm/cache/core';
import { customType, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { expect, expectTypeOf, test, vi } from 'vitest';

import { ResqliteError } from '../../src/client/resqlite.ts';
import {
  drizzle,
  type ResqliteDrizzle,
  type ResqliteDrizzleConfig,
} from '../../src/integrations/drizzle.ts';
import { LocalDatabase } from '../apps/local-database.ts';

const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'blob' });
const author = sqliteTable('author', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  born: integer({ mode: 'timestamp' }),
});
const book = sqliteTable('book', {
  id: integer().primaryKey(),
  title: text().notNull(),
  inPrint: integer('in_print', { mode: 'boolean' }).notNull().default(true),
  tags: text({ mode: 'json' }).$type<string[]>(),
  cover: bytes(),
  authorId: integer('author_id').references(() => author.id),
});
const authorRelations = relations(author, ({ many }) => ({ books: many(book) }));
const bookRelations = relations(book, ({ one }) => ({
  author: one(author, { fields: [book.authorId], references: [author.id] }),
}));
const schema = { author, book, authorRelations, bookRelations };

const TABLES = [
  'create table author (id integer primary key, name text not null unique, born integer)',
  `create table book (id integer primary key, title text not null, in_print integer not null default true,
    tags text, cover blob, author_id integer references author)`,
];

async function openDrizzle(
  config: Partial<ResqliteDrizzleConfig<typeof schema>> = {},
): Promise<{ local: LocalDatabase; orm: ResqliteDrizzle<typeof schema> }> {
  const local = await LocalDatabase.open();
  await local.db.execute(TABLES);
  return { local, orm: drizzle(local.db, { schema, ...config }) };
}

async function errorOf(work: PromiseLike<unknown>): Promise<ResqliteError> {
  const thrown = await Promise.resolve(work).catch((error: unknown) => error);
  const error = thrown instanceof DrizzleQueryError ? thrown.cause : thrown;
  if (error instanceof ResqliteError) return error;
  throw new Error(`not a ResqliteError: ${String(error)}`);
}

test('what is built is inserted, read, changed and deleted', async () => {
  const { orm } = await openDrizzle();
  const inserted = await orm.insert(author).values([{ name: 'Ann' }, { name: 'Bob' }]);
  expect(inserted).toEqual({ rowsAffected: 2, lastInsertRowId: 2, rows: [] });
  const born = new Date('1980-02-03');
  const [changed] = await orm.update(author).set({ born }).where(eq(author.id, 1)).returning();
  expect(changed).toEqual({ id: 1, name: 'Ann', born });
  const names = await orm.select({ name: author.name }).from(author).orderBy(asc(author.id));
  expectTypeOf(names).toEqualTypeOf<{ name: string }[]>();
  expect(names).toEqual([{ name: 'Ann' }, { name: 'Bob' }]);
  const { rowsAffected } = await orm.delete(author).where(eq(author.id, 2));
  expect(rowsAffected).toBe(1);
  expect(await orm.$count(author)).toBe(1);
  expect(await orm.select().from(author).get()).toEqual({ id: 1, name: 'Ann', born });
  expect(await orm.select().from(author).where(eq(author.id, 9)).get()).toBeUndefined();
  expect(await orm.select().from(author).values()).toEqual([[1, 'Ann', born.getTime() / 1_000]]);
});

test('values of every kind come back', async () => {
  const { orm } = await openDrizzle();
  const cover = new Uint8Array([0, 255, 7]);
  const values = { title: 'One', inPrint: false, tags: ['a', 'ü'], cover, authorId: null };
  await orm.insert(book).values(values);
  expect(await orm.select().from(book)).toEqual([{ id: 1, ...values }]);
  const big = await orm.get<{ big: bigint }>(sql`select ${2n ** 62n} as big`);
  expect(big).toEqual({ big: 2n ** 62n });
});

test('relational queries', async () => {
  const { orm } = await openDrizzle();
  await orm.insert(author).values([{ name: 'Ann' }, { name: 'Bob' }]);
  await orm.insert(book).values([
    { title: 'One', authorId: 1, tags: ['x'] },
    { title: 'Two', authorId: 1 },
  ]);
  const authors = await orm.query.author.findMany({
    columns: { name: true },
    with: { books: { columns: { title: true, tags: true, inPrint: true } } },
    orderBy: asc(author.id),
  });
  expect(authors).toEqual([
    {
      name: 'Ann',
      books: [
        { title: 'One', tags: ['x'], inPrint: true },
        { title: 'Two', tags: null, inPrint: true },
      ],
    },
    { name: 'Bob', books: [] },
  ]);
  const two = await orm.query.book.findFirst({ where: eq(book.id, 2), with: { author: true } });
  expect(two?.author?.name).toBe('Ann');
  expect(await orm.query.book.findFirst({ where: eq(book.id, 9) })).toBeUndefined();
});

test('plain SQL: objects, lists of values, and what was done', async () => {
  const { local, orm } = await openDrizzle();
  const inserted = await orm.run(sql`insert into author (name) values (${'Ann'}), ('Bob')`);
  expect(inserted).toEqual({ rowsAffected: 2, lastInsertRowId: 2, rows: [] });
  const before = local.applied;
  const text = sql`select id, name from author order by id`;
  expect(await orm.all(text)).toEqual([
    { id: 1, name: 'Ann' },
    { id: 2, name: 'Bob' },
  ]);
  expect(await orm.get(text)).toEqual({ id: 1, name: 'Ann' });
  expect(await orm.get(sql`select 1 where false`)).toBeUndefined();
  expect(await orm.values(text)).toEqual([
    [1, 'Ann'],
    [2, 'Bob'],
  ]);
  const common = orm.$with('a').as(orm.select().from(author));
  expect(await orm.with(common).select().from(common)).toHaveLength(2);
  expect(local.applied).toBe(before);
});

test('prepared queries, with what is filled in later', async () => {
  const { orm } = await openDrizzle();
  const add = orm
    .insert(author)
    .values({ name: sql.placeholder('name') })
    .prepare();
  await add.run({ name: 'Ann' });
  await add.run({ name: 'Bob' });
  const find = orm.query.author.findFirst({ where: eq(author.id, sql.placeholder('id')) });
  expect((await find.prepare().get({ id: 2 }))?.name).toBe('Bob');
});

test('a batch is one atomic log entry', async () => {
  const { local, orm } = await openDrizzle();
  const before = local.applied;
  const answers = await orm.batch([
    orm.insert(author).values({ name: 'Ann' }),
    orm.insert(author).values({ name: 'Bob' }).returning({ id: author.id }),
    orm.select({ name: author.name }).from(author).orderBy(author.id),
    orm.query.author.findFirst({ where: eq(author.name, 'Bob'), with: { books: true } }),
    orm.query.author.findFirst({ where: eq(author.name, 'Cid') }),
    orm.run(sql`update author set born = 1`),
    orm.all(sql`select id from author order by id`),
    orm.get(sql`select name from author where id = 2`),
    orm.values(sql`select born from author`),
  ]);
  expect(local.applied).toBe(before + 1);
  expectTypeOf(answers[2]).toEqualTypeOf<{ name: string }[]>();
  expect(answers.slice(1)).toEqual([
    [{ id: 2 }],
    [{ name: 'Ann' }, { name: 'Bob' }],
    { id: 2, name: 'Bob', born: null, books: [] },
    undefined,
    { rowsAffected: 2, lastInsertRowId: 2, rows: [] },
    [{ id: 1 }, { id: 2 }],
    { name: 'Bob' },
    [[1], [1]],
  ]);
  expect(answers[0]).toEqual({ rowsAffected: 1, lastInsertRowId: 1, rows: [] });
  const failed = await errorOf(
    orm.batch([
      orm.insert(author).values({ name: 'Cid' }),
      orm.insert(author).values({ name: 'Ann' }),
    ]),
  );
  expect([failed.code, failed.applied, failed.statement]).toEqual(['Sql', 'no', 1]);
  expect(await orm.$count(author)).toBe(2);
});

test('a transaction is run again where others came between, and takes effect once', async () => {
  const { local, orm } = await openDrizzle();
  await orm.insert(author).values({ name: '0' });
  const other = drizzle(local.another());
  const before = local.applied;
  const onRetry = vi.fn<(attempts: number) => void>();
  let runs = 0;
  const name = await orm.transaction(
    async (tx) => {
      runs += 1;
      const [found] = await tx.select().from(author);
      if (runs === 1) await other.update(author).set({ name: '10' });
      const next = String(Number(found?.name) + 1);
      await tx.update(author).set({ name: next });
      return (await tx.query.author.findFirst())?.name;
    },
    { behavior: 'immediate', onRetry },
  );
  expect([name, runs, onRetry.mock.calls]).toEqual(['11', 2, [[1]]]);
  expect(local.applied).toBe(before + 2);
  const never = await errorOf(
    orm.transaction(
      async (tx) => {
        const [found] = await tx.select().from(author);
        await other.update(author).set({ name: `${found?.name}x` });
        await tx.update(author).set({ name: 'mine' });
      },
      { maxAttempts: 2 },
    ),
  );
  expect([never.code, never.applied]).toEqual(['Conflict', 'no']);
});

test('what is thrown undoes a transaction; a statement that fails does nothing', async () => {
  const { orm } = await openDrizzle();
  const undone = orm.transaction(async (tx) => {
    await tx.insert(author).values({ name: 'Ann' });
    tx.rollback();
  });
  await expect(undone).rejects.toThrow(TransactionRollbackError);
  await orm.transaction(async (tx) => {
    await tx.insert(author).values({ name: 'Bob' });
    const twice = await errorOf(tx.insert(author).values({ name: 'Bob' }));
    expect([twice.code, twice.applied]).toEqual(['Sql', 'no']);
    const nested = await errorOf(tx.transaction(async () => undefined));
    expect([nested.code, nested.applied]).toEqual(['InvalidArgument', 'no']);
  });
  expect(await orm.select({ name: author.name }).from(author)).toEqual([{ name: 'Bob' }]);
});

test('Drizzle works on a promise of a database, and on a transaction of it', async () => {
  const { local } = await openDrizzle();
  const promised = drizzle(Promise.resolve(local.db));
  const before = local.applied;
  await local.db.transaction(async (tx) => {
    const orm = drizzle(tx, { schema });
    const [, all] = await orm.batch([
      orm.insert(author).values({ name: 'Ann' }),
      orm.query.author.findMany(),
    ]);
    expect(all).toHaveLength(1);
    expect((await errorOf(orm.transaction(async () => undefined))).code).toBe('InvalidArgument');
  });
  expect(local.applied).toBe(before + 1);
  expect(await promised.$count(author)).toBe(1);
});

test('errors are those of the library', async () => {
  const { local, orm } = await openDrizzle();
  const missing = await errorOf(orm.all(sql`select * from nobody`));
  expect([missing.code, missing.applied]).toEqual(['Sql', 'no']);
  local.mishaps.push('lost', 'answer-lost', 'answer-lost');
  const lost = await errorOf(orm.delete(author));
  expect([lost.code, lost.applied]).toEqual(['NoQuorum', 'no']);
  const unknown = await errorOf(orm.delete(author));
  expect([unknown.code, unknown.applied]).toEqual(['Timeout', 'unknown']);
  const inTransaction = await errorOf(
    orm.transaction((tx) => tx.insert(author).values({ name: 'A' })),
  );
  expect([inTransaction.code, inTransaction.applied]).toEqual(['Timeout', 'unknown']);
  expect(await orm.$count(author)).toBe(1);
});

test('settings: the level of reads, their time, casing and the log', async () => {
  const logQuery = vi.fn<(query: string) => void>();
  const { local, orm } = await openDrizzle({
    level: 'none',
    timeoutMs: 1_234,
    logger: { logQuery },
  });
  const query = vi.spyOn(local.db, 'query');
  await orm.select().from(author);
  expect(query.mock.calls[0]?.[2]).toEqual({ level: 'none', timeoutMs: 1_234 });
  await orm.batch([orm.insert(author).values({ name: 'Ann' })]);
  expect(logQuery.mock.calls.map(([text]) => String(text).slice(0, 6))).toEqual([
    'select',
    'insert',
  ]);
  const cased = sqliteTable('book', { id: integer(), inPrint: integer() });
  const snake = drizzle(local.db, { casing: 'snake_case' });
  expect(await snake.select().from(cased)).toEqual([]);
});

/** Caches all, and tells in `asked` and `mutated` what it is used for. */
class KeepingCache extends Cache {
  readonly kept = new Map<string, unknown[]>();
  readonly mutated: unknown[] = [];
  asked = 0;

  override strategy(): 'all' {
    return 'all';
  }

  override async get(key: string): Promise<unknown[] | undefined> {
    this.asked += 1;
    return this.kept.get(key);
  }

  override async put(hashedQuery: string, response: unknown): Promise<void> {
    this.kept.set(hashedQuery, response as unknown[]);
  }

  override async onMutate({ tables }: MutationOption): Promise<void> {
    this.mutated.push(tables);
    this.kept.clear();
  }
}

test('a cache is not asked within a transaction, and is told of it when it is committed', async () => {
  const cache = new KeepingCache();
  const { local, orm } = await openDrizzle({ cache });
  const names = async (): Promise<string[]> =>
    (await orm.select({ name: author.name }).from(author)).map(({ name }) => name);
  expect(await names()).toEqual([]);
  await local.another().execute("insert into author (name) values ('Ann')");
  expect([await names(), cache.asked]).toEqual([[], 2]);
  await orm.transaction(async (tx) => {
    expect(await tx.select({ name: author.name }).from(author)).toEqual([{ name: 'Ann' }]);
    await tx.update(author).set({ name: 'Bob' });
    await tx.insert(author).values({ name: 'Cid' });
    expect([cache.asked, cache.mutated]).toEqual([2, []]);
  });
  expect(cache.mutated).toEqual([['author']]);
  expect(await names()).toEqual(['Bob', 'Cid']);
  await local.db.transaction(async (tx) => {
    await drizzle(tx, { cache }).select().from(author);
  });
  expect(cache.asked).toBe(3);
});

test('a cache is told of what a batch and a write have changed, behind them', async () => {
  const cache = new KeepingCache();
  const { local, orm } = await openDrizzle({ cache });
  const applied: number[] = [];
  vi.spyOn(cache, 'onMutate').mockImplementation(async ({ tables }) => {
    cache.mutated.push(tables);
    applied.push(local.applied - before);
  });
  const before = local.applied;
  await orm.batch([
    orm.insert(author).values({ name: 'Ann' }),
    orm.insert(book).values({ title: 'One' }),
    orm.update(author).set({ name: 'Bob' }),
    orm.select().from(book),
  ]);
  await orm.delete(book);
  local.mishaps.push('answer-lost');
  await errorOf(orm.delete(author));
  expect(cache.mutated).toEqual([['author', 'book'], ['book'], ['author']]);
  expect(applied).toEqual([1, 2, 3]);
});

test('a cache that fails does not make a write one that has failed', async () => {
  const cache = new KeepingCache();
  const { orm } = await openDrizzle({ cache });
  const reported = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reported);
  vi.spyOn(cache, 'onMutate').mockRejectedValue(new RangeError('full'));
  await orm.transaction((tx) => tx.insert(author).values({ name: 'Ann' }));
  expect(await orm.$count(author)).toBe(1);
  expect(reported.mock.calls).toEqual([[new RangeError('full')]]);
});
