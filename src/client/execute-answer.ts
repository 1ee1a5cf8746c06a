/** What an execute that takes effect as a whole answers its caller. */

import type { StatementResult } from '../node/sql.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import { formatBookmark } from './bookmark.ts';
import { statementRefused } from './errors.ts';
import type { Executed } from './protocol.ts';

/**
 * What came of statements that took effect.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type ExecuteAnswer } from 'resqlite';
 *
 * const rowsAffected = ({ results }: ExecuteAnswer) =>
 *   results.reduce((sum, result) => sum + result.rowsAffected, 0);
 *
 * const db = await open();
 * await db.execute('CREATE TABLE note (body TEXT)');
 * const answer = await db.execute(["INSERT INTO note VALUES ('a')", 'DELETE FROM note']);
 * rowsAffected(answer); // => 2
 * ```
 */
export interface ExecuteAnswer {
  /** The log entry's index. */
  readonly index: LogIndex;
  /** The log entry's term. */
  readonly term: Term;
  /** Stands for `index` in a later read's `atLeast`. */
  readonly bookmark: string;
  /** One for each statement. */
  readonly results: readonly StatementResult[];
}

/** Throws `ResqliteError` where a statement failed. */
export function answerOf({ index, term, response }: Executed, clusterId: string): ExecuteAnswer {
  const { committed, outcomes } = response;
  // What committed with an error took effect: only its answer was too large.
  const applied = committed ? 'yes' : 'no';
  const results: StatementResult[] = [];
  for (const [statement, outcome] of outcomes.entries()) {
    if (outcome.type === 'result') results.push(outcome.result);
    // Where nothing took effect the last one is why, and others are answers that were too large.
    else if (committed || statement === outcomes.length - 1) {
      throw statementRefused(outcome.error, statement, applied);
    }
  }
  return { index, term, bookmark: formatBookmark(clusterId, index), results };
}
