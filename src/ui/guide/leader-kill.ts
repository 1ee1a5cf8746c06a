/** Killing the node that leads, wherever in this browser its tab is. */

import { signal } from '@preact/signals';
import { database, status } from '../store.ts';

/** Why the last try killed nobody; null: it did, or there was none. */
export const killProblem = signal<string | null>(null);

export async function killLeader(): Promise<void> {
  killProblem.value = null;
  const { value: known } = status;
  if (known === null || known.leaderId === null) return;
  if (known.leaderId === known.nodeId) {
    database.value?.faults.crash();
    return;
  }
  killProblem.value = 'The leader lives in another browser: close its tab there.';
}
