/**
 * A worker: claims a task, works, commits its output, claims the next. It holds one task at a time. All
 * that it writes is fenced by the task's attempt, so it need not know whether it still holds the task. A
 * task whose lease has ended it goes on with, as whoever is first counts; that the task is over it learns
 * when it renews the lease, and then stops what it does.
 *
 * What the job's functions do wrong (`TaskError`), or make too much of (`RangeError`), is written down as
 * the task's failure. Any other error is this tab's trouble: the task is given back, and its job left to
 * others for a while.
 */

import { unlessAborted } from '../../client/abort.ts';
import type { Database } from '../../client/database.ts';
import { ResqliteError } from '../../client/errors.ts';
import type { ErrorCode } from '../../node/errors.ts';
import type { Statement } from '../../node/sql.ts';
import { Batches } from './batches.ts';
import { readPacked } from './blobs.ts';
import { Board } from './board.ts';
import { mapInto, reduceFrom, type Bucket } from './grouping.ts';
import { passes, pause } from '../retrying.ts';
import { insist } from './insistence.ts';
import { TaskError, type JobRunner, type JobSource, type OpenRunner } from './job.ts';
import { pack } from './packing.ts';
import { PassedOver } from './passed-over.ts';
import { SWEEP } from './submission.ts';
import {
  claimStatements,
  completion,
  DONE_AT,
  doomOf,
  jobFailure,
  outputRows,
  release,
  renewal,
  stagedOutput,
  taskFailure,
  taskOf,
  taskTrouble,
  TOO_MUCH,
  type Task,
} from './task-store.ts';

/** Renewals within a lease: two may fail. */
const RENEWALS_PER_LEASE = 3;
/** Behind trouble of this tab's own; it doubles while that lasts. */
const TROUBLE_PAUSE_MS = 1_000;
const LONGEST_TROUBLE_PAUSE_MS = 60_000;
/** What a task's input, or a reduce task's pairs, may come to: what a tab's memory has room for. */
const TASK_BYTES_MAX = 128 * 1024 * 1024;
/** What stopping may take; else the lease ends by itself. */
const RELEASE_TIMEOUT_MS = 2_000;

const NEXT_INPUT = `select task, part, data from mapreduce_input
  where job = ? and task = ? and (task, part) > (?, ?) order by task, part limit ?`;

const NEXT_PAIRS = `select p.task, p.part, p.data from mapreduce_pairs p
  cross join mapreduce_task t on t.job = p.job and t.phase = 'map' and t.number = p.task
    and t.attempt = p.attempt and t.state = 'done'
  where p.job = ? and p.bucket = ? and (p.task, p.part) > (?, ?) order by p.task, p.attempt, p.part
  limit ?`;

export interface WorkerParts {
  readonly name: string;
  readonly openRunner: OpenRunner;
  readonly jobNames: () => readonly string[];
  readonly takesTyped: boolean;
  /** Null: it waits for one. */
  readonly onTask: (task: Task | null) => void;
  readonly onDone: () => void;
}

/** What a finished task has left to write: sent with the next claim. */
interface Finish {
  /** Whose trouble it is where this cannot be written; null: nobody's. */
  readonly task: Task | null;
  readonly statements: readonly Statement[];
  /** Which of them tells by the rows it affects that the task was done. */
  readonly doneAt: number | null;
}

/** Of the database's refusals those that what is written can be the reason for. */
const OF_THE_JOB: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'Sql',
  'TooLarge',
  'InvalidArgument',
  'Skipped',
]);

/** The job has written too much. */
class JobLimit extends Error {}

const NOTHING: Finish = { task: null, statements: [], doneAt: null };

export class TaskWorker {
  readonly #db: Database;
  readonly #parts: WorkerParts;
  readonly #holder = crypto.randomUUID();
  readonly #board: Board;
  readonly #stopped = new AbortController();
  readonly #passedOver = new PassedOver();
  #troublePauseMs = TROUBLE_PAUSE_MS;
  #runner: { readonly key: string; readonly runner: JobRunner } | null = null;

  constructor(db: Database, parts: WorkerParts) {
    this.#db = db;
    this.#parts = parts;
    this.#board = new Board(db, {
      canRun: (registered) =>
        registered === null ? parts.takesTyped : parts.jobNames().includes(registered),
      passedOverMs: (jobId) => this.#passedOver.leftMs(jobId),
      onClosed: () => this.stop(),
    });
  }

  stop(): void {
    this.#stopped.abort();
    this.#board.end();
  }

  /** Resolves when it has stopped. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    let finish = NOTHING;
    while (!signal.aborted) {
      try {
        if (finish === NOTHING) {
          // What it gave up is not worked on while it waits.
          this.#parts.onTask(null);
          await this.#board.untilDue();
        }
        const task = await this.#next(finish);
        finish = NOTHING;
        this.#parts.onTask(task);
        if (task === null) this.#closeRunner();
        else finish = await this.#work(task);
        this.#troublePauseMs = TROUBLE_PAUSE_MS;
      } catch (error) {
        // What is left when it is stopped goes with what it gives back.
        if (signal.aborted) break;
        const { task } = finish;
        finish = NOTHING;
        if (task !== null && isOfTheJob(error)) finish = this.#troubled(task, error);
        else await this.#onTrouble(error);
      }
    }
    this.#closeRunner();
    await this.#giveBack(finish);
  }

  /** Finishes one task, and claims another. */
  async #next({ statements, doneAt }: Finish): Promise<Task | null> {
    const { signal } = this.#stopped;
    signal.throwIfAborted();
    const { name, jobNames, takesTyped } = this.#parts;
    const claimant = {
      holder: this.#holder,
      worker: name,
      jobNames: jobNames(),
      takesTyped,
      passedOver: this.#passedOver.ids(),
    };
    const sweep = this.#board.hasAbandoned() ? SWEEP : [];
    const all = [...statements, ...sweep, ...claimStatements(claimant)];
    const { results } = await insist(this.#db, all, signal);
    if (doneAt !== null && (results[doneAt]?.rowsAffected ?? 0) > 0) this.#parts.onDone();
    const task = taskOf(results.at(-1)?.rows[0], name);
    this.#board.answered(Number(results.at(-2)?.rows[0]?.[0]), task !== null);
    return task;
  }

  /** Works under a lease that is renewed. What is answered has yet to be sent. */
  async #work(task: Task): Promise<Finish> {
    const doom = doomOf(task);
    if (doom !== null) return { task: null, statements: jobFailure(task, doom), doneAt: null };
    const lost = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, lost.signal]);
    const timer = setInterval(() => {
      void this.#renew(task, lost);
    }, task.leaseMs / RENEWALS_PER_LEASE);
    try {
      const batches = this.#outputOf(task, signal);
      // Whoever does the work may be unable to end it.
      const output = await unlessAborted(this.#run(task, signal), signal);
      for (const [bucket, content] of output) {
        await batches.add(outputRows(task, bucket, await pack(content)));
      }
      const last = await batches.last();
      this.#passedOver.delete(task.jobId);
      const statements = [...last, ...completion(task)];
      return { task, statements, doneAt: last.length + DONE_AT };
    } catch (error) {
      if (signal.aborted) {
        // What is still under way in it, it may not have ended.
        this.#closeRunner();
        return NOTHING;
      }
      if (error instanceof JobLimit) {
        return { task: null, statements: jobFailure(task, error.message), doneAt: null };
      }
      if (error instanceof TaskError || error instanceof RangeError) {
        const message = error instanceof TaskError ? error.message : `${task.phase}: ${error}`;
        return { task: null, statements: taskFailure(task, message), doneAt: null };
      }
      // What it read may have gone while it read, with the task.
      await this.#renew(task, lost);
      if (lost.signal.aborted) return NOTHING;
      if (!isOfTheJob(error)) throw error;
      return this.#troubled(task, error);
    } finally {
      clearInterval(timer);
    }
  }

  /** What went wrong with this task may go wrong with it anywhere: others try, and it is counted. */
  #troubled(task: Task, error: unknown): Finish {
    reportError(error);
    this.#closeRunner();
    this.#passedOver.add(task.jobId);
    return { task: null, statements: [taskTrouble(task, String(error))], doneAt: null };
  }

  async #renew(task: Task, lost: AbortController): Promise<void> {
    try {
      const { results } = await this.#db.execute([renewal(task)]);
      if (results[0]?.rowsAffected === 0) lost.abort();
    } catch (error) {
      // There is another renewal within the lease, and without a cluster nobody else gets the task.
      if (isClosed(error)) this.stop();
    }
  }

  #outputOf(task: Task, signal: AbortSignal): Batches {
    return new Batches(
      (rows) => stagedOutput(task, rows),
      async (statements) => {
        const { results } = await insist(this.#db, statements, signal);
        if (results.at(-1)?.rowsAffected === 0) throw new JobLimit(TOO_MUCH);
      },
    );
  }

  /** A map task's buckets, or a reduce task's results in the form of one. */
  async #run(task: Task, signal: AbortSignal): Promise<Map<number, unknown>> {
    const { jobId, number, reduces } = task;
    if (task.phase === 'map') {
      const [input] = (await readPacked(this.#db, {
        sql: NEXT_INPUT,
        params: [jobId, number],
        bytesMax: TASK_BYTES_MAX,
      })) as [string, string][];
      // Whoever holds a map task finds its input, as long as the job is not over.
      if (input === undefined) return new Map();
      const [name, contents] = input;
      const runner = await this.#runnerOf(task.source);
      return mapInto(runner, { name, contents }, reduces, signal);
    }
    const buckets = await readPacked(this.#db, {
      sql: NEXT_PAIRS,
      params: [jobId, number],
      bytesMax: TASK_BYTES_MAX,
    });
    if (buckets.length === 0) return new Map();
    const runner = await this.#runnerOf(task.source);
    const results = await reduceFrom(runner, buckets as Bucket[], signal);
    return new Map([[number, results.flatMap(({ key, value }) => [key, value])]]);
  }

  /** Kept for the next task of the same job. */
  async #runnerOf(source: JobSource): Promise<JobRunner> {
    const key = JSON.stringify(source);
    if (this.#runner?.key === key) return this.#runner.runner;
    this.#closeRunner();
    const runner = await this.#parts.openRunner(source);
    this.#runner = { key, runner };
    return runner;
  }

  #closeRunner(): void {
    this.#runner?.runner.close();
    this.#runner = null;
  }

  async #onTrouble(error: unknown): Promise<void> {
    const { signal } = this.#stopped;
    if (isClosed(error)) {
      this.stop();
      return;
    }
    this.#parts.onTask(null);
    if (!passes(error)) reportError(error);
    await this.#giveBack(NOTHING);
    await pause(this.#troublePauseMs, signal);
    this.#troublePauseMs = Math.min(2 * this.#troublePauseMs, LONGEST_TROUBLE_PAUSE_MS);
  }

  /** Where it cannot be, the lease ends in its time. */
  async #giveBack({ statements }: Finish): Promise<void> {
    const options = { timeoutMs: RELEASE_TIMEOUT_MS };
    await this.#db.execute([...statements, release(this.#holder)], options).catch(() => undefined);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof ResqliteError && error.code === 'Closed';
}

/** What a cluster without a majority, or a node that ends, has to say, is no job's doing. */
function isOfTheJob(error: unknown): boolean {
  return !(error instanceof ResqliteError) || OF_THE_JOB.has(error.code);
}
