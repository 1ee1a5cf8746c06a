/**
 * A quorum that is lost for good: the copy that is left goes on as a new cluster, whatever dies on the
 * way, and what comes back of the old one cannot disturb it.
 */

import { expect } from 'vitest';

import { hashesAtOneIndex, openCluster, test, waitCluster } from './harness.ts';
import { Load } from './load.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

/** The page waits before it offers the last resort. */
const OFFER_TIMEOUT_MS = 60_000;
const BOUND_MS = 30_000;

test('two of three profiles are gone for good: the third goes on, alone, with all that was written', async ({
  browser,
  launch,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const link = await tab.db((db) => db.invite());
  const [second, third] = [await launch(), await launch()];
  const others = [await second.open(link), await third.open(link)];
  await Promise.all(others.map((other) => other.waitRunning()));
  const before = await waitCluster([tab, ...others], 3);
  const { clusterId } = before[0] ?? { clusterId: '' };
  const load = await Load.start([tab, ...others]);
  await load.progress(100);
  await load.end();
  expect(await hashesAtOneIndex([tab, ...others])).toHaveLength(1);
  expect(await tab.dbError((db) => db.recover())).toMatchObject({ code: 'Refused', applied: 'no' });
  await second.kill();
  await third.kill();

  // Another tab of the profile runs a node: it is in the way, and nothing changes.
  await waitAlone(tab);
  const sibling = await browser.open(server.url);
  await sibling.waitState('joining');
  const refused = await tab.dbError((db) => db.recover());
  expect(refused).toMatchObject({ code: 'Refused', applied: 'no' });
  expect(refused.message).toMatch(/other tabs/);
  await sibling.close();
  expect((await tab.status()).state).toBe('running');

  // As a person does it: the node stored here first, which does not help; then the last resort.
  await waitFor('the stored node to be woken', BOUND_MS, async () => {
    return (await tab.db((db) => db.wake())) > 0;
  });
  await goTo(tab, 'Settings');
  const zone = tab.page.getByRole('region', { name: 'Danger zone' });
  const offer = zone.getByRole('button', { name: 'Recover…' });
  await offer.waitFor({ timeout: OFFER_TIMEOUT_MS });
  await offer.click();
  const reloaded = tab.page.waitForEvent('load');
  await tab.page.getByRole('button', { name: 'Go on as a new cluster' }).click();
  await reloaded;
  await tab.waitRunning();
  const [recovered] = await waitCluster([tab], 1);
  expect(recovered?.clusterId).not.toBe(clusterId);
  expect(recovered?.voters).toEqual([recovered?.nodeId]);
  expect(before.map(({ nodeId }) => nodeId)).not.toContain(recovered?.nodeId);
  await load.check(tab);
  await tab.db((db) => db.execute("insert into load values ('new')"));
  load.wroteElsewhere('new');

  // An old node comes back: it is of another cluster, and gets in as a newcomer only.
  await second.start();
  const old = await (await second.open(`${server.url}#c=${clusterId}`)).waitRunning();
  const late = await old.dbError((db) => db.execute("insert into load values ('old')"));
  expect(late.applied).toBe('no');
  expect(await tab.status()).toMatchObject({ term: recovered?.term, voters: recovered?.voters });
  const invited = await second.open(await tab.db((db) => db.invite()));
  await invited.waitRunning();
  expect(before.map(({ nodeId }) => nodeId)).not.toContain((await invited.status()).nodeId);
  await load.check(invited);
  expect(await hashesAtOneIndex([tab, invited])).toHaveLength(1);
});

test('the browser is killed as soon as a cluster was given up: the next start takes it up', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const load = await Load.start(tabs);
  await load.progress(100);
  await load.end();
  const [tab, ...others] = tabs;
  if (tab === undefined) throw new Error('There is no tab.');
  const { clusterId: old } = await tab.status();
  for (const other of others) await other.close();
  await waitAlone(tab);
  const recovered = await tab.db((db) => db.recover());
  await browser.kill();

  await browser.start();
  const next = await (await browser.open(server.url)).waitRunning();
  const [status] = await waitCluster([next], 1);
  expect(status?.clusterId).toBe(recovered.clusterId);
  expect(recovered.clusterId).not.toBe(old);
  await load.check(next);
  await next.db((db) => db.execute("insert into load values ('after')"));
  load.wroteElsewhere('after');

  // A tab that remembers the old cluster comes to the new one, and is a member of it.
  const second = await (await browser.open(`${server.url}#c=${old}`)).waitRunning();
  expect((await second.status()).clusterId).toBe(recovered.clusterId);
  await load.check(second);
  expect(await hashesAtOneIndex([next, second])).toHaveLength(1);
});

/** Until the others are missed. */
async function waitAlone(tab: Tab): Promise<void> {
  await waitFor('the others to be missed', BOUND_MS, async () => {
    const { leaderId, connectedVoters } = await tab.status();
    return leaderId === null && connectedVoters === 1;
  });
}
