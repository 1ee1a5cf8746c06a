/**
 * The cluster's nodes that this browser profile stores, as signals: how many could be woken here while
 * there is no quorum, and which this page runs beside its own.
 */

import { effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError, type ResqliteError } from '../client/errors.ts';

/** How often it is looked for stored nodes while they are needed: other tabs come and go. */
const LOOK_INTERVAL_MS = 2_000;

/** Stored nodes that nobody runs; 0 where they are not needed, or it is not known yet. */
export const freeNodes = signal(0);
/** Nodes that this page runs beside its own. */
export const wokenNodes = signal<readonly string[]>([]);
export const isWaking = signal(false);
/** Why the last try failed. */
export const wakeError = signal<ResqliteError | null>(null);

/** Follows a database from now on, until it is closed; `areNeeded`: they would be of use now. */
export function followStoredNodes(
  database: Database,
  areNeeded: ReadonlySignal<boolean>,
): () => void {
  const unsubscribe = database.onWoken((nodeIds) => {
    wokenNodes.value = nodeIds;
  });
  const stop = effect(() => {
    if (!areNeeded.value) {
      freeNodes.value = 0;
      return undefined;
    }
    void count(database);
    const timer = setInterval(() => void count(database), LOOK_INTERVAL_MS);
    return () => clearInterval(timer);
  });
  return () => {
    unsubscribe();
    stop();
    freeNodes.value = 0;
    wokenNodes.value = [];
  };
}

export async function wakeStoredNodes(database: Database): Promise<void> {
  if (isWaking.peek()) return;
  isWaking.value = true;
  wakeError.value = null;
  try {
    await database.wake();
  } catch (error) {
    wakeError.value = toReadError(error);
  } finally {
    isWaking.value = false;
  }
  await count(database);
}

/** A node that has stopped cannot tell; then nothing is offered. */
async function count(database: Database): Promise<void> {
  const stored = await database.storedNodes().catch(() => []);
  freeNodes.value = stored.filter(({ state }) => state === 'free').length;
}
