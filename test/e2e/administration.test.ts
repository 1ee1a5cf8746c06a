/** Who leads and who belongs, as an operator changes it. */

import { expect } from 'vitest';

import { leaderOf, test, waitCluster } from './harness.ts';
import { waitFor } from './wait.ts';

const CHANGE_MS = 15_000;

test('the leadership is handed to a chosen tab, and writes go on', async ({ cluster }) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [chosen, other] = followers;
  if (chosen === undefined || other === undefined) throw new Error('three tabs are open');
  const { nodeId } = await chosen.status();
  await other.db((db, target) => db.transferLeadership(target), nodeId);
  await waitFor('the chosen tab to lead', CHANGE_MS, async () => {
    return (await chosen.status()).role === 'leader';
  });
  await leader.db((db) => db.execute('create table t (x)'));
  expect(await other.rows('select count(*) from t')).toEqual([[0]]);
});

test('a tab that leaves is warned about, and two go on; the last two stay', async ({ cluster }) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [leaver, stayer] = followers;
  if (leaver === undefined || stayer === undefined) throw new Error('three tabs are open');
  const { warning } = await leaver.db((db) => db.leave());
  expect(warning).not.toBe('');
  await leaver.close();
  await waitCluster([leader, stayer], 2);
  await leader.db((db) => db.execute('create table t (x)'));
  expect(await stayer.rows('select count(*) from t')).toEqual([[0]]);
  const refused = await stayer.dbError((db) => db.leave());
  expect([refused.code, refused.applied]).toEqual(['Refused', 'no']);
  await waitCluster([leader, stayer], 2);
});
