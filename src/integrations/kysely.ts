/**
 * ReSqlite for Kysely (`resqlite/kysely`): a dialect for `new Kysely({ dialect })`, and transactions that are run
 * again where others came between, which Kysely's own cannot be.
 *
 * @module
 */

import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type DatabaseMetadataOptions,
  type Dialect,
  type Driver,
  type Kysely,
  type MigrationLockOptions,
  type QueryCompiler,
  type TableMetadata,
  type Transaction as KyselyTransaction,
} from 'kysely';

import type { Database, ReadLevel, Transaction, TransactionOptions } from '../client/resqlite.ts';
import { ownConnection, ResqliteDriver, type ResqliteConnection } from './kysely-driver.ts';
import { MigrationLock } from './kysely-migration-lock.ts';
import { invalidUse, isDatabase } from './targets.ts';

/** Of tables that are the library's own. */
const RESERVED_PREFIX = '_resqlite_';

/**
 * What a `ResqliteDialect` is made from.
 *
 * @example
 * ```ts
 * import { Kysely, sql } from 'kysely';
 * import { open } from 'resqlite';
 * import { ResqliteDialect, type ResqliteDialectConfig } from 'resqlite/kysely';
 *
 * const config: ResqliteDialectConfig = { database: () => open(), level: 'none' };
 * const kysely = new Kysely({ dialect: new ResqliteDialect(config) });
 * const { rows } = await sql`select 1 as one`.execute(kysely);
 * rows; // => [{ one: 1 }]
 * await kysely.destroy();
 * ```
 */
export interface ResqliteDialectConfig {
  /**
   * The database, a promise of it, or a function that opens it when the first query is made. What the
   * function has opened is closed by Kysely's `destroy`; any other stays open. A `Transaction` of ReSqlite
   * takes the place of a database: then every query is a part of it.
   */
  readonly database:
    | Database
    | Transaction
    | Promise<Database>
    | (() => Database | Promise<Database>);
  /**
   * True: what the function answers is somebody else's. It is asked anew at each query and each transaction, so
   * that it may answer another database than before, and what it answers is not closed.
   */
  readonly borrowed?: boolean;
  /** Of what only reads and is no part of a transaction: 'linearizable' where not given. */
  readonly level?: ReadLevel;
  /** How long a query waits that is no part of a transaction, in milliseconds; 10 s where not given. */
  readonly timeoutMs?: number;
  /**
   * How long a transaction may take from its begin to its end, in milliseconds: 10 s where not given, 60 s at
   * most. Then it is undone, and what it is asked for rejects with 'Timeout'; so it is when it is asked for
   * nothing for 30 s.
   */
  readonly transactionTimeoutMs?: number;
}

/**
 * The dialect. Queries that read are linearizable (or what `level` says), and need no log entry; any other is
 * one log entry. Errors are `ResqliteError`, with `code` and `applied`.
 *
 * Integers beyond 2^53 come as `bigint`, blobs as `Uint8Array`. Booleans may be given, and come back as 0 and 1.
 * `stream` reads results of any size. With Kysely 0.29 a query's `signal` ends its wait; a write that was sent
 * by then may take effect nevertheless, within a transaction as a part of that.
 *
 * `transaction()` and `startTransaction()` are serializable, whatever isolation level is set; with the access
 * mode 'read only' what writes is refused. Kysely cannot run a transaction again: where others changed what it
 * saw it rejects with 'Conflict' (`applied: 'no'`), unless it is run by {@link retryTransaction}. There are no
 * savepoints ('InvalidArgument'). A transaction that is never ended is undone when its time is up.
 *
 * Kysely's `Migrator` works, in many tabs at once, too: one migrates, and the others wait for it. What it
 * does is one transaction: all of it takes effect, or nothing. A migration that meets other writes has
 * 'Conflict' as its `error`, one without a majority 'NoQuorum' or 'Timeout'; its `applied` tells whether it
 * has happened. Run again it does what is left to do, in any case. `PRAGMA foreign_keys` cannot be a part of
 * it ('NotReplicable'). Its `disableTransactions` is refused ('InvalidArgument'): who migrates without one could
 * not tell that another has taken over.
 *
 * @example
 * ```ts
 * import { Kysely, type Generated } from 'kysely';
 * import { open } from 'resqlite';
 * import { ResqliteDialect } from 'resqlite/kysely';
 *
 * interface Schema {
 *   task: { id: Generated<number>; title: string };
 * }
 *
 * const kysely = new Kysely<Schema>({ dialect: new ResqliteDialect({ database: open() }) });
 * await kysely.schema
 *   .createTable('task')
 *   .ifNotExists()
 *   .addColumn('id', 'integer', (column) => column.primaryKey())
 *   .addColumn('title', 'text', (column) => column.notNull())
 *   .execute();
 * await kysely.insertInto('task').values({ title: 'buy milk' }).execute();
 * await kysely.selectFrom('task').select('title').execute(); // => [{ title: 'buy milk' }]
 * ```
 */
export class ResqliteDialect implements Dialect {
  readonly #config: ResqliteDialectConfig;

  /** Nothing is opened yet. */
  constructor(config: ResqliteDialectConfig) {
    this.#config = { ...config };
  }

  /** Called by Kysely. @hidden */
  createDriver(): Driver {
    const { database, borrowed = false, ...limits } = this.#config;
    if (typeof database !== 'function') {
      return new ResqliteDriver(async () => database, 'given', limits);
    }
    return new ResqliteDriver(async () => database(), borrowed ? 'borrowed' : 'own', limits);
  }

  /** Called by Kysely. @hidden */
  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  /** Called by Kysely. @hidden */
  createAdapter(): SqliteAdapter {
    return new ResqliteAdapter();
  }

  /** Called by Kysely. @hidden */
  // oxlint-disable-next-line typescript/no-explicit-any -- so does the interface
  createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    return new ResqliteIntrospector(db);
  }
}

class ResqliteIntrospector extends SqliteIntrospector {
  override async getTables(options?: DatabaseMetadataOptions): Promise<TableMetadata[]> {
    const tables = await super.getTables(options);
    return tables.filter(({ name }) => !name.startsWith(RESERVED_PREFIX));
  }
}

class ResqliteAdapter extends SqliteAdapter {
  /** Newer versions of Kysely ask: where there is one connection only, queries wait for each other. */
  get supportsMultipleConnections(): boolean {
    return true;
  }

  override get supportsTransactionalDdl(): boolean {
    return true;
  }

  override async acquireMigrationLock(
    // oxlint-disable-next-line typescript/no-explicit-any -- so does the class
    db: Kysely<any>,
    { lockTable, lockRowId }: MigrationLockOptions,
  ): Promise<void> {
    const connection = await connectionOf(db);
    // Who migrates within a transaction of somebody else's can only meet conflicts.
    if (!isDatabase(connection.target)) return;
    connection.migrationLock = await MigrationLock.acquire(connection.target, lockTable, lockRowId);
  }

  override async releaseMigrationLock(
    // oxlint-disable-next-line typescript/no-explicit-any -- so does the class
    db: Kysely<any>,
  ): Promise<void> {
    const connection = await connectionOf(db);
    const lock = connection.migrationLock;
    connection.migrationLock = null;
    await lock?.release();
  }
}

/**
 * Runs `work` as one serializable transaction, as `kysely.transaction().execute(work)` does, but begins it anew
 * where others have changed what it saw: `work` may run several times, and should do nothing else. What it
 * throws undoes the transaction and is thrown on. The options are those of `Database.transaction`. Rejects with
 * 'Conflict' where every attempt met others, with 'InvalidArgument' where `kysely` has another dialect or is
 * itself a part of a transaction, and as `Database.transaction` does.
 *
 * @example
 * ```ts
 * import { Kysely } from 'kysely';
 * import { open } from 'resqlite';
 * import { ResqliteDialect, retryTransaction } from 'resqlite/kysely';
 *
 * const db = await open();
 * await db.execute(['create table counter (value integer)', 'insert into counter values (0)']);
 * const kysely = new Kysely<{ counter: { value: number } }>({
 *   dialect: new ResqliteDialect({ database: db }),
 * });
 * const next = await retryTransaction(kysely, async (trx) => {
 *   const { value } = await trx.selectFrom('counter').select('value').executeTakeFirstOrThrow();
 *   await trx.updateTable('counter').set({ value: value + 1 }).execute();
 *   return value + 1;
 * });
 * next; // => 1
 * ```
 */
export function retryTransaction<Schema, Value>(
  kysely: Kysely<Schema>,
  work: (trx: KyselyTransaction<Schema>) => Promise<Value>,
  options: TransactionOptions = {},
): Promise<Value> {
  if (kysely.isTransaction) return Promise.reject(isWithinTransaction());
  return kysely.connection().execute(async (single) => {
    const connection = await connectionOf(single);
    const { target } = connection;
    if (!isDatabase(target)) throw isWithinTransaction();
    return target.transaction((tx) => {
      connection.lend(tx);
      return single.transaction().execute(work);
    }, options);
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever schema
function connectionOf(db: Kysely<any>): Promise<ResqliteConnection> {
  return db.getExecutor().provideConnection(async (connection) => ownConnection(connection));
}

function isWithinTransaction(): Error {
  return invalidUse('transactions do not nest: this Kysely is a part of one already');
}
