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
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type SqlValue } from 'resqlite';
 *
 * const values: SqlValue[] = [null, 1, 2n ** 62n, 0.5, 'text', new Uint8Array([1, 2])];
 * const db = await open();
 * const { rows } = await db.query('VALUES (?, ?, ?, ?, ?, ?)', values);
 * rows[0]; // => values
 * ```
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

/**
 * Positional parameters, or named ones with their prefix (`:a`, `@a`, `$a`) or without. Booleans are 1 and 0.
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type SqlParams } from 'resqlite';
 *
 * const db = await open();
 * const values = async (sql: string, params: SqlParams) => (await db.query(sql, params)).rows[0];
 * await values('SELECT ?, ?', ['milk', true]); // => ['milk', 1]
 * await values('SELECT :name, $count', { name: 'milk', $count: 2 }); // => ['milk', 2]
 * ```
 */
export type SqlParams =
  | readonly (SqlValue | boolean)[]
  | Readonly<Record<string, SqlValue | boolean>>;

/**
 * A statement with its parameters.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type Statement } from 'resqlite';
 *
 * const insertion = (body: string): Statement => ({
 *   sql: 'INSERT INTO note VALUES (?)',
 *   params: [body],
 * });
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (body TEXT)');
 * const { results } = await db.execute(['milk', 'bread'].map(insertion));
 * results.length; // => 2
 * ```
 */
export interface Statement {
  /** One statement. */
  readonly sql: string;
  /** None where not given. */
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

/**
 * What came of a statement that was executed.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type StatementResult } from 'resqlite';
 *
 * const idOf = ({ lastInsertRowId }: StatementResult) => Number(lastInsertRowId);
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)');
 * const { results } = await db.execute("INSERT INTO note (body) VALUES ('milk') RETURNING body");
 * idOf(results[0]); // => 1
 * results[0].rows; // => [['milk']]
 * ```
 */
export interface StatementResult {
  /** Rows that it inserted, updated or deleted itself; triggers do not count. */
  readonly rowsAffected: number;
  /** `last_insert_rowid()` behind it; a bigint beyond 2^53 - 1. */
  readonly lastInsertRowId: number | bigint;
  /** Of `rows`: their names. */
  readonly columns: readonly string[];
  /** What it read, or gave by RETURNING. */
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

/**
 * How much a read asks of the others before it reads what this tab has:
 * - 'none': nothing; it may be stale, and works without a majority.
 * - 'weak': the leader's word for what is committed; stale only while a deposed leader does not know it yet.
 * - 'linearizable': a majority confirms the leader: it sees all that was committed before it began.
 * - 'strong': the same by an entry in the log, for the price of a write.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type ReadLevel } from 'resqlite';
 *
 * const levels: ReadLevel[] = ['none', 'weak', 'linearizable', 'strong'];
 * const db = await open();
 * const mayBeStale = async (level: ReadLevel) => (await db.query('SELECT 1', [], { level })).mayBeStale;
 * await Promise.all(levels.map(mayBeStale)); // => [true, true, false, false]
 * ```
 */
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
