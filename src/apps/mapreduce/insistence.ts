/**
 * Writes that are to be done however the cluster fares: repeated, with growing pauses, while there is no
 * quorum or an answer is lost. Only for statements that may run twice.
 */

import type { Database } from '../../client/database.ts';
import { ResqliteError } from '../../client/errors.ts';
import type { ExecuteAnswer } from '../../client/execute-answer.ts';
import type { ErrorCode } from '../../node/errors.ts';
import type { Statement } from '../../node/sql.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

/** What passes by itself. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NoQuorum',
  'Timeout',
  'Overloaded',
  'Quarantined',
]);

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

export function passes(error: unknown): boolean {
  return error instanceof ResqliteError && PASSING.has(error.code);
}

/** Resolves when the time is up, or the signal fires. */
export function pause(pauseMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, pauseMs);
    signal?.addEventListener('abort', end, { once: true });
  });
}
