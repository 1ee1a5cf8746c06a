/** Kysely's own migrator, over real SQLite: what is done once, and what is told of what went wrong. */

import { Kysely, Migrator, NO_MIGRATIONS, sql, type Migration, type MigratorProps } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';

import type { Database, ResqliteError } from '../../src/client/resqlite.ts';
import { ResqliteDialect } from '../../src/integrations/kysely.ts';
import { LocalDatabase } from '../apps/local-database.ts';

const MIGRATIONS: Record<string, Migration> = {
  '1_person': {
    up: async (db) => {
      await db.schema
        .createTable('person')
        .addColumn('id', 'integer', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .execute();
    },
    down: async (db) => {
      await db.schema.dropTable('person').execute();
    },
  },
  '2_first': {
    up: async (db) => {
      await sql`insert into person (name) values ('Ann')`.execute(db);
    },
  },
};

function migratorOn(
  database: Database,
  migrations = MIGRATIONS,
  options: Partial<MigratorProps> = {},
): Migrator {
  // oxlint-disable-next-line typescript/no-explicit-any -- as migrations have it
  const db = new Kysely<any>({ dialect: new ResqliteDialect({ database }) });
  return new Migrator({ db, provider: { getMigrations: async () => migrations }, ...options });
}

async function rowsOf(database: Database, text: string): Promise<unknown[][]> {
  const { rows } = await database.query(text);
  return rows.map((row) => [...row]);
}

function statuses(set: Awaited<ReturnType<Migrator['migrateToLatest']>>): string[] | undefined {
  return set.results?.map(({ migrationName, status }) => `${migrationName} ${status}`);
}

test('migrations go up and down, all of a call in one log entry', async () => {
  const { db } = await LocalDatabase.open();
  const migrator = migratorOn(db);
  const up = await migrator.migrateToLatest();
  expect([up.error, statuses(up)]).toEqual([undefined, ['1_person Success', '2_first Success']]);
  expect(await rowsOf(db, 'select name from person')).toEqual([['Ann']]);
  expect(await rowsOf(db, 'select name from kysely_migration')).toEqual([
    ['1_person'],
    ['2_first'],
  ]);
  expect(statuses(await migrator.migrateToLatest())).toEqual([]);
  const [first] = await migrator.getMigrations();
  expect(first?.executedAt).toBeInstanceOf(Date);
  const down = await migrator.migrateTo(NO_MIGRATIONS);
  expect(down.error).toBeUndefined();
  expect(await rowsOf(db, "select name from sqlite_schema where name = 'person'")).toEqual([]);
});

test('many at the same time: each migration takes effect once, and nobody fails', async () => {
  const local = await LocalDatabase.open();
  const migrators = Array.from({ length: 5 }, () => migratorOn(local.another()));
  const sets = await Promise.all(migrators.map((migrator) => migrator.migrateToLatest()));
  expect(sets.map(({ error }) => error)).toEqual(sets.map(() => undefined));
  const done = sets.flatMap((set) => statuses(set) ?? []);
  expect(done.toSorted()).toEqual(['1_person Success', '2_first Success']);
  expect(await rowsOf(local.db, 'select count(*) from person')).toEqual([[1]]);
  expect(await rowsOf(local.db, 'select is_locked from kysely_migration_lock')).toEqual([[0]]);
});

test('a migration that fails leaves nothing of the call behind, and tells which it was', async () => {
  const { db } = await LocalDatabase.open();
  const broken = { ...MIGRATIONS, '3_broken': { up: async () => Promise.reject(new Error('no')) } };
  const set = await migratorOn(db, broken).migrateToLatest();
  expect(set.error).toEqual(new Error('no'));
  expect(statuses(set)?.at(-1)).toBe('3_broken Error');
  expect(await rowsOf(db, 'select count(*) from kysely_migration')).toEqual([[0]]);
  expect(statuses(await migratorOn(db).migrateToLatest())).toHaveLength(2);
});

test('a tab that is gone does not keep others from migrating', async () => {
  const local = await LocalDatabase.open();
  expect(statuses(await migratorOn(local.db, {}).migrateToLatest())).toEqual([]);
  await local.db.execute('update kysely_migration_lock set is_locked = 12345');
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const migrating = migratorOn(local.another()).migrateToLatest();
  const ended = vi.fn<() => void>();
  void migrating.then(() => ended());
  let waitedMs = 0;
  while (ended.mock.calls.length === 0 && waitedMs < 60_000) {
    await vi.advanceTimersByTimeAsync(100);
    await new Promise((resolve) => setImmediate(resolve));
    waitedMs += 100;
  }
  expect(statuses(await migrating)).toHaveLength(2);
  expect(waitedMs).toBeGreaterThanOrEqual(10_000);
});

test('what is known of a migration without a majority is told, and it can be run again', async () => {
  const local = await LocalDatabase.open();
  const migrator = migratorOn(local.db);
  expect((await migratorOn(local.db, {}).migrateToLatest()).error).toBeUndefined();
  local.mishaps.push('lost');
  const lost = (await migrator.migrateToLatest()).error as ResqliteError;
  expect([lost.code, lost.applied]).toEqual(['NoQuorum', 'no']);
  // The lock is taken, then the answer of the transaction's entry is lost.
  const execute = local.db.execute.bind(local.db);
  const spy = vi.spyOn(local.db, 'execute').mockImplementation(async (...args) => {
    const answer = await execute(...args);
    local.mishaps.push('answer-lost');
    spy.mockRestore();
    return answer;
  });
  const unknown = (await migrator.migrateToLatest()).error as ResqliteError;
  expect([unknown.code, unknown.applied]).toEqual(['Timeout', 'unknown']);
  expect(statuses(await migrator.migrateToLatest())).toEqual([]);
  expect(await rowsOf(local.db, 'select count(*) from person')).toEqual([[1]]);
});

test('the switch for foreign keys is refused with what to do', async () => {
  const { db } = await LocalDatabase.open();
  const rebuild = {
    '1_rebuild': {
      up: async (db: Kysely<unknown>) => void (await sql`pragma foreign_keys = off`.execute(db)),
    },
  };
  const { error } = await migratorOn(db, rebuild).migrateToLatest();
  expect((error as ResqliteError).code).toBe('NotReplicable');
});

test('migrations without a transaction are refused', async () => {
  const { db } = await LocalDatabase.open();
  const { error } = await migratorOn(db, MIGRATIONS, {
    disableTransactions: true,
  }).migrateToLatest();
  expect((error as ResqliteError).message).toContain('leave `disableTransactions` out');
  expect((error as ResqliteError).applied).toBe('no');
  expect(await rowsOf(db, "select name from sqlite_schema where name = 'person'")).toEqual([]);
  expect(statuses(await migratorOn(db).migrateToLatest())).toHaveLength(2);
});
