/**
 * MapReduce (Dean and Ghemawat, OSDI 2004) by the members of a cluster: the public face. Jobs, their
 * inputs, tasks, leases and results are rows of replicated tables; whoever runs a worker takes part. A
 * job belongs to the cluster and not to the tab that began it: any tab can follow, cancel and delete it
 * and read its results, by its id.
 */

import type { Database } from '../../client/database.ts';
import { callBack } from '../../client/callback.ts';
import type { ResqliteError } from '../../client/errors.ts';
import { MapReduceError } from './errors.ts';
import type { JobInput, JobSource, KeyValue, OpenRunner, TypedFunctions } from './job.ts';
import type { JobResult, JobStatus } from './job-status.ts';
import { cancel, ended, listJobs, readResult, remove, watchList, withoutResult } from './jobs.ts';
import { jobNames } from './registered-jobs.ts';
import { runSequentially } from './sequential.ts';
import { submit, withdraw, type Submission } from './submission.ts';
import type { Task } from './task-store.ts';
import { TaskWorker } from './worker.ts';

const LEASE_MS = 10_000;
const MAX_ATTEMPTS = 3;
const MAX_INPUTS = 10_000;
const MAX_REDUCES = 1_000;
const MAX_NAME_CHARACTERS = 255;
const MIN_LEASE_MS = 50;
const MAX_LEASE_MS = 600_000;
const MOST_ATTEMPTS = 100;

export interface JobRequest {
  /** Each is one map task. 10,000 at most. */
  readonly inputs: readonly JobInput[];
  /** The name of a registered job, or functions that were typed in. */
  readonly job: string | TypedFunctions;
  /** Reduce tasks: from 1 to 1,000. */
  readonly nReduce: number;
  /** How long a worker that is not heard keeps its task, in milliseconds: 10,000 where not given. */
  readonly leaseMs?: number;
  /** How often a task may fail before the job does: 3 where not given. A worker's death is no failure. */
  readonly maxAttempts?: number;
}

export interface MapReduceOptions extends JobRequest {
  /** Cancels the job. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (status: JobStatus) => void;
  /** False: the job is deleted once it is over. Else it is kept with its results, see `jobs`. */
  readonly keep?: boolean;
}

/**
 * Runs a job and resolves with its results. Rejects with `MapReduceError` where it fails or is cancelled,
 * `RangeError` for arguments that cannot be, and as `Database` does where the handle is closed. It needs
 * a worker somewhere (`startWorker`) and waits for one as long as it takes.
 */
export async function mapReduce(db: Database, options: MapReduceOptions): Promise<JobResult> {
  const { signal, onProgress = () => undefined, keep = true } = options;
  const id = await startJob(db, options, signal);
  const onAbort = (): void => {
    // Whoever awaits the job is told by its state.
    cancel(db, id).catch(() => undefined);
  };
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted === true) onAbort();
  try {
    const status = await ended(db, id, onProgress);
    if (status.state !== 'done') throw withoutResult(status);
    return await readResult(db, id);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // What stays nevertheless goes with later jobs.
    if (!keep) await remove(db, id).catch(() => undefined);
  }
}

/** Writes a job down and resolves with its id, when workers may begin. */
export async function startJob(
  db: Database,
  request: JobRequest,
  signal?: AbortSignal,
): Promise<string> {
  const submission = submissionOf(request);
  const id = crypto.randomUUID();
  try {
    await submit(db, id, submission, signal);
  } catch (error) {
    // Where it cannot be cancelled either, somebody else does it later.
    withdraw(db, id, submission).catch(() => undefined);
    if (signal?.aborted !== true) throw error;
    throw new MapReduceError('Cancelled', id, 'the job was cancelled while it was written down');
  }
  return id;
}

/** All jobs that are kept, the newest first: those under way, and the last 20 that are over. */
export async function jobs(db: Database): Promise<JobStatus[]> {
  return listJobs(db);
}

/** Calls back with `jobs` now and when they change, as `Database.live` does; the answer unsubscribes. */
export function watchJobs(
  db: Database,
  onJobs: (jobs: JobStatus[]) => void,
  onError: (error: ResqliteError) => void = reportError,
): () => void {
  return watchList(db, onJobs, onError);
}

/** The results of a job that is done. Rejects with `MapReduceError` where it is not. */
export async function resultOf(db: Database, jobId: string): Promise<JobResult> {
  return readResult(db, jobId);
}

/** Ends a job that is under way; what is over stays as it is. */
export async function cancelJob(db: Database, jobId: string): Promise<void> {
  await cancel(db, jobId);
}

/** Deletes a job with its results, whatever its state. */
export async function deleteJob(db: Database, jobId: string): Promise<void> {
  await remove(db, jobId);
}

export interface WorkerOptions {
  readonly openRunner: OpenRunner;
  /** As it is told in statuses: the node's id where not given. Names need not differ. */
  readonly name?: string;
  /**
   * The registered jobs that `openRunner` can run, asked each time: those of this page's code where not
   * given. Tasks of others are left to other workers.
   */
  readonly jobNames?: () => readonly string[];
  /** `openRunner` takes functions that were typed in: false where not given. */
  readonly takesTyped?: boolean;
  readonly onState?: (state: WorkerState) => void;
}

export type WorkerState =
  | { readonly type: 'idle' }
  | {
      readonly type: 'working';
      readonly jobId: string;
      readonly phase: 'map' | 'reduce';
      readonly number: number;
    }
  /** The database is closed, or `stop` was called. */
  | { readonly type: 'stopped' };

export interface JobWorker {
  readonly name: string;
  readonly state: WorkerState;
  /** Tasks that it has committed since it was started. */
  readonly tasksDone: number;
  /** Aborts what it does, gives its task back at once, and resolves when it is done. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Starts to claim tasks, one at a time, until it is stopped or the database is closed. One a tab is enough.
 * Throws what `Database.live` does.
 */
export function startWorker(db: Database, options: WorkerOptions): JobWorker {
  const { openRunner, takesTyped = false, onState = () => undefined } = options;
  const name = options.name ?? db.nodeId;
  let state: WorkerState = { type: 'idle' };
  let tasksDone = 0;
  const become = (next: WorkerState): void => {
    if (state.type === 'idle' && next.type === 'idle') return;
    state = next;
    callBack(onState, next);
  };
  const worker = new TaskWorker(db, {
    name,
    openRunner,
    takesTyped,
    jobNames: options.jobNames ?? jobNames,
    onTask: (task) => become(stateOf(task)),
    onDone: () => {
      tasksDone += 1;
    },
  });
  const run = worker.run().then(() => become({ type: 'stopped' }));
  return {
    name,
    get state() {
      return state;
    },
    get tasksDone() {
      return tasksDone;
    },
    stop: () => {
      worker.stop();
      return run;
    },
  };
}

/** The sequential mode: the same output by this thread's runner alone, without a database. */
export async function sequential(
  inputs: readonly JobInput[],
  job: string | TypedFunctions,
  nReduce: number,
  openRunner: OpenRunner,
  signal?: AbortSignal,
): Promise<KeyValue[]> {
  checkCount('nReduce', nReduce, 1, MAX_REDUCES);
  const { signal: never } = new AbortController();
  return runSequentially(inputs, sourceOf(job), nReduce, openRunner, signal ?? never);
}

function stateOf(task: Task | null): WorkerState {
  if (task === null) return { type: 'idle' };
  const { jobId, phase, number } = task;
  return { type: 'working', jobId, phase, number };
}

function sourceOf(job: string | TypedFunctions): JobSource {
  if (typeof job !== 'string') return { type: 'typed', map: job.map, reduce: job.reduce };
  if (!jobNames().includes(job)) {
    throw new RangeError(`no job is registered as ${JSON.stringify(job)}`);
  }
  return { type: 'registered', name: job };
}

function submissionOf(request: JobRequest): Submission {
  const { inputs, nReduce, leaseMs = LEASE_MS, maxAttempts = MAX_ATTEMPTS } = request;
  checkCount('inputs', inputs.length, 0, MAX_INPUTS);
  checkCount('nReduce', nReduce, 1, MAX_REDUCES);
  checkCount('leaseMs', leaseMs, MIN_LEASE_MS, MAX_LEASE_MS);
  checkCount('maxAttempts', maxAttempts, 1, MOST_ATTEMPTS);
  const longest = Math.max(0, ...inputs.map(({ name }) => name.length));
  checkCount('the length of an input’s name', longest, 0, MAX_NAME_CHARACTERS);
  return { inputs, source: sourceOf(request.job), nReduce, leaseMs, maxAttempts };
}

function checkCount(what: string, count: number, least: number, most: number): void {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return;
  throw new RangeError(`${what} must be a whole number from ${least} to ${most}, not ${count}`);
}

/** One line a result, `key: value` and a line feed, as the original writes them. */
export function linesOf(results: readonly KeyValue[]): string {
  return results.map(({ key, value }) => `${key}: ${value}\n`).join('');
}

export { TaskError } from './job.ts';
export { MapReduceError };
export { registerJob } from './registered-jobs.ts';
export { openInlineRunner } from './inline-runner.ts';
