/** SQLite has a thread of its own: a statement that takes seconds silences no heartbeat. */

import { expect } from 'vitest';

import { leaderOf, openCluster, test } from './harness.ts';
import type { Tab } from './tab.ts';

const SLOW_MS = 3_000;
const TRIAL_ROWS = 200_000;
const STATEMENT_TIMEOUT_MS = 60_000;

test('a 3-second query on the leader causes no election', async ({ browser, server }) => {
  const tabs = await openCluster(browser, server.url);
  const { leader } = await leaderOf(tabs);
  const before = await Promise.all(tabs.map((tab) => tab.status()));

  const trialMs = await count(leader, TRIAL_ROWS);
  const rows = Math.ceil((TRIAL_ROWS * SLOW_MS * 1.3) / trialMs);
  const tookMs = await count(leader, rows);
  console.log(`a query of ${Math.round(tookMs)} ms on the leader`);
  expect(tookMs).toBeGreaterThanOrEqual(SLOW_MS);

  const after = await Promise.all(tabs.map((tab) => tab.status()));
  expect(after.map(({ term }) => term)).toEqual(before.map(({ term }) => term));
  expect(after.map(({ leaderId }) => leaderId)).toEqual(before.map(({ leaderId }) => leaderId));
});

/** Counts that many generated rows in SQLite; answers the time taken. */
async function count(tab: Tab, rows: number): Promise<number> {
  return tab.db(
    async (db, [limit, timeoutMs]) => {
      const startedAtMs = performance.now();
      const sql =
        'with recursive c(n) as (select 1 union all select n + 1 from c where n < ?) select count(*) from c';
      await db.query(sql, [limit], { level: 'none', timeoutMs });
      return performance.now() - startedAtMs;
    },
    [rows, STATEMENT_TIMEOUT_MS] as const,
  );
}
