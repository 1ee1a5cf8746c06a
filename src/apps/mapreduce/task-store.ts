/**
 * A worker's dealings with the tables: it claims a task, keeps its lease, and finishes it, each in one
 * entry. What finishes a task is sent together with the next claim, so that a task costs two entries
 * where its output is small.
 *
 * A holder is a worker's name for itself, new whenever one is started, and holds one task at most: who
 * does not know what came of a claim claims again, and is told of the task that it holds already. Who
 * held a task before may finish it, too, while nobody has: the first to commit a result is the one.
 */

import type { SqlValue, Statement } from '../../node/sql.ts';
import { bytesOf, rowsOf, valuesOf, type DataRow } from './batches.ts';
import type { JobSource } from './job.ts';
import type { Phase } from './job-status.ts';
import { CLEAN_UP, NOW } from './schema.ts';

/** A task as whoever holds it knows it. */
export interface Task {
  readonly jobId: string;
  readonly phase: Phase;
  readonly number: number;
  readonly attempt: number;
  /** As it is told. */
  readonly worker: string;
  readonly source: JobSource;
  readonly reduces: number;
  /** Longer with each lease of it that ended. */
  readonly leaseMs: number;
  /** Workers that let its lease end. */
  readonly losses: number;
  /** Errors that were not its functions'. */
  readonly troubles: number;
  /** The last one of any kind. */
  readonly error: string | null;
  /** What the job's tasks had written when it was claimed. */
  readonly jobBytes: number;
}

/** Who claims, and what it can run. */
export interface Claimant {
  readonly holder: string;
  readonly worker: string;
  readonly jobNames: readonly string[];
  readonly takesTyped: boolean;
  /** The ids of jobs that it leaves to others. */
  readonly passedOver: readonly string[];
}

/** An error's message as it is kept. */
const MAX_MESSAGE_CHARACTERS = 2_000;

/** What a job's tasks may write, deflated; one entry of each worker may go beyond it. */
const JOB_BYTES_MAX = 256 * 1024 * 1024;
/** A task that takes its workers along, or holds their threads for that long, is the job's fault. */
const MOST_LOSSES = 5;
/** What goes wrong so often goes wrong everywhere. */
const MOST_TROUBLES = 8;

/** A lease that ended may have been too short: each doubles the next, up to eight times the first. */
const LEASE = (leaseMs: string, losses: string): string => `(${leaseMs} << min(${losses}, 3))`;
/** How many there are with the claim that this is part of. */
const LOSSES = `(losses + (state = 'running'))`;

/** The oldest job that has a task due, and of its phase the task that is longest due. */
const CLAIM = `with picked as (
    select j.id, j.state as job_phase, j.lease_ms from mapreduce_job j
    where j.state in ('map', 'reduce')
      and iif(j.registered is null, ?3, j.registered in (select value from json_each(?4)))
      and j.id not in (select value from json_each(?5))
      and exists (select 1 from mapreduce_task t
        where t.job = j.id and t.phase = j.state and t.leased_until <= ${NOW})
    order by j.created_at, j.id limit 1)
  update mapreduce_task set state = 'running', attempt = attempt + 1, holder = ?1, worker = ?2,
    losses = ${LOSSES},
    leased_until = ${NOW} + ${LEASE('picked.lease_ms', LOSSES)} / 1000.0
  from picked
  where job = picked.id and phase = picked.job_phase
    and number = (select t.number from mapreduce_task t
      where t.job = picked.id and t.phase = picked.job_phase and t.leased_until <= ${NOW}
      order by t.leased_until, t.number limit 1)
    and not exists (select 1 from mapreduce_task h where h.holder = ?1 and h.state = 'running')`;

const HELD = `select t.job, t.phase, t.number, t.attempt, j.source, j.reduces,
    ${LEASE('j.lease_ms', 't.losses')}, t.losses, t.troubles, t.error, j.bytes
  from mapreduce_task t join mapreduce_job j on j.id = t.job
  where t.holder = ? and t.state = 'running'`;

/** The last one's row is the task, and the one before tells the log's clock, in milliseconds. */
export function claimStatements(claimant: Claimant): Statement[] {
  const { holder, worker, takesTyped, jobNames, passedOver } = claimant;
  const names = JSON.stringify(jobNames);
  const params = [holder, worker, takesTyped ? 1 : 0, names, JSON.stringify(passedOver)];
  return [{ sql: CLAIM, params }, { sql: `select 1000 * ${NOW}` }, { sql: HELD, params: [holder] }];
}

/** Null: there was nothing to claim. */
export function taskOf(row: readonly SqlValue[] | undefined, worker: string): Task | null {
  if (row === undefined) return null;
  const [jobId, phase, number, attempt, source, reduces, leaseMs] = row;
  const [losses, troubles, error, jobBytes] = row.slice(7);
  return {
    jobId: String(jobId),
    phase: phase === 'map' ? 'map' : 'reduce',
    number: Number(number),
    attempt: Number(attempt),
    worker,
    source: JSON.parse(String(source)) as JobSource,
    reduces: Number(reduces),
    leaseMs: Number(leaseMs),
    losses: Number(losses),
    troubles: Number(troubles),
    error: typeof error === 'string' ? error : null,
    jobBytes: Number(jobBytes),
  };
}

/** Why nobody is to work on it, so that its job has to fail; null: nothing. */
export function doomOf({ losses, troubles, error, jobBytes }: Task): string | null {
  if (losses >= MOST_LOSSES) return `its worker was lost ${losses} times`;
  if (troubles >= MOST_TROUBLES) return `workers could not do it ${troubles} times: ${error}`;
  return jobBytes > JOB_BYTES_MAX ? TOO_MUCH : null;
}

/** What a job that writes too much fails with. */
export const TOO_MUCH = `the job writes more than ${JOB_BYTES_MAX} bytes`;

const RUNS = `job = ? and phase = ? and number = ? and attempt = ? and state = 'running'`;
/** An earlier attempt may finish it as well. */
const IS_OPEN = `job = ? and phase = ? and number = ? and attempt >= ? and leased_until is not null`;

function keyOf({ jobId, phase, number, attempt }: Task): SqlValue[] {
  return [jobId, phase, number, attempt];
}

/** Renews nothing but the holder's own lease. Affects no row where the task is over, with its job or without. */
export function renewal(task: Task): Statement {
  return {
    sql: `update mapreduce_task set leased_until =
        iif(attempt = ? and state = 'running', ${NOW} + ?, leased_until)
      where ${IS_OPEN}`,
    params: [task.attempt, task.leaseMs / 1_000, ...keyOf(task)],
  };
}

/** Gives back whatever the holder holds. */
export function release(holder: string): Statement {
  return {
    sql: `update mapreduce_task set state = 'waiting', holder = null, leased_until = 0
      where holder = ? and state = 'running'`,
    params: [holder],
  };
}

/** The rows that `stagedOutput` takes: of a map task's bucket, by its number, or of a reduce task. */
export function outputRows(task: Task, bucket: number, packed: Uint8Array): DataRow[] {
  return rowsOf(task.phase === 'map' ? [bucket] : [], packed);
}

/**
 * Writes output down that does not count until the task is done by this attempt. The last one affects no
 * row where the job has written too much, or is gone.
 */
export function stagedOutput(task: Task, rows: readonly DataRow[]): Statement[] {
  const { sql, params } = valuesOf(rows);
  const { jobId, number, attempt } = task;
  const into =
    task.phase === 'map'
      ? `mapreduce_pairs (job, task, attempt, bucket, part, data)`
      : `mapreduce_result (job, task, attempt, part, data)`;
  return [
    {
      sql: `insert or ignore into ${into} select ?, ?, ?, * from (values ${sql})
        where exists (select 1 from mapreduce_task where ${IS_OPEN})`,
      params: [jobId, number, attempt, ...params, ...keyOf(task)],
    },
    {
      sql: `update mapreduce_job set bytes = bytes + ? where id = ? and bytes <= ${JOB_BYTES_MAX}`,
      params: [bytesOf(rows), jobId],
    },
  ];
}

/**
 * Makes the output of this attempt the task's, drops what nobody needs any more, and moves the job on
 * where it was the last task of its phase. The one at `DONE_AT` affects a row where nobody was faster.
 */
export function completion(task: Task): Statement[] {
  const done: Statement = {
    sql: `update mapreduce_task set state = 'done', attempt = ?, worker = ?, holder = null,
        leased_until = null
      where ${IS_OPEN}`,
    params: [task.attempt, task.worker, ...keyOf(task)],
  };
  const rest = task.phase === 'map' ? mapCompletion(task) : reduceCompletion(task);
  return [strays(task), done, ...rest];
}

export const DONE_AT = 1;

/** Rows of other attempts; where there was but one, nothing is looked for. */
function strays(task: Task): Statement {
  const others = `attempt <> ?4 and exists (select 1 from mapreduce_task t where t.job = ?1
    and t.phase = ?2 and t.number = ?3 and t.attempt > 1 and t.leased_until is not null)`;
  const sql =
    task.phase === 'map'
      ? `delete from mapreduce_pairs where job = ?1 and task = ?3 and ${others}
          and bucket in (select number from mapreduce_task where job = ?1 and phase = 'reduce')`
      : `delete from mapreduce_result where job = ?1 and task = ?3 and ${others}`;
  return { sql, params: keyOf(task) };
}

const IS_DONE = `exists (select 1 from mapreduce_task d
  where d.job = ?1 and d.phase = ?2 and d.number = ?3 and d.attempt = ?4 and d.state = 'done')`;

const ALL_DONE = `not exists (select 1 from mapreduce_task t
  where t.job = ?1 and t.phase = ?2 and t.leased_until is not null)`;

function mapCompletion(task: Task): Statement[] {
  const params = keyOf(task);
  return [
    { sql: `delete from mapreduce_input where job = ?1 and task = ?3 and ${IS_DONE}`, params },
    {
      sql: `update mapreduce_job set state = 'reduce'
        where id = ?1 and state = 'map' and ${ALL_DONE}`,
      params: params.slice(0, 2),
    },
  ];
}

function reduceCompletion(task: Task): Statement[] {
  const params = keyOf(task);
  return [
    { sql: `delete from mapreduce_pairs where job = ?1 and bucket = ?3 and ${IS_DONE}`, params },
    {
      sql: `update mapreduce_job set state = 'done', ended_at = ${NOW}
        where id = ?1 and state = 'reduce' and ${ALL_DONE}`,
      params: params.slice(0, 2),
    },
  ];
}

const THE_TASK = `from mapreduce_task t where t.job = ?1 and t.phase = ?2 and t.number = ?3`;
const TITLE = `t.phase || ' task ' || t.number || coalesce(' (' || t.input || ')', '')`;

/** An error that is not its functions': it is for another worker, and other tasks come first. */
export function taskTrouble(task: Task, message: string): Statement {
  return {
    sql: `update mapreduce_task set state = 'waiting', holder = null, leased_until = 1,
        troubles = troubles + 1, error = ?
      where ${RUNS}`,
    params: [message.slice(0, MAX_MESSAGE_CHARACTERS), ...keyOf(task)],
  };
}

/** The job fails, with one of its tasks for a reason. */
export function jobFailure(task: Task, reason: string): Statement[] {
  return [
    {
      sql: `update mapreduce_job set state = 'failed', ended_at = ${NOW},
          error = (select ${TITLE} || ': ' || ?4 ${THE_TASK})
        where id = ?1 and state in ('map', 'reduce')`,
      params: [...keyOf(task).slice(0, 3), reason.slice(0, MAX_MESSAGE_CHARACTERS)],
    },
    ...CLEAN_UP,
  ];
}

/** The job's functions failed: the task is tried again, or it was once too often and the job fails. */
export function taskFailure(task: Task, message: string): Statement[] {
  const told = message.slice(0, MAX_MESSAGE_CHARACTERS);
  const key = keyOf(task).slice(0, 3);
  return [
    {
      sql: `update mapreduce_task set state = 'waiting', holder = null, leased_until = 0,
          failures = failures + 1, error = ?
        where ${RUNS}`,
      params: [told, ...keyOf(task)],
    },
    {
      sql: `update mapreduce_job set state = 'failed', ended_at = ${NOW},
          error = (select ${TITLE} || ' failed ' || t.failures || ' times: ' || t.error ${THE_TASK})
        where id = ?1 and state in ('map', 'reduce') and max_attempts <=
          (select failures ${THE_TASK})`,
      params: key,
    },
    ...CLEAN_UP,
  ];
}
