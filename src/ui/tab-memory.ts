/**
 * Which cluster this tab is of, over reloads and only in this tab. An invite link is taken out of the
 * address bar at once and kept here until the node has stored it: a reload meanwhile must not lose
 * the only copy. A tab of the origin's default cluster remembers nothing.
 */

import { isViewFragment } from './views.ts';

const CLUSTER_KEY = 'resqlite:cluster';
const INVITE_KEY = 'resqlite:invite';
/** A link to a cluster this browser is a member of already: no key in it. */
const CLUSTER_FRAGMENT = /^#c=([a-z2-7]{16})$/;

export class TabMemory {
  /** The link or id this tab is opened with; null: the origin's default cluster. */
  readonly cluster: string | null;

  /** Reads the address bar's fragment, and empties it where it is an invite and no view. */
  constructor() {
    const { hash, href, pathname, search } = location;
    const isInvite = !isViewFragment(hash);
    if (isInvite) history.replaceState(history.state, '', pathname + search);
    if (isInvite) {
      const clusterId = CLUSTER_FRAGMENT.exec(hash)?.[1] ?? null;
      this.cluster = clusterId ?? href;
      this.#write(CLUSTER_KEY, clusterId);
      this.#write(INVITE_KEY, clusterId === null ? href : null);
    } else {
      this.cluster = this.#read(INVITE_KEY) ?? this.#read(CLUSTER_KEY);
    }
  }

  /** The node runs and knows its cluster. */
  opened(clusterId: string): void {
    this.#write(INVITE_KEY, null);
    if (this.cluster !== null) this.#write(CLUSTER_KEY, clusterId);
  }

  /** Forgets everything: a reload opens the default cluster. */
  forget(): void {
    this.choose(null);
  }

  /** From the next load on this tab is of that cluster; null: of the default one. */
  choose(clusterId: string | null): void {
    this.#write(INVITE_KEY, null);
    this.#write(CLUSTER_KEY, clusterId);
  }

  /** Where another tab of the same cluster is opened. */
  addressOf(clusterId: string): string {
    const { pathname, search } = location;
    return pathname + search + (this.cluster === null ? '' : `#c=${clusterId}`);
  }

  #read(key: string): string | null {
    try {
      return sessionStorage.getItem(key);
    } catch {
      return null;
    }
  }

  /** Where storage is blocked a reload forgets; the node will say why it cannot run. */
  #write(key: string, value: string | null): void {
    try {
      if (value === null) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, value);
    } catch {
      // As above.
    }
  }
}
