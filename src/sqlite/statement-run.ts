/**
 * Runs one statement of a log entry: compiles it freshly (a kept one counts its steps differently),
 * binds, steps to the end, and says what came of it. A failure that would be the same on every node
 * is an outcome; this node's own trouble is thrown, and so is the loss of the entry's transaction.
 */

import { MAX_RESPONSE_BYTES } from '../node/limits.ts';
import type {
  SqlValue,
  Statement as StatementRequest,
  StatementError,
  StatementOutcome,
  StatementResult,
} from '../node/sql.ts';
import { INTERNAL_PREFIX } from './authorizer.ts';
import type { SqlDatabase, StepBudget } from './database.ts';
import type { EntryContext } from './entry-context.ts';
import { SQLITE_AUTH, SQLITE_INTERRUPT, SQLITE_MISUSE, SQLITE_TOOBIG } from './raw-api.ts';
import { isDeterministic, SqliteError } from './sql-error.ts';
import { isBlank, leadingKeyword } from './sql-text.ts';
import type { Statement } from './statement.ts';

/** Where and how the statements of an entry run. */
export interface EntryRun {
  readonly database: SqlDatabase;
  readonly context: EntryContext;
  readonly budget: StepBudget;
  readonly keepsRows: boolean;
}

/** The entry's transaction is gone, or must go: nothing of the entry may remain. */
export class TransactionLost extends Error {
  override readonly name = 'TransactionLost';
  readonly reason: 'rollback' | 'budget';
  readonly error: StatementError;

  constructor(reason: 'rollback' | 'budget', error: StatementError) {
    super(error.message);
    this.reason = reason;
    this.error = error;
  }
}

/** What is wrong with a statement before SQLite runs it. */
class StatementRefusal extends Error {
  override readonly name = 'StatementRefusal';
  readonly code: StatementError['code'];

  constructor(code: StatementError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const MAX_MESSAGE_CHARACTERS = 4_096;
const CHANGES_ROWS = new Set(['insert', 'replace', 'update', 'delete', 'with']);

/** Throws `TransactionLost`, and `SqliteError` for trouble of this node's own. */
export function runStatement(
  run: EntryRun,
  request: StatementRequest,
  number: number,
): StatementOutcome {
  const { database, context } = run;
  context.beginStatement(number);
  database.runtime.reseed();
  database.guard.begin('entry', leadingKeyword(request.sql));
  database.budget = run.budget;
  try {
    return { type: 'result', result: execute(run, request) };
  } catch (thrown) {
    const error = explain(thrown, run, number);
    if (run.budget.exceeded) throw new TransactionLost('budget', error);
    if (database.connection.autocommit) throw new TransactionLost('rollback', error);
    return { type: 'error', error };
  } finally {
    database.budget = null;
    database.guard.end();
  }
}

function execute(run: EntryRun, request: StatementRequest): StatementResult {
  const { connection, guard } = run.database;
  const keyword = leadingKeyword(request.sql);
  if (keyword === 'vacuum') {
    const message = 'VACUUM renumbers rows and works on one node only: export the database';
    throw new StatementRefusal('NotReplicable', message);
  }
  const { statement, tail } = connection.compile(request.sql);
  if (statement === null) throw new StatementRefusal('Sql', 'the statement is empty');
  try {
    if (!isBlank(tail)) throw new StatementRefusal('Sql', 'one statement at a time');
    if (statement.isExplain) {
      const message = 'EXPLAIN shows addresses of one node: query it instead of writing';
      throw new StatementRefusal('NotReplicable', message);
    }
    // A foreign key may name a table of ours without SQLite asking for leave.
    if (guard.changesSchema && request.sql.toLowerCase().includes(INTERNAL_PREFIX)) {
      const message = `names that begin with ${INTERNAL_PREFIX} are reserved`;
      throw new StatementRefusal('NotReplicable', message);
    }
    statement.bind(request.params);
    const rows = collectRows(statement, run.keepsRows);
    return resultOf(run, statement, rows, keyword);
  } finally {
    statement.finalize();
  }
}

/**
 * Steps to the end. Of rows that are surely too large for an answer one row more than fits is kept,
 * so that the answer is found to be too large.
 */
function collectRows(statement: Statement, keepsRows: boolean): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytesLeft = MAX_RESPONSE_BYTES;
  while (statement.step()) {
    if (!keepsRows || bytesLeft < 0) continue;
    const row = statement.row();
    rows.push(row);
    bytesLeft -= leastBytes(row);
  }
  return rows;
}

/** No more than what the row takes when it is encoded. */
function leastBytes(row: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of row) {
    bytes += 1;
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

function resultOf(
  run: EntryRun,
  statement: Statement,
  rows: SqlValue[][],
  keyword: string,
): StatementResult {
  const { api, pointer } = run.database.connection;
  const changesRows = CHANGES_ROWS.has(keyword) && !statement.readOnly;
  const rowId = api.sqlite3_last_insert_rowid(pointer);
  const rowNumber = Number(rowId);
  return {
    rowsAffected: changesRows ? Number(api.sqlite3_changes64(pointer)) : 0,
    lastInsertRowId: Number.isSafeInteger(rowNumber) ? rowNumber : rowId,
    columns: run.keepsRows ? statement.columnNames() : [],
    rows,
  };
}

/** The error as it is on every node; throws on what is this node's own trouble. */
function explain(thrown: unknown, run: EntryRun, number: number): StatementError {
  if (run.budget.exceeded) {
    const message = 'the log entry takes more steps than one may: do the work in several';
    return statementError('TooLarge', message, SQLITE_INTERRUPT, number);
  }
  if (thrown instanceof StatementRefusal) {
    const resultCode = thrown.code === 'NotReplicable' ? SQLITE_AUTH : SQLITE_MISUSE;
    return statementError(thrown.code, thrown.message, resultCode, number);
  }
  if (!(thrown instanceof SqliteError) || !isDeterministic(thrown.resultCode)) throw thrown;
  const { refusal } = run.database.guard;
  // The refusal may have come back as some other error of the virtual table that met it.
  if (refusal !== null) return statementError('NotReplicable', refusal, SQLITE_AUTH, number);
  const { resultCode, offset } = thrown;
  // A trigger may raise any text.
  const message = thrown.message.slice(0, MAX_MESSAGE_CHARACTERS);
  return { code: 'Sql', message, sqlite: { resultCode, offset, statement: number } };
}

export function statementError(
  code: StatementError['code'],
  message: string,
  resultCode: number,
  statement: number,
): StatementError {
  return { code, message, sqlite: { resultCode, offset: null, statement } };
}

/** An outcome whose answer cannot be kept, of a statement that took effect. */
export function answerTooLarge(message: string, statement: number): StatementOutcome {
  return { type: 'error', error: statementError('TooLarge', message, SQLITE_TOOBIG, statement) };
}
