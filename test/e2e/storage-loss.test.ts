/**
 * What happens to the stored log, and what the tab makes of it at its next start. The profile is
 * changed while no browser has it open, the way a crash of the machine or Chromium itself does.
 */

import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { emptyPage, hashesAtOneIndex, openCluster, test } from './harness.ts';
import { KillRounds } from './kill-rounds.ts';
import { Load } from './load.ts';
import type { PageServer } from './server.ts';
import type { Tab } from './tab.ts';

test('Chromium wipes IndexedDB after a torn write: the journals mend it, nothing is lost', async ({
  cluster,
  server,
}) => {
  const { browser } = cluster;
  const rounds = await KillRounds.begin(cluster, server);
  await rounds.strike('torn');
  // Every tab of the profile lost its log at once: at the second start, and at the first one, too, where the kill
  // found each of them in the middle of a write.
  const { torn, wipes } = rounds.figures();
  expect(torn).toBe(1);
  expect([1, 2]).toContain(wipes);
  expect(await hashesAtOneIndex(rounds.tabs)).toHaveLength(1);
  await browser.quit();

  // Mended is mended.
  await browser.start();
  for (const tab of await openCluster(browser, server.url)) {
    expect((await tab.status()).storage.repaired).toBe('none');
  }
});

test('with the journals deleted IndexedDB mends them', async ({ cluster, server }) => {
  const { browser, tabs } = cluster;
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

async function idsOf(tabs: readonly Tab[]): Promise<string[]> {
  return (await Promise.all(tabs.map((tab) => tab.status()))).map(({ nodeId }) => nodeId);
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
