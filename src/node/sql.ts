/**
 * SQL requests and results as callers see them. Types only; the bytes that stand for them in the
 * log are sqlite/'s business.
 */

import type { LogIndex } from '../raft/types.ts';
import type { SqliteErrorDetail } from './errors.ts';

/** Integers are numbers while safe and bigint beyond; -0 binds as integer 0, NaN as NULL. */
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

export interface StatementResult {
  readonly rowsAffected: number;
  readonly lastInsertRowId: number | bigint;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface StatementError {
  readonly code: 'Sql' | 'NotReplicable' | 'TooLarge';
  readonly message: string;
  readonly sqlite: SqliteErrorDetail;
}

export type StatementOutcome =
  | { readonly type: 'result'; readonly result: StatementResult }
  | { readonly type: 'error'; readonly error: StatementError };

/** What an applied `ExecuteRequest` answers; the same on every node. */
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
  /** It did not compile against the present schema: it may after earlier statements ran. */
  readonly error: StatementError | null;
}
