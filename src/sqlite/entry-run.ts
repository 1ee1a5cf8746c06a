/**
 * Runs the statements of one log entry within an open transaction, in a savepoint of its own, and
 * checks deferred foreign keys where a transaction would end. Other entries of the batch must not be
 * able to tell that it was there.
 */

import type { ExecuteRequest, Statement, StatementError } from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { SQLITE_CONSTRAINT_FOREIGNKEY } from './raw-api.ts';
import type { ResponseBuilder } from './response-builder.ts';
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
  // Behind the savepoint, at which FTS5 writes out what an entry before had left in memory.
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
    for (const [number, statement] of statements.entries()) {
      const succeeded = this.#runOne(statement, number);
      if (succeeded) continue;
      if (mode === 'atomic') return false;
      if (bail) break;
    }
    if (mode === 'each' || !this.#database.hasDeferredViolations) return true;
    const error = foreignKeyError(statements.length - 1);
    this.#response.replaceLast({ type: 'error', error });
    return false;
  }

  #runOne(statement: Statement, number: number): boolean {
    const known = this.#known.get(number);
    if (known !== undefined) {
      this.#response.add({ type: 'error', error: known });
      return false;
    }
    const error =
      this.#request.mode === 'atomic'
        ? this.#runPlainly(statement, number)
        : this.#runByItself(statement, number);
    const { changesSchema, changesStatistics, usesVirtualTables } = this.#database.guard;
    if (changesSchema || changesStatistics || usesVirtualTables) this.disturbs = true;
    // The next statement is planned by what the statistics are now.
    if (changesStatistics) this.#database.reloadSchema();
    if (error !== null) this.#response.add({ type: 'error', error });
    return error === null;
  }

  /** In a savepoint of its own: where it fails, nothing of it remains. */
  #runByItself(statement: Statement, number: number): StatementError | null {
    this.#database.savepoint('statement');
    const outcome = runStatement(this.#run, statement, number);
    const dangles = this.#request.mode === 'each' && this.#database.hasDeferredViolations;
    if (outcome.type === 'result' && !dangles) {
      this.#database.release('statement');
      this.#response.add(outcome);
      return null;
    }
    this.#database.undo('statement');
    return outcome.type === 'error' ? outcome.error : foreignKeyError(number);
  }

  #runPlainly(statement: Statement, number: number): StatementError | null {
    const outcome = runStatement(this.#run, statement, number);
    if (outcome.type === 'error') return outcome.error;
    this.#response.add(outcome);
    return null;
  }
}

function foreignKeyError(statement: number): StatementError {
  const message = 'FOREIGN KEY constraint failed';
  return statementError('Sql', message, SQLITE_CONSTRAINT_FOREIGNKEY, statement);
}
