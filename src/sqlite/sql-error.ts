/**
 * Errors of the SQL engine on their way through `throw`: SQLite's own, and failures as callers see
 * them.
 */

import { failure, type ErrorCode, type Failure } from '../node/errors.ts';

/** SQLite refused something. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  /** Extended result code. */
  readonly resultCode: number;
  /** Byte offset into the statement, or null. */
  readonly offset: number | null;

  constructor(resultCode: number, message: string, offset: number | null = null) {
    super(message);
    this.resultCode = resultCode;
    this.offset = offset;
  }
}

/** A `Failure` for the caller of a request. */
export class SqlFailure extends Error {
  override readonly name = 'SqlFailure';
  readonly failure: Failure;

  constructor(cause: Failure) {
    super(cause.message);
    this.failure = cause;
  }
}

/** A failure of something that changed nothing. */
export function refused(code: ErrorCode, message: string): SqlFailure {
  return new SqlFailure(failure(code, 'no', message));
}

/** FTS5 and R-Tree answer this to contents that statements made inconsistent: no broken file. */
const SQLITE_CORRUPT_VTAB = 267;
/**
 * Primary result codes that depend on nothing but the statement and the data:
 * ERROR, ABORT, LOCKED (only the connection itself can be in its way), FULL, TOOBIG, CONSTRAINT,
 * MISMATCH, AUTH, RANGE. FULL never tells of a disk: the VFS answers IOERR for that, and FULL is
 * what SQLite says when a table has run out of row numbers.
 */
const DETERMINISTIC_CODES = new Set([1, 4, 6, 13, 18, 19, 20, 23, 25]);

/** Whether the error is the same on every node; else it is this node's own trouble. */
export function isDeterministic(resultCode: number): boolean {
  return DETERMINISTIC_CODES.has(resultCode & 0xff) || resultCode === SQLITE_CORRUPT_VTAB;
}

/** The file is damaged, or none of ours. */
export function isDamage(error: unknown): error is SqliteError {
  return error instanceof SqliteError && troubleCode(error.resultCode) === 'Corrupt';
}

/** What a node's own trouble is called. */
export function troubleCode(resultCode: number): ErrorCode {
  switch (resultCode & 0xff) {
    // NOMEM
    case 7:
      return 'TooLarge';
    // CORRUPT, FORMAT, NOTADB
    case 11:
    case 24:
    case 26:
      return 'Corrupt';
    // PERM, BUSY, READONLY, IOERR, CANTOPEN, PROTOCOL
    case 3:
    case 5:
    case 8:
    case 10:
    case 14:
    case 15:
      return 'StorageLost';
    default:
      return 'Internal';
  }
}
