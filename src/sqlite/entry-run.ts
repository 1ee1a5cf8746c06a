/**
 * Runs the statements of one log entry within an open transaction, in a savepoint of its own, and
 * checks deferred foreign keys where a transaction would end. Other entries of the batch must not be
 * able to tell that it was there.
 */

import type { ExecuteRequest, Statement, StatementError } from '../node/sql.ts';
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
  const { database } = run;
  database.settle();
  database.setForeignKeys(request.foreignKeys);
  database.savepoint('entry');
  database.resetCounters();
  const entry = new RunningEntry(run, request, known, response);
  const committed = entry.run();
  if (committed) database.release('entry');
  else database.undo('entry');
  if (entry.disturbs) database.disturb();
  return committed;
}

class RunningEntry {
  /** It left more in memory than the next entry may find. */
  disturbs = false;
  readonly #run: EntryRun;
  readonly #database: SqlDatabase;
  readonly #request: ExecuteRequest;
  readonly #known: KnownErrors;
  readonly #response: ResponseBuilder;

  constructor(
    run: EntryRun,
    request: ExecuteRequest,
    known: KnownErrors,
    response: ResponseBuilder,
  ) {
    this.#run = run;
    this.#database = run.database;
    this.#request = request;
    this.#known = known;
    this.#response = response;
  }

  /** Whether what was done is to stay. */
  run(): boolean {
    const { statements, mode, bail } = this.#request;
    let last = 0;
    for (const [number, statement] of statements.entries()) {
      last = number;
      const error = this.#known.get(number) ?? this.#runOne(statement, number);
      if (error === null) continue;
      this.#response.add({ type: 'error', error });
      if (mode === 'atomic') return false;
      if (bail) break;
    }
    const error = mode === 'each' ? null : this.#errorAtEnd(last);
    if (error !== null) this.#response.replaceLast({ type: 'error', error });
    return error === null;
  }

  /** Adds the outcome of a statement that succeeds; else it is as if it had not run. */
  #runOne(statement: Statement, number: number): StatementError | null {
    const { mode } = this.#request;
    const error =
      mode === 'atomic'
        ? this.#runPlainly(statement, number)
        : this.#runByItself(statement, number);
    const { changesSchema, changesStatistics, usesVirtualTables } = this.#database.guard;
    if (changesSchema || changesStatistics || usesVirtualTables) this.disturbs = true;
    // The next statement is planned by what the statistics are now.
    if (error === null && changesStatistics) this.#database.reloadSchema();
    return error;
  }

  #runPlainly(statement: Statement, number: number): StatementError | null {
    const outcome = runStatement(this.#run, statement, number);
    if (outcome.type === 'error') return outcome.error;
    const { changesStatistics } = this.#database.guard;
    const error = changesStatistics && this.disturbs ? this.#flushError(number) : null;
    if (error === null) this.#response.add(outcome);
    return error;
  }

  /** In a savepoint of its own: where it fails, nothing of it remains. */
  #runByItself(statement: Statement, number: number): StatementError | null {
    this.#database.savepoint('statement');
    const outcome = runStatement(this.#run, statement, number);
    const error = outcome.type === 'error' ? outcome.error : this.#errorBehind(number);
    if (error !== null) {
      this.#database.undo('statement');
      return error;
    }
    this.#database.release('statement');
    this.#response.add(outcome);
    return null;
  }

  /** What a statement that succeeded may yet fail with. */
  #errorBehind(number: number): StatementError | null {
    const { guard, hasDeferredViolations } = this.#database;
    if (this.#request.mode === 'each' && hasDeferredViolations) return foreignKeyError(number);
    // A table that this entry has made or renamed is not known to be virtual.
    return guard.usesVirtualTables || this.disturbs ? this.#flushError(number) : null;
  }

  #errorAtEnd(last: number): StatementError | null {
    if (this.#database.hasDeferredViolations) return foreignKeyError(last);
    return this.disturbs ? this.#flushError(last) : null;
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
