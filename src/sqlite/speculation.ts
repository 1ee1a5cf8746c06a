/**
 * One interactive transaction on the node where its caller is: a list of statements with digests of
 * what they answered, run inside a transaction of the database that never commits. While nobody else
 * needs the database it stays open there ('live'). It gives way at any moment ('parked'): then nothing
 * of it is left but the list, and when it goes on, everything on the list is run again on the state as
 * it is by then. Where that comes to something else the caller has seen what is no longer so, and the
 * transaction ends with 'Conflict'.
 *
 * So whatever the caller was told since it began is true of one state: that of its last statement.
 *
 * It must be parked before anybody else uses the database.
 */

import { SEED_BYTES } from '../node/command.ts';
import type {
  Statement,
  StatementError,
  StatementOutcome,
  TransactionRequest,
} from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { MAX_TRANSACTION_BYTES } from './limits.ts';
import { readingUntil } from './query.ts';
import { DIGEST_BYTES, statementBytes } from './request-codec.ts';
import { refused, SqlFailure } from './sql-error.ts';
import { isWrite, TransactionLost } from './statement-run.ts';
import { conflictError } from './transaction-apply.ts';
import {
  equalDigests,
  limitError,
  limitMet,
  TransactionRun,
  type TransactionContext,
} from './transaction-run.ts';

/** Where it is open now. */
interface Live {
  readonly database: SqlDatabase;
  readonly run: TransactionRun;
}

export class Speculation {
  readonly #context: TransactionContext;
  readonly #statements: Statement[] = [];
  readonly #digests: Uint8Array[] = [];
  #requestBytes = 0;
  #readBytes = 0;
  #hasWritten = false;
  #live: Live | null = null;

  /** Its statements see this time and draw from this seed, however often they run. */
  constructor(context: TransactionContext) {
    if (context.seed.length !== SEED_BYTES) throw new Error(`a seed has ${SEED_BYTES} bytes`);
    this.#context = context;
  }

  /** It holds a transaction of the database open. */
  get isLive(): boolean {
    return this.#live !== null;
  }

  /** False: nothing has to be committed, and all that it saw was one state's. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /**
   * Runs one more statement. One that fails has no effect, and the transaction goes on. One beyond the
   * transaction's bounds fails before it runs. Throws `SqlFailure`: 'InvalidArgument' for a statement
   * that is not to be run, and the transaction goes on; with any other code it is over.
   * `deadlineMs`: by `performance.now()`.
   */
  run(
    database: SqlDatabase,
    statement: Statement,
    readsOnly: boolean,
    deadlineMs: number,
  ): StatementOutcome {
    const sizeBytes = statementBytes(statement) + DIGEST_BYTES;
    const beyond = this.#limitError(sizeBytes);
    if (beyond !== null) return { type: 'error', error: beyond };
    const outcome = this.#using(database, deadlineMs, (run) => {
      if (readsOnly && isWrite(database, statement.sql)) return null;
      const observed = run.run(statement);
      this.#statements.push(statement);
      this.#digests.push(observed.digest);
      this.#requestBytes += sizeBytes;
      this.#readBytes += observed.sizeBytes;
      this.#hasWritten = run.hasWritten;
      return observed.outcome;
    });
    if (outcome !== null) return outcome;
    throw refused('InvalidArgument', 'a query only reads; this statement writes: execute it');
  }

  /**
   * What has to be committed. It is over then. Throws `SqlFailure`: 'Conflict', or what the
   * transaction fails with as a whole.
   */
  finish(database: SqlDatabase, deadlineMs: number): TransactionRequest {
    const error = this.#using(database, deadlineMs, (run) => run.errorAtEnd());
    this.park();
    if (error !== null) throw failed(error);
    const { stampMs, seed } = this.#context;
    const [statements, digests] = [this.#statements, this.#digests];
    return { mode: 'transaction', statements, stampMs, seed, digests };
  }

  /** Leaves nothing on the database. */
  park(): void {
    const live = this.#live;
    this.#live = null;
    if (live === null || live.database.brokenReason !== null) return;
    const { database } = live;
    try {
      database.rollback();
    } catch (error) {
      // Nobody may go on in what is left of this transaction.
      database.brokenReason = error instanceof Error ? error.message : String(error);
    }
  }

  #using<T>(database: SqlDatabase, deadlineMs: number, work: (run: TransactionRun) => T): T {
    try {
      return readingUntil(database, deadlineMs, () => work(this.#resume(database)));
    } catch (error) {
      this.park();
      throw error instanceof TransactionLost ? failed(error.error) : error;
    }
  }

  #resume(database: SqlDatabase): TransactionRun {
    if (this.#live !== null) return this.#live.run;
    database.begin();
    const run = new TransactionRun(database, this.#context);
    this.#live = { database, run };
    run.begin();
    for (const [number, statement] of this.#statements.entries()) {
      const digest = this.#rerun(run, statement);
      if (equalDigests(this.#digests[number], digest)) continue;
      throw failed(conflictError(number));
    }
    return run;
  }

  /** Null: the statement ended the transaction, which it did not do before. */
  #rerun(run: TransactionRun, statement: Statement): Uint8Array | null {
    try {
      return run.run(statement).digest;
    } catch (error) {
      if (error instanceof TransactionLost) return null;
      throw error;
    }
  }

  /** Why the statement does not fit any more; null: it does. */
  #limitError(sizeBytes: number): StatementError | null {
    const number = this.#statements.length;
    const limit = limitMet(number, this.#readBytes);
    if (limit !== null) return limitError(limit, number);
    if (this.#requestBytes + sizeBytes <= MAX_TRANSACTION_BYTES) return null;
    return limitError(`${MAX_TRANSACTION_BYTES / 2 ** 20} MiB of statements`, number);
  }
}

function failed({ code, message, sqlite }: StatementError): SqlFailure {
  return new SqlFailure({ code, applied: 'no', message, sqlite });
}
