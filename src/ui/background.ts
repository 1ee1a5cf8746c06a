/**
 * What each tab does for others while nobody looks: it shows itself to their views of the cluster, and
 * serves the key-value store to plain fetches. One part of the page that is fetched last, so that nothing
 * else is made later by it.
 */

import { openRestDesk } from './apps/kv/rest-desk.ts';
import { startPageShare } from './cluster/page-share.ts';

/** Further calls do nothing. */
export function startBackground(): void {
  startPageShare();
  openRestDesk();
}
