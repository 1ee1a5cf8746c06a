/**
 * What Kysely runs queries by. Connections cost nothing and do not wait for each other: each is a name for the
 * database, and for the transaction that it has begun. Every method rejects with `ResqliteError`.
 */

import {
  InsertQueryNode,
  RawNode,
  SelectQueryNode,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';

import {
  ResqliteError,
  type Database,
  type ReadLevel,
  type SqlParams,
  type StatementResult,
  type Transaction,
} from '../client/resqlite.ts';
import type { MigrationLock } from './kysely-migration-lock.ts';
import { OpenTransaction, runInTransaction } from './open-transaction.ts';
import {
  callOptions,
  invalidUse,
  isDatabase,
  onlyReads,
  rowObjects,
  runStatement,
  type Target,
} from './targets.ts';

/** How queries and transactions are run; what is left out is as the database has it. */
export interface DriverLimits {
  readonly level?: ReadLevel | undefined;
  readonly timeoutMs?: number | undefined;
  readonly transactionTimeoutMs?: number | undefined;
}

/** What newer versions of Kysely tell of a query. */
interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** Nothing may be under way for longer. */
const MIGRATION_TIMEOUT_MS = 60_000;
/** Rows at once, where the caller has no wish; he gets them one by one in any case. */
const STREAM_ROWS = 1_000;

/**
 * Whose the database is: 'own' is opened once and closed with the driver, 'given' stays open, and for one that
 * is 'borrowed' its owner is asked at each connection.
 */
export type Ownership = 'own' | 'given' | 'borrowed';

export class ResqliteDriver implements Driver {
  readonly #open: () => Promise<Target>;
  readonly #ownership: Ownership;
  readonly #limits: DriverLimits;
  readonly #connections = new Set<ResqliteConnection>();
  /** Null before the first query, and when it was destroyed. */
  #find: (() => Promise<Target>) | null = null;

  constructor(open: () => Promise<Target>, ownership: Ownership, limits: DriverLimits) {
    this.#open = open;
    this.#ownership = ownership;
    this.#limits = limits;
  }

  async init(): Promise<void> {
    if (this.#ownership === 'borrowed') {
      this.#find = this.#open;
      return;
    }
    const target = this.#open();
    this.#find = () => target;
    await target;
  }

  async acquireConnection(): Promise<ResqliteConnection> {
    if (this.#find === null) throw closed();
    const connection = new ResqliteConnection(await this.#find(), this.#limits);
    this.#connections.add(connection);
    return connection;
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const own = ownConnection(connection);
    this.#connections.delete(own);
    await own.abandon(released());
  }

  async beginTransaction(
    connection: DatabaseConnection,
    { accessMode }: TransactionSettings,
  ): Promise<void> {
    await ownConnection(connection).begin(accessMode === 'read only');
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await ownConnection(connection).commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await ownConnection(connection).rollback();
  }

  async savepoint(): Promise<void> {
    throw noSavepoints();
  }

  async rollbackToSavepoint(): Promise<void> {
    throw noSavepoints();
  }

  async releaseSavepoint(): Promise<void> {
    throw noSavepoints();
  }

  /** What is under way in transactions is undone. */
  async destroy(): Promise<void> {
    const find = this.#find;
    this.#find = null;
    await Promise.all([...this.#connections].map((connection) => connection.abandon(closed())));
    this.#connections.clear();
    if (find === null || this.#ownership !== 'own') return;
    const opened = await find();
    if (isDatabase(opened)) await opened.close();
  }
}

export class ResqliteConnection implements DatabaseConnection {
  readonly target: Target;
  /** While it migrates. */
  migrationLock: MigrationLock | null = null;
  readonly #limits: DriverLimits;
  /** A transaction that somebody else begins and ends. */
  #lent: Transaction | null = null;
  #lentReadsOnly = false;
  #transaction: OpenTransaction | null = null;

  constructor(target: Target, limits: DriverLimits) {
    this.target = target;
    this.#limits = limits;
  }

  /** Until the next call its transactions are a part of `tx`, which its caller ends. */
  lend(tx: Transaction): void {
    this.#lent = tx;
  }

  async begin(readsOnly: boolean): Promise<void> {
    const { transactionTimeoutMs } = this.#limits;
    if (this.#lent !== null) {
      this.#lentReadsOnly = readsOnly;
      return;
    }
    if (!isDatabase(this.target)) throw isTransaction();
    const timeoutMs = this.migrationLock === null ? transactionTimeoutMs : MIGRATION_TIMEOUT_MS;
    this.#transaction = await OpenTransaction.begin(
      this.target,
      readsOnly,
      callOptions({ timeoutMs }),
    );
  }

  async commit(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    await transaction?.commit();
  }

  async rollback(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    await transaction?.rollback();
  }

  /** Whoever still works with its transaction is told `error`. */
  async abandon(error: Error): Promise<void> {
    await this.#transaction?.abandon(error);
  }

  async executeQuery<R>(query: CompiledQuery, options: Abortable = {}): Promise<QueryResult<R>> {
    const sql = query.sql;
    const params = query.parameters as SqlParams;
    return resultOf<R>(query, await this.#run(sql, params, options));
  }

  async *streamQuery<R>(
    query: CompiledQuery,
    chunkSize?: number,
    options: Abortable = {},
  ): AsyncIterableIterator<QueryResult<R>> {
    const sql = query.sql;
    const params = query.parameters as SqlParams;
    const batchRows = chunkSize !== undefined && chunkSize > 1 ? chunkSize : STREAM_ROWS;
    const database = this.#databaseAlone();
    if (database === null || !(SelectQueryNode.is(query.query) || onlyReads(sql))) {
      yield resultOf<R>(query, await this.#run(sql, params, options));
      return;
    }
    const { level } = this.#limits;
    const batches = database.iterate(sql, params, {
      batchRows,
      ...(level === undefined ? {} : { level }),
      ...callOptions({ ...this.#limits, signal: options.signal }),
    });
    for await (const batch of batches) {
      yield { rows: rowObjects<R>(batch) };
    }
  }

  async #run(sql: string, params: SqlParams, { signal }: Abortable): Promise<StatementResult> {
    const statement = { sql, params };
    if (this.#transaction !== null) return this.#transaction.run(statement, signal);
    if (this.#lent !== null) {
      return runInTransaction(this.#lent, this.#lentReadsOnly, statement, signal);
    }
    if (!isDatabase(this.target)) return runInTransaction(this.target, false, statement, signal);
    // The lock may be lost meanwhile; only a transaction then meets what the next one does.
    if (this.migrationLock !== null && !onlyReads(sql)) throw migratesWithout();
    return runStatement(this.target, statement, { ...this.#limits, signal });
  }

  /** The database, where no transaction is under way. */
  #databaseAlone(): Database | null {
    const isAlone = this.#transaction === null && this.#lent === null;
    return isAlone && isDatabase(this.target) ? this.target : null;
  }
}

/** Of a driver of ours. */
export function ownConnection(connection: DatabaseConnection): ResqliteConnection {
  if (connection instanceof ResqliteConnection) return connection;
  throw invalidUse('the connection is no connection of ReSqlite');
}

function resultOf<R>(query: CompiledQuery, result: StatementResult): QueryResult<R> {
  const { rowsAffected, lastInsertRowId } = result;
  const rows = rowObjects<R>(result);
  const node = query.query;
  if (SelectQueryNode.is(node) || onlyReads(query.sql)) return { rows };
  const mayInsert = InsertQueryNode.is(node) || RawNode.is(node);
  return {
    rows,
    numAffectedRows: BigInt(rowsAffected),
    ...(mayInsert && rowsAffected > 0 ? { insertId: BigInt(lastInsertRowId) } : {}),
  };
}

function isTransaction(): ResqliteError {
  return invalidUse(
    'this Kysely works within a transaction, and transactions do not nest: use it as it is',
  );
}

function migratesWithout(): ResqliteError {
  return invalidUse(
    'migrations run in one transaction here: leave `disableTransactions` out of the Migrator',
  );
}

function noSavepoints(): ResqliteError {
  return invalidUse(
    'a transaction has no savepoints: a statement that fails does nothing, and the others stay',
  );
}

function released(): ResqliteError {
  return invalidUse('the transaction was given up: its connection was released');
}

function closed(): ResqliteError {
  const message = 'Kysely was destroyed: what was not committed was undone';
  return new ResqliteError({ code: 'Closed', applied: 'no', message, sqlite: null });
}
