/**
 * The statements of one interactive transaction, run one by one within an open transaction of the
 * database: ahead of its log entry on one node (speculation.ts) and as the log entry on all
 * (transaction-apply.ts). Both are the same code, so that what the caller saw is what the entry does
 * wherever the data are what they were.
 *
 * What a statement answers counts as one piece: columns, rows, rows affected, the last row number and
 * errors. Its digest is the beginning of the SHA-256 of all of that as it is encoded for answers.
 */

import { hash as sha256 } from '@stablelib/sha256';
import type { Statement, StatementError, StatementOutcome } from '../node/sql.ts';
import type { SqlDatabase } from './database.ts';
import { EntryContext } from './entry-context.ts';
import { RunningEntry } from './entry-run.ts';
import {
  MAX_TRANSACTION_ANSWER_BYTES,
  MAX_TRANSACTION_READ_BYTES,
  MAX_TRANSACTION_STATEMENTS,
} from './limits.ts';
import { SQLITE_TOOBIG } from './raw-api.ts';
import { DIGEST_BYTES } from './request-codec.ts';
import { encodeOutcome } from './response-codec.ts';
import { newBudget, statementError, type EntryRun } from './statement-run.ts';

/** The time and the chance that its statements see. */
export interface TransactionContext {
  readonly stampMs: number;
  readonly seed: Uint8Array;
}

export interface Observation {
  readonly outcome: StatementOutcome;
  readonly digest: Uint8Array;
  /** What the answer takes. */
  readonly sizeBytes: number;
}

export class TransactionRun {
  readonly #run: EntryRun;
  readonly #entry: RunningEntry;
  #count = 0;
  #readBytes = 0;

  constructor(database: SqlDatabase, { stampMs, seed }: TransactionContext) {
    this.#run = {
      database,
      context: new EntryContext(stampMs, seed),
      budget: newBudget(database),
      keepsRows: true,
      maxAnswerBytes: MAX_TRANSACTION_ANSWER_BYTES,
      hasWritten: false,
    };
    this.#entry = new RunningEntry(this.#run, 'script');
  }

  /** A statement that writes has succeeded. */
  get hasWritten(): boolean {
    return this.#run.hasWritten;
  }

  /** Which limit keeps another statement from running; null: none. */
  get limitMet(): string | null {
    return limitMet(this.#count, this.#readBytes);
  }

  begin(): void {
    this.#during(() => this.#entry.begin(true));
  }

  /** Throws `TransactionLost`, and this node's own trouble. */
  run(statement: Statement): Observation {
    const number = this.#count;
    this.#count += 1;
    const outcome = this.#during(() => this.#entry.runOne(statement, number));
    const encoded = encodeOutcome(outcome);
    const digest = sha256(encoded).slice(0, DIGEST_BYTES);
    this.#readBytes += encoded.length;
    return { outcome, digest, sizeBytes: encoded.length };
  }

  /** What the transaction fails with when it is to be committed now. */
  errorAtEnd(): StatementError | null {
    return this.#during(() => this.#entry.errorAtEnd(Math.max(0, this.#count - 1)));
  }

  end(stays: boolean): void {
    this.#during(() => this.#entry.end(stays));
  }

  #during<T>(work: () => T): T {
    return this.#run.database.runtime.during(this.#run.context, work);
  }
}

/** Which limit is met by a number of statements and what they answered. */
export function limitMet(statements: number, readBytes: number): string | null {
  if (statements >= MAX_TRANSACTION_STATEMENTS) return `${MAX_TRANSACTION_STATEMENTS} statements`;
  if (readBytes < MAX_TRANSACTION_READ_BYTES) return null;
  return `${MAX_TRANSACTION_READ_BYTES / 2 ** 20} MiB of answers`;
}

/** What the statement with this number fails with. */
export function limitError(limit: string, statement: number): StatementError {
  const message = `the transaction has reached its limit of ${limit}`;
  return statementError('TooLarge', message, SQLITE_TOOBIG, statement);
}

export function equalDigests(
  a: Uint8Array | null | undefined,
  b: Uint8Array | null | undefined,
): boolean {
  if (!a || !b) return false;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
