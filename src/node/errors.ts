/**
 * Every way a request can fail, as plain data: it crosses workers and is thrown to users as a
 * `ResqliteError` by client/.
 */

/**
 * Whether the write took effect: 'yes' means it committed and only its answer was lost.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import type { Applied } from 'resqlite';
 *
 * const advice: Record<Applied, string> = {
 *   no: 'do it again',
 *   yes: 'it is done',
 *   unknown: 'look first',
 * };
 * advice.no; // => 'do it again'
 * ```
 */
export type Applied = 'no' | 'yes' | 'unknown';

/**
 * What went wrong.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import { open, ResqliteError, type ErrorCode } from 'resqlite';
 *
 * // With these it may go better a little later.
 * const PASSING: readonly ErrorCode[] = ['NoQuorum', 'Timeout', 'Overloaded'];
 *
 * async function insist<T>(work: () => Promise<T>, attempts: number): Promise<T> {
 *   try {
 *     return await work();
 *   } catch (error) {
 *     const isPassing = error instanceof ResqliteError && PASSING.includes(error.code);
 *     if (!isPassing || error.applied !== 'no' || attempts <= 1) throw error;
 *     return insist(work, attempts - 1);
 *   }
 * }
 *
 * const db = await open();
 * (await insist(() => db.query('SELECT 1'), 3)).rows; // => [[1]]
 * await insist(() => db.query('SELECT'), 3); // throws 'Sql'
 * ```
 */
export type ErrorCode =
  /** SQLite refused the statement; `resultCode` says why. */
  | 'Sql'
  /** The statement cannot have the same effect on every node. */
  | 'NotReplicable'
  /** No majority of voters can be reached. */
  | 'NoQuorum'
  /** The answer did not come in time. */
  | 'Timeout'
  /** A queued write was cancelled before it was sent. */
  | 'Cancelled'
  /** The caller's AbortSignal fired. */
  | 'Aborted'
  /** A statement, parameter, result or response above its limit. */
  | 'TooLarge'
  /** Too many requests at once, or more than the cluster takes up. */
  | 'Overloaded'
  /** This node's copy of the data differs from the majority's, or is lost; it is being replaced. */
  | 'Quarantined'
  /** The nodes' copies of the data differ, and no majority agrees: nothing is written any more. */
  | 'Diverged'
  /** An interactive transaction met others at every attempt: nothing of it was done. */
  | 'Conflict'
  /** What this node knows is older than the caller allows. */
  | 'Stale'
  /** No node could apply the log entry, and an operator had it skipped. */
  | 'Skipped'
  /** This node was removed from the cluster. */
  | 'Removed'
  /** The cluster would be left with too few copies, or cannot do it now. */
  | 'Refused'
  /** An argument is not what the call takes. */
  | 'InvalidArgument'
  /** The invite link cannot be read. */
  | 'InvalidInvite'
  /** The page is not a secure context, or the browser lacks what a node needs. */
  | 'Unsupported'
  /** The browser denies storage (a private window, a full disk, a blocked site). */
  | 'StorageDenied'
  /** Storage failed or vanished under a running node; it has stopped. */
  | 'StorageLost'
  /** Stored data cannot be read. */
  | 'Corrupt'
  /** Stored data was made by a newer version of the page; it is left as it is. */
  | 'NewerVersion'
  /** The data's schema was made by a newer version of the page: load that one. */
  | 'NewerSchema'
  /** A migration was applied that this page has under another name or with another text. */
  | 'ChangedMigration'
  /** The function of a migration threw; `cause` is what it threw. */
  | 'FailedMigration'
  /** The node or the database is closed. */
  | 'Closed'
  /** A defect of ours. */
  | 'Internal';

/**
 * SQLite's own account of an error.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import { ResqliteError, type SqliteErrorDetail } from 'resqlite';
 *
 * const sqlite: SqliteErrorDetail = { resultCode: 1, offset: 7, statement: 0 };
 * const error = new ResqliteError({ code: 'Sql', applied: 'no', message: 'no such column: x', sqlite });
 * error.offset; // => 7
 * ```
 */
export interface SqliteErrorDetail {
  /** Extended result code. */
  readonly resultCode: number;
  /** Byte offset into the statement where the error is, or null. */
  readonly offset: number | null;
  /** Which statement of the request, counted from 0. */
  readonly statement: number;
}

/**
 * What a `ResqliteError` is made of.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import { ResqliteError, type Failure } from 'resqlite';
 *
 * // For a test of what a page does without a majority.
 * const failure: Failure = {
 *   code: 'NoQuorum',
 *   applied: 'no',
 *   message: 'no majority of the voters can be reached',
 *   sqlite: null,
 * };
 * const failing = { execute: () => Promise.reject(new ResqliteError(failure)) };
 * await failing.execute(); // throws 'NoQuorum'
 * ```
 */
export interface Failure {
  /** What went wrong. */
  readonly code: ErrorCode;
  /** Whether the request took effect nevertheless. */
  readonly applied: Applied;
  /** For a person, in English. */
  readonly message: string;
  /** Where SQLite refused a statement; else null. */
  readonly sqlite: SqliteErrorDetail | null;
}

export function failure(code: ErrorCode, applied: Applied, message: string): Failure {
  return { code, applied, message, sqlite: null };
}
