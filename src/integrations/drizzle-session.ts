/**
 * What Drizzle runs queries by: its proxy driver's prepared queries, over a database or one transaction of it.
 * Rows of queries that are built come as lists of values, which Drizzle maps; those of plain SQL as objects.
 */

import { entityKind, is, type Logger, type Query } from 'drizzle-orm';
import type { Cache } from 'drizzle-orm/cache/core';
import type { BatchItem } from 'drizzle-orm/batch';
import type { RelationalSchemaConfig, TablesRelationalConfig } from 'drizzle-orm/relations';
import type { PreparedQuery } from 'drizzle-orm/session';
import {
  SQLiteSession,
  SQLiteTransaction,
  type PreparedQueryConfig,
  type SelectedFieldsOrdered,
  type SQLiteAsyncDialect,
  type SQLiteExecuteMethod,
  type SQLitePreparedQuery,
  type SQLiteTransactionConfig,
} from 'drizzle-orm/sqlite-core';
import { SQLiteRaw } from 'drizzle-orm/sqlite-core/query-builders/raw';
import { RemotePreparedQuery, type AsyncRemoteCallback } from 'drizzle-orm/sqlite-proxy';

import type {
  SqlParams,
  SqlValue,
  StatementResult,
  Transaction,
  TransactionOptions,
} from '../client/resqlite.ts';
import {
  invalidUse,
  isDatabase,
  rowObjects,
  runStatement,
  runTogether,
  type RunLimits,
  type Target,
} from './targets.ts';

/**
 * What a statement answers that is not asked for rows: `run`, and what is built without `returning`.
 *
 * @example
 * ```ts
 * import { integer, sqliteTable } from 'drizzle-orm/sqlite-core';
 * import { open } from 'resqlite';
 * import { drizzle, type DrizzleRunResult } from 'resqlite/drizzle';
 *
 * const db = await open();
 * await db.execute('CREATE TABLE task (id INTEGER PRIMARY KEY)');
 * const task = sqliteTable('task', { id: integer().primaryKey() });
 * const done: DrizzleRunResult = await drizzle(db).insert(task).values([{ id: 6 }, { id: 7 }]);
 * done; // => { rowsAffected: 2, lastInsertRowId: 7, rows: [] }
 * ```
 */
export interface DrizzleRunResult {
  /** How many rows the statement has inserted, updated or deleted. */
  readonly rowsAffected: number;
  /** The row number of the row that was inserted last. */
  readonly lastInsertRowId: number | bigint;
  /** What the statement gave, as lists of values. */
  readonly rows: readonly (readonly SqlValue[])[];
}

/** What a session has of its database, whatever it runs on. */
export interface SessionParts<Schema extends TablesRelationalConfig> {
  readonly dialect: SQLiteAsyncDialect;
  readonly schema: RelationalSchemaConfig<Schema> | undefined;
  readonly logger: Logger;
  readonly limits: RunLimits;
  /** Drizzle's. Transactions do not ask it; what they and all else has changed is told when it is committed. */
  readonly cache: Cache | undefined;
  /** Within a transaction: takes the tables that a query has changed. */
  readonly noteChange?: (tables: readonly string[]) => void;
}

/** How Drizzle's batches prepare a query, which its types do not tell. */
const PREPARE = '_prepare';
type Preparable = Readonly<Record<typeof PREPARE, () => PreparedQuery>>;

type QueryMetadata = ConstructorParameters<typeof RemotePreparedQuery>[4];
type CacheConfig = ConstructorParameters<typeof RemotePreparedQuery>[5];
type Mapper = (rows: unknown[][], mapColumnValue?: (value: unknown) => unknown) => unknown;

/** The tables that a prepared query changes. */
const changedBy = new WeakMap<object, readonly string[]>();

export class ResqliteSession<
  FullSchema extends Record<string, unknown>,
  Schema extends TablesRelationalConfig,
> extends SQLiteSession<'async', DrizzleRunResult, FullSchema, Schema> {
  static override readonly [entityKind]: string = 'ResqliteSession';
  readonly #target: Target | Promise<Target>;
  readonly #parts: SessionParts<Schema>;

  constructor(target: Target | Promise<Target>, parts: SessionParts<Schema>) {
    super(parts.dialect);
    this.#target = target;
    this.#parts = parts;
  }

  override prepareQuery(
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    executeMethod: SQLiteExecuteMethod,
    isResponseInArrayMode: boolean,
    customResultMapper?: Mapper,
    queryMetadata?: QueryMetadata,
    cacheConfig?: CacheConfig,
  ): SQLitePreparedQuery<PreparedQueryConfig & { type: 'async' }> {
    const { logger, cache } = this.#parts;
    const isPlain = fields === undefined && customResultMapper === undefined;
    const run = isPlain ? this.#runPlain : this.#runBuilt;
    const changed = changedTables(queryMetadata);
    const prepared = new RemotePreparedQuery<PreparedQueryConfig>(
      changed.length === 0 ? run : this.#telling(run, changed),
      query,
      logger,
      // Drizzle would tell it of a write before that is committed.
      (changed.length === 0 ? cache : undefined) as never,
      queryMetadata,
      cacheConfig,
      fields,
      executeMethod,
      isResponseInArrayMode,
      customResultMapper,
    );
    changedBy.set(prepared, changed);
    return prepared;
  }

  /** All of them as one atomic log entry. Rejects with `ResqliteError`. */
  async batch(items: readonly BatchItem<'sqlite'>[]): Promise<unknown[]> {
    if (items.length === 0) return [];
    const prepared = items.map((item) => (item as unknown as Preparable)[PREPARE]());
    const queries = prepared.map((one) => one.getQuery());
    for (const { sql, params } of queries) this.#parts.logger.logQuery(sql, params);
    const statements = queries.map(({ sql, params }) => ({ sql, params: params as SqlParams }));
    const changed = prepared.flatMap((one) => changedBy.get(one) ?? []);
    const work = async (): Promise<readonly StatementResult[]> =>
      runTogether(await this.#target, statements, this.#parts.limits);
    const results = await this.#changing(changed, work);
    return prepared.map((one, at) => {
      const result = results[at];
      const method = methodOf(queries[at]);
      if (result === undefined || is(one, SQLiteRaw)) return one.mapResult(result, true);
      // What is built by Drizzle and asks for one row takes that row.
      if (method === 'get') return one.mapResult({ rows: result.rows[0] }, true);
      return one.mapResult(method === 'run' ? runResultOf(result) : result, true);
    });
  }

  /** Begun anew where others came between. Rejects with `ResqliteError`, and with what `work` throws. */
  override async transaction<Value>(
    work: (tx: SessionTransaction<FullSchema, Schema>) => Promise<Value>,
    config: SQLiteTransactionConfig & TransactionOptions = {},
  ): Promise<Value> {
    const target = await this.#target;
    if (!isDatabase(target)) throw nested();
    const { behavior: _, ...options } = config;
    const { dialect, schema, logger } = this.#parts;
    const changed: string[] = [];
    const noteChange = (tables: readonly string[]): void => void changed.push(...tables);
    const parts = { dialect, schema, logger, limits: {}, cache: undefined, noteChange };
    const run = (tx: Transaction): Promise<Value> => {
      const session = new ResqliteSession<FullSchema, Schema>(tx, parts);
      return work(new SessionTransaction<FullSchema, Schema>('async', dialect, session, schema));
    };
    return this.#changing(changed, () => target.transaction(run, options));
  }

  /** What plain SQL in a batch gives, in the form that it has by itself. */
  extractRawRunValueFromBatchResult(result: unknown): unknown {
    return runResultOf(result as StatementResult);
  }

  extractRawAllValueFromBatchResult(result: unknown): unknown {
    return rowObjects(result as StatementResult);
  }

  extractRawGetValueFromBatchResult(result: unknown): unknown {
    return rowObjects(result as StatementResult)[0];
  }

  extractRawValuesValueFromBatchResult(result: unknown): unknown {
    return (result as StatementResult).rows;
  }

  readonly #runBuilt: AsyncRemoteCallback = async (sql, params, method) => {
    const result = await this.#run(sql, params);
    return answer(method === 'run' ? runResultOf(result) : { rows: rowsFor(method, result.rows) });
  };

  readonly #runPlain: AsyncRemoteCallback = async (sql, params, method) => {
    const result = await this.#run(sql, params);
    if (method === 'run') return answer(runResultOf(result));
    if (method === 'values') return answer({ rows: result.rows });
    return answer({ rows: rowsFor(method, rowObjects(result)) });
  };

  #telling(run: AsyncRemoteCallback, tables: readonly string[]): AsyncRemoteCallback {
    return (sql, params, method) => this.#changing(tables, () => run(sql, params, method));
  }

  /** Tells of `tables` behind `work`, whatever became of it: what has failed may have taken effect. */
  async #changing<Result>(tables: readonly string[], work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      if (tables.length > 0) await this.#tellOf([...new Set(tables)]);
    }
  }

  /** A cache that fails does not make a write one that has failed. */
  async #tellOf(tables: string[]): Promise<void> {
    const { cache, noteChange } = this.#parts;
    noteChange?.(tables);
    try {
      await cache?.onMutate({ tables });
    } catch (error) {
      reportError(error);
    }
  }

  async #run(sql: string, params: readonly unknown[]): Promise<StatementResult> {
    const statement = { sql, params: params as SqlParams };
    return runStatement(await this.#target, statement, this.#parts.limits);
  }
}

/** What the callback of a transaction works with: a database, whose every statement is a part of it. */
export class SessionTransaction<
  FullSchema extends Record<string, unknown>,
  Schema extends TablesRelationalConfig,
> extends SQLiteTransaction<'async', DrizzleRunResult, FullSchema, Schema> {
  static override readonly [entityKind]: string = 'SessionTransaction';

  /** There are no savepoints, by which transactions are nested. Rejects with 'InvalidArgument'. */
  override async transaction<Value>(): Promise<Value> {
    throw nested();
  }
}

/** Of a query that is built: Drizzle knows of no other's. */
function changedTables(metadata: QueryMetadata): readonly string[] {
  return metadata === undefined || metadata.type === 'select' ? [] : metadata.tables;
}

/** `get` is answered with one row, or none. */
function rowsFor<Rows>(method: 'run' | 'all' | 'values' | 'get', rows: readonly Rows[]): unknown {
  return method === 'get' ? rows[0] : rows;
}

/** In the form that Drizzle has types for. */
function answer(result: object): { rows: [] } {
  return result as { rows: [] };
}

function runResultOf({ rowsAffected, lastInsertRowId, rows }: StatementResult): DrizzleRunResult {
  return { rowsAffected, lastInsertRowId, rows };
}

function methodOf(query: Query | undefined): unknown {
  return (query as { readonly method?: unknown } | undefined)?.method;
}

function nested(): Error {
  return invalidUse(
    'transactions do not nest: a statement that fails does nothing, and the others stay; run them in ' +
      'the transaction that there is',
  );
}
