/** Writes that wait in a browser's outbox. */

import type { QueuedWrite } from '../../src/node/queued-write.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 60_000;

/** Not waited for: there is no answer before there is a quorum, and the page may be gone before. */
export async function queue(tab: Tab, writes: readonly string[]): Promise<void> {
  await tab.db((db, all) => {
    for (const sql of all) db.execute(sql, { offline: 'queue' }).catch(() => undefined);
  }, writes);
}

/** `states`: of all writes in order, with commas between them. */
export async function waitOutbox(tab: Tab, states: string): Promise<readonly QueuedWrite[]> {
  return waitFor(`the outbox to be [${states}]`, BOUND_MS, async () => {
    const writes = await tab.db((db) => db.outbox());
    return writes.map(({ state }) => state).join() === states && writes;
  });
}
