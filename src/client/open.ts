/**
 * `open`: the one way to a `Database`. Starts this page's workers and hands out handles. Of this room the
 * only file that names an adapter: what a page does of the transport has to run in the page.
 */

import { LocalLinks } from '../transport/local-links.ts';
import { startSignalling } from '../transport/signalling.ts';
import { checkSupport } from './support.ts';
import type { Database } from './database.ts';
import { LATE_PARTS } from './late-code.ts';
import { OpenNodes, type OpenOptions } from './open-nodes.ts';
import { pageHost } from './page-host.ts';
import { watchPage } from './page-life.ts';
import type { ClusterEntry } from './protocol.ts';
import { sharedSqlite, sqliteFolder } from './sqlite-module.ts';
import type { TabWorkers } from './tab-node.ts';
import { AssetFolder, startedWorkers, type AssetOptions } from './worker-files.ts';

let nodes: OpenNodes | null = null;

/** Made when they are first asked for: importing this does nothing. */
function nodesOfPage(): OpenNodes {
  nodes ??= newNodes();
  return nodes;
}

function newNodes(): OpenNodes {
  const localLinks = new LocalLinks();
  return new OpenNodes({
    startWorkers: (assets) => startedWorkers(() => startWorkers(assets)),
    memory: tabMemory(),
    checkSupport,
    startSignalling,
    linkLocally: (start) => localLinks.beside(start),
    watchPage,
    host: pageHost,
    fetchLateParts: () => void fetchLateParts().catch(() => undefined),
  });
}

async function fetchLateParts(): Promise<void> {
  const { fetchWhenIdle } = await import('./idle-fetch.ts');
  await fetchWhenIdle(Object.values(LATE_PARTS));
}

function startWorkers(assets: AssetOptions['assets']): TabWorkers {
  if (assets !== undefined) return startWorkersFrom(new AssetFolder(assets, document.baseURI));
  // The literal form is what bundlers look for.
  return {
    node: new Worker(new URL('../node-worker.ts', import.meta.url), { type: 'module' }),
    sql: new Worker(new URL('../sql-worker.ts', import.meta.url), { type: 'module' }),
    sqlite: sharedSqlite(),
    folder: sqliteFolder(),
  };
}

function startWorkersFrom(folder: AssetFolder): TabWorkers {
  return {
    node: new Worker(folder.file('node-worker.js'), { type: 'module' }),
    sql: new Worker(folder.file('sql-worker.js'), { type: 'module' }),
    sqlite: sharedSqlite(folder.file('sqlite3.wasm').href),
    folder: folder.href,
  };
}

/**
 * Opens this page's node of a cluster, which is started once and closes with its last handle.
 * Resolves when the node runs, which may be before it has become a member (see `status().state`).
 * Rejects with `ResqliteError`: 'InvalidInvite', 'Unsupported' (also where there is no page, on a server),
 * 'StorageDenied', 'Corrupt' and others; 'Internal' where the library's files cannot be loaded.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { inviteIn, open } from 'resqlite';
 *
 * const db = await open({
 *   // This page's own cluster, unless it was opened by an invite link.
 *   cluster: inviteIn(location.href),
 *   // A PeerJS server beside this page, at /peerjs.
 *   signalling: {},
 * });
 * await db.sql`CREATE TABLE IF NOT EXISTS visit (at TEXT DEFAULT CURRENT_TIMESTAMP)`;
 * await db.sql`INSERT INTO visit DEFAULT VALUES`;
 * await db.sql`SELECT count(*) AS visits FROM visit`; // => [{ visits: 1 }]
 *
 * await open({ cluster: 'https://example.org/#c=cut-off' }); // throws 'InvalidInvite'
 * ```
 */
export function open(options: OpenOptions = {}): Promise<Database> {
  return nodesOfPage().open(options);
}

/**
 * The clusters of this origin that this browser profile has nodes of; opens none of them. Rejects with
 * `ResqliteError`: 'Unsupported', 'StorageDenied', 'Corrupt'.
 *
 * @category Opening
 *
 * @example
 * ```ts alone
 * import { clusters, open } from 'resqlite';
 *
 * const db = await open();
 * const known = await clusters();
 * known.map(({ clusterId }) => clusterId); // => [db.clusterId]
 * ```
 */
export function clusters(options: AssetOptions = {}): Promise<readonly ClusterEntry[]> {
  return nodesOfPage().clusters(options);
}

/** Reading the property alone throws where the browser blocks storage. */
function tabMemory(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}
