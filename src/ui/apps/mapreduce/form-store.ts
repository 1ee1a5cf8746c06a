/** The next job, as it is being put together; it stays while the view is away. Components only read. */

import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { startJob, type JobRequest } from '../../../apps/mapreduce/mapreduce.ts';
import { database } from '../../store.ts';
import { messageOf } from '../../wording.ts';
import { isReading, jobFiles } from './file-store.ts';
import { showJob } from './job-store.ts';
import type { ReadyJob } from './job-words.ts';

export type JobChoice = ReadyJob | 'typed';

export const REDUCES_MAX = 1_000;
const FIRST_REDUCES = 4;

const EXAMPLE_MAP = `// One call for each file. Give pairs of texts.
function map(name, contents) {
  const words = contents.toLowerCase().match(/\\p{L}+/gu) ?? [];
  return words.map((word) => ({ key: word[0], value: word }));
}`;

const EXAMPLE_REDUCE = `// One call for each key, with all its values. Give one text.
function reduce(key, values) {
  const longest = values.reduce((a, b) => (b.length > a.length ? b : a));
  return \`\${values.length} words, the longest is \${longest}\`;
}`;

export const choice = signal<JobChoice>('word-count');
export const mapSource = signal(EXAMPLE_MAP);
export const reduceSource = signal(EXAMPLE_REDUCE);
/** As it is typed. */
export const reduces = signal(String(FIRST_REDUCES));

const startingNow = signal(false);
const startedId = signal<string | null>(null);
const startProblemText = signal<string | null>(null);

export const isStarting: ReadonlySignal<boolean> = startingNow;
/** The job that was started last, from here. */
export const startedJobId: ReadonlySignal<string | null> = startedId;
/** Why the last one did not start. */
export const startProblem: ReadonlySignal<string | null> = startProblemText;

/** Null: what is typed is no number of reduce tasks. */
export const reduceCount = computed((): number | null => {
  const count = Number(reduces.value);
  return Number.isInteger(count) && count >= 1 && count <= REDUCES_MAX ? count : null;
});

export const isReady = computed(
  () =>
    database.value !== null &&
    jobFiles.value.length > 0 &&
    reduceCount.value !== null &&
    !isReading.value &&
    !startingNow.value,
);

/** What a failed start leaves is the form as it was. */
export async function start(): Promise<void> {
  const { value: db } = database;
  const { value: nReduce } = reduceCount;
  if (db === null || nReduce === null || !isReady.value) return;
  startingNow.value = true;
  startProblemText.value = null;
  const inputs = jobFiles.value.map(({ name, contents }) => ({ name, contents }));
  try {
    const jobId = await startJob(db, { inputs, job: jobOf(choice.value), nReduce });
    startedId.value = jobId;
    showJob(jobId);
  } catch (error) {
    startProblemText.value = messageOf(error);
  } finally {
    startingNow.value = false;
  }
}

function jobOf(chosen: JobChoice): JobRequest['job'] {
  return chosen === 'typed' ? { map: mapSource.value, reduce: reduceSource.value } : chosen;
}
