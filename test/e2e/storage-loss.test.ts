/**
 * What happens to the stored log, and what the tab makes of it at its next start. The profile is
 * changed while no browser has it open, the way a crash of the machine or Chromium itself does.
 */

import { expect } from 'vitest';

import { emptyPage, hashesAtOneIndex, openCluster, statusesOf, test } from './harness.ts';
import { KillRounds } from './kill-rounds.ts';
import { Load } from './load.ts';
import { removeEntries } from './origin-files.ts';

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
  const statuses = await statusesOf(tabs);
  const nodeIds = statuses.map(({ nodeId }) => nodeId);
  const home = ['resqlite', statuses[0]?.clusterId ?? ''];
  const load = await Load.start(tabs);
  await load.progress(60);
  await load.end();
  await Promise.all(tabs.map((tab) => tab.close()));

  const desk = await emptyPage(browser, server.url);
  for (const nodeId of nodeIds) await removeEntries(desk, [...home, nodeId], 'journal-');
  await desk.close();

  const reopened = await openCluster(browser, server.url);
  const again = await statusesOf(reopened);
  expect(again.map(({ nodeId }) => nodeId).toSorted()).toEqual(nodeIds.toSorted());
  for (const tab of reopened) {
    await load.check(tab);
    expect((await tab.status()).storage).toMatchObject({ state: 'ok', repaired: 'journal' });
  }
});
