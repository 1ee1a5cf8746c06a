/**
 * What each tab does for others while nobody looks: it shows itself to their views of the cluster, serves
 * the key-value store to plain fetches, and works on MapReduce jobs. One part of the page that is fetched
 * last, so that nothing else is made later by it.
 */

import { openRestDesk } from './apps/kv/rest-desk.ts';
import { startOwnWorker } from './apps/mapreduce/own-worker.ts';
import { startPageShare } from './cluster/page-share.ts';

/** Further calls do nothing. */
export function startBackground(): void {
  startPageShare();
  openRestDesk();
  startOwnWorker();
}
