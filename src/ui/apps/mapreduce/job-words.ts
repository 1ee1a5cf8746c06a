/** What is said of a job. Pure. */

import type { JobSource } from '../../../apps/mapreduce/job.ts';
import type {
  JobState,
  JobStatus,
  PhaseProgress,
  RunningTask,
  TaskFailure,
  WorkerTally,
} from '../../../apps/mapreduce/job-status.ts';
import type { WorkerState } from '../../../apps/mapreduce/mapreduce.ts';
import { formatCount, shortId } from '../../wording.ts';

/** The jobs of the page's own code, as the form offers them. */
export const READY_JOBS = {
  'word-count': 'Word count',
  'inverted-index': 'Inverted index',
} as const;
export type ReadyJob = keyof typeof READY_JOBS;

const STATE_WORDS: Readonly<Record<JobState, string>> = {
  preparing: 'Writing inputs',
  map: 'Map phase',
  reduce: 'Reduce phase',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

function isReadyJob(name: string): name is ReadyJob {
  return Object.hasOwn(READY_JOBS, name);
}

export function titleOf(source: JobSource): string {
  if (source.type === 'typed') return 'Own functions';
  return isReadyJob(source.name) ? READY_JOBS[source.name] : source.name;
}

export function stateWords(state: JobState): string {
  return STATE_WORDS[state];
}

export function isOver({ state }: JobStatus): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** Clocks of members differ a little. */
export function elapsedMs({ createdMs, endedMs }: JobStatus, nowMs: number): number {
  return Math.max(0, (endedMs ?? nowMs) - createdMs);
}

export function progressWords({ total, done, running }: PhaseProgress): string {
  const waiting = total - done - running;
  const parts = [`${formatCount(done)} of ${formatCount(total)} done`];
  if (running > 0) parts.push(`${formatCount(running)} running`);
  if (waiting > 0) parts.push(`${formatCount(waiting)} waiting`);
  return parts.join(', ');
}

/** Tasks are counted from 0, as in the engine's own words. */
export function taskWords({ phase, number }: Pick<RunningTask, 'phase' | 'number'>): string {
  return `${phase} task ${number}`;
}

export function failureWords(failure: TaskFailure): string {
  const { input, failures } = failure;
  const where = input === null ? '' : ` (${input})`;
  const often = failures > 1 ? `, ${formatCount(failures)} times` : '';
  return `${taskWords(failure)}${where}${often}`;
}

/** What this tab's own worker does. */
export function ownWords(state: WorkerState): string {
  if (state.type === 'working') return `Working on ${taskWords(state)}.`;
  return state.type === 'idle' ? 'Waiting for tasks.' : 'Not working.';
}

export interface WorkerRow {
  readonly worker: string;
  readonly mapTasks: number;
  readonly reduceTasks: number;
  /** Null: nothing, as far as leases tell. */
  readonly task: RunningTask | null;
}

/** Whoever has done something or is at it. */
export function workerRows({ workers, running }: JobStatus): WorkerRow[] {
  const tallies = new Map<string, WorkerTally>(workers.map((tally) => [tally.worker, tally]));
  for (const { worker } of running) {
    if (!tallies.has(worker)) tallies.set(worker, { worker, mapTasks: 0, reduceTasks: 0 });
  }
  return [...tallies.values()]
    .toSorted((a, b) => (a.worker < b.worker ? -1 : 1))
    .map((tally) => ({
      ...tally,
      task: running.find(({ worker }) => worker === tally.worker) ?? null,
    }));
}

export function workerName(worker: string, ownNodeId: string | null): string {
  return worker === ownNodeId ? `${shortId(worker)} (this tab)` : shortId(worker);
}
