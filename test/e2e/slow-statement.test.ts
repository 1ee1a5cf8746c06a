/** SQLite has a thread of its own: a statement that takes seconds silences no heartbeat. */

import { expect } from 'vitest';

import { keepsLeader, leaderOf, openCluster, test } from './harness.ts';
import type { Tab } from './tab.ts';

const SLOW_MS = 3_000;
const FIRST_ROWS = 200_000;
const STATEMENT_TIMEOUT_MS = 60_000;

test('a 3-second statement, read or written, causes no election', async ({ browser, server }) => {
  const tabs = await openCluster(browser, server.url);
  const { leader, followers } = await leaderOf(tabs);
  await leader.db((db) => db.execute('create table t (n)'));

  // How fast SQLite counts depends on the machine: it counts ever further until it takes long enough.
  let rows = FIRST_ROWS;
  const readSlowly = async (): Promise<void> => {
    let readMs = await count(leader, rows);
    while (readMs < SLOW_MS) {
      rows = Math.ceil(rows * Math.max(2, (1.2 * SLOW_MS) / readMs));
      readMs = await count(leader, rows);
    }
    console.log(`a query of ${Math.round(readMs)} ms on the leader`);
  };
  expect(await keepsLeader(tabs, readSlowly)).toBe(true);

  const writeSlowly = async (): Promise<void> => {
    await leader.db((db) => db.execute('delete from t'));
    const writtenMs = await insertCount(followers[0] ?? leader, rows);
    console.log(`a write of ${Math.round(writtenMs)} ms on every node`);
    expect(writtenMs).toBeGreaterThanOrEqual(SLOW_MS / 2);
  };
  expect(await keepsLeader(tabs, writeSlowly)).toBe(true);
  for (const tab of tabs) expect(await tab.rows('select n from t')).toEqual([[rows]]);
});

/** Counts that many generated rows in SQLite; answers the time taken. */
async function count(tab: Tab, rows: number): Promise<number> {
  return tab.db(
    async (db, [limit, timeoutMs]) => {
      const startedAtMs = performance.now();
      const sql = `with recursive c(n) as (select 1 union all select n + 1 from c where n < ?)
        select count(*) from c`;
      await db.query(sql, [limit], { level: 'none', timeoutMs });
      return performance.now() - startedAtMs;
    },
    [rows, STATEMENT_TIMEOUT_MS] as const,
  );
}

/** The same as a write, which every node carries out. */
async function insertCount(tab: Tab, rows: number): Promise<number> {
  return tab.db(
    async (db, [limit, timeoutMs]) => {
      const startedAtMs = performance.now();
      const sql = `insert into t
        with recursive c(n) as (select 1 union all select n + 1 from c where n < ?)
        select count(*) from c`;
      await db.execute({ sql, params: [limit] }, { timeoutMs });
      return performance.now() - startedAtMs;
    },
    [rows, STATEMENT_TIMEOUT_MS] as const,
  );
}
