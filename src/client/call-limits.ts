/**
 * How long a caller waits: until the answer, its AbortSignal, or its time is up. The workers keep
 * the time themselves and know best what became of a request, so the clock here runs a little
 * longer and decides only where a worker does not answer at all.
 */

import type { Applied } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

/**
 * How long a caller waits.
 *
 * @category Values
 *
 * @example
 * ```ts
 * import { open, type CallOptions } from 'resqlite';
 *
 * const db = await open();
 * const leaving = new AbortController();
 * const options: CallOptions = { timeoutMs: 2_000, signal: leaving.signal };
 * (await db.query('SELECT 1', [], options)).rows; // => [[1]]
 *
 * leaving.abort();
 * await db.query('SELECT 1', [], options); // throws 'Aborted'
 * ```
 */
export interface CallOptions {
  /**
   * Milliseconds to wait for the answer, 24 days at most; 10 s where not given. Behind them the call rejects
   * with 'Timeout', or with 'NoQuorum' where that is why.
   */
  readonly timeoutMs?: number;
  /**
   * Its abort rejects the call with 'Aborted'; `applied` says whether a write may still take effect.
   */
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
/** How often those who wait are looked at: a timer for each would cost more than most calls do. */
const LOOK_INTERVAL_MS = 500;

/** A call under way, and until when it is waited for. */
interface Waiting {
  readonly deadlineMs: number;
  readonly giveUp: () => void;
}

const waiting = new Set<Waiting>();
let lookTimer: ReturnType<typeof setTimeout> | null = null;

/** Starts `work` unless the signal has fired already; rejects with 'Aborted' or 'Timeout'. */
export function withinLimits<T>(limits: CallLimits, work: () => Promise<T>): Promise<T> {
  const { signal, timeoutMs, appliedIfSent } = limits;
  if (signal?.aborted === true) return Promise.reject(aborted('no'));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      end();
      reject(aborted(appliedIfSent));
    };
    const giveUp = (): void => {
      end();
      reject(timedOut(appliedIfSent));
    };
    const endWait = timeoutMs === null ? NOTHING : waitFor(timeoutMs + GRACE_MS, giveUp);
    const end = (): void => {
      endWait();
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = async (): Promise<void> => {
      try {
        resolve(await work());
      } catch (error) {
        reject(error);
      } finally {
        end();
      }
    };
    void settle();
  });
}

/** Calls `giveUp` when the time is up, or a moment later, unless the answer was called before. */
function waitFor(limitMs: number, giveUp: () => void): () => void {
  const wait = { deadlineMs: performance.now() + limitMs, giveUp };
  waiting.add(wait);
  lookTimer ??= setTimeout(look, LOOK_INTERVAL_MS);
  return () => waiting.delete(wait);
}

function look(): void {
  const nowMs = performance.now();
  for (const wait of waiting) if (nowMs >= wait.deadlineMs) wait.giveUp();
  lookTimer = waiting.size === 0 ? null : setTimeout(look, LOOK_INTERVAL_MS);
}

const NOTHING = (): void => undefined;

export function aborted(applied: Applied): ResqliteError {
  const message = 'the caller aborted the request';
  return new ResqliteError({ code: 'Aborted', applied, message, sqlite: null });
}

function timedOut(applied: Applied): ResqliteError {
  const message = 'the node of this tab did not answer in time';
  return new ResqliteError({ code: 'Timeout', applied, message, sqlite: null });
}
