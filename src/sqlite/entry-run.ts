/**
 * Runs the statements of one log entry within an open transaction, in a savepoint of its own, and
 * checks deferred foreign keys where a transaction would end. Other entries of the batch must not be
 * able to tell that it was there.
 */

import type {
  ExecuteMode,
  ExecuteRequest,
  Statement,
  StatementError,
  StatementOutcome,
} from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { SQLITE_CONSTRAINT_FOREIGNKEY } from './raw-api.ts';
import type { ResponseBuilder } from './response-builder.ts';
import { isDeterministic, SqliteError } from './sql-error.ts';
import { runStatement, statementError, type EntryRun } from './statement-run.ts';

/** Statements that are known to end the transaction: they are not run, and this is their error. */
export type KnownErrors = ReadonlyMap<number, StatementError>;

/**
 * Adds the statements' outcomes to `response`; the answer tells whether the entry took effect.
 * Throws `TransactionLost` (the caller ends the transaction) and this node's own trouble.
 */
export function runEntry(
  run: EntryRun,
  request: ExecuteRequest,
  known: KnownErrors,
  response: ResponseBuilder,
): boolean {
  const entry = new RunningEntry(run, request.mode);
  entry.begin(request.foreignKeys);
  const committed = runAll(entry, request, known, response);
  entry.end(committed);
  return committed;
}

/** Whether what was done is to stay. */
function runAll(
  entry: RunningEntry,
  { statements, mode, bail }: ExecuteRequest,
  known: KnownErrors,
  response: ResponseBuilder,
): boolean {
  let last = 0;
  for (const [number, statement] of statements.entries()) {
    last = number;
    const outcome = outcomeOf(known.get(number)) ?? entry.runOne(statement, number);
    response.add(outcome);
    if (outcome.type === 'result') continue;
    if (mode === 'atomic') return false;
    if (bail) break;
  }
  const error = mode === 'each' ? null : entry.errorAtEnd(last);
  if (error !== null) response.replaceLast({ type: 'error', error });
  return error === null;
}

function outcomeOf(error: StatementError | undefined): StatementOutcome | null {
  return error === undefined ? null : { type: 'error', error };
}

/** An entry whose statements run one by one. After `TransactionLost` nothing more may be called. */
export class RunningEntry {
  /** It left more in memory than the next entry may find. */
  #disturbs = false;
  readonly #run: EntryRun;
  readonly #database: SqlDatabase;
  readonly #mode: ExecuteMode;

  constructor(run: EntryRun, mode: ExecuteMode) {
    this.#run = run;
    this.#database = run.database;
    this.#mode = mode;
  }

  /** Within an open transaction. */
  begin(foreignKeys: boolean): void {
    const database = this.#database;
    database.settle();
    database.setForeignKeys(foreignKeys);
    database.savepoint('entry');
    database.resetCounters();
  }

  end(stays: boolean): void {
    if (stays) this.#database.release('entry');
    else this.#database.undo('entry');
  }

  /** A statement that fails is, but in an 'atomic' entry, as if it had not run. */
  runOne(statement: Statement, number: number): StatementOutcome {
    const outcome =
      this.#mode === 'atomic'
        ? this.#runPlainly(statement, number)
        : this.#runByItself(statement, number);
    const { changesSchema, changesStatistics, usesVirtualTables } = this.#database.guard;
    if (changesSchema || changesStatistics || usesVirtualTables) {
      this.#disturbs = true;
      this.#database.disturb();
    }
    // The next statement is planned by what the statistics are now.
    if (outcome.type === 'result' && changesStatistics) this.#database.reloadSchema();
    return outcome;
  }

  /** What all of it fails with; `last` is the number of the statement that ran last. */
  errorAtEnd(last: number): StatementError | null {
    const error = this.#disturbs ? this.#flushError(last) : null;
    if (error !== null) return error;
    if (this.#database.hasDeferredViolations) return foreignKeyError(last);
    return null;
  }

  #runPlainly(statement: Statement, number: number): StatementOutcome {
    const outcome = runStatement(this.#run, statement, number);
    if (outcome.type === 'error') return outcome;
    const { changesStatistics } = this.#database.guard;
    const error = changesStatistics && this.#disturbs ? this.#flushError(number) : null;
    return error === null ? outcome : { type: 'error', error };
  }

  /** In a savepoint of its own: where it fails, nothing of it remains. */
  #runByItself(statement: Statement, number: number): StatementOutcome {
    this.#database.savepoint('statement');
    const outcome = runStatement(this.#run, statement, number);
    const error = outcome.type === 'error' ? outcome.error : this.#errorBehind(number);
    if (error !== null) {
      this.#database.undo('statement');
      return { type: 'error', error };
    }
    this.#database.release('statement');
    return outcome;
  }

  /** What a statement that succeeded may yet fail with. */
  #errorBehind(number: number): StatementError | null {
    const { guard } = this.#database;
    // A table that this entry has made or renamed is not known to be virtual.
    const error = guard.usesVirtualTables || this.#disturbs ? this.#flushError(number) : null;
    if (error !== null || this.#mode !== 'each') return error;
    return this.#database.hasDeferredViolations ? foreignKeyError(number) : null;
  }

  /** Has FTS5 write out what it holds in memory, so that nothing is left to fail at the commit. */
  #flushError(number: number): StatementError | null {
    try {
      this.#database.flush();
      return null;
    } catch (error) {
      if (!(error instanceof SqliteError) || !isDeterministic(error.resultCode)) throw error;
      return statementError('Sql', error.message, error.resultCode, number);
    }
  }
}

function foreignKeyError(statement: number): StatementError {
  const message = 'FOREIGN KEY constraint failed';
  return statementError('Sql', message, SQLITE_CONSTRAINT_FOREIGNKEY, statement);
}
