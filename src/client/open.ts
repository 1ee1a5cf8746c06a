/**
 * `open`: the one way to a `Database`. Starts this page's workers and hands out handles. Of this room the
 * only file that names an adapter: what a page does of the transport has to run in the page.
 */

import { LocalLinks } from '../transport/local-links.ts';
import { startSignalling } from '../transport/signalling.ts';
import { checkSupport } from './support.ts';
import type { Database } from './database.ts';
import { OpenNodes, type OpenOptions } from './open-nodes.ts';
import { pageHost } from './page-host.ts';
import { watchPage } from './page-life.ts';
import type { ClusterEntry } from './protocol.ts';
import { sharedSqlite } from './sqlite-module.ts';
import type { StartSignalling } from './tab-node.ts';

const localLinks = new LocalLinks();

const nodes = new OpenNodes({
  // The literal form is what bundlers look for.
  startWorkers: () => ({
    node: new Worker(new URL('../node-worker.ts', import.meta.url), { type: 'module' }),
    sql: new Worker(new URL('../sql-worker.ts', import.meta.url), { type: 'module' }),
    sqlite: sharedSqlite(),
  }),
  memory: tabMemory(),
  checkSupport,
  startSignalling,
  linkLocally: (start) => localLinks.beside(start),
  watchPage,
});

/**
 * Opens this page's node of a cluster, which is started once and closes with its last handle.
 * Resolves when the node runs, which may be before it has become a member (see `status().state`).
 * Rejects with `ResqliteError`: 'InvalidInvite', 'Unsupported', 'StorageDenied', 'Corrupt' and others.
 */
export function open(options: OpenOptions = {}): Promise<Database> {
  return tellHost(nodes.open(options));
}

/** The same for a page that starts signalling by itself, to change the server while it is open. */
export function openSignalled(
  signalling: StartSignalling,
  options: Omit<OpenOptions, 'signalling'>,
): Promise<Database> {
  return tellHost(nodes.open({ ...options, signalling }));
}

function tellHost(opened: Promise<Database>): Promise<Database> {
  pageHost()?.(opened);
  return opened;
}

/**
 * The clusters of this origin that this browser profile has nodes of; opens none of them. Rejects with
 * `ResqliteError`: 'Unsupported', 'StorageDenied', 'Corrupt'.
 */
export function clusters(): Promise<readonly ClusterEntry[]> {
  return nodes.clusters();
}

/** Reading the property alone throws where the browser blocks storage. */
function tabMemory(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}
