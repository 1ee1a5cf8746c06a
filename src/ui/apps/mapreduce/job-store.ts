/**
 * The jobs of the cluster as the view shows them: the list, which of them is looked at, and its results.
 * Whoever acts on a job does it here; components only read. What is chosen stays while the view is away.
 */

import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import type { KeyValue } from '../../../apps/mapreduce/job.ts';
import type { JobStatus } from '../../../apps/mapreduce/job-status.ts';
import {
  cancelJob,
  deleteJob,
  linesOf,
  resultOf,
  watchJobs,
} from '../../../apps/mapreduce/mapreduce.ts';
import type { Database } from '../../../client/database.ts';
import { downloadFile } from '../../download.ts';
import { shellHost } from '../../shell-host.ts';
import { database } from '../../store.ts';
import { messageOf } from '../../wording.ts';
import { titleOf } from './job-words.ts';

/** The results of one job, or why they are not there. */
interface ShownResults {
  readonly jobId: string;
  /** Null: on their way, or not to be had. */
  readonly results: readonly KeyValue[] | null;
  readonly problem: string | null;
}

const list = signal<readonly JobStatus[] | null>(null);
const listProblemText = signal<string | null>(null);
const chosenId = signal<string | null>(null);
const shown = signal<ShownResults | null>(null);
const actionProblem = signal<{ readonly jobId: string; readonly message: string } | null>(null);

/** The newest first; null: not known yet. */
export const jobList: ReadonlySignal<readonly JobStatus[] | null> = list;
/** Why the list is not known, or not as it is now. */
export const listProblem: ReadonlySignal<string | null> = listProblemText;

/** The one that was chosen or shown first, while it is there; then the newest, which is shown from then on. */
export const shownJob = computed((): JobStatus | null => {
  const { value: jobs } = list;
  return jobs?.find(({ id }) => id === chosenId.value) ?? jobs?.[0] ?? null;
});

/** Of the job that is shown. */
export const shownResults = computed((): ShownResults | null => {
  return shown.value?.jobId === shownJob.value?.id ? shown.value : null;
});

/** What came of cancelling or deleting the job that is shown. */
export const jobProblem = computed((): string | null => {
  const { value: problem } = actionProblem;
  return problem !== null && problem.jobId === shownJob.value?.id ? problem.message : null;
});

export function showJob(jobId: string): void {
  chosenId.value = jobId;
}

/** While somebody looks; the answer ends it. */
export function followJobs(): () => void {
  const endList = effect(() => {
    const { value: db } = database;
    return db === null ? undefined : untracked(() => watchList(db));
  });
  const doneId = computed(() => (shownJob.value?.state === 'done' ? shownJob.value.id : null));
  const endResults = effect(() => {
    const { value: db } = database;
    const { value: jobId } = doneId;
    if (db !== null && jobId !== null) untracked(() => void readResults(db, jobId));
  });
  return () => {
    endList();
    endResults();
  };
}

export function cancel(jobId: string): Promise<void> {
  return act(jobId, (db) => cancelJob(db, jobId));
}

/** Of all tabs, once the person means it. */
export async function askToRemove({ id, source }: JobStatus): Promise<void> {
  const reply = await shellHost.ask({
    title: 'Delete job',
    text: `“${titleOf(source)}” and its results are deleted in all tabs of the cluster.`,
    file: null,
    field: null,
    action: 'Delete',
    isDangerous: true,
  });
  if (reply !== null) await act(id, (db) => deleteJob(db, id));
}

export function downloadResults({ jobId, results }: ShownResults): void {
  if (results === null) return;
  const content = new Blob([linesOf(results)], { type: 'text/plain' });
  downloadFile(`mapreduce-${jobId.slice(0, 8)}.txt`, content);
}

function watchList(db: Database): () => void {
  return watchJobs(
    db,
    (jobs) => {
      list.value = jobs;
      // What is shown is not another's because somebody starts one.
      chosenId.value = shownJob.value?.id ?? null;
      listProblemText.value = null;
    },
    ({ message }) => (listProblemText.value = message),
  );
}

async function readResults(db: Database, jobId: string): Promise<void> {
  if (shown.value?.jobId === jobId && shown.value.results !== null) return;
  shown.value = { jobId, results: null, problem: null };
  let next: ShownResults;
  try {
    next = { jobId, results: (await resultOf(db, jobId)).results, problem: null };
  } catch (error) {
    next = { jobId, results: null, problem: messageOf(error) };
  }
  // Another job may be shown by now.
  if (shown.value.jobId === jobId) shown.value = next;
}

async function act(jobId: string, run: (db: Database) => Promise<void>): Promise<void> {
  const { value: db } = database;
  if (db === null) return;
  actionProblem.value = null;
  try {
    await run(db);
  } catch (error) {
    actionProblem.value = { jobId, message: messageOf(error) };
  }
}
