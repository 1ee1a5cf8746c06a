/**
 * Web Locks that are held until they are released, or until the worker ends, however it ends. They
 * are exclusive among all tabs of the origin. A lock can be stolen by a page's own code, so a lock
 * alone fences nothing: exclusive file handles do.
 */

import { lockManager } from './environment.ts';
import { asStorageError } from './storage-error.ts';

/** Gives the lock back; a second call does nothing. */
export type ReleaseLock = () => void;

/**
 * Takes the lock; null where others held it all the while. With `waitMs` 0 it is taken at once or
 * not at all; else the caller stands in line, first come first served.
 */
export function takeLock(name: string, waitMs: number): Promise<ReleaseLock | null> {
  return new Promise((resolve, reject) => {
    const waiting = new AbortController();
    const timer = waitMs === 0 ? undefined : setTimeout(() => waiting.abort(), waitMs);
    const options: LockOptions = waitMs === 0 ? { ifAvailable: true } : { signal: waiting.signal };
    const hold = (lock: Lock | null): Promise<void> => {
      clearTimeout(timer);
      return new Promise((release) => {
        if (lock !== null) resolve(release);
        else {
          resolve(null);
          release();
        }
      });
    };
    lockManager()
      .request(name, options, hold)
      .catch((error: unknown) => {
        if (waiting.signal.aborted) resolve(null);
        else reject(asStorageError(error, `taking the lock ${name}`));
      });
  });
}

/** Names of the locks that somebody of this origin holds now. */
export async function heldLocks(): Promise<ReadonlySet<string>> {
  const { held = [] } = await lockManager().query();
  return new Set(held.flatMap(({ name }) => (name === undefined ? [] : [name])));
}
