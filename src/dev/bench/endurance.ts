/**
 * A million writes by 256 clients, and what three tabs hold meanwhile: the JavaScript heaps of all pages
 * and workers, and the origin's storage, looked at after every part. The first part warms up; what it
 * comes to is whether the last quarter's peak is the first one's. All writes go to the same rows, so that
 * the database itself does not grow.
 */

import { ROW_BYTES } from '../../bench/context.ts';
import { figureOf, type Figure } from '../../bench/report.ts';
import { createTable, fillStatement } from '../../bench/rows.ts';
import { FIRST_QUARTER, isAskedFor, LAST_QUARTER, LEADER } from '../../bench/targets.ts';
import { Browser } from './browser.ts';
import { heapBytes } from './heap-usage.ts';
import { clusterUrl, type Session } from './session.ts';

const NAME = 'endurance';
const TABLE = 'benchmark_endurance';
const ROWS = 1_000;
const CLIENTS = 256;
const VOTERS = 3;
/** The first of them is warm-up, and the others are four quarters. */
const PARTS = 41;
const QUARTER = 10;

interface Sample {
  readonly heapBytes: number;
  readonly storageBytes: number;
  readonly perSecond: number;
}

export async function measureEndurance(session: Session): Promise<Figure[]> {
  const { only, writes } = session.options;
  if (!isAskedFor(NAME, only)) return [];
  const samples = await Browser.during((browser) => samplesOf(browser, session));
  const settings = `${writes} writes by ${CLIENTS} clients at the leader`;
  const [, ...warm] = samples;
  const quarters = [
    [FIRST_QUARTER, warm.slice(0, QUARTER)],
    [LAST_QUARTER, warm.slice(-QUARTER)],
  ] as const;
  const rates = samples.map(({ perSecond }) => perSecond);
  return [
    figureOf(NAME, { subject: LEADER, settings, unit: '/s' }, rates),
    ...quarters.flatMap(([subject, quarter]) => {
      const about = { subject, settings: `${settings}; peak`, unit: 'bytes' } as const;
      const heap = Math.max(...quarter.map(({ heapBytes }) => heapBytes));
      const storage = Math.max(...quarter.map(({ storageBytes }) => storageBytes));
      return [
        figureOf(`${NAME}-heap`, about, [heap]),
        figureOf(`${NAME}-storage`, about, [storage]),
      ];
    }),
  ];
}

async function samplesOf(browser: Browser, session: Session): Promise<Sample[]> {
  const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
  const { leader } = await cluster.roles();
  await leader.call('script', createTable(TABLE) + fillStatement(TABLE, ROWS, ROW_BYTES));
  const calls = Math.ceil(session.options.writes / PARTS);
  const samples: Sample[] = [];
  while (samples.length < PARTS) {
    console.error(`${NAME}: part ${samples.length + 1} of ${PARTS}`);
    const { leader: now } = await cluster.roles();
    const load = { table: TABLE, clients: CLIENTS, calls, rows: ROWS, bytes: ROW_BYTES };
    const { elapsedMs } = await now.call('updateRows', load);
    const heaps = await Promise.all(cluster.tabs.map(heapBytes));
    samples.push({
      heapBytes: heaps.reduce((total, bytes) => total + bytes, 0),
      storageBytes: await leader.db('return (await navigator.storage.estimate()).usage;'),
      perSecond: (calls * 1_000) / elapsedMs,
    });
  }
  const told = await leader.call('rows', `select sum(number) from ${TABLE}`);
  const expected = (ROWS * (ROWS + 1)) / 2 + calls * PARTS;
  if (Number(told[0]?.[0]) !== expected)
    throw new Error(`${NAME}: ${String(told)} is not ${expected}`);
  return samples;
}
