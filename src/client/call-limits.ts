/**
 * How long a caller waits: until the answer, its AbortSignal, or its time is up. The workers keep
 * the time themselves and know best what became of a request, so the clock here runs a little
 * longer and decides only where a worker does not answer at all.
 */

import type { Applied } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

/** What callers say of it. */
export interface CallOptions {
  /** How long to wait for the answer, 24 days at most; 10 s where not given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface CallLimits {
  /** Null: however long it takes. */
  readonly timeoutMs: number | null;
  readonly signal: AbortSignal | null;
  /** What is known of a request that was sent but not answered. */
  readonly appliedIfSent: Applied;
}

const GRACE_MS = 2_000;

/** Starts `work` unless the signal has fired already; rejects with 'Aborted' or 'Timeout'. */
export async function withinLimits<T>(limits: CallLimits, work: () => Promise<T>): Promise<T> {
  const { signal, timeoutMs, appliedIfSent } = limits;
  if (signal?.aborted === true) throw aborted('no');
  const waiting = new AbortController();
  const limit = new Promise<never>((_, reject) => {
    const late = (): void => reject(timedOut(appliedIfSent));
    const onAbort = (): void => reject(aborted(appliedIfSent));
    const timer = timeoutMs === null ? undefined : setTimeout(late, timeoutMs + GRACE_MS);
    signal?.addEventListener('abort', onAbort, { signal: waiting.signal });
    waiting.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    waiting.abort();
  }
}

export function aborted(applied: Applied): ResqliteError {
  const message = 'the caller aborted the request';
  return new ResqliteError({ code: 'Aborted', applied, message, sqlite: null });
}

function timedOut(applied: Applied): ResqliteError {
  const message = 'the node of this tab did not answer in time';
  return new ResqliteError({ code: 'Timeout', applied, message, sqlite: null });
}
