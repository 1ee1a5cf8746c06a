/** What callers of `db.run` say, and what they are told of each statement. Types only. */

import type { ReadLevel, StatementResult } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import type { ResqliteError } from './errors.ts';

/**
 * How far a script is.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type RunProgress } from 'resqlite';
 *
 * const told: RunProgress[] = [];
 * const db = await open();
 * await db.run('CREATE TABLE note (body TEXT); SELECT 1', {
 *   onProgress: (progress) => told.push(progress),
 * });
 * told.at(-1)?.statements; // => 2
 * ```
 */
export interface RunProgress {
  /** Statements done, failed ones among them. */
  readonly statements: number;
  /** Failed ones. */
  readonly errors: number;
  /** By all of them. */
  readonly rowsAffected: number;
  /** How much of the script is done, from 0 to 1. */
  readonly fraction: number;
}

/**
 * What became of one statement. `Answer`: of one that reads.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type QueryAnswer, type ScriptOutcome } from 'resqlite';
 *
 * function describe(outcome: ScriptOutcome<QueryAnswer>): string {
 *   switch (outcome.type) {
 *     case 'rows':
 *       return `${outcome.answer.rows.length} rows`;
 *     case 'executed':
 *       return `${outcome.result.rowsAffected} changed`;
 *     case 'error':
 *       return outcome.error.code;
 *     default:
 *       return outcome.type;
 *   }
 * }
 *
 * const lines: string[] = [];
 * const db = await open();
 * await db.run('BEGIN; CREATE TABLE note (body TEXT); COMMIT; SELECT * FROM note; SELECT missing', {
 *   onResult: ({ outcome }) => lines.push(describe(outcome)),
 * });
 * lines; // => ['done', '0 changed', 'done', '0 rows', 'Sql']
 * ```
 */
export type ScriptOutcome<Answer> =
  | {
      readonly type: 'rows';
      /** What it read. */
      readonly answer: Answer;
    }
  | {
      readonly type: 'executed';
      /** Of its log entry. */
      readonly index: LogIndex;
      /** What came of it. */
      readonly result: StatementResult;
    }
  /** It waits in the outbox for a quorum. */
  | { readonly type: 'queued' }
  /** A `BEGIN`, `COMMIT`, `ROLLBACK` or `PRAGMA foreign_keys`. */
  | { readonly type: 'done' }
  | {
      readonly type: 'error';
      /** Why it failed. */
      readonly error: ResqliteError;
    }
  /** It has no effect: its transaction was rolled back. */
  | { readonly type: 'dropped' };

/**
 * What became of one statement of a script, and where it stands.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type QueryAnswer, type ScriptReport } from 'resqlite';
 *
 * const describe = ({ line, sql, outcome }: ScriptReport<QueryAnswer>) =>
 *   `${line}: ${sql} ${outcome.type}`;
 *
 * const lines: string[] = [];
 * const db = await open();
 * await db.run('SELECT 1;\nSELECT 2;', { onResult: (report) => lines.push(describe(report)) });
 * lines; // => ['1: SELECT 1; rows', '2: SELECT 2; rows']
 * ```
 */
export interface ScriptReport<Answer> {
  /** Counted from 0. */
  readonly statement: number;
  /** The statement itself. */
  readonly sql: string;
  /** Where it begins in the script, in UTF-16 units. */
  readonly start: number;
  /** The line it begins in, counted from 1. */
  readonly line: number;
  /** Milliseconds; of statements that share a log entry, the time of all of them. */
  readonly elapsedMs: number;
  /** What became of it. */
  readonly outcome: ScriptOutcome<Answer>;
}

/**
 * How a script is run. `Answer`: what comes of a statement that reads.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type QueryAnswer, type RunOptionsFor } from 'resqlite';
 *
 * const careful: RunOptionsFor<QueryAnswer> = { bail: true, level: 'strong' };
 * const db = await open();
 * const { statements, errors } = await db.run('SELECT 1; SELECT missing; SELECT 2', careful);
 * [statements, errors]; // => [2, 1]
 * ```
 */
export interface RunOptionsFor<Answer> {
  /** Called as it gets on. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Called with every statement's outcome, in order; without it rows are not kept at all. */
  readonly onResult?: (report: ScriptReport<Answer>) => void;
  /** Stop at the first error; a transaction it happens in is rolled back. */
  readonly bail?: boolean;
  /**
   * Run what is between BEGIN and COMMIT statement by statement: for a script that is one transaction
   * larger than a log entry may be, as the dump of a large database is. ROLLBACK is an error then.
   */
  readonly ignoreTransactions?: boolean;
  /** Its abort rejects the run with 'Aborted'; what was answered before has taken effect. */
  readonly signal?: AbortSignal | undefined;
  /**
   * 'queue': what finds no quorum is put into the outbox of this browser profile, as by `execute`, and the
   * run goes on without waiting for it. What reads does not see it.
   */
  readonly offline?: 'queue';
  /** Of the statements that only read; 'linearizable' where not given. */
  readonly level?: ReadLevel;
}

/**
 * A statement of a script that failed.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type ScriptError } from 'resqlite';
 *
 * const describe = ({ line, error }: ScriptError) => `line ${line}: ${error.message}`;
 *
 * const db = await open();
 * const { firstErrors } = await db.run('SELECT 1;\nSELECT missing;');
 * firstErrors.map(describe); // => ['line 2: no such column: missing']
 * ```
 */
export interface ScriptError {
  /** Counted from 0. */
  readonly statement: number;
  /** Where it begins in the script, in UTF-16 units. */
  readonly start: number;
  /** The line it begins in, counted from 1. */
  readonly line: number;
  /** The statement's beginning. */
  readonly sql: string;
  /** Why it failed. */
  readonly error: ResqliteError;
}

/**
 * What came of a script.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type ScriptResult } from 'resqlite';
 *
 * const isWhole = ({ errors }: ScriptResult) => errors === 0;
 *
 * const db = await open();
 * isWhole(await db.run('SELECT 1; SELECT 2')); // => true
 * ```
 */
export interface ScriptResult {
  /** Statements done, failed ones among them. */
  readonly statements: number;
  /** Failed ones. */
  readonly errors: number;
  /** The first of them. */
  readonly firstErrors: readonly ScriptError[];
  /** By all of them. */
  readonly rowsAffected: number;
  /** Milliseconds that the run took. */
  readonly elapsedMs: number;
}
