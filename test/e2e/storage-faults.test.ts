/**
 * Every way storage may fail under one node, while a majority of the voters is in another browser: what
 * the node does, what the cluster does, and that nothing acknowledged is lost. The faults strike one
 * after the other, so that a node is met that has been through something.
 */

import { expect } from 'vitest';

import type { NodeStatus } from '../../src/node/status.ts';
import { Browser } from './browser.ts';
import { emptyPage, hashesAtOneIndex, test as plainTest, waitCluster } from './harness.ts';
import { removeEntries } from './origin-files.ts';
import { Shared } from './shared.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 60_000;
const ROWS_MEANWHILE = 5;
/** That much more fits in before it is full. */
const ROOM_BYTES = 300_000;

interface World {
  readonly origin: string;
  readonly url: string;
  /** The browser in which storage fails. */
  readonly browser: Browser;
  /** A page of its origin on which nothing runs. */
  readonly desk: Tab;
  /** Two voters in another browser. */
  readonly others: readonly [Tab, Tab];
  readonly before: NodeStatus;
  tab: Tab;
}

interface Fault extends Outcome {
  readonly name: string;
  /** Ends when it was noticed, where that is to be seen, and is healed, where it has to be. */
  readonly strike: (world: World) => Promise<void>;
}

interface Outcome {
  /** What of the status tells that it was noticed and what was done about it. */
  readonly seen: Partial<NodeStatus['storage']>;
  readonly node: 'the same' | 'another';
  readonly did: string;
}

const RUNNING: readonly Fault[] = [
  {
    name: 'quota exceeded (journal, IndexedDB or SQLite)',
    strike: exhaustQuota,
    seen: { replacedNodeId: null },
    node: 'the same',
    did: 'stopped, answered reads at level none, and started again when there was room',
  },
  {
    name: 'IndexedDB closed and deleted under the node',
    strike: async (world) => {
      await deleteDatabase(world.desk, logOf(world));
      await waitStopped(world.tab);
    },
    seen: { repaired: 'indexeddb', replacedNodeId: null },
    node: 'the same',
    did: 'stopped, and started again in place: the journal had every record',
  },
  {
    name: 'site data cleared under the node',
    strike: async ({ browser, origin, tab }) => {
      await browser.clearSiteData(origin);
      await waitStopped(tab);
    },
    seen: { repaired: 'none' },
    node: 'another',
    did: 'stopped, and came back in place under another id as a learner',
  },
];

/** What comes of a journal that is missing or corrupt. */
const JOURNAL_REPAIRED: Outcome = {
  seen: { repaired: 'journal' },
  node: 'the same',
  did: 'repaired the journal from IndexedDB',
};

/** And of such a SQLite database. */
const DATABASE_REMADE: Outcome = {
  seen: { repaired: 'none' },
  node: 'the same',
  did: 'made its database again from the log, or from a snapshot',
};

const AT_REST: readonly Fault[] = [
  {
    name: 'journal missing',
    strike: (world) => removeFromNode(world, 'journal-'),
    ...JOURNAL_REPAIRED,
  },
  {
    name: 'journal corrupt',
    strike: (world) => spoilInNode(world, 'journal-'),
    ...JOURNAL_REPAIRED,
  },
  {
    name: 'SQLite database missing',
    strike: (world) => removeFromNode(world, 'sqlite'),
    ...DATABASE_REMADE,
  },
  {
    name: 'SQLite database corrupt',
    strike: (world) => spoilInNode(world, 'sqlite'),
    ...DATABASE_REMADE,
  },
  {
    name: 'one slot of the registry lost',
    strike: ({ desk }) => removeEntries(desk, ['resqlite'], 'registry-a'),
    seen: { repaired: 'none' },
    node: 'the same',
    did: 'mended the registry from its other copies',
  },
  {
    name: 'the registry lost in OPFS',
    strike: ({ desk }) => removeEntries(desk, ['resqlite'], 'registry-'),
    seen: { repaired: 'none' },
    node: 'the same',
    did: 'mended the registry from IndexedDB',
  },
  {
    name: 'both copies of the log lost',
    strike: async (world) => {
      await removeFromNode(world, 'journal-');
      await deleteDatabase(world.desk, logOf(world));
    },
    seen: { repaired: 'none' },
    node: 'another',
    did: 'gave its id up and came back under another one as a learner',
  },
];

const test = plainTest
  .extend('sharedWorld', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shared = new Shared<World>({
      open: async (own, url) =>
        worldOf(own(await Browser.launch()), own(await Browser.launch()), url),
      renew: ({ others }) =>
        others[0].db(async (db) => {
          await db.execute('drop table if exists t');
          await db.execute('create table t (key text primary key, filling blob)');
        }),
    });
    onCleanup(() => shared.end());
    return shared;
  })
  .extend('world', async ({ sharedWorld, server, task }, { onCleanup }) => {
    onCleanup(() => sharedWorld.giveBack(task.result?.state === 'fail'));
    return sharedWorld.take(server.url);
  });

test.for([
  ['while the node runs', RUNNING],
  ['between two starts', AT_REST],
] as const)(
  'storage that fails %s: the node comes back, the cluster goes on, nothing is lost',
  async ([when, faults], { world }) => {
    const written: string[] = [];
    const report: string[] = [];
    for (const fault of faults) {
      const before = await world.tab.status();
      report.push(await undergo({ ...world, before }, fault, faults === AT_REST, written));
    }
    console.log([`Storage that fails ${when}:`, ...report].join('\n'));
  },
);

async function worldOf(browser: Browser, elsewhere: Browser, url: string): Promise<World> {
  const first = await (await elsewhere.open(url)).waitRunning();
  const link = await first.db((db) => db.invite());
  const second = await (await elsewhere.open(url)).waitRunning();
  const tab = await (await browser.open(link)).waitRunning();
  const [before] = await waitCluster([tab, first, second], 3);
  if (before === undefined) throw new Error('There is no cluster.');
  const desk = await emptyPage(browser, url);
  const { origin } = new URL(url);
  return { origin, url, browser, desk, others: [first, second], before, tab };
}

/** Answers a line about it. */
async function undergo(
  world: World,
  fault: Fault,
  isAtRest: boolean,
  written: string[],
): Promise<string> {
  const { before, others } = world;
  await write(others[0], `${fault.name}: before`, written);
  if (isAtRest) await world.tab.page.goto('about:blank');
  await fault.strike(world);
  const startMs = Date.now();
  for (let n = 0; n < ROWS_MEANWHILE; n += 1) {
    await write(others[n % 2 === 0 ? 0 : 1], `${fault.name}: meanwhile ${n}`, written);
  }
  const meanwhileMs = Date.now() - startMs;
  if (isAtRest) await world.tab.page.goto(world.url);
  const after = await waitBack(world.tab).catch(async (error: unknown) => {
    throw new Error(`${fault.name}: ${await world.tab.text()}`, { cause: error });
  });
  const { name, seen } = fault;
  const node = after.nodeId === before.nodeId ? 'the same' : 'another';
  const { clusterId, storage } = after;
  const { nodeId: replacedNodeId } = before;
  expect({ name, node, clusterId, storage }).toMatchObject({
    name,
    node: fault.node,
    clusterId: before.clusterId,
    storage: { state: 'ok', ...seen, ...(node === 'another' ? { replacedNodeId } : {}) },
  });
  await write(world.tab, `${fault.name}: after`, written);
  const found = (await world.tab.rows('select key from t')).map(([key]) => String(key));
  const lost = written.filter((key) => !found.includes(key));
  expect({ name, lost }).toEqual({ name, lost: [] });
  expect(await hashesAtOneIndex([world.tab, ...others])).toHaveLength(1);
  return (
    `${fault.name}: the node ${fault.did}; the cluster took ${ROWS_MEANWHILE} writes meanwhile ` +
    `(${meanwhileMs} ms); acknowledged writes lost: ${lost.length} of ${written.length}`
  );
}

async function write(tab: Tab, key: string, written: string[]): Promise<void> {
  await tab.db(
    (db, params) => db.execute({ sql: 'insert into t (key) values (?)', params }),
    [key],
  );
  written.push(key);
}

/** It is a member, has what it needs, and serves. */
async function waitBack(tab: Tab): Promise<NodeStatus> {
  return waitFor('the node to be back', BOUND_MS, async () => {
    const { state } = await tab.state();
    if (state !== 'running') return false;
    const status = await tab.status();
    const isBack = status.state === 'running' && !status.quarantined && status.leaderId !== null;
    return isBack && status;
  });
}

async function waitStopped(tab: Tab): Promise<void> {
  await tab.waitState('stopped');
}

async function exhaustQuota({ tab, others, origin }: World): Promise<void> {
  const session = await tab.page.context().newCDPSession(tab.page);
  const override = (quotaSize?: number): Promise<unknown> =>
    session.send('Storage.overrideQuotaForOrigin', {
      origin,
      ...(quotaSize === undefined ? {} : { quotaSize }),
    });
  const usage = await tab.page.evaluate(
    async () => (await navigator.storage.estimate()).usage ?? 0,
  );
  await override(usage + ROOM_BYTES);
  await waitFor('the node to run out of room', BOUND_MS, async () => {
    await others[0].db((db) => db.execute('update t set filling = randomblob(100000)'));
    return (await tab.state()).state === 'stopped';
  });
  await tab.page.getByText('No room left: this node waits').waitFor();
  expect((await tab.status()).storage.state).toBe('full');
  await waitFor('reads to go on', BOUND_MS, async () => {
    const rows = await tab.rows('select count(*) > 0 from t', 'none').catch(() => []);
    return rows[0]?.[0] === 1;
  });
  await others[0].db((db) => db.execute('update t set filling = null'));
  await override();
}

function logOf({ before }: World): string {
  return `resqlite-log-${before.clusterId}-${before.nodeId}`;
}

function removeFromNode(world: World, prefix: string): Promise<void> {
  const { clusterId, nodeId } = world.before;
  return removeEntries(world.desk, ['resqlite', clusterId, nodeId], prefix);
}

/**
 * Overwrites some of each file in the node's directory and below: of a journal the middle, of a file of
 * SQLite's pool the database's header, which follows the pool's own.
 */
async function spoilInNode(world: World, prefix: string): Promise<void> {
  const { clusterId, nodeId } = world.before;
  const spoilt = await waitFor('the files to be free', BOUND_MS, () =>
    world.desk.page.evaluate(
      async ([names, wanted]) => {
        let home = await navigator.storage.getDirectory();
        for (const name of names) home = await home.getDirectoryHandle(name);
        let count = 0;
        async function spoil(handle: FileSystemHandle): Promise<void> {
          if (handle instanceof FileSystemDirectoryHandle) {
            for await (const inner of handle.values()) await spoil(inner);
          }
          if (!(handle instanceof FileSystemFileHandle)) return;
          const { size } = await handle.getFile();
          if (size < 200) return;
          const writable = await handle.createWritable({ keepExistingData: true });
          await writable.write({
            type: 'write',
            position: wanted === 'sqlite' && size > 5_000 ? 4_096 : size >> 1,
            data: new Uint8Array(64).fill(7),
          });
          await writable.close();
          count += 1;
        }
        try {
          for await (const [name, handle] of home.entries()) {
            if (name.startsWith(wanted)) await spoil(handle);
          }
        } catch {
          return false;
        }
        return count;
      },
      [['resqlite', clusterId, nodeId], prefix] as const,
    ),
  );
  expect(spoilt).toBeGreaterThan(0);
}

async function deleteDatabase(desk: Tab, name: string): Promise<void> {
  const existed = await desk.page.evaluate(async (database) => {
    const names = (await indexedDB.databases()).map((found) => found.name);
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(database);
      request.addEventListener('success', resolve);
      request.addEventListener('error', reject);
    });
    return names.includes(database);
  }, name);
  expect(existed).toBe(true);
}
