/** The built page without its server, which brings tabs together and is not needed afterwards. */

import { expect } from 'vitest';

import { expectSameLeader, statusesOf, test, waitCluster, waitKept } from './harness.ts';
import { queue, waitOutbox } from './queued-writes.ts';

const WRITES = 20;
/** The page goes on looking for the server; Chromium tells of each failed attempt. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|WebSocket connection|PeerJS/;

test('with the server gone tabs reload, open and read; a queued write is committed once when all is back', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  const [first, second, third] = tabs;
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error('There are no tabs.');
  }
  await first.db((db) => db.execute(['create table t (x)', 'insert into t values (7)']));
  expect(await third.rows('select x from t')).toEqual([[7]]);
  await waitKept(third);

  for (const tab of tabs) tab.expectErrors(NO_SERVER);
  await server.stop();
  await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  await first.close();
  await second.close();
  await third.reload();
  await third.waitRunning();
  expect(await third.rows('select x from t', 'none')).toEqual([[7]]);
  await queue(third, ['insert into t values (8)']);
  await waitOutbox(third, 'pending');
  const fourth = await browser.open(server.url);
  fourth.expectErrors(NO_SERVER);
  await fourth.waitRunning();
  expect(await fourth.rows('select x from t', 'none')).toEqual([[7]]);
  await waitOutbox(fourth, 'pending');

  await server.start();
  const fifth = await (await browser.open(server.url)).waitRunning();
  await waitOutbox(third, 'done');
  await waitCluster([third, fourth, fifth], 3);
  expect(await fifth.rows('select x from t order by x')).toEqual([[7], [8]]);
});

test('without the signalling server writes go on; when it is back a fourth tab joins', async ({
  cluster,
  server,
}) => {
  const { browser, tabs } = cluster;
  await tabs[0]?.db((db) => db.execute('create table t (x)'));
  const before = await waitCluster(tabs, 3);

  for (const tab of tabs) tab.expectErrors(NO_SERVER);
  await server.stop();
  for (let row = 0; row < WRITES; row += 1) {
    await tabs[row % tabs.length]?.db(
      (db, params) => db.execute({ sql: 'insert into t values (?)', params }),
      [row],
    );
  }
  for (const tab of tabs) expect(await tab.rows('select count(*) from t')).toEqual([[WRITES]]);
  expectSameLeader(before, await statusesOf(tabs));

  await server.start();
  const fourth = await (await browser.open(server.url)).waitRunning();
  await waitCluster(tabs, 3);
  expect((await fourth.status()).learners).toHaveLength(1);
  expect(await fourth.rows('select count(*) from t')).toEqual([[WRITES]]);
});

test('a server that takes connections and answers nothing is not waited for', async ({
  cluster,
  server,
}) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There is no tab.');
  await waitKept(tab);
  server.pause();
  await tab.reload();
  await tab.waitRunning();
  server.goOn();
});
