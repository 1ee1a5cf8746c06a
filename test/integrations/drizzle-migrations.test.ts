/** What drizzle-kit has generated, applied over real SQLite. */

import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import type { Database, ResqliteError } from '../../src/client/resqlite.ts';
import { drizzle, migrate, type DrizzleMigrations } from '../../src/integrations/drizzle.ts';
import { LocalDatabase } from '../apps/local-database.ts';

const TEXTS = import.meta.glob<string>('./drizzle-folder/*.sql', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const JOURNALS = import.meta.glob<DrizzleMigrations['journal']>(
  './drizzle-folder/meta/_journal.json',
  { import: 'default', eager: true },
);
const journal = JOURNALS['./drizzle-folder/meta/_journal.json'] ?? { entries: [] };
const FOLDER: DrizzleMigrations = { journal, migrations: TEXTS };

function firstOf(count: number): DrizzleMigrations {
  return { journal: { entries: journal.entries.slice(0, count) }, migrations: TEXTS };
}

async function rowsOf(database: Database, text: string): Promise<unknown[][]> {
  const { rows } = await database.query(text);
  return rows.map((row) => [...row]);
}

async function errorOf(work: Promise<unknown>): Promise<ResqliteError> {
  return (await work.then(
    () => null,
    (error: unknown) => error,
  )) as ResqliteError;
}

test('a folder is applied and noted as Drizzle notes it', async () => {
  const { db } = await LocalDatabase.open();
  await migrate(drizzle(db), FOLDER);
  const noted = await rowsOf(db, 'select hash, created_at from __drizzle_migrations');
  expect(noted).toEqual(
    journal.entries.map(({ tag, when }) => {
      const text = TEXTS[`./drizzle-folder/${tag}.sql`] ?? '';
      return [createHash('sha256').update(text).digest('hex'), when];
    }),
  );
  expect(await rowsOf(db, "select name from pragma_table_info('author')")).toEqual([
    ['id'],
    ['name'],
    ['born'],
  ]);
});

test('a table that is made anew keeps what refers to it, and foreign keys hold behind it', async () => {
  const local = await LocalDatabase.open();
  const { db } = local;
  const orm = drizzle(db);
  await migrate(orm, firstOf(1));
  await db.execute([
    "insert into author (id, name) values (1, 'Ann')",
    "insert into book (title, author_id) values ('One', 1)",
  ]);
  const before = local.applied;
  await migrate(orm, FOLDER);
  expect(local.applied).toBe(before + 2);
  await migrate(orm, FOLDER);
  await migrate(orm, firstOf(2));
  expect(local.applied).toBe(before + 2);
  expect(await rowsOf(db, 'select title, in_print from book')).toEqual([['One', 1]]);
  expect(await rowsOf(db, 'pragma foreign_key_check')).toEqual([]);
  const stranger = await errorOf(db.execute("insert into book (title, author_id) values ('x', 9)"));
  expect(stranger.message).toBe('FOREIGN KEY constraint failed');
});

test('many at the same time: each migration takes effect once, and nobody fails', async () => {
  const local = await LocalDatabase.open();
  const known = [FOLDER, firstOf(1), FOLDER, firstOf(2), FOLDER];
  await Promise.all(known.map((folder) => migrate(drizzle(local.another()), folder)));
  const noted = await rowsOf(local.db, 'select created_at from __drizzle_migrations');
  expect(noted).toEqual(journal.entries.map(({ when }) => [when]));
});

test('a migration that fails leaves nothing of itself, and those before it stay', async () => {
  const { db } = await LocalDatabase.open();
  const orm = drizzle(db);
  const entries = [
    { idx: 0, when: 1_000, tag: '0000_fine' },
    { idx: 1, when: 2_000, tag: '0001_broken' },
  ];
  const migrations = {
    m0000: 'create table fine (a) -- the first',
    m0001: 'create table half (a);\n--> statement-breakpoint\ninsert into nobody values (1);',
  };
  const error = await errorOf(migrate(orm, { journal: { entries }, migrations }));
  expect([error.code, error.applied]).toEqual(['Sql', 'no']);
  expect(error.message).toBe('migration 0001_broken: no such table: nobody');
  expect(await rowsOf(db, "select name from sqlite_schema where name in ('fine', 'half')")).toEqual(
    [['fine']],
  );
  const mended = { ...migrations, m0001: 'create table half (a);' };
  await migrate(orm, { journal: { entries }, migrations: mended });
  expect(await rowsOf(db, 'select created_at from __drizzle_migrations')).toEqual([
    [1_000],
    [2_000],
  ]);
});

test('without a majority it is told what is known, and it can be run again', async () => {
  const local = await LocalDatabase.open();
  const orm = drizzle(local.db);
  local.mishaps.push('lost');
  const lost = await errorOf(migrate(orm, FOLDER));
  expect([lost.code, lost.applied]).toEqual(['NoQuorum', 'no']);
  await migrate(orm, firstOf(1));
  local.mishaps.push('answer-lost');
  const unknown = await errorOf(migrate(orm, FOLDER));
  expect([unknown.code, unknown.applied]).toEqual(['Timeout', 'unknown']);
  await migrate(orm, FOLDER);
  expect(await rowsOf(local.db, 'select count(*) from __drizzle_migrations')).toEqual([[3]]);
});

test('none is passed over, whatever the order of their times', async () => {
  const local = await LocalDatabase.open();
  const entries = [3_000, 1_000, 2_000].map((when, idx) => ({
    idx,
    when,
    tag: `000${idx}_${when}`,
  }));
  const folder = (count: number): DrizzleMigrations => ({
    journal: { entries: entries.slice(0, count) },
    migrations: Object.fromEntries(
      entries.map(({ tag, when }) => [tag, `create table at_${when} (x)`]),
    ),
  });
  await migrate(drizzle(local.db), folder(2));
  const both = [
    migrate(drizzle(local.another()), folder(3)),
    migrate(drizzle(local.db), folder(3)),
  ];
  await Promise.all(both);
  await migrate(drizzle(local.db), folder(3));
  expect(await rowsOf(local.db, 'select created_at from __drizzle_migrations')).toEqual([
    [3_000],
    [1_000],
    [2_000],
  ]);
  const tables = "select count(*) from sqlite_schema where name like 'at!_%' escape '!'";
  expect(await rowsOf(local.db, tables)).toEqual([[3]]);
});

test('two that have one time are refused', async () => {
  const local = await LocalDatabase.open();
  const entries = ['a', 'b'].map((tag, idx) => ({ idx, when: 1_000, tag }));
  const migrations = { a: 'create table a (x)', b: 'create table b (x)' };
  const error = await errorOf(migrate(drizzle(local.db), { journal: { entries }, migrations }));
  expect([error.code, error.applied]).toEqual(['InvalidArgument', 'no']);
  expect(error.message).toBe('a and b have one time: 1000');
  expect(local.applied).toBe(0);
});

test('what is missing is told before anything is done', async () => {
  const local = await LocalDatabase.open();
  const orm = drizzle(local.db);
  const missing = await errorOf(migrate(orm, { journal, migrations: {} }));
  expect([missing.code, missing.message]).toEqual([
    'InvalidArgument',
    'the text of the migration 0000_first is missing',
  ]);
  const within = await errorOf(local.db.transaction((tx) => migrate(drizzle(tx), FOLDER)));
  expect(within.code).toBe('InvalidArgument');
  expect(local.applied).toBe(0);
});
