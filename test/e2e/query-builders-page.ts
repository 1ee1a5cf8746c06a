/**
 * The page of query-builders.test.ts, a program of somebody else's: what Kysely and Drizzle do through the
 * package. What the test calls is `window.builders`; it answers what can be written as JSON.
 */

import { asc, eq, relations, sql as raw } from 'drizzle-orm';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { Kysely, Migrator, type Generated, type Selectable } from 'kysely';
import { open, ResqliteError } from 'resqlite';
import { drizzle, migrate, type DrizzleMigrations } from 'resqlite/drizzle';
import { ResqliteDialect, retryTransaction } from 'resqlite/kysely';

interface PersonTable {
  id: Generated<number>;
  name: string;
  big: bigint | null;
  photo: Uint8Array | null;
}

interface Schema {
  person: PersonTable;
  counter: { value: number };
}

const author = sqliteTable('author', {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  born: integer({ mode: 'timestamp' }),
});
const book = sqliteTable(
  'book',
  {
    id: integer().primaryKey(),
    title: text().notNull(),
    inPrint: integer('in_print', { mode: 'boolean' }).notNull().default(true),
    tags: text({ mode: 'json' }).$type<string[]>(),
    authorId: integer('author_id')
      .notNull()
      .references(() => author.id, { onDelete: 'cascade' }),
  },
  (table) => [index('book_author').on(table.authorId)],
);
const authorRelations = relations(author, ({ many }) => ({ books: many(book) }));
const bookRelations = relations(book, ({ one }) => ({
  author: one(author, { fields: [book.authorId], references: [author.id] }),
}));

const JOURNALS = import.meta.glob<DrizzleMigrations['journal']>('./drizzle/meta/_journal.json', {
  import: 'default',
  eager: true,
});
const migrations = import.meta.glob<string>('./drizzle/*.sql', {
  query: '?raw',
  import: 'default',
  eager: true,
});

const db = await open({ signalling: {} });
const kysely = new Kysely<Schema>({
  dialect: new ResqliteDialect({ database: db, transactionTimeoutMs: 60_000 }),
});
const orm = drizzle(db, { schema: { author, book, authorRelations, bookRelations } });

async function migrateKysely() {
  const provider = {
    getMigrations: async () => ({
      '1_person': {
        up: async (db: Kysely<unknown>) => {
          await db.schema
            .createTable('person')
            .addColumn('id', 'integer', (column) => column.primaryKey())
            .addColumn('name', 'text', (column) => column.notNull().unique())
            .addColumn('big', 'integer')
            .addColumn('photo', 'blob')
            .execute();
        },
      },
      '2_counter': {
        up: async (db: Kysely<unknown>) => {
          await db.schema.createTable('counter').addColumn('value', 'integer').execute();
          await (db as Kysely<Schema>).insertInto('counter').values({ value: 0 }).execute();
        },
      },
    }),
  };
  const { error, results = [] } = await new Migrator({ db: kysely, provider }).migrateToLatest();
  return {
    error: error === undefined ? null : String(error),
    done: results.map(({ migrationName, status }) => `${migrationName} ${status}`),
  };
}

async function kyselyQueries() {
  const inserted = await kysely
    .insertInto('person')
    .values({ name: 'Ann', big: 2n ** 62n, photo: new Uint8Array([0, 255]) })
    .executeTakeFirstOrThrow();
  const ann: Selectable<PersonTable> | undefined = await kysely
    .selectFrom('person')
    .selectAll()
    .where('name', '=', 'Ann')
    .executeTakeFirst();
  const returned = await kysely
    .insertInto('person')
    .values([{ name: 'Bob' }, { name: 'Cid' }])
    .returning('id')
    .execute();
  const twice = await failure(kysely.insertInto('person').values({ name: 'Ann' }).execute());
  const { numUpdatedRows } = await kysely
    .updateTable('person')
    .set({ big: null })
    .executeTakeFirstOrThrow();
  const streamed: string[] = [];
  const names = kysely.selectFrom('person').select('name').orderBy('id');
  for await (const { name } of names.stream()) streamed.push(name);
  const { numDeletedRows } = await kysely.deleteFrom('person').executeTakeFirstOrThrow();
  return {
    insertId: String(inserted.insertId),
    ann: [ann?.id, ann?.name, String(ann?.big), Array.from(ann?.photo ?? [])],
    returned,
    twice,
    streamed,
    changed: [Number(numUpdatedRows), Number(numDeletedRows)],
  };
}

async function increment(on: Kysely<Schema>): Promise<number> {
  const { value } = await on.selectFrom('counter').select('value').executeTakeFirstOrThrow();
  await on
    .updateTable('counter')
    .set({ value: value + 1 })
    .execute();
  return value + 1;
}

/** Adds as often at the same time. */
async function incrementAtOnce(times: number) {
  const options = { timeoutMs: 60_000, maxAttempts: 1_000 };
  const each = Array.from({ length: times }, () => retryTransaction(kysely, increment, options));
  await Promise.all(each);
}

/** What stays open until `end`: `startTransaction` of Kysely. */
async function beginKysely() {
  const trx = await kysely.startTransaction().execute();
  const value = await increment(trx);
  return { value, end: () => failure(trx.commit().execute()) };
}
let begun: Awaited<ReturnType<typeof beginKysely>> | null = null;

async function migrateDrizzle(count: number) {
  const [journal = { entries: [] }] = Object.values(JOURNALS);
  return failure(
    migrate(orm, { journal: { entries: journal.entries.slice(0, count) }, migrations }),
  );
}

async function drizzleQueries() {
  const done = await orm.insert(author).values({ id: 7, name: 'Eve', born: new Date(1_000) });
  const batch = await orm.batch([
    orm.insert(book).values({ title: 'One', authorId: 7, tags: ['x', 'ü'] }),
    orm.insert(book).values({ title: 'Two', authorId: 7 }).returning({ title: book.title }),
    orm.select({ title: book.title }).from(book).where(eq(book.authorId, 7)).orderBy(asc(book.id)),
  ]);
  const eve = await orm.query.author.findFirst({
    where: eq(author.id, 7),
    with: { books: { columns: { title: true, tags: true, inPrint: true } } },
  });
  const plain = await orm.all<{ n: number }>(
    raw`select count(*) as n from book where author_id = 7`,
  );
  const undone = await orm
    .transaction(async (tx) => {
      await tx.delete(book);
      tx.rollback();
    })
    .catch((error: unknown) => (error instanceof Error ? error.message : 'nothing'));
  return {
    done,
    batch: batch.slice(1),
    born: eve?.born?.getTime(),
    books: eve?.books,
    plain,
    undone,
  };
}

/** Adds to the year in which Eve was born, as often at the same time. */
async function growOlder(times: number) {
  const once = () =>
    orm.transaction(
      async (tx) => {
        const [eve] = await tx.select().from(author).where(eq(author.id, 7));
        const born = new Date((eve?.born?.getTime() ?? 0) + 1_000);
        await tx.update(author).set({ born }).where(eq(author.id, 7));
      },
      { timeoutMs: 60_000, maxAttempts: 1_000 },
    );
  await Promise.all(Array.from({ length: times }, once));
}

/** What it fails with; null: nothing. */
async function failure(work: PromiseLike<unknown>) {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof ResqliteError) return { code: error.code, applied: error.applied };
    throw error;
  }
}

const builders = {
  migrateKysely,
  kyselyQueries,
  incrementAtOnce,
  begin: async () => (begun = await beginKysely()).value,
  end: async () => begun?.end(),
  migrateDrizzle,
  drizzleQueries,
  growOlder,
};
export type Builders = typeof builders;

declare global {
  var builders: Builders | undefined;
}

Object.assign(globalThis, { db, builders });
