/**
 * What is told of a job: how far it is, who does what, what went wrong. Types only, all of them plain
 * data. Times are the log's, in milliseconds since 1970.
 */

import type { JobSource, KeyValue } from './job.ts';

/**
 * - 'preparing': its inputs are being written; nobody works on it yet.
 * - 'map', 'reduce': the phase it is in; no reduce task begins before the last map task is done.
 * - 'done', 'failed', 'cancelled': over. Of one that is done the results are kept.
 */
export type JobState = 'preparing' | 'map' | 'reduce' | 'done' | 'failed' | 'cancelled';

export type Phase = 'map' | 'reduce';

export interface PhaseProgress {
  readonly total: number;
  readonly done: number;
  readonly running: number;
}

/** A task that somebody works on, as far as its lease tells. */
export interface RunningTask {
  readonly phase: Phase;
  /** From 0; map tasks are numbered as the inputs. */
  readonly number: number;
  readonly worker: string;
  /** 1 is the first. A higher one means that an earlier one failed or that its worker went. */
  readonly attempt: number;
  /** Without a renewal until then it is given to another worker. */
  readonly leasedUntilMs: number;
}

/** The last error of a task, be it not its functions'; the job may have gone on. */
export interface TaskFailure {
  readonly phase: Phase;
  readonly number: number;
  /** A map task's input; null for a reduce task. */
  readonly input: string | null;
  readonly message: string;
  /** How often the task's functions have failed. */
  readonly failures: number;
}

/** What one worker has committed of a job. */
export interface WorkerTally {
  readonly worker: string;
  readonly mapTasks: number;
  readonly reduceTasks: number;
}

export interface JobStatus {
  readonly id: string;
  readonly source: JobSource;
  readonly state: JobState;
  /** Why a failed job failed. */
  readonly error: string | null;
  readonly map: PhaseProgress;
  readonly reduce: PhaseProgress;
  readonly running: readonly RunningTask[];
  readonly failures: readonly TaskFailure[];
  /** By name. */
  readonly workers: readonly WorkerTally[];
  readonly createdMs: number;
  /** Null: it is not over. */
  readonly endedMs: number | null;
}

export interface JobResult {
  readonly jobId: string;
  /** Sorted by the bytes of the keys in UTF-8; each key once. */
  readonly results: readonly KeyValue[];
  readonly workers: readonly WorkerTally[];
  /** From the job's first log entry to its last. */
  readonly elapsedMs: number;
}
