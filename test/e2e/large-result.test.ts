/** Results of any size: they freeze neither the page nor the cluster, and what is given up is not begun. */

import { expect } from 'vitest';

import { keepsLeader, leaderOf, openCluster, test } from './harness.ts';
import type { Tab } from './tab.ts';

const ROWS = 1_000_000;
/** As many numbers as its square root, in a table. */
const NUMBERS = 1_000;
const LONG_TASK_MS = 100;
/** On a busy machine everything takes longer, each task too: then it may be this part of the whole. */
const LOADED_SHARE = 1 / 25;

const FILL = `insert into k with recursive n(i) as (select 0 union all select i + 1 from n
  where i < ${NUMBERS - 1}) select i, 'number ' || i from n`;
const SELECT = `select a.id * ${NUMBERS} + b.id as id, a.name, b.id * 0.5 as half
  from k a, k b order by a.id, b.id`;

interface Reading {
  readonly rows: number;
  readonly inOrder: boolean;
  readonly batches: number;
  readonly elapsedMs: number;
  readonly longTasksMs: readonly number[];
}

test('a million rows cause no long task in the page and no election', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const { leader } = await leaderOf(tabs);
  await leader.db(
    (db, sql) => db.execute(['create table k (id integer primary key, name)', sql]),
    FILL,
  );
  const readAll = async (): Promise<void> => {
    const { batches, elapsedMs, longTasksMs, ...read } = await iterate(leader);
    const longestMs = Math.max(0, ...longTasksMs);
    console.log(
      `${ROWS} rows in ${batches} batches, ${elapsedMs} ms; longest task ${longestMs} ms`,
    );
    expect(read).toEqual({ rows: ROWS, inOrder: true });
    expect(longestMs).toBeLessThanOrEqual(Math.max(LONG_TASK_MS, elapsedMs * LOADED_SHARE));
  };
  expect(await keepsLeader(tabs, readAll)).toBe(true);

  // In any order, from the scratch file; what is written meanwhile is not in it.
  const picked = await leader.db(async (db, sql) => {
    const cursor = await db.cursor(sql);
    await db.execute('delete from k');
    const rows: unknown[] = [];
    for (const from of [199_999, 0, 100_500]) rows.push((await cursor.read(from, 1))[0]);
    await cursor.close();
    return { rowCount: cursor.rowCount, rows };
  }, `${SELECT} limit 200000`);
  expect(picked).toEqual({
    rowCount: 200_000,
    rows: [
      [199_999, 'number 199', 499.5],
      [0, 'number 0', 0],
      [100_500, 'number 100', 250],
    ],
  });
});

test('a query that is aborted while the SQL worker is busy is never begun', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const told = await tab.db(async (db) => {
    const count = `with recursive c(n) as (select 1 union all select n + 1 from c where n < ?)
      select count(*) from c`;
    const local = { level: 'none', timeoutMs: 120_000 } as const;
    const busy = db.query(count, [1_000_000], local);
    const abort = new AbortController();
    const endless = db.query(count, [1e12], { ...local, signal: abort.signal });
    const aborted = endless.catch((error: { code: string }) => error.code);
    abort.abort();
    // This one would wait for two minutes behind the endless one.
    const { rows } = await db.query('select 1', [], { level: 'none', timeoutMs: 30_000 });
    await busy;
    return { aborted: await aborted, rows };
  });
  expect(told).toEqual({ aborted: 'Aborted', rows: [[1]] });
});

/** Reads everything, and blocks the page once at the end, which must be noticed. */
async function iterate(tab: Tab): Promise<Reading> {
  return tab.db(
    async (db, [sql, controlMs]) => {
      const longTasksMs: number[] = [];
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) longTasksMs.push(Math.round(entry.duration));
      });
      observer.observe({ type: 'longtask' });
      const startedMs = performance.now();
      let rows = 0;
      let batches = 0;
      let inOrder = true;
      for await (const batch of db.iterate(sql)) {
        for (const [id] of batch.rows) {
          inOrder &&= id === rows;
          rows += 1;
        }
        batches += 1;
      }
      const elapsedMs = Math.round(performance.now() - startedMs);
      const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));
      await nextTask();
      const untilMs = performance.now() + controlMs;
      while (performance.now() < untilMs);
      while (!longTasksMs.some((ms) => ms >= controlMs)) await nextTask();
      observer.disconnect();
      longTasksMs.splice(
        longTasksMs.findLastIndex((ms) => ms >= controlMs),
        1,
      );
      return { rows, inOrder, batches, elapsedMs, longTasksMs };
    },
    [SELECT, 2 * LONG_TASK_MS] as const,
  );
}
