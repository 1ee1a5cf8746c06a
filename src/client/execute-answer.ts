/** What an execute that takes effect as a whole answers its caller. */

import { REST_LEFT_OUT } from '../node/left-out.ts';
import type { ExecuteResponse, StatementResult } from '../node/sql.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import { formatBookmark } from './bookmark.ts';
import { ResqliteError, statementRefused } from './errors.ts';
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
  const refusal = refusalOf(response);
  if (refusal !== null) throw refusal;
  const results: StatementResult[] = [];
  for (const [statement, outcome] of response.outcomes.entries()) {
    // It took effect: only its answer was too large.
    if (outcome.type === 'error') throw statementRefused(outcome.error, statement, 'yes');
    results.push(outcome.result);
  }
  return { index, term, bookmark: formatBookmark(clusterId, index), results };
}

/** Why an entry that ends at its first error has no effect; null: it has one. Its last outcome is that error. */
export function refusalOf({ committed, outcomes }: ExecuteResponse): ResqliteError | null {
  if (committed) return null;
  const last = outcomes.at(-1);
  if (last?.type !== 'error') throw new Error('an entry without effect has an error');
  const statement = outcomes.length - 1;
  if (last.error.message !== REST_LEFT_OUT) return statementRefused(last.error, statement);
  const message =
    'a statement failed, and which one and why is lost: the answers of those before it take all the room ' +
    'that an answer has';
  return new ResqliteError({ code: 'TooLarge', applied: 'no', message, sqlite: null });
}
