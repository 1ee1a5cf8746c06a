/**
 * What happens to the stored log, and what the tab makes of it at its next start. The profile is
 * changed while no browser has it open, the way a crash of the machine or Chromium itself does.
 */

import { readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { emptyPage, hashesAtOneIndex, openCluster, test, waitCluster } from './harness.ts';
import { Load } from './load.ts';
import type { PageServer } from './server.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

/** Enough to tear the last record of a LevelDB log, and no other. */
const TORN_BYTES = 5;
const RESYNC_TIMEOUT_MS = 30_000;

test('Chromium wipes IndexedDB after a torn write: the journals mend it, nothing is lost', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const load = await Load.start(tabs);
  await load.progress(200);
  await browser.kill();
  await load.end();
  await tearIndexedDb(browser, server);

  // The first start reads up to the torn record and goes on writing behind it.
  await browser.start();
  const torn = await openCluster(browser, server.url);
  for (const tab of torn) await load.check(tab);
  await torn[0]?.db((db) => db.execute("insert into load values ('after')"));
  load.wroteElsewhere('after');
  await browser.quit();

  // The second start finds the torn record in the middle, and Chromium deletes everything.
  await browser.start();
  const wiped = await openCluster(browser, server.url);
  for (const tab of wiped) {
    await load.check(tab);
    expect((await tab.status()).storage).toMatchObject({ state: 'ok', repaired: 'indexeddb' });
  }
  expect(await hashesAtOneIndex(wiped)).toHaveLength(1);
  await browser.quit();

  // Mended is mended.
  await browser.start();
  for (const tab of await openCluster(browser, server.url)) {
    expect((await tab.status()).storage.repaired).toBe('none');
  }
});

test('with the journals deleted IndexedDB mends them', async ({ browser, server }) => {
  const tabs = await openCluster(browser, server.url);
  const nodeIds = await idsOf(tabs);
  const load = await Load.start(tabs);
  await load.progress(60);
  await load.end();
  await Promise.all(tabs.map((tab) => tab.close()));

  const removed = await removeJournals(browser, server, nodeIds);
  expect(removed).toBeGreaterThanOrEqual(nodeIds.length);

  const reopened = await openCluster(browser, server.url);
  expect((await idsOf(reopened)).toSorted()).toEqual(nodeIds.toSorted());
  for (const tab of reopened) {
    await load.check(tab);
    expect((await tab.status()).storage).toMatchObject({ state: 'ok', repaired: 'journal' });
  }
});

test('with both copies gone a node comes back under another id and re-syncs', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const load = await Load.start(tabs);
  await load.progress(60);
  await load.end();
  const [victim, ...others] = tabs;
  if (victim === undefined) throw new Error('There is no tab.');
  const { clusterId, nodeId: lostId } = await victim.status();
  await victim.close();
  await removeJournals(browser, server, [lostId]);
  await removeDatabase(browser, server, `resqlite-log-${clusterId}-${lostId}`);

  const reopened = await (await browser.open(server.url)).waitRunning();
  const status = await reopened.status();
  expect(status.clusterId).toBe(clusterId);
  expect(status.nodeId).not.toBe(lostId);
  expect(status.storage.replacedNodeId).toBe(lostId);
  await load.check(reopened);
  const all = [...others, reopened];
  await waitFor('the newcomer to be a member', RESYNC_TIMEOUT_MS, async () => {
    const { voters, learners } = await reopened.status();
    return [...voters, ...learners].includes(status.nodeId);
  });
  expect(await hashesAtOneIndex(all)).toHaveLength(1);

  // The lost id is retired: not even one more tab takes it.
  const another = await (await browser.open(server.url)).waitRunning();
  expect((await another.status()).nodeId).not.toBe(lostId);
});

test('site data cleared under a running tab stops it; the others go on', async ({
  browser,
  launch,
  server,
}) => {
  const first = await (await browser.open(server.url)).waitRunning();
  const { nodeId } = await first.status();
  const link = await first.db((db) => db.invite());
  const elsewhere = await launch();
  const others = [];
  while (others.length < 2) others.push(await (await elsewhere.open(link)).waitRunning());
  await waitCluster([first, ...others], 3);
  const load = await Load.start([first, ...others]);
  await load.progress(60);
  await browser.clearSiteData(new URL(server.url).origin);
  await first.waitState('stopped');
  await load.progress(60);
  await load.end();
  for (const tab of others) await load.check(tab);
  const refused = await first.dbError((db) => db.execute("insert into load values ('no')"));
  expect(refused).toMatchObject({ code: 'StorageLost', applied: 'no' });

  // Nothing is left of what it was, so it is not that member any more.
  await first.page.reload();
  await first.waitRunning();
  expect((await first.status()).nodeId).not.toBe(nodeId);
});

async function idsOf(tabs: readonly Tab[]): Promise<string[]> {
  return (await Promise.all(tabs.map((tab) => tab.status()))).map(({ nodeId }) => nodeId);
}

/** Cuts the tail off the newest log of the LevelDB behind the origin's IndexedDB. */
async function tearIndexedDb(browser: Browser, server: PageServer): Promise<void> {
  const name = `http_localhost_${server.port}.indexeddb.leveldb`;
  const folder = join(browser.profile, 'Default/IndexedDB', name);
  const logs = (await readdir(folder)).filter((file) => /^\d+\.log$/.test(file)).toSorted();
  const newest = join(folder, logs.at(-1) ?? '');
  const { size } = await stat(newest);
  expect(size).toBeGreaterThan(TORN_BYTES);
  await truncate(newest, size - TORN_BYTES);
}

/** Deletes the nodes' journal files; answers how many there were. */
async function removeJournals(
  browser: Browser,
  server: PageServer,
  nodeIds: readonly string[],
): Promise<number> {
  const tab = await emptyPage(browser, server.url);
  const removed = await tab.page.evaluate(async (ids) => {
    let count = 0;
    const root = await navigator.storage.getDirectory();
    const home = await root.getDirectoryHandle('resqlite');
    for await (const cluster of home.values()) {
      if (!(cluster instanceof FileSystemDirectoryHandle)) continue;
      for await (const node of cluster.values()) {
        if (!(node instanceof FileSystemDirectoryHandle) || !ids.includes(node.name)) continue;
        for await (const name of node.keys()) {
          if (!name.startsWith('journal-')) continue;
          await node.removeEntry(name);
          count += 1;
        }
      }
    }
    return count;
  }, nodeIds);
  await tab.close();
  return removed;
}

async function removeDatabase(browser: Browser, server: PageServer, name: string): Promise<void> {
  const tab = await emptyPage(browser, server.url);
  const existed = await tab.page.evaluate(async (database) => {
    const names = (await indexedDB.databases()).map((found) => found.name);
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(database);
      request.addEventListener('success', resolve);
      request.addEventListener('error', reject);
    });
    return names.includes(database);
  }, name);
  expect(existed).toBe(true);
  await tab.close();
}
