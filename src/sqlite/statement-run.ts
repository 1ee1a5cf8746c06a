/**
 * Runs one statement of a log entry: compiles it, or takes it as it was compiled for an entry before
 * (statement-cache.ts tells when that comes to the same), binds, steps to the end, and says what came
 * of it. A failure that would be the same on every node is an outcome; this node's own trouble is
 * thrown, and so is the loss of the entry's transaction.
 */

import { MAX_RESPONSE_BYTES } from '../node/limits.ts';
import type {
  SqlValue,
  Statement as StatementRequest,
  StatementError,
  StatementOutcome,
  StatementResult,
} from '../node/sql.ts';
import { INTERNAL_PREFIX, RESERVED_NAMES, VIRTUAL_TABLE_WAY } from './authorizer.ts';
import type { Connection } from './connection.ts';
import type { SqlDatabase, StepBudget } from './database.ts';
import type { EntryContext } from './entry-context.ts';
import { SQLITE_AUTH, SQLITE_INTERRUPT, SQLITE_MISUSE, SQLITE_TOOBIG } from './raw-api.ts';
import { isDeterministic, SqliteError } from './sql-error.ts';
import { isBlank, leadingKeyword } from './sql-text.ts';
import type { Statement } from './statement.ts';
import type { CachedStatement } from './statement-cache.ts';
import { vacuumForm } from './vacuum.ts';
import { memoryBytes } from './value-codec.ts';

/** Where and how the statements of an entry run. */
export interface EntryRun {
  readonly database: SqlDatabase;
  readonly context: EntryContext;
  readonly budget: StepBudget;
  readonly keepsRows: boolean;
  /** A statement whose rows take more than this fails; null: they are left out of the answer. */
  readonly maxAnswerBytes: number | null;
  /** A statement that writes has succeeded. */
  hasWritten: boolean;
}

/** Of an entry that is to run. */
export function newBudget({ options }: SqlDatabase): StepBudget {
  return { steps: 0, limit: options.stepsPerEntry, exceeded: false };
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

const SQLITE_ERROR = 1;
/** What SQLite says to those who write to its schema, or to what a virtual table is stored in. */
const HAND_WRITTEN = /^table .* may not be modified$/s;
const MAX_MESSAGE_CHARACTERS = 4_096;
const REFUSAL_CODES: Partial<Record<StatementError['code'], number>> = {
  NotReplicable: SQLITE_AUTH,
  TooLarge: SQLITE_TOOBIG,
};
const CHANGES_ROWS = new Set(['insert', 'replace', 'update', 'delete', 'with']);
/** They have no effect but while they run. */
const MAY_BE_KEPT = new Set([...CHANGES_ROWS, 'select', 'values']);

/** Throws `TransactionLost`, and `SqliteError` for trouble of this node's own. */
export function runStatement(
  run: EntryRun,
  request: StatementRequest,
  number: number,
): StatementOutcome {
  const { database, context } = run;
  context.beginStatement(number);
  database.runtime.reseed();
  const cached = database.statements.get('entry', request.sql);
  const keyword = cached?.keyword ?? leadingKeyword(request.sql);
  database.guard.begin('entry', keyword);
  database.budget = run.budget;
  try {
    return { type: 'result', result: execute(run, request, cached, keyword) };
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

function execute(
  run: EntryRun,
  request: StatementRequest,
  cached: CachedStatement | null,
  keyword: string,
): StatementResult {
  const { guard } = run.database;
  if (cached === null) return compileAndPerform(run, request, keyword);
  guard.noteAgain(cached.writes);
  try {
    return perform(run, request, cached.statement, keyword);
  } finally {
    cached.statement.rewind();
  }
}

function compileAndPerform(
  run: EntryRun,
  request: StatementRequest,
  keyword: string,
): StatementResult {
  const { connection, guard, statements } = run.database;
  const stepsBefore = run.budget.steps;
  const { statement, tail } = connection.compile(request.sql);
  if (statement === null) throw new StatementRefusal('Sql', 'the statement is empty');
  let isKept = false;
  try {
    if (!isBlank(tail)) throw new StatementRefusal('Sql', 'one statement at a time');
    if (statement.isExplain) {
      const message = 'EXPLAIN shows addresses of one node: query it instead of writing';
      throw new StatementRefusal('NotReplicable', message);
    }
    if (keyword === 'vacuum') throw vacuumRefusal(connection, request.sql);
    // A foreign key may name a table of ours without SQLite asking for leave.
    if (guard.changesSchema && request.sql.toLowerCase().includes(INTERNAL_PREFIX)) {
      throw new StatementRefusal('NotReplicable', RESERVED_NAMES);
    }
    const isRepeatable = run.budget.steps === stepsBefore && !run.context.hasSeeded;
    const result = perform(run, request, statement, keyword);
    // What a virtual table compiles while it runs asks for leave as well.
    if (isRepeatable && guard.isPlain && MAY_BE_KEPT.has(keyword)) {
      isKept = statements.keep('entry', request.sql, {
        statement,
        keyword,
        columns: [],
        writes: guard.writes,
      });
    }
    return result;
  } finally {
    if (!isKept) statement.finalize();
  }
}

function perform(
  run: EntryRun,
  request: StatementRequest,
  statement: Statement,
  keyword: string,
): StatementResult {
  statement.bind(request.params);
  const rows = collectRows(statement, run);
  if (!statement.readOnly) run.hasWritten = true;
  return resultOf(run, statement, rows, keyword);
}

/** The VACUUM that can be replicated is a request of its own, and never comes here. */
function vacuumRefusal(connection: Connection, sql: string): StatementRefusal {
  switch (vacuumForm(connection, sql)) {
    case 'rebuild':
      return new StatementRefusal(
        'NotReplicable',
        'VACUUM cannot be part of a transaction or of several statements: run it by itself',
      );
    case 'copy':
      return new StatementRefusal(
        'NotReplicable',
        'VACUUM INTO would write a file on one node only: call export() for a copy',
      );
    case 'nothing':
      return new StatementRefusal(
        'NotReplicable',
        'temporary objects exist on one node only: VACUUM the main database',
      );
  }
}

/** Whether the statement compiles, and is one that writes; it does not run. */
export function isWrite(database: SqlDatabase, sql: string): boolean {
  try {
    return database.guarded('entry', leadingKeyword(sql), () => {
      const { statement } = database.connection.compile(sql);
      if (statement === null) return false;
      const { readOnly } = statement;
      statement.finalize();
      return !readOnly;
    });
  } catch (error) {
    if (error instanceof SqliteError) return false;
    throw error;
  }
}

/**
 * Steps to the end. Of rows that are surely too large one more than fits is kept, so that the answer is
 * found to be too large and left out.
 */
function collectRows(statement: Statement, run: EntryRun): SqlValue[][] {
  if (run.maxAnswerBytes !== null) return collectBounded(statement, run.maxAnswerBytes);
  const rows: SqlValue[][] = [];
  let bytesLeft = MAX_RESPONSE_BYTES;
  while (statement.step()) {
    if (!run.keepsRows || bytesLeft < 0) continue;
    const row = statement.row();
    rows.push(row);
    bytesLeft -= leastBytes(row);
  }
  return rows;
}

function collectBounded(statement: Statement, maxBytes: number): SqlValue[][] {
  const rows: SqlValue[][] = [];
  let bytesLeft = maxBytes;
  while (statement.step()) {
    const row = statement.row();
    rows.push(row);
    bytesLeft -= memoryBytes(row);
    if (bytesLeft >= 0) continue;
    const limit = `${maxBytes / 2 ** 20} MiB`;
    throw new StatementRefusal('TooLarge', `the statement gives more than ${limit}: use LIMIT`);
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
    const resultCode = REFUSAL_CODES[thrown.code] ?? SQLITE_MISUSE;
    return statementError(thrown.code, thrown.message, resultCode, number);
  }
  if (!(thrown instanceof SqliteError) || !isDeterministic(thrown.resultCode)) throw thrown;
  const { refusal } = run.database.guard;
  // The refusal may have come back as some other error of the virtual table that met it.
  if (refusal !== null) return statementError('NotReplicable', refusal, SQLITE_AUTH, number);
  const { resultCode, offset } = thrown;
  const isHandWritten = resultCode === SQLITE_ERROR && HAND_WRITTEN.test(thrown.message);
  const whole = isHandWritten ? `${thrown.message} by hand: ${VIRTUAL_TABLE_WAY}` : thrown.message;
  // A trigger may raise any text.
  const message = whole.slice(0, MAX_MESSAGE_CHARACTERS);
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
