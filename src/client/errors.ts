/**
 * The one error the library throws. It is made from a `Failure`, which is what crosses workers, and
 * keeps everything a caller may act on: `code` says what went wrong, `applied` whether the request
 * took effect nevertheless.
 */

import type { Applied, ErrorCode, Failure } from '../node/errors.ts';
import type { StatementError } from '../node/sql.ts';
import type { MigrationDetail } from './migration.ts';
import { RpcFailure } from './rpc.ts';

/**
 * What the library rejects with and throws. `code` says what went wrong, and `applied` whether the request
 * has taken effect nevertheless: a write with 'no' can be made again as it is.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import { open, ResqliteError } from 'resqlite';
 *
 * // For a person.
 * function explain(error: unknown): string {
 *   if (!(error instanceof ResqliteError)) throw error;
 *   if (error.applied === 'unknown') return 'It may have been saved: look before you do it again.';
 *   switch (error.code) {
 *     case 'NoQuorum':
 *     case 'Timeout':
 *       return 'The others cannot be reached.';
 *     case 'Sql':
 *       return `SQLite says: ${error.message}`;
 *     default:
 *       return `${error.code}: ${error.message}`;
 *   }
 * }
 *
 * const db = await open();
 * await db.execute('INSERT INTO missing VALUES (1)').catch(explain);
 * // => 'SQLite says: no such table: missing'
 * ```
 */
export class ResqliteError extends Error {
  /** Tells it from other errors, also where it was copied. */
  override readonly name = 'ResqliteError';
  /** What went wrong. */
  readonly code: ErrorCode;
  /** 'no': nothing changed. 'yes': it committed, only its answer was lost. 'unknown': either. */
  readonly applied: Applied;
  /** SQLite's extended result code, where SQLite refused the statement; else null. */
  readonly resultCode: number | null;
  /** Where in the statement the error is, in bytes of UTF-8 counted from 0; null: SQLite does not know. */
  readonly offset: number | null;
  /** Which statement of the request failed, counted from 0; null: none in particular. */
  readonly statement: number | null;
  /** The migration that the error is about, if it is about one. */
  readonly migration: MigrationDetail | null;

  /** For tests of programs that use the library, and for other libraries that build on it. */
  constructor(cause: Failure, migration: MigrationDetail | null = null, options?: ErrorOptions) {
    super(cause.message, options);
    this.migration = migration;
    this.code = cause.code;
    this.applied = cause.applied;
    this.resultCode = cause.sqlite?.resultCode ?? null;
    this.offset = cause.sqlite?.offset ?? null;
    this.statement = cause.sqlite?.statement ?? null;
  }
}

/** An error about the caller's arguments: nothing was sent anywhere. */
export function invalidArgument(message: string): ResqliteError {
  return new ResqliteError({ code: 'InvalidArgument', applied: 'no', message, sqlite: null });
}

/** A statement SQLite refused: it had no effect. `statement` counts from 0 within the request. */
export function statementRefused(
  error: StatementError,
  statement: number,
  applied: 'no' | 'yes' = 'no',
): ResqliteError {
  const { code, message, sqlite } = error;
  return new ResqliteError({ code, applied, message, sqlite: { ...sqlite, statement } });
}

/** What a call that changes data throws, whatever it failed with. */
export function toResqliteError(error: unknown): ResqliteError {
  if (error instanceof ResqliteError) return error;
  if (error instanceof RpcFailure) return new ResqliteError(error.failure);
  const message = error instanceof Error ? error.message : String(error);
  return new ResqliteError({ code: 'Internal', applied: 'unknown', message, sqlite: null });
}

/** What a call that only reads throws: however it failed, it changed nothing. */
export function toReadError(error: unknown): ResqliteError {
  const failed = toResqliteError(error);
  return failed.applied === 'no' ? failed : restated(failed, 'no');
}

/** The same error of something larger, of whose effect more is known; `note` goes behind its message. */
export function restated(error: ResqliteError, applied: Applied, note = ''): ResqliteError {
  const { code, resultCode, offset, statement } = error;
  const sqlite = resultCode === null ? null : { resultCode, offset, statement: statement ?? 0 };
  return new ResqliteError({ code, applied, message: `${error.message}${note}`, sqlite });
}
