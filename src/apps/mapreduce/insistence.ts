/**
 * Writes that are to be done however the cluster fares: repeated, with growing pauses, while there is no
 * quorum or an answer is lost. Only for statements that may run twice.
 */

import type { Database } from '../../client/database.ts';
import type { ExecuteAnswer } from '../../client/execute-answer.ts';
import type { Statement } from '../../node/sql.ts';
import { passes, pause } from '../retrying.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/** Rejects with 'Aborted', and with what does not pass. */
export async function insist(
  db: Database,
  statements: readonly (string | Statement)[],
  signal?: AbortSignal,
): Promise<ExecuteAnswer> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await db.execute(statements, { signal });
    } catch (error) {
      if (!passes(error)) throw error;
    }
    await pause(pauseMs, signal);
  }
}
