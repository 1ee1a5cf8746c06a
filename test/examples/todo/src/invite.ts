/** The invite by which the page was opened, and whether it is news to this browser. */

import { clusters, inviteIn } from 'resqlite';

/** What `open` takes as `cluster`. */
export const invite = inviteIn(location.href);

/** Anybody can make such a link, so a person is asked before this browser becomes part of a list by it. */
export async function isNews(cluster: string | null): Promise<boolean> {
  // An id is no invite: it opens what is here already.
  if (cluster === null || !cluster.includes('#')) return false;
  const { hash } = new URL(cluster);
  const known = await clusters();
  return !known.some(({ clusterId }) => hash.startsWith(`#c=${clusterId}&`));
}

/** The address leads to this browser's own list. */
export function declineInvite(): void {
  history.replaceState(null, '', `${location.pathname}${location.search}`);
}

/** An invite is a key, which need not be seen or kept; a reload opens the same cluster. */
export function hideInvite(clusterId: string): void {
  history.replaceState(null, '', `#c=${clusterId}`);
}
