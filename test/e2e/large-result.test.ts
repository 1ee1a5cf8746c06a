/**
 * Results of any size freeze neither the page nor the cluster; a statement that takes seconds silences no
 * heartbeat, for SQLite has a thread of its own; and what is given up is not begun.
 */

import { expect } from 'vitest';

import { keepsLeader, leaderOf, test, waitKept } from './harness.ts';
import type { Tab } from './tab.ts';

const ROWS = 1_000_000;
/** As many numbers as its square root, in a table. */
const NUMBERS = 1_000;
const LONG_TASK_MS = 100;
/** On a busy machine everything takes longer, each task too: then it may be this part of the whole. */
const LOADED_SHARE = 1 / 25;
/** What is long because of the rows is so every time, and what the machine has held up is not. */
const ATTEMPTS = 3;

const SLOW_MS = 3_000;
const FIRST_COUNT = 200_000;
const STATEMENT_TIMEOUT_MS = 60_000;

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

test('a million rows cause no long task in the page and no election', async ({ cluster }) => {
  const { tabs } = cluster;
  const { leader } = await leaderOf(tabs);
  await leader.db(
    (db, sql) => db.execute(['create table k (id integer primary key, name)', sql]),
    FILL,
  );
  // The page's late parts have come by then; their tasks are not those of rows.
  await Promise.all(tabs.map(waitKept));
  const readAll = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const { batches, elapsedMs, longTasksMs, ...read } = await iterate(leader);
      const longestMs = Math.max(0, ...longTasksMs);
      console.log(
        `${ROWS} rows in ${batches} batches, ${elapsedMs} ms; longest task ${longestMs} ms`,
      );
      expect(read).toEqual({ rows: ROWS, inOrder: true });
      if (longestMs <= Math.max(LONG_TASK_MS, elapsedMs * LOADED_SHARE)) return;
      expect(attempt, 'tasks are long again and again').toBeLessThan(ATTEMPTS);
    }
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

test('a 3-second statement, read or written, causes no election', async ({ cluster }) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  await leader.db((db) => db.execute('create table t (n)'));

  // How fast SQLite counts depends on the machine: it counts ever further until it takes long enough.
  let rows = FIRST_COUNT;
  const takeAtLeast = async (leastMs: number, take: () => Promise<number>): Promise<number> => {
    let tookMs = await take();
    while (tookMs < leastMs) {
      rows = Math.ceil(rows * Math.max(2, (1.2 * leastMs) / tookMs));
      tookMs = await take();
    }
    return tookMs;
  };
  const readSlowly = async (): Promise<void> => {
    const readMs = await takeAtLeast(SLOW_MS, () => count(leader, rows));
    console.log(`a query of ${Math.round(readMs)} ms on the leader`);
  };
  expect(await keepsLeader(tabs, readSlowly)).toBe(true);

  const writeSlowly = async (): Promise<void> => {
    const writtenMs = await takeAtLeast(SLOW_MS / 2, async () => {
      await leader.db((db) => db.execute('delete from t'));
      return insertCount(followers[0] ?? leader, rows);
    });
    console.log(`a write of ${Math.round(writtenMs)} ms on every node`);
  };
  expect(await keepsLeader(tabs, writeSlowly)).toBe(true);
  for (const tab of tabs) expect(await tab.rows('select n from t')).toEqual([[rows]]);
});

test('a query that is aborted while the SQL worker is busy is never begun', async ({ cluster }) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There is no tab.');
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
