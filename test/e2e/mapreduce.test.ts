/**
 * MapReduce over real tabs: the original's tests with workers that die and tabs that are killed, and word
 * counts that are compared with a plain one. With RESQLITE_APPS=whole, as `npm run soak -- apps` sets it,
 * in the original's sizes.
 */

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import type { JobResult } from '../../src/apps/mapreduce/job-status.ts';
import type * as library from '../../src/apps/mapreduce/mapreduce.ts';
import { hashesAtOneIndex, test } from './harness.ts';
import { countPlainly, makeText } from './mapreduce-texts.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const IS_WHOLE = process.env['RESQLITE_APPS'] === 'whole';
const LINES = IS_WHOLE ? 100_000 : 20_000;
const MAP_TASKS = IS_WHOLE ? 100 : 20;
const REDUCE_TASKS = IS_WHOLE ? 50 : 10;
const TEXTS = IS_WHOLE ? 16 : 6;
const TEXT_BYTES = IS_WHOLE ? 1_000_000 : 200_000;
const LEASE_MS = IS_WHOLE ? 5_000 : 2_000;
const JOB_TIMEOUT_MS = IS_WHOLE ? 300_000 : 60_000;
const TEST_TIMEOUT = { timeout: 3 * JOB_TIMEOUT_MS };

/** The original's workers answer so many calls, and then no more. */
const CALLS_OF_A_LIFE = 10;

/** What the functions below find in their page, and keep in it. */
interface InPage {
  readonly resqlite: {
    readonly open: (clusterId: string) => Promise<Database>;
    readonly mapReduce: () => Promise<typeof library>;
  };
  readonly makeText: typeof makeText;
  job: Promise<JobResult>;
  workers: library.JobWorker[];
}

test(
  'TestOneFailure, with a tab killed besides: every line is there once, in order',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const [asking, failing, killed] = await readied(cluster.tabs);
    await startWorker(asking, 'healthy');
    await startMortal(failing, 'mortal');
    await startWorker(killed, 'killed');
    await beginLines(asking);
    await waitDone(asking, 0.3);
    await killed.crash();
    const { lines, elapsedMs, workers } = await outcome(asking);
    console.log(
      `${MAP_TASKS} x ${REDUCE_TASKS} tasks over ${LINES} lines, one worker failing, one tab killed: ` +
        `${Math.round(elapsedMs)} ms, ${told(workers)}`,
    );
    expect(lines).toBe(numberLines());
    expect(workers.map(({ worker }) => worker)).toContain('healthy');
    expect(await leftRows(asking)).toEqual([[0, 0]]);
  },
);

test(
  'TestManyFailures: two new workers every second, each dying after ten calls',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const tabs = await readied(cluster.tabs);
    const [asking] = tabs;
    await beginLines(asking);
    let begun = 0;
    const timer = setInterval(() => {
      for (let count = 0; count < 2; count += 1) {
        const tab = tabs[begun % tabs.length];
        begun += 1;
        if (tab !== undefined) startMortal(tab, `mortal ${begun}`).catch(() => undefined);
      }
    }, 1_000);
    const { lines, elapsedMs, workers } = await outcome(asking).finally(() => clearInterval(timer));
    console.log(
      `${MAP_TASKS} x ${REDUCE_TASKS} tasks over ${LINES} lines, ${begun} workers of ten calls each: ` +
        `${Math.round(elapsedMs)} ms, ${workers.length} of them finished a task`,
    );
    expect(lines).toBe(numberLines());
    expect(await leftRows(asking)).toEqual([[0, 0]]);
  },
);

test(
  'word count over generated texts in three tabs equals a plain count, also with a tab killed half-way',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const [asking, other, killed] = await readied(cluster.tabs);
    for (const tab of [asking, other, killed]) await startWorker(tab, (await tab.status()).nodeId);
    const texts = Array.from({ length: TEXTS }, (_text, number) => makeText(number, TEXT_BYTES));
    const plain = countPlainly(texts);
    const alone = await countAlone(asking);
    expect(alone.lines).toBe(plain);

    await beginWordCount(asking);
    const undisturbed = await outcome(asking);
    tellWordCount('undisturbed', undisturbed, alone.elapsedMs);
    expect(undisturbed.lines).toBe(plain);
    // A short job may be done before everybody has heard of it.
    if (IS_WHOLE) expect(undisturbed.workers).toHaveLength(3);

    await beginWordCount(asking);
    await waitDone(asking, 0.5);
    await killed.crash();
    const disturbed = await outcome(asking);
    tellWordCount('a tab killed half-way', disturbed, alone.elapsedMs);
    expect(disturbed.lines).toBe(plain);
    expect(await hashesAtOneIndex([asking, other])).toHaveLength(1);
  },
);

/** Runs in the page: the tests' own job is known there, and no worker is left of the test before. */
async function prepare(): Promise<void> {
  const page = globalThis as unknown as InPage;
  const module = await page.resqlite.mapReduce();
  await Promise.all((page.workers ?? []).map((worker) => worker.stop()));
  const isNew = page.workers === undefined;
  page.workers = [];
  if (!isNew) return;
  module.registerJob('fields', {
    map: (_name, contents) =>
      contents.split(/\s+/u).flatMap((key) => (key === '' ? [] : [{ key, value: '' }])),
    reduce: () => '',
  });
}

async function readied(tabs: readonly Tab[]): Promise<[Tab, Tab, Tab]> {
  const [first, second, third] = tabs;
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error('There are not three tabs.');
  }
  for (const tab of tabs) {
    await tab.db(prepare);
    await tab.evaluate(`globalThis.makeText = ${String(makeText)}`);
  }
  return [first, second, third];
}

/** Until its page goes. */
async function startWorker(tab: Tab, name: string): Promise<void> {
  await tab.db(async (db, worker) => {
    const page = globalThis as unknown as InPage;
    const module = await page.resqlite.mapReduce();
    page.workers.push(
      module.startWorker(db, { name: worker, openRunner: module.openInlineRunner }),
    );
  }, name);
}

/** Its handle is closed in the call behind the last one, and nothing is given back. */
async function startMortal(tab: Tab, name: string): Promise<void> {
  await tab.db(
    async (db, { worker, calls }) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      const own = await page.resqlite.open(db.clusterId);
      let left = calls;
      const spend = async (signal: AbortSignal): Promise<void> => {
        left -= 1;
        if (left >= 0) return undefined;
        void own.close();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      };
      const mortal = module.startWorker(own, {
        name: worker,
        openRunner: async (source) => {
          const runner = await module.openInlineRunner(source);
          return {
            map: async (input, signal) => {
              await spend(signal);
              return runner.map(input, signal);
            },
            reduce: async (groups, signal) => {
              await spend(signal);
              return runner.reduce(groups, signal);
            },
            close: () => runner.close(),
          };
        },
      });
      page.workers.push(mortal);
    },
    { worker: name, calls: CALLS_OF_A_LIFE },
  );
}

async function beginLines(tab: Tab): Promise<void> {
  await tab.db(
    async (db, { lines, files, nReduce, leaseMs }) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      const each = lines / files;
      const inputs = Array.from({ length: files }, (_file, file) => ({
        name: `824-mrinput-${file}.txt`,
        contents: Array.from({ length: each }, (_line, at) => `${file * each + at}\n`).join(''),
      }));
      page.job = module.mapReduce(db, { inputs, job: 'fields', nReduce, leaseMs });
      // Whoever awaits it later is told.
      page.job.catch(() => undefined);
    },
    { lines: LINES, files: MAP_TASKS, nReduce: REDUCE_TASKS, leaseMs: LEASE_MS },
  );
}

async function beginWordCount(tab: Tab): Promise<void> {
  await tab.db(
    async (db, { count, bytes, nReduce, leaseMs }) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      const inputs = Array.from({ length: count }, (_text, number) => ({
        name: `text ${number}`,
        contents: page.makeText(number, bytes),
      }));
      page.job = module.mapReduce(db, { inputs, job: 'word-count', nReduce, leaseMs });
      // Whoever awaits it later is told.
      page.job.catch(() => undefined);
    },
    { count: TEXTS, bytes: TEXT_BYTES, nReduce: REDUCE_TASKS, leaseMs: LEASE_MS },
  );
}

interface Outcome extends Omit<JobResult, 'results'> {
  readonly lines: string;
}

/** Of the job that was begun in this tab last. */
function outcome(tab: Tab): Promise<Outcome> {
  return tab.db(async () => {
    const page = globalThis as unknown as InPage;
    const module = await page.resqlite.mapReduce();
    const { results, ...rest } = await page.job;
    return { ...rest, lines: module.linesOf(results) };
  });
}

/** The sequential mode in this tab. */
function countAlone(tab: Tab): Promise<{ lines: string; elapsedMs: number }> {
  return tab.db(
    async (_db: Database, { count, bytes, nReduce }) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      const inputs = Array.from({ length: count }, (_text, number) => ({
        name: `text ${number}`,
        contents: page.makeText(number, bytes),
      }));
      const startMs = performance.now();
      const results = await module.sequential(
        inputs,
        'word-count',
        nReduce,
        module.openInlineRunner,
      );
      const elapsedMs = performance.now() - startMs;
      return { lines: module.linesOf(results), elapsedMs };
    },
    { count: TEXTS, bytes: TEXT_BYTES, nReduce: REDUCE_TASKS },
  );
}

/** Until this part of the newest job's map tasks is done. */
async function waitDone(tab: Tab, part: number): Promise<void> {
  await waitFor(`${part} of the map tasks to be done`, JOB_TIMEOUT_MS, async () => {
    const [job] = await tab.db(async (db) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      return module.jobs(db);
    });
    return job !== undefined && job.map.done >= part * job.map.total;
  });
}

/** What is left of inputs and pairs. */
function leftRows(tab: Tab): Promise<unknown[][]> {
  return tab.rows(
    'select (select count(*) from mapreduce_input), (select count(*) from mapreduce_pairs)',
  );
}

/** The original's expectation: the lines' numbers in the order of their text. */
function numberLines(): string {
  return Array.from({ length: LINES }, (_line, number) => String(number))
    .toSorted()
    .map((number) => `${number}: \n`)
    .join('');
}

function told(workers: JobResult['workers']): string {
  return workers
    .map(({ worker, mapTasks, reduceTasks }) => `${worker} ${mapTasks} + ${reduceTasks}`)
    .join(', ');
}

function tellWordCount(what: string, { elapsedMs, workers }: Outcome, aloneMs: number): void {
  console.log(
    `word count, ${TEXTS} texts of ${TEXT_BYTES / 1e6} MB, three tabs, ${what}: ` +
      `${Math.round(elapsedMs)} ms, ${(elapsedMs / aloneMs).toFixed(1)} times the sequential mode's ` +
      `${Math.round(aloneMs)} ms; map + reduce tasks: ${told(workers)}`,
  );
}
