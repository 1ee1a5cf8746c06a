/**
 * Every way a request can fail, as plain data: it crosses workers and is thrown to users as a
 * `ResqliteError` by client/.
 */

/** Whether the write took effect: 'yes' means it committed and only its answer was lost. */
export type Applied = 'no' | 'yes' | 'unknown';

export type ErrorCode =
  /** SQLite refused the statement; see `sqlite`. */
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

/** SQLite's own account of an error. */
export interface SqliteErrorDetail {
  /** Extended result code. */
  readonly resultCode: number;
  /** Byte offset into the statement where the error is, or null. */
  readonly offset: number | null;
  /** Which statement of the request, counted from 0. */
  readonly statement: number;
}

export interface Failure {
  readonly code: ErrorCode;
  readonly applied: Applied;
  readonly message: string;
  readonly sqlite: SqliteErrorDetail | null;
}

export function failure(code: ErrorCode, applied: Applied, message: string): Failure {
  return { code, applied, message, sqlite: null };
}
