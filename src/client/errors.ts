/**
 * The one error the library throws. It is made from a `Failure`, which is what crosses workers, and
 * keeps everything a caller may act on: `code` says what went wrong, `applied` whether the request
 * took effect nevertheless.
 */

import type { Applied, ErrorCode, Failure } from '../node/errors.ts';
import type { StatementError } from '../node/sql.ts';
import type { MigrationDetail } from './migration.ts';
import { RpcFailure } from './rpc.ts';

export class ResqliteError extends Error {
  override readonly name = 'ResqliteError';
  readonly code: ErrorCode;
  /** 'no': nothing changed. 'yes': it committed, only its answer was lost. 'unknown': either. */
  readonly applied: Applied;
  /** SQLite's extended result code, where SQLite refused the statement. */
  readonly resultCode: number | null;
  /** Where in the statement the error is, in bytes of UTF-8 counted from 0, where SQLite knows. */
  readonly offset: number | null;
  /** Which statement of the request failed, counted from 0. */
  readonly statement: number | null;
  /** The migration that the error is about, if it is about one. */
  readonly migration: MigrationDetail | null;

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
