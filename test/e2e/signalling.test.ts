/** The signalling server brings tabs together and is not needed afterwards. */

import { expect } from 'vitest';

import { leaderOf, openCluster, test, waitCluster } from './harness.ts';

const WRITES = 20;
/** The page goes on looking for the server; Chromium tells of each failed attempt. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|WebSocket connection|PeerJS/;

test('without the signalling server writes go on; when it is back a fourth tab joins', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  await tabs[0]?.db((db) => db.execute('create table t (x)'));
  const { leader } = await leaderOf(tabs);
  const { term } = await leader.status();

  for (const tab of tabs) tab.expectErrors(NO_SERVER);
  await server.stop();
  for (let row = 0; row < WRITES; row += 1) {
    await tabs[row % tabs.length]?.db(
      (db, params) => db.execute({ sql: 'insert into t values (?)', params }),
      [row],
    );
  }
  for (const tab of tabs) expect(await tab.rows('select count(*) from t')).toEqual([[WRITES]]);
  expect((await leader.status()).term).toBe(term);

  await server.start();
  const fourth = await (await browser.open(server.url)).waitRunning();
  await waitCluster(tabs, 3);
  expect((await fourth.status()).learners).toHaveLength(1);
  expect(await fourth.rows('select count(*) from t')).toEqual([[WRITES]]);
});
