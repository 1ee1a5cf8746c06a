/** A node that is out of its cluster is no node of the next tab's: that one goes on as a new one. */

import { expect } from 'vitest';

import { leaderOf, test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const CHANGE_MS = 20_000;

/** Of a tab that is no member any more: the others have one more copy, by another node. */
async function expectNewcomer(tab: Tab, others: readonly Tab[], formerId: string): Promise<void> {
  await waitFor('the node to be another', CHANGE_MS, async () => {
    // While one takes the other's place neither answers.
    const status = await tab.status().catch(() => null);
    return status !== null && status.nodeId !== formerId;
  });
  await tab.waitRunning();
  await waitCluster([...others, tab], 3);
  await tab.db((db) => db.execute("insert into t values ('by a newcomer')"));
}

test('the tab opened behind one that left, and was closed at once, is a new node', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [leaver, stayer] = followers;
  if (leaver === undefined || stayer === undefined) throw new Error('three tabs are open');
  await leader.db((db) => db.execute('create table t (x)'));
  const { nodeId } = await leaver.status();
  await leaver.db((db) => db.leave());
  await leaver.close();
  const next = await browser.open(server.url);
  await expectNewcomer(next, [leader, stayer], nodeId);
});

test('a tab that finds its node removed while it was away goes on as a new one', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [away, stayer] = followers;
  if (away === undefined || stayer === undefined) throw new Error('three tabs are open');
  await leader.db((db) => db.execute('create table t (x)'));
  const { nodeId } = await away.status();
  await away.close();
  await leader.db((db, id) => db.removeNode(id), nodeId);
  const next = await browser.open(server.url);
  await expectNewcomer(next, [leader, stayer], nodeId);
});

test('a tab whose node is removed while it is looked at says so, and a reload brings it back', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [removed, stayer] = followers;
  if (removed === undefined || stayer === undefined) throw new Error('three tabs are open');
  await leader.db((db) => db.execute('create table t (x)'));
  const { nodeId } = await removed.status();
  await leader.db((db, id) => db.removeNode(id), nodeId);
  await removed.waitState('stopped');
  expect((await removed.status()).transport.refusal).toBe('removed');
  await removed.reload();
  await expectNewcomer(removed, [leader, stayer], nodeId);
});

test('a node that is forgotten leaves a place, which its tab takes as another one', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  await leader.db((db) => db.execute('create table t (x)'));
  const { nodeId } = await leader.status();
  await leader.db((db) => db.leave({ force: true }));
  await leader.waitState('stopped');
  const next = await leaderOf(followers);
  await next.leader.db((db) => db.execute("insert into t values ('without it')"));
  await leader.reload();
  await leader.waitRunning();
  expect((await leader.status()).nodeId).not.toBe(nodeId);
  await waitFor('the newcomer to have the data', CHANGE_MS, async () => {
    const { rows } = await leader.db((db) => db.query('select x from t'));
    return rows.length === 1;
  });
});

test('the only copy of the data is not forgotten', async ({ browser, server }) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  expect(await forgetting(tab)).toBe('Refused no');
  await tab.db((db) => db.execute('create table t (x)'));
});

test('the only voter is not forgotten, since who only learns could never go on', async ({
  browser,
  server,
}) => {
  const founder = await (await browser.open(server.url)).waitRunning();
  const learner = await (await browser.open(server.url)).waitRunning();
  await waitFor('the second tab to learn', CHANGE_MS, async () => {
    const { voters, learners } = await founder.status();
    return voters.length === 1 && learners.length === 1;
  });
  expect(await forgetting(founder)).toBe('Refused no');
  await founder.db((db) => db.execute('create table t (x)'));
  expect(await forgetting(learner)).toBe(null);
});

test('of tabs that forget themselves in turn the last one stays', async ({ browser, server }) => {
  const tabs: Tab[] = [];
  while (tabs.length < 3) tabs.push(await (await browser.open(server.url)).waitRunning());
  const [first, second, last] = tabs;
  if (first === undefined || second === undefined || last === undefined) throw new Error('no tabs');
  await waitCluster(tabs, 3);
  await first.db((db) => db.execute('create table t (x)'));
  await first.db((db) => db.execute("insert into t values ('kept')"));
  await waitFor('the last tab to have the row', CHANGE_MS, async () => {
    const { rows } = await last.db((db) => db.query('select x from t'));
    return rows.length === 1;
  });
  expect(await forgetting(first)).toBe(null);
  await first.waitState('stopped');
  expect(await forgetting(second)).toBe(null);
  await second.waitState('stopped');
  expect(await forgetting(last)).toBe('Refused no');
  const { rows } = await last.db((db) => db.query('select x from t', [], { level: 'none' }));
  expect(rows).toEqual([['kept']]);
});

/** The code and the effect of the error that it ends with; null: it is forgotten. */
function forgetting(tab: Tab): Promise<string | null> {
  return tab.db(async (db) => {
    try {
      await db.leave({ force: true });
      return null;
    } catch (error) {
      const { code, applied } = error as { code?: string; applied?: string };
      return `${code ?? String(error)} ${applied ?? ''}`;
    }
  });
}
