/** Three tabs become a cluster by being opened; an invite link brings in another browser. */

import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { holdsUnlessBusy, MachineWatch, test, waitCluster } from './harness.ts';
import { waitFor } from './wait.ts';

/** Twice what it may take where the machine has nothing else to do. */
const FORMATION_BOUND_MS = 10_000;

test('three tabs are one leader and three voters within seconds of the third load', async ({
  launch,
  server,
}) => {
  let browser: Browser | null = null;
  const formsInTime = async (): Promise<boolean | 'busy'> => {
    await browser?.quit();
    browser = await launch();
    const tabs = [];
    while (tabs.length < 3) tabs.push(await browser.open(server.url));
    // Nobody has told of a thread that was late before it began.
    const watch = new MachineWatch([]);
    const loadedAtMs = performance.now();
    await Promise.all(tabs.map((tab) => tab.waitRunning()));
    const statuses = await waitCluster(tabs, 3);
    const tookMs = performance.now() - loadedAtMs;
    console.log(`three voters ${Math.round(tookMs)} ms after the third tab's load`);
    expect(new Set(statuses.map(({ clusterId }) => clusterId)).size).toBe(1);
    expect(new Set(statuses.map(({ nodeId }) => nodeId)).size).toBe(3);
    return tookMs < FORMATION_BOUND_MS || watch.excuse(statuses);
  };
  expect(await holdsUnlessBusy(formsInTime)).toBe(true);
});

test('an invite link never founds: its tab waits for the members, joins them, and so does the next', async ({
  browser,
  launch,
  server,
}) => {
  const host = await (await browser.open(server.url)).waitRunning();
  await host.db((db) => db.execute("create table t as select 'of the cluster' as x"));
  const { clusterId, nodeId } = await host.status();
  const link = await host.db((db) => db.invite());
  await host.close();

  const elsewhere = await launch();
  const guest = await elsewhere.open(link);
  await guest.waitState('joining');
  await waitFor('the guest to have looked for the members', 20_000, async () => {
    const alone = await guest.status();
    expect([alone.role, alone.term, alone.lastIndex]).toEqual(['learner', 0, 0]);
    return (alone.counters['dials'] ?? 0) > 1;
  });

  const reopened = await (await browser.open(server.url)).waitRunning();
  await guest.waitRunning();
  const joined = await guest.status();
  expect(joined.clusterId).toBe(clusterId);
  expect(joined.leaderId).toBe(nodeId);
  const tabs = [reopened, guest, await (await elsewhere.open(link)).waitRunning()];
  await waitCluster(tabs, 3);
  for (const tab of tabs) expect(await tab.rows('select x from t')).toEqual([['of the cluster']]);
});
