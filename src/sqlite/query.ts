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
import { isBlank } from './sql-text.ts';
import type { Statement } from './statement.ts';
import { checkValue } from './value-codec.ts';

export interface Query {
  readonly sql: string;
  readonly params: SqlParams;
  /** By `performance.now()`. */
  readonly deadlineMs: number;
}

/** What a row and a value cost besides texts and bytes. */
const ROW_BYTES = 16;
const VALUE_BYTES = 8;

/** Throws `SqlFailure`, always with applied 'no'. */
export function runQuery(database: SqlDatabase, appliedIndex: LogIndex, query: Query): QueryResult {
  for (const value of Object.values(query.params)) checkValue(value);
  return reading(database, () => {
    database.deadlineMs = query.deadlineMs;
    try {
      return database.guarded('read', query.sql, () => ({
        ...readRows(database, query),
        appliedIndex,
      }));
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

function readRows(
  database: SqlDatabase,
  query: Query,
): { columns: readonly string[]; rows: readonly (readonly SqlValue[])[] } {
  const { statement, tail } = database.connection.compile(query.sql);
  if (statement === null) throw misuse('the statement is empty');
  try {
    if (!isBlank(tail)) throw misuse('one statement at a time');
    if (!statement.readOnly && !statement.isExplain) {
      throw refused('InvalidArgument', 'a query only reads; this statement writes: execute it');
    }
    statement.bind(query.params);
    return { rows: collectRows(statement), columns: statement.columnNames() };
  } finally {
    statement.finalize();
  }
}

function collectRows(statement: Statement): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytes = 0;
  while (statement.step()) {
    if (rows.length === MAX_RESULT_ROWS) throw tooMany(`${MAX_RESULT_ROWS} rows`);
    const row = statement.row();
    rows.push(row);
    bytes += ROW_BYTES;
    for (const value of row) {
      bytes += VALUE_BYTES;
      if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
    }
    if (bytes > MAX_RESULT_BYTES) throw tooMany(`${MAX_RESULT_BYTES / 2 ** 20} MiB`);
  }
  return rows;
}

function tooMany(limit: string): SqlFailure {
  return refused('TooLarge', `the query gives more than ${limit}: read it in parts, by LIMIT`);
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
