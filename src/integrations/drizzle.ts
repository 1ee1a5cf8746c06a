/**
 * ReSqlite for Drizzle (`resqlite/drizzle`): the database, and the migrations that drizzle-kit generates.
 *
 * @module
 */

import {
  createTableRelationsHelpers,
  DefaultLogger,
  extractTablesRelationalConfig,
  type DrizzleConfig,
  type ExtractTablesWithRelations,
  type Logger,
} from 'drizzle-orm';
import type { BatchItem, BatchResponse } from 'drizzle-orm/batch';
import type { RelationalSchemaConfig, TablesRelationalConfig } from 'drizzle-orm/relations';
import {
  SQLiteAsyncDialect,
  type BaseSQLiteDatabase,
  type SQLiteTransaction,
  type SQLiteTransactionConfig,
} from 'drizzle-orm/sqlite-core';

import type { Database, ReadLevel, Transaction, TransactionOptions } from '../client/resqlite.ts';
import { DrizzleDatabase } from './drizzle-database.ts';
import { applyMigrations, type DrizzleMigrations } from './drizzle-migrations.ts';
import type { DrizzleRunResult } from './drizzle-session.ts';
import { invalidUse, isDatabase } from './targets.ts';

export type { DrizzleJournalEntry, DrizzleMigrations } from './drizzle-migrations.ts';
export type { DrizzleRunResult } from './drizzle-session.ts';

const SILENT: Logger = { logQuery: () => undefined };

/**
 * Drizzle's own settings (`schema`, `logger`, `casing`, `cache`), and how queries are run.
 *
 * A `cache` is this tab's: it knows nothing of what other tabs write, so that what it answers may be old,
 * whatever `level` is. It is told of the tables that a query, a batch or a transaction has changed as soon as
 * that has ended, but for those of plain SQL, and is not asked within transactions. What it throws then goes to
 * `reportError`.
 *
 * @example
 * ```ts
 * import { sql } from 'drizzle-orm';
 * import { open } from 'resqlite';
 * import { drizzle, type ResqliteDrizzleConfig } from 'resqlite/drizzle';
 *
 * const here: ResqliteDrizzleConfig = { level: 'none', timeoutMs: 2_000 };
 * const orm = drizzle(await open(), here);
 * await orm.get(sql`select 1 as one`); // => { one: 1 }
 * ```
 */
export interface ResqliteDrizzleConfig<
  FullSchema extends Record<string, unknown> = Record<string, never>,
> extends DrizzleConfig<FullSchema> {
  /** Of what only reads and is no part of a transaction: 'linearizable' where not given. */
  readonly level?: ReadLevel;
  /** How long a query waits that is no part of a transaction, in milliseconds; 10 s where not given. */
  readonly timeoutMs?: number;
}

/**
 * What the callback of a transaction works with: a Drizzle database, whose every query is a part of it.
 * `rollback()` undoes all of it. Its own `transaction` rejects with 'InvalidArgument': transactions do not nest.
 *
 * @example
 * ```ts
 * import { sql } from 'drizzle-orm';
 * import { open } from 'resqlite';
 * import { drizzle, type ResqliteTransaction } from 'resqlite/drizzle';
 *
 * const db = await open();
 * await db.execute(['CREATE TABLE counter (value)', 'INSERT INTO counter VALUES (0)']);
 *
 * async function increment(tx: ResqliteTransaction): Promise<void> {
 *   const [row] = await tx.all<{ value: number }>(sql`select value from counter`);
 *   await tx.run(sql`update counter set value = ${(row?.value ?? 0) + 1}`);
 * }
 *
 * await drizzle(db).transaction(increment);
 * await db.sql`SELECT value FROM counter`; // => [{ value: 1 }]
 * ```
 */
export type ResqliteTransaction<
  FullSchema extends Record<string, unknown> = Record<string, never>,
> = SQLiteTransaction<
  'async',
  DrizzleRunResult,
  FullSchema,
  ExtractTablesWithRelations<FullSchema>
>;

/**
 * A Drizzle database on ReSqlite, as {@link drizzle} makes it: what every database of Drizzle has, and this.
 *
 * @example
 * ```ts
 * import { sql } from 'drizzle-orm';
 * import { open } from 'resqlite';
 * import { drizzle, type ResqliteDrizzle } from 'resqlite/drizzle';
 *
 * async function tables(orm: ResqliteDrizzle): Promise<string[]> {
 *   const names = await orm.values<[string]>(sql`select name from sqlite_schema where name = 'task'`);
 *   return names.map(([name]) => name);
 * }
 *
 * const db = await open();
 * await db.execute('CREATE TABLE task (title)');
 * await tables(drizzle(db)); // => ['task']
 * ```
 */
export interface ResqliteDrizzle<
  FullSchema extends Record<string, unknown> = Record<string, never>,
> extends BaseSQLiteDatabase<'async', DrizzleRunResult, FullSchema> {
  /** What it was made from. */
  readonly $client: Database | Transaction | Promise<Database>;

  /**
   * Runs queries as one atomic log entry, in their order: all of them take effect, or none. Resolves with what
   * each gives; together that may take 1 MiB. Rejects with `ResqliteError`, whose `statement` tells which of
   * them failed. Within a transaction those before it stay, as those before any statement that fails.
   *
   * @example
   * ```ts
   * import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
   * import { open } from 'resqlite';
   * import { drizzle } from 'resqlite/drizzle';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE task (id INTEGER PRIMARY KEY, title TEXT NOT NULL)');
   * const task = sqliteTable('task', { id: integer().primaryKey(), title: text().notNull() });
   * const orm = drizzle(db);
   * const [, tasks] = await orm.batch([
   *   orm.insert(task).values({ title: 'buy milk' }),
   *   orm.select({ title: task.title }).from(task),
   * ]);
   * tasks; // => [{ title: 'buy milk' }]
   * ```
   */
  batch<Item extends BatchItem<'sqlite'>, Items extends Readonly<[Item, ...Item[]]>>(
    queries: Items,
  ): Promise<BatchResponse<Items>>;

  /**
   * Runs `work` as one serializable transaction, whatever `behavior` says: it is begun anew where others have
   * changed what it saw, so that `work` may run several times, and should do nothing else. `tx.rollback()`, and
   * whatever else `work` throws, undoes it and is thrown on. Takes the options of `Database.transaction`.
   * Rejects with 'Conflict' where every attempt met others, and as `Database.transaction` does.
   *
   * @example
   * ```ts
   * import { eq, sql } from 'drizzle-orm';
   * import { integer, sqliteTable } from 'drizzle-orm/sqlite-core';
   * import { open } from 'resqlite';
   * import { drizzle } from 'resqlite/drizzle';
   *
   * const db = await open();
   * await db.execute([
   *   'CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)',
   *   'INSERT INTO account VALUES (1, 100), (2, 0)',
   * ]);
   * const account = sqliteTable('account', {
   *   id: integer().primaryKey(),
   *   balance: integer().notNull(),
   * });
   * const orm = drizzle(db);
   * await orm.transaction(async (tx) => {
   *   const [from] = await tx.select().from(account).where(eq(account.id, 1));
   *   if ((from?.balance ?? 0) < 30) tx.rollback();
   *   await tx.update(account).set({ balance: sql`balance - 30` }).where(eq(account.id, 1));
   *   await tx.update(account).set({ balance: sql`balance + 30` }).where(eq(account.id, 2));
   * });
   * await orm.select().from(account); // => [{ id: 1, balance: 70 }, { id: 2, balance: 30 }]
   * ```
   */
  transaction<Value>(
    work: (tx: ResqliteTransaction<FullSchema>) => Promise<Value>,
    config?: SQLiteTransactionConfig & TransactionOptions,
  ): Promise<Value>;
}

/**
 * A Drizzle database on an open ReSqlite database, on a promise of it, or on one of its transactions (then every
 * query is a part of that).
 *
 * Queries that read are linearizable (or what `level` says), and need no log entry; any other is one log entry.
 * Plain SQL by `all` and `get` comes as objects, by `values` as lists. What a query fails with comes as the
 * `cause` of Drizzle's `DrizzleQueryError`: a `ResqliteError`, with `code` and `applied`; batches and
 * transactions reject with it.
 *
 * Blob columns of Drizzle need Node's `Buffer`, which browsers lack: take a `customType` of `Uint8Array`.
 *
 * @example
 * ```ts
 * import { eq } from 'drizzle-orm';
 * import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
 * import { open } from 'resqlite';
 * import { drizzle } from 'resqlite/drizzle';
 *
 * const db = await open();
 * await db.execute('CREATE TABLE task (id INTEGER PRIMARY KEY, title TEXT NOT NULL)');
 * const task = sqliteTable('task', { id: integer().primaryKey(), title: text().notNull() });
 * const orm = drizzle(db, { schema: { task } });
 * await orm.insert(task).values({ id: 1, title: 'buy milk' });
 * await orm.query.task.findFirst({ where: eq(task.id, 1) }); // => { id: 1, title: 'buy milk' }
 * ```
 */
export function drizzle<FullSchema extends Record<string, unknown> = Record<string, never>>(
  database: Database | Promise<Database> | Transaction,
  config: ResqliteDrizzleConfig<FullSchema> = {},
): ResqliteDrizzle<FullSchema> {
  const { casing, logger, level, timeoutMs } = config;
  const isTransaction = !('then' in database) && !isDatabase(database);
  const cache = isTransaction ? undefined : config.cache;
  const orm = new DrizzleDatabase<FullSchema>(database, {
    dialect: new SQLiteAsyncDialect(casing === undefined ? {} : { casing }),
    schema: relationsOf(config.schema),
    logger: logger === true ? new DefaultLogger() : logger || SILENT,
    limits: { level, timeoutMs },
    cache,
  });
  if (cache !== undefined) orm.$cache = { invalidate: (params) => cache.onMutate(params) };
  return orm;
}

function relationsOf<FullSchema extends Record<string, unknown>>(
  fullSchema: FullSchema | undefined,
): RelationalSchemaConfig<ExtractTablesWithRelations<FullSchema>> | undefined {
  if (fullSchema === undefined) return undefined;
  const { tables, tableNamesMap } = extractTablesRelationalConfig<TablesRelationalConfig>(
    fullSchema,
    createTableRelationsHelpers,
  );
  const schema = tables as ExtractTablesWithRelations<FullSchema>;
  return { fullSchema, schema, tableNamesMap };
}

/**
 * Applies what drizzle-kit has generated, in the order of its journal. What the database has is left out, by
 * its `when`: one that a merge puts behind younger ones is applied, too. Each migration is one log entry, in
 * which it is noted in Drizzle's table `__drizzle_migrations`: it takes effect as a whole, and exactly once,
 * however many tabs apply it at the same time, and whether or not one of them is closed meanwhile. Rejects
 * with `ResqliteError`: 'Sql' where a statement fails, and those before that migration are applied; 'NoQuorum'
 * or 'Timeout' without a majority (it may be called again whatever `applied` says); 'InvalidArgument' where a
 * text is missing, or two have one time.
 *
 * Foreign keys are not enforced while a migration runs that says `PRAGMA foreign_keys=OFF`, as drizzle-kit does
 * where it makes a table anew.
 *
 * Given are the contents of the folder, since a browser cannot read it: `meta/_journal.json`, and the texts of
 * the `.sql` files, by whatever names a bundler gives them. With Vite:
 *
 * ```ts
 * import journal from './drizzle/meta/_journal.json';
 *
 * const migrations = import.meta.glob<string>('./drizzle/*.sql', {
 *   query: '?raw', import: 'default', eager: true,
 * });
 * await migrate(orm, { journal, migrations });
 * ```
 *
 * @example
 * ```ts
 * import { open } from 'resqlite';
 * import {
 *   drizzle,
 *   migrate,
 *   type DrizzleJournalEntry,
 *   type DrizzleMigrations,
 * } from 'resqlite/drizzle';
 *
 * const first: DrizzleJournalEntry = { idx: 0, when: 1795823821698, tag: '0000_first' };
 * const folder: DrizzleMigrations = {
 *   journal: { entries: [first] },
 *   migrations: { m0000: 'CREATE TABLE `task` (`id` integer PRIMARY KEY);' },
 * };
 * const orm = drizzle(await open());
 * await Promise.all([migrate(orm, folder), migrate(orm, folder)]);
 * await orm.values('select count(*) from __drizzle_migrations'); // => [[1]]
 * ```
 */
export async function migrate<FullSchema extends Record<string, unknown>>(
  orm: ResqliteDrizzle<FullSchema>,
  folder: DrizzleMigrations,
): Promise<void> {
  const target = await orm.$client;
  if (!isDatabase(target)) {
    throw invalidUse(
      'migrations are log entries of their own: apply them outside of a transaction',
    );
  }
  await applyMigrations(target, folder);
}
