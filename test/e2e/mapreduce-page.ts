/** What tests of MapReduce ask of a page: its view, its switches, and jobs by the library in it. */

import type { Database } from '../../src/client/database.ts';
import type { JobStatus } from '../../src/apps/mapreduce/job-status.ts';
import type * as library from '../../src/apps/mapreduce/mapreduce.ts';
import type { AnyTab } from './tab.ts';
import { waitFor } from './wait.ts';

const VIEW_TIMEOUT_MS = 20_000;
const JOB_TIMEOUT_MS = 60_000;

/** What functions that run in the page find there. */
interface InPage {
  readonly resqlite: { readonly mapReduce: () => Promise<typeof library> };
}

/** A job that is over, and its results where it has some. */
export interface Outcome {
  readonly status: JobStatus;
  readonly results: Readonly<Record<string, string>>;
}

/** As the link in the head of the apps does. */
export async function showMapReduce(tab: AnyTab): Promise<void> {
  await tab.evaluate('void (location.hash = "#/apps?mapreduce")');
  await waitFor('the view of MapReduce', VIEW_TIMEOUT_MS, async () =>
    isTrue(tab, 'document.querySelector(".mapreduce") !== null'),
  );
}

/** Whether the tab works on jobs, by the view's own switch. */
export async function setTakingPart(tab: AnyTab, isOn: boolean): Promise<void> {
  await showMapReduce(tab);
  await tab.evaluate(`(() => {
    const box = document.querySelector('.mapreduce input[type=checkbox]');
    if (box.checked !== ${isOn}) box.click();
  })()`);
}

/** For all tabs of the browser, by the view's own choice. */
export async function chooseTimeLimit(tab: AnyTab, limitMs: number): Promise<void> {
  await showMapReduce(tab);
  await tab.evaluate(`(() => {
    const choice = document.querySelector('.mapreduce-limit select');
    choice.value = '${limitMs}';
    choice.dispatchEvent(new Event('change', { bubbles: true }));
  })()`);
}

type Request = Pick<library.JobRequest, 'inputs' | 'job' | 'maxAttempts'>;

/** From its start until it is over. */
export async function runJob(tab: AnyTab, request: Request): Promise<Outcome> {
  return outcomeOf(tab, await startJob(tab, request));
}

/** Answers its id. */
export async function startJob(tab: AnyTab, request: Request): Promise<string> {
  return tab.db(start, { nReduce: 1, ...request });
}

export async function statusOf(tab: AnyTab, jobId: string): Promise<JobStatus> {
  return tab.db(findStatus, jobId);
}

/** Waits until the job is over. */
export async function outcomeOf(tab: AnyTab, jobId: string): Promise<Outcome> {
  const status = await waitFor('the job to be over', JOB_TIMEOUT_MS, async () => {
    const told = await statusOf(tab, jobId);
    return told.endedMs !== null && told;
  });
  const results = status.state === 'done' ? await tab.db(resultsOf, jobId) : [];
  return { status, results: Object.fromEntries(results) };
}

async function start(db: Database, request: library.JobRequest): Promise<string> {
  const { startJob } = await (globalThis as unknown as InPage).resqlite.mapReduce();
  return startJob(db, request);
}

async function findStatus(db: Database, jobId: string): Promise<JobStatus> {
  const { jobs } = await (globalThis as unknown as InPage).resqlite.mapReduce();
  const found = (await jobs(db)).find(({ id }) => id === jobId);
  if (found === undefined) throw new Error('There is no such job.');
  return found;
}

async function resultsOf(db: Database, jobId: string): Promise<[string, string][]> {
  const { resultOf } = await (globalThis as unknown as InPage).resqlite.mapReduce();
  const { results } = await resultOf(db, jobId);
  return results.map(({ key, value }) => [key, value]);
}

export async function isTrue(tab: AnyTab, expression: string): Promise<boolean> {
  return (await tab.evaluate(expression)) === true;
}
