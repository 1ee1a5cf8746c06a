/**
 * Queries: one statement that only reads, run between entries, with real time and real randomness.
 * It is bounded in time and in what it answers, and ends with its last row: nothing stays open.
 */

import type { QueryResult, SqlParams, SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import { MAX_RESULT_BYTES, MAX_RESULT_ROWS } from './limits.ts';
import { SQLITE_AUTH, SQLITE_INTERRUPT, SQLITE_MISUSE } from './raw-api.ts';
import { isDeterministic, refused, SqlFailure, SqliteError, troubleCode } from './sql-error.ts';
import { isBlank, leadingKeyword } from './sql-text.ts';
import type { CachedStatement } from './statement-cache.ts';
import type { Statement } from './statement.ts';
import { checkValue, memoryBytes } from './value-codec.ts';

export interface Query {
  readonly sql: string;
  readonly params: SqlParams;
  /** By `performance.now()`. */
  readonly deadlineMs: number;
}

/** They have no effect but while they run. */
const MAY_BE_KEPT = new Set(['select', 'values', 'with']);

/** Throws `SqlFailure`, always with applied 'no'. */
export function runQuery(database: SqlDatabase, appliedIndex: LogIndex, query: Query): QueryResult {
  return streamQuery(database, query, (columns, rows) => ({
    columns,
    rows: collectRows(rows),
    appliedIndex,
  }));
}

/**
 * The same without bounds on what it gives: `take` gets each row as it is found, and must have taken
 * all it wants when it returns.
 */
export function streamQuery<T>(
  database: SqlDatabase,
  query: Query,
  take: (columns: readonly string[], rows: Iterable<SqlValue[]>) => T,
): T {
  for (const value of Object.values(query.params)) checkValue(value);
  return readingUntil(database, query.deadlineMs, () => {
    const { guard, statements } = database;
    // Whoever wants to know what is read has to have it compiled.
    const cached = guard.reads === null ? statements.get('read', query.sql) : null;
    const keyword = cached?.keyword ?? leadingKeyword(query.sql);
    return database.guarded('read', keyword, () =>
      cached === null ? readRows(database, query, keyword, take) : readCached(cached, query, take),
    );
  });
}

/** The same as `reading`, of what must end by then, by `performance.now()`. */
export function readingUntil<T>(database: SqlDatabase, deadlineMs: number, work: () => T): T {
  return reading(database, () => {
    database.deadlineMs = deadlineMs;
    try {
      return work();
    } finally {
      database.deadlineMs = null;
    }
  });
}

/** Runs something that reads; what SQLite throws becomes a `SqlFailure`. */
export function reading<T>(database: SqlDatabase, work: () => T): T {
  if (database.brokenReason !== null) {
    throw refused('StorageLost', `the database has failed: ${database.brokenReason}`);
  }
  database.disturbByReading();
  try {
    return work();
  } catch (error) {
    if (error instanceof SqlFailure) throw error;
    if (error instanceof SqliteError) throw explain(error, database.guard.refusal);
    // Behind a trap what is in the module's memory cannot be trusted.
    const isTrap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
    if (isTrap) database.brokenReason = error.message;
    throw error;
  }
}

function readRows<T>(
  database: SqlDatabase,
  query: Query,
  keyword: string,
  take: (columns: readonly string[], rows: Iterable<SqlValue[]>) => T,
): T {
  const { connection, guard, statements } = database;
  const { statement, tail } = connection.compile(query.sql);
  if (statement === null) throw misuse('the statement is empty');
  let isKept = false;
  try {
    if (!isBlank(tail)) throw misuse('one statement at a time');
    if (!statement.readOnly && !statement.isExplain) {
      throw refused('InvalidArgument', 'a query only reads; this statement writes: execute it');
    }
    statement.bind(query.params);
    const found = statement.step();
    // What the columns are is known for sure when it runs.
    const columns = statement.columnNames();
    const result = take(columns, rowsOf(statement, found));
    if (guard.isPlain && !statement.isExplain && MAY_BE_KEPT.has(keyword)) {
      isKept = statements.keep('read', query.sql, { statement, keyword, columns, writes: [] });
    }
    return result;
  } finally {
    if (!isKept) statement.finalize();
  }
}

function readCached<T>(
  { statement, columns }: CachedStatement,
  query: Query,
  take: (columns: readonly string[], rows: Iterable<SqlValue[]>) => T,
): T {
  try {
    statement.bind(query.params);
    return take(columns, rowsOf(statement, statement.step()));
  } finally {
    statement.rewind();
  }
}

function* rowsOf(statement: Statement, isFirstFound: boolean): Generator<SqlValue[], void> {
  for (let found = isFirstFound; found; found = statement.step()) yield statement.row();
}

function collectRows(found: Iterable<SqlValue[]>): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytes = 0;
  for (const row of found) {
    if (rows.length === MAX_RESULT_ROWS) throw tooMany(`${MAX_RESULT_ROWS} rows`);
    rows.push(row);
    bytes += memoryBytes(row);
    if (bytes > MAX_RESULT_BYTES) throw tooMany(`${MAX_RESULT_BYTES / 2 ** 20} MiB`);
  }
  return rows;
}

function tooMany(limit: string): SqlFailure {
  return refused(
    'TooLarge',
    `the query gives more than ${limit}: db.iterate reads results of any size`,
  );
}

function misuse(message: string): SqliteError {
  return new SqliteError(SQLITE_MISUSE, message);
}

function explain(error: SqliteError, refusal: string | null): SqlFailure {
  const { resultCode, offset, message } = error;
  const sqlite = { resultCode, offset, statement: 0 };
  if (resultCode === SQLITE_INTERRUPT) {
    return refused('Timeout', 'the query took longer than it was given');
  }
  if (resultCode === SQLITE_MISUSE || isDeterministic(resultCode)) {
    if (refusal === null) return new SqlFailure({ code: 'Sql', applied: 'no', message, sqlite });
    const detail = { ...sqlite, resultCode: SQLITE_AUTH };
    return new SqlFailure({
      code: 'InvalidArgument',
      applied: 'no',
      message: refusal,
      sqlite: detail,
    });
  }
  return new SqlFailure({ code: troubleCode(resultCode), applied: 'no', message, sqlite });
}
