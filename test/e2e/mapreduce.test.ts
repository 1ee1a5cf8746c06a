/**
 * MapReduce over real tabs: the original's tests with workers that die and tabs that are killed, and word
 * counts that are compared with a plain one. With RESQLITE_APPS=whole, as `npm run soak -- apps` sets it,
 * in the original's sizes.
 */

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import type { JobResult, JobStatus } from '../../src/apps/mapreduce/job-status.ts';
import type * as library from '../../src/apps/mapreduce/mapreduce.ts';
import { hashesAtOneIndex, test } from './harness.ts';
import { setTakingPart } from './mapreduce-page.ts';
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
  /** What calls of workers that do not die wait for. */
  hold: Promise<void> | null;
  letGo: () => void;
}

test(
  'TestOneFailure, with a tab killed besides: every line is there once, in order',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const [asking, failing, killed] = await readied(cluster.tabs);
    await startWorker(asking, 'healthy');
    await startMortal(failing, 'mortal');
    await startWorker(killed, 'killed');
    for (const tab of [asking, killed]) await hold(tab);
    await beginLines(asking);
    // The others stand in their first call until it has died in its eleventh.
    await waitRunning(asking, ['healthy', 'killed', 'mortal']);
    await waitFor(
      'the failing one to die',
      JOB_TIMEOUT_MS,
      async () => (await dead(failing)) === 1,
    );
    await killed.crash();
    expect((await newestJob(asking)).endedMs).toBeNull();
    await letGo(asking);
    const { lines, elapsedMs, workers } = await outcome(asking);
    console.log(
      `${MAP_TASKS} x ${REDUCE_TASKS} tasks over ${LINES} lines, one worker failing, one tab killed: ` +
        `${Math.round(elapsedMs)} ms, ${told(workers)}`,
    );
    expect(lines).toBe(numberLines());
    expect(workers).toEqual([
      { worker: 'healthy', mapTasks: MAP_TASKS - CALLS_OF_A_LIFE, reduceTasks: REDUCE_TASKS },
      { worker: 'mortal', mapTasks: CALLS_OF_A_LIFE, reduceTasks: 0 },
    ]);
    // What each of the two had was taken over.
    expect(await tasksTakenOver(asking)).toBe(2);
    expect(await leftRows(asking)).toEqual([[0, 0]]);
  },
);

test(
  'TestManyFailures: two new workers every second, each dying after ten calls',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const tabs = await readied(cluster.tabs);
    const [asking] = tabs;
    const begun: Promise<void>[] = [];
    const beginTwo = (): void => {
      for (let count = 0; count < 2; count += 1) {
        const tab = tabs[begun.length % tabs.length] ?? asking;
        begun.push(startMortal(tab, `mortal ${begun.length + 1}`));
      }
    };
    const deaths = async (): Promise<number> => {
      const counts = await Promise.all(tabs.map(dead));
      return counts.reduce((sum, count) => sum + count);
    };
    beginTwo();
    await Promise.all(begun);
    await beginLines(asking);
    // Two lives are too short for the job.
    await waitFor('a worker to die', JOB_TIMEOUT_MS, async () => (await deaths()) > 0);
    expect((await newestJob(asking)).endedMs).toBeNull();
    const timer = setInterval(beginTwo, 1_000);
    const { lines, elapsedMs, workers } = await outcome(asking).finally(() => clearInterval(timer));
    await Promise.all(begun);
    console.log(
      `${MAP_TASKS} x ${REDUCE_TASKS} tasks over ${LINES} lines, ${begun.length} workers of ten calls each, ` +
        `of whom ${await deaths()} died: ${Math.round(elapsedMs)} ms, ${workers.length} finished a task`,
    );
    expect(lines).toBe(numberLines());
    const done = workers.map(({ mapTasks, reduceTasks }) => mapTasks + reduceTasks);
    expect(Math.max(...done)).toBeLessThanOrEqual(CALLS_OF_A_LIFE);
    expect(done.reduce((sum, tasks) => sum + tasks)).toBe(MAP_TASKS + REDUCE_TASKS);
    expect(await tasksTakenOver(asking)).toBeGreaterThan(0);
    expect(await leftRows(asking)).toEqual([[0, 0]]);
  },
);

test(
  'word count over generated texts in three tabs equals a plain count, also with a tab killed half-way',
  TEST_TIMEOUT,
  async ({ cluster }) => {
    const tabs = await readied(cluster.tabs);
    const [asking, other, killed] = tabs;
    const names = await Promise.all(tabs.map(async (tab) => (await tab.status()).nodeId));
    for (const [at, tab] of tabs.entries()) {
      // The page's own worker would be a fourth, or count as the tab's.
      await setTakingPart(tab, false);
      await startWorker(tab, names[at] ?? '');
      await hold(tab);
    }
    const texts = Array.from({ length: TEXTS }, (_text, number) => makeText(number, TEXT_BYTES));
    const plain = countPlainly(texts);
    const alone = await countAlone(asking);
    expect(alone.lines).toBe(plain);

    await beginWordCount(asking);
    // A short job may else be done before everybody has heard of it.
    await waitRunning(asking, names);
    for (const tab of tabs) await letGo(tab);
    const undisturbed = await outcome(asking);
    tellWordCount('undisturbed', undisturbed, alone.elapsedMs);
    expect(undisturbed.lines).toBe(plain);
    expect(undisturbed.workers.map(({ worker }) => worker)).toEqual(names.toSorted());

    for (const tab of tabs) await hold(tab);
    await beginWordCount(asking);
    await waitRunning(asking, names);
    for (const tab of [asking, other]) await letGo(tab);
    await waitDone(asking, 0.5);
    // It cannot end while the one that will be killed has a task and renews its lease.
    expect((await newestJob(asking)).endedMs).toBeNull();
    await killed.crash();
    const disturbed = await outcome(asking);
    tellWordCount('a tab killed half-way', disturbed, alone.elapsedMs);
    expect(disturbed.lines).toBe(plain);
    expect(disturbed.workers.map(({ worker }) => worker)).not.toContain(names[2]);
    expect(await tasksTakenOver(asking)).toBeGreaterThan(0);
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
    page.hold = null;
    const started = module.startWorker(db, {
      name: worker,
      openRunner: async (source) => {
        const runner = await module.openInlineRunner(source);
        return {
          map: async (input, signal) => {
            await page.hold;
            return runner.map(input, signal);
          },
          reduce: (groups, signal) => runner.reduce(groups, signal),
          close: () => runner.close(),
        };
      },
    });
    page.workers.push(started);
  }, name);
}

/** From now on maps of its worker stand in their call. */
async function hold(tab: Tab): Promise<void> {
  await tab.db(async () => {
    const page = globalThis as unknown as InPage;
    page.hold = new Promise((resolve) => (page.letGo = resolve));
  });
}

async function letGo(tab: Tab): Promise<void> {
  await tab.db(async () => {
    const page = globalThis as unknown as InPage;
    page.hold = null;
    page.letGo();
  });
}

/** How many of the tab's workers have ended. */
function dead(tab: Tab): Promise<number> {
  return tab.db(async () => {
    const { workers } = globalThis as unknown as InPage;
    return workers.filter(({ state }) => state.type === 'stopped').length;
  });
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
    const { map } = await newestJob(tab);
    return map.done >= part * map.total;
  });
}

/** Until each of these has a task of it. */
async function waitRunning(tab: Tab, names: readonly string[]): Promise<void> {
  await waitFor(`${names.join(', ')} to have a task`, JOB_TIMEOUT_MS, async () => {
    const { running, workers, endedMs } = await newestJob(tab);
    // The one before may be the newest yet.
    if (endedMs !== null) return false;
    const known = [...running, ...workers].map(({ worker }) => worker);
    return names.every((name) => known.includes(name));
  });
}

async function newestJob(tab: Tab): Promise<JobStatus> {
  return waitFor('a job', JOB_TIMEOUT_MS, async () => {
    const [job] = await tab.db(async (db) => {
      const page = globalThis as unknown as InPage;
      const module = await page.resqlite.mapReduce();
      return module.jobs(db);
    });
    return job ?? false;
  });
}

/** Tasks whose worker's lease ended, of all jobs. */
async function tasksTakenOver(tab: Tab): Promise<number> {
  const [[count] = []] = await tab.rows('select count(*) from mapreduce_task where losses > 0');
  return Number(count);
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
