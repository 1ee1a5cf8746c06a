/** What every app that tries again has to know: whether that helps, and how to wait before it. */

import { ResqliteError } from '../client/errors.ts';
import type { ErrorCode } from '../node/errors.ts';

/** What passes by itself. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NoQuorum',
  'Timeout',
  'Overloaded',
  'Quarantined',
]);

/** What failed so may be otherwise the next time. */
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
