/** The benchmark runs in the tabs of a cluster, tells finite numbers of everybody, and leaves nothing. */

import { expect } from 'vitest';

import type { Report } from '../../src/bench/report.ts';
import { FLOOR, FOLLOWER, LEADER, RAW_DEFAULT, readSubject } from '../../src/bench/targets.ts';
import { leaderOf, test } from './harness.ts';
import type { Tab } from './tab.ts';

/** One of each kind; the others differ in numbers only. */
const MEASUREMENTS = ['commit', 'concurrent-16', 'reads-64', 'write-heavy-pipelined'];

function scriptsOf(tab: Tab): Promise<unknown> {
  return tab.evaluate(
    "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /suite/.test(name))",
  );
}

test('a follower conducts it: every figure is a finite number, and nothing is left behind', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { followers } = await leaderOf(tabs);
  const [conductor] = followers;
  if (conductor === undefined) throw new Error('There is no follower.');
  for (const tab of tabs) expect(await scriptsOf(tab)).toEqual([]);

  const report = (await conductor.evaluate(
    `globalThis.benchmark().then(({ run }) => run(window.db, ${JSON.stringify({
      only: MEASUREMENTS,
      rounds: 1,
      scale: 'tiny',
    })}))`,
  )) as Report;

  const unsound = report.figures.filter(
    ({ median, worst, samples }) =>
      samples === 0 || !Number.isFinite(median) || !Number.isFinite(worst) || median < 0,
  );
  expect(unsound).toEqual([]);
  const told = report.figures.map(({ name, subject }) => `${name}: ${subject}`);
  expect(new Set(told).size).toBe(told.length);
  expect(told).toEqual(
    expect.arrayContaining([
      `commit: ${FLOOR}`,
      `floor-round-trip: ${FLOOR}`,
      `commit: ${LEADER}`,
      `commit: ${FOLLOWER}`,
      `commit: ${RAW_DEFAULT}`,
      `concurrent-16: ${LEADER}`,
      `reads-64: ${readSubject('linearizable')}`,
      `write-heavy-pipelined: ${LEADER}`,
    ]),
  );
  expect(report.ratios.map(({ figure, subject }) => `${figure}: ${subject}`)).toContain(
    `commit: ${LEADER}`,
  );

  expect(
    await conductor.rows("select name from sqlite_schema where name like '%benchmark%'"),
  ).toEqual([]);
  const left = await conductor.evaluate(`(async () => {
    const root = await navigator.storage.getDirectory();
    const names = [];
    for await (const name of root.keys()) names.push(name);
    const databases = await indexedDB.databases();
    return [...names, ...databases.map(({ name }) => name)].filter((name) => /benchmark/.test(name));
  })()`);
  expect(left).toEqual([]);
});

test('what does not run is no figure: a statement that fails ends it, and so does a second conductor', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const outcome = (tab: Tab | undefined): Promise<unknown> | undefined =>
    tab?.evaluate(
      `globalThis.benchmark().then(({ run }) => run(window.db, { only: ['batches'], rounds: 1, scale: 'tiny' }))
        .then(() => 'ran', (error) => error.message)`,
    );
  const outcomes = await Promise.all([outcome(leader), outcome(followers[0])]);
  expect(outcomes.toSorted()).toEqual(['another tab runs a benchmark', 'ran']);

  // Nobody may write to the table that the benchmark writes to.
  await leader.db((db) =>
    db.execute('create view "benchmark_rows_cluster_leader" as select 1 as text'),
  );
  expect(await outcome(leader)).toMatch(/view/);
});
