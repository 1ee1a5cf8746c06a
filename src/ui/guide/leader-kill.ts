/** Killing the node that leads, wherever in this browser its tab is. */

import { signal } from '@preact/signals';
import type { NodeStatus } from '../../node/status.ts';
import { pageShare } from '../cluster/page-share.ts';
import { database, status } from '../store.ts';

/** Why the last try killed nobody; null: it did, or there was none. */
export const killProblem = signal<string | null>(null);

export function killLeader(): void {
  const { value: known } = status;
  killProblem.value = null;
  if (known === null || known.leaderId === null) return;
  if (known.leaderId === known.nodeId) {
    database.value?.faults.crash();
  } else if (isOfThisBrowser(known, known.leaderId)) {
    pageShare.value?.command(known.leaderId, { type: 'crash' });
  } else {
    killProblem.value = 'The leader lives in another browser: close its tab there.';
  }
}

function isOfThisBrowser({ members, nodeId: own }: NodeStatus, nodeId: string): boolean {
  const profileOf = (id: string): string | null =>
    members.find((member) => member.nodeId === id)?.profileId ?? null;
  return profileOf(nodeId) !== null && profileOf(nodeId) === profileOf(own);
}
