/** Tomorrow, one tab: the nodes that are stored here run in it, until tabs of their own take them over. */

import { expect } from 'vitest';

import { hashesAtOneIndex, test, waitCluster, waitKept, type Cluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 30_000;
/** How long a page does nothing else. */
const BUSY_MS = 5_000;
const BUSY_ATTEMPTS = 3;

test('the nodes in one tab need no server of any kind, and survive its being busy', async ({
  cluster,
  server,
}) => {
  const { browser } = cluster;
  await leaveThreeNodes(cluster);
  // As on a plane: the page comes from what the browser keeps of it.
  await server.stop();
  const tab = await browser.open('about:blank');
  tab.expectErrors(/ERR_CONNECTION_REFUSED/, /WebSocket/);
  await tab.page.goto(server.url);
  await tab.waitRunning();
  await waitStates(tab, 'free,free,here');
  expect(await tab.db((db) => db.wake())).toBe(2);
  await leadershipOf(tab);
  await tab.db((db) => db.execute("insert into t values ('on a plane')"));
  expect(await tab.rows('select count(*) from t')).toEqual([[2]]);
  expect((await tab.status()).transport.signalling).toBe('disconnected');

  expect(await survivesBusyPage(tab)).toBe(true);
  await tab.db((db) => db.execute("insert into t values ('busy')"));
});

test('three tabs closed, one opened: one click, and it works; two more take their nodes over', async ({
  cluster,
  server,
}) => {
  const { browser } = cluster;
  const nodeIds = await leaveThreeNodes(cluster);

  const tab = await (await browser.open(server.url)).waitRunning();
  const own = (await tab.status()).nodeId;
  const offer = tab.page.getByRole('button', { name: 'Wake here' });
  await offer.waitFor({ timeout: BOUND_MS });
  await waitStates(tab, 'free,free,here');
  const offered = tab.page.getByText('2 more nodes of this cluster are stored here');
  await offered.first().waitFor({ timeout: BOUND_MS });
  await offer.click();
  await tab.page
    .getByText('3 nodes live in this tab', { exact: true })
    .waitFor({ timeout: BOUND_MS });
  await waitStates(tab, 'here,woken,woken');
  await goTo(tab, 'Cluster');
  await waitFor('the members to be listed', BOUND_MS, async () => {
    return (await tab.page.getByText('in this tab, too').count()) === 2;
  });
  expect(await tab.rows('select x from t')).toEqual([['yesterday']]);
  await tab.db((db) => db.execute("insert into t values ('alone')"));
  expect((await tab.status()).transport.channels).toBe('worker');

  // At the same moment, and each finds a node.
  const others = await Promise.all([browser.open(server.url), browser.open(server.url)]);
  await Promise.all(others.map((other) => other.waitRunning()));
  const tabs = [tab, ...others];
  const statuses = await waitCluster(tabs, 3);
  expect(statuses.map(({ nodeId }) => nodeId).toSorted()).toEqual(nodeIds);
  expect(statuses[0]?.nodeId).toBe(own);
  await waitStates(tab, 'here,other-tab,other-tab');
  await others[0]?.db((db) => db.execute("insert into t values ('three')"));
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);

  // A fourth is a new member: the first tab's own node is not to be had.
  const fourth = await (await browser.open(server.url)).waitRunning();
  expect(nodeIds).not.toContain((await fourth.status()).nodeId);
});

/** What the tabs of a cluster of three leave behind when all are closed; answers their nodes' ids. */
async function leaveThreeNodes({ tabs }: Cluster): Promise<string[]> {
  const [first] = tabs;
  await first?.db((db) => db.execute('create table t (x)'));
  await first?.db((db) => db.execute("insert into t values ('yesterday')"));
  const statuses = await waitCluster(tabs, 3);
  if (first !== undefined) await waitKept(first);
  for (const tab of tabs) await tab.close();
  return statuses.map(({ nodeId }) => nodeId).toSorted();
}

/**
 * Whether the nodes keep their leader while their page does nothing else. If they needed the page they
 * never would; on a busy machine a thread of theirs may be late, so it is tried more than once.
 */
async function survivesBusyPage(tab: Tab): Promise<boolean> {
  for (let attempt = 1; attempt <= BUSY_ATTEMPTS; attempt += 1) {
    const before = await leadershipOf(tab);
    await tab.block(BUSY_MS);
    const after = await leadershipOf(tab);
    if (after === before) return true;
    console.log(`another leader or term: ${before}, then ${after}`);
  }
  return false;
}

async function leadershipOf(tab: Tab): Promise<string> {
  return waitFor('a leader', BOUND_MS, async () => {
    const { leaderId, term } = await tab.status();
    return leaderId !== null && `${leaderId} in term ${term}`;
  });
}

/** `states`: of all nodes that are stored here, sorted, with commas between them. */
async function waitStates(tab: Tab, states: string): Promise<void> {
  await waitFor(`nodes that are [${states}]`, BOUND_MS, async () => {
    const stored = await tab.db((db) => db.storedNodes());
    const told = stored.map(({ state }) => state).toSorted();
    return told.join() === states;
  });
}
