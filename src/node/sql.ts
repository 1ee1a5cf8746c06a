/**
 * SQL requests and results as callers see them. Types only; the bytes that stand for them in the
 * log are sqlite/'s business.
 */

import type { LogIndex } from '../raft/types.ts';
import type { SqliteErrorDetail } from './errors.ts';

/**
 * A value of SQLite's five types. What is written comes back the same, through the log, from queries,
 * cursors and RETURNING alike:
 * - INTEGER: a number while that is exact (up to 2^53 - 1 either way), a bigint beyond.
 * - REAL: a number. One without a fraction looks like an integer; bound again, a safe one is an INTEGER,
 *   and a column with REAL affinity makes it a REAL again. Infinities are REALs.
 * - TEXT: a string; a lone surrogate, which UTF-8 cannot express, becomes U+FFFD.
 * - BLOB: a Uint8Array of its own.
 * - NULL: null. NaN is NULL, as SQLite has no such number; -0 is 0, as SQLite stores no such zero.
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** Positional parameters, or named ones with their prefix (`:a`, `@a`, `$a`) or without. */
export type SqlParams =
  | readonly (SqlValue | boolean)[]
  | Readonly<Record<string, SqlValue | boolean>>;

export interface Statement {
  readonly sql: string;
  readonly params?: SqlParams;
}

/**
 * How the statements of one log entry hang together.
 * - 'atomic': one transaction; the first failing statement undoes all.
 * - 'each': every statement is a transaction of its own; failing ones do nothing, the others count.
 * - 'script': one transaction as sqlite3 runs `BEGIN … COMMIT` from a file: a failing statement
 *   does nothing, the others count and commit together.
 */
export type ExecuteMode = 'atomic' | 'each' | 'script';

/** The statements of one log entry. */
export interface ExecuteRequest {
  readonly statements: readonly Statement[];
  readonly mode: ExecuteMode;
  /** `PRAGMA foreign_keys` while the entry runs. */
  readonly foreignKeys: boolean;
  /** Stop behind the first failing statement ('each' and 'script'). */
  readonly bail: boolean;
  /** False where the caller needs counts only: rows are not kept. */
  readonly rows: boolean;
}

/**
 * An interactive transaction that has run on one node and is to run on all: the statements, and a
 * digest of what the caller saw of each. Where one comes out differently the entry has no effect, and
 * answers with code 'Conflict'. A failing statement does nothing and the others count, as in a script.
 */
export interface TransactionRequest {
  readonly mode: 'transaction';
  readonly statements: readonly Statement[];
  /** The time and the seed it ran with take the place of the leader's. */
  readonly stampMs: number;
  readonly seed: Uint8Array;
  /** One of DIGEST_BYTES for each statement. */
  readonly digests: readonly Uint8Array[];
}

/** Rebuilds the database; rows of tables without an INTEGER PRIMARY KEY are numbered anew. */
export interface VacuumRequest {
  readonly mode: 'vacuum';
}

/**
 * An SQLite file takes the place of all data, in steps of one log entry each. What has arrived is
 * staged in the database, so that it belongs to snapshots; one file is staged at a time, and is known
 * by its hash, so that whoever has the same file can go on with it.
 */
export type ImportRequest =
  | { readonly mode: 'import-begin'; readonly hash: string; readonly sizeBytes: number }
  /** Has an effect where it goes on from what is staged. */
  | {
      readonly mode: 'import-chunk';
      readonly hash: string;
      readonly offset: number;
      readonly data: Uint8Array;
    }
  | { readonly mode: 'import-finish'; readonly hash: string }
  | { readonly mode: 'import-discard'; readonly hash: string };

/** What the body of a log entry asks of the state machine. */
export type StateRequest = ExecuteRequest | TransactionRequest | VacuumRequest | ImportRequest;

export interface StatementResult {
  readonly rowsAffected: number;
  readonly lastInsertRowId: number | bigint;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface StatementError {
  readonly code: 'Sql' | 'NotReplicable' | 'TooLarge' | 'Conflict' | 'Refused' | 'Skipped';
  readonly message: string;
  readonly sqlite: SqliteErrorDetail;
}

export type StatementOutcome =
  | { readonly type: 'result'; readonly result: StatementResult }
  | { readonly type: 'error'; readonly error: StatementError };

/**
 * What an applied `StateRequest` answers; the same on every node. Anything but statements answers
 * one outcome: a result without rows (of 'import-begin' and 'import-chunk', `rowsAffected` is the
 * number of bytes staged), or an error.
 */
export interface ExecuteResponse {
  /** One for each statement that ran; behind a failing 'atomic' one there are none. */
  readonly outcomes: readonly StatementOutcome[];
  /** False: the entry as a whole was undone. */
  readonly committed: boolean;
}

/** rqlite's names (see README). */
export type ReadLevel = 'none' | 'weak' | 'linearizable' | 'strong';

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** The state machine's applied index when the rows were read. */
  readonly appliedIndex: LogIndex;
}

/** What SQLite's compiler says of one statement. */
export interface StatementKind {
  /** It changes nothing (`sqlite3_stmt_readonly`). */
  readonly readOnly: boolean;
  /** 'begin' | 'commit' | 'rollback' for transaction statements. */
  readonly transaction: 'begin' | 'commit' | 'rollback' | null;
  /** The value of a `PRAGMA foreign_keys = …`. */
  readonly foreignKeys: boolean | null;
  /** A VACUUM of the database: a `VacuumRequest` does the same. */
  readonly vacuum: boolean;
  /** It did not compile against the present schema: it may after earlier statements ran. */
  readonly error: StatementError | null;
}
