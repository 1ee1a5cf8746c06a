/**
 * A worker's dealings with the tables: it claims a task, keeps its lease, and finishes it, each in one
 * entry. What finishes a task is sent together with the next claim, so that a task costs two entries
 * where its output is small.
 *
 * A holder is a worker's name for itself, new whenever one is started, and holds one task at most: who
 * does not know what came of a claim claims again, and is told of the task that it holds already.
 */

import type { SqlValue, Statement } from '../../node/sql.ts';
import { rowsOf, valuesOf, type DataRow } from './batches.ts';
import type { JobSource } from './job.ts';
import type { Phase } from './job-status.ts';
import { CLEAN_UP, NOW } from './schema.ts';

/** A task as whoever holds it knows it. */
export interface Task {
  readonly jobId: string;
  readonly phase: Phase;
  readonly number: number;
  readonly attempt: number;
  readonly source: JobSource;
  readonly reduces: number;
  readonly leaseMs: number;
}

/** Who claims, and what it can run. */
export interface Claimant {
  readonly holder: string;
  readonly worker: string;
  readonly jobNames: readonly string[];
  readonly takesTyped: boolean;
}

/** An error's message as it is kept. */
const MAX_MESSAGE_CHARACTERS = 2_000;

const LEASED_UNTIL = `${NOW} + lease_ms / 1000.0`;

/** The oldest job that has a task due, and of its phase the task that is longest due. */
const CLAIM = `with picked as (
    select j.id, j.state, j.lease_ms from mapreduce_job j
    where j.state in ('map', 'reduce')
      and iif(j.registered is null, ?3, j.registered in (select value from json_each(?4)))
      and exists (select 1 from mapreduce_task t
        where t.job = j.id and t.phase = j.state and t.leased_until <= ${NOW})
    order by j.created_at, j.id limit 1)
  update mapreduce_task set state = 'running', attempt = attempt + 1, holder = ?1, worker = ?2,
    leased_until = ${NOW} + picked.lease_ms / 1000.0
  from picked
  where job = picked.id and phase = picked.state
    and number = (select t.number from mapreduce_task t
      where t.job = picked.id and t.phase = picked.state and t.leased_until <= ${NOW}
      order by t.leased_until, t.number limit 1)
    and not exists (select 1 from mapreduce_task h where h.holder = ?1 and h.state = 'running')`;

const HELD = `select t.job, t.phase, t.number, t.attempt, j.source, j.reduces, j.lease_ms
  from mapreduce_task t join mapreduce_job j on j.id = t.job
  where t.holder = ? and t.state = 'running'`;

/** The last one's row is the task. */
export function claimStatements(claimant: Claimant): Statement[] {
  const { holder, worker, takesTyped, jobNames } = claimant;
  const params = [holder, worker, takesTyped ? 1 : 0, JSON.stringify(jobNames)];
  return [
    { sql: CLAIM, params },
    { sql: HELD, params: [holder] },
  ];
}

/** Null: there was nothing to claim. */
export function taskOf(row: readonly SqlValue[] | undefined): Task | null {
  if (row === undefined) return null;
  const [jobId, phase, number, attempt, source, reduces, leaseMs] = row;
  return {
    jobId: String(jobId),
    phase: phase === 'map' ? 'map' : 'reduce',
    number: Number(number),
    attempt: Number(attempt),
    source: JSON.parse(String(source)) as JobSource,
    reduces: Number(reduces),
    leaseMs: Number(leaseMs),
  };
}

const RUNS = `job = ? and phase = ? and number = ? and attempt = ? and state = 'running'`;

function keyOf({ jobId, phase, number, attempt }: Task): SqlValue[] {
  return [jobId, phase, number, attempt];
}

/** Affects no row where the task is not the holder's any more. */
export function renewal(task: Task): Statement {
  return {
    sql: `update mapreduce_task set leased_until =
        (select ${LEASED_UNTIL} from mapreduce_job where id = job)
      where ${RUNS}`,
    params: keyOf(task),
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

/** Writes output down that does not count until the task is done by this attempt. */
export function stagedOutput(task: Task, rows: readonly DataRow[]): Statement {
  const { sql, params } = valuesOf(rows);
  const { jobId, number, attempt } = task;
  const into =
    task.phase === 'map'
      ? `mapreduce_pairs (job, task, attempt, bucket, part, data)`
      : `mapreduce_result (job, task, attempt, part, data)`;
  return {
    sql: `insert or ignore into ${into} select ?, ?, ?, * from (values ${sql})
      where exists (select 1 from mapreduce_task where ${RUNS})`,
    params: [jobId, number, attempt, ...params, ...keyOf(task)],
  };
}

/**
 * Makes the output of this attempt the task's, drops what nobody needs any more, and moves the job on
 * where it was the last task of its phase. The first one affects a row where the task was still the holder's.
 */
export function completion(task: Task): Statement[] {
  const done: Statement = {
    sql: `update mapreduce_task set state = 'done', holder = null, leased_until = null
      where ${RUNS}`,
    params: keyOf(task),
  };
  return [done, ...(task.phase === 'map' ? mapCompletion(task) : reduceCompletion(task))];
}

const IS_DONE = `exists (select 1 from mapreduce_task d
  where d.job = ?1 and d.phase = ?2 and d.number = ?3 and d.attempt = ?4 and d.state = 'done')`;

const ALL_DONE = `not exists (select 1 from mapreduce_task t
  where t.job = ?1 and t.phase = ?2 and t.leased_until is not null)`;

function mapCompletion(task: Task): Statement[] {
  const params = keyOf(task);
  const strays: Statement = {
    sql: `delete from mapreduce_pairs where job = ?1 and task = ?3 and attempt <> ?4 and ${IS_DONE}
      and bucket in (select number from mapreduce_task where job = ?1 and phase = 'reduce')`,
    params,
  };
  return [
    { sql: `delete from mapreduce_input where job = ?1 and task = ?3 and ${IS_DONE}`, params },
    // The first attempt has no other before it.
    ...(task.attempt > 1 ? [strays] : []),
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
      sql: `delete from mapreduce_result where job = ?1 and task = ?3 and attempt <> ?4
        and ${IS_DONE}`,
      params,
    },
    {
      sql: `update mapreduce_job set state = 'done', ended_at = ${NOW}
        where id = ?1 and state = 'reduce' and ${ALL_DONE}`,
      params: params.slice(0, 2),
    },
  ];
}

/** The job's functions failed: the task is tried again, or it was once too often and the job fails. */
export function taskFailure(task: Task, message: string): Statement[] {
  const told = message.slice(0, MAX_MESSAGE_CHARACTERS);
  return [
    {
      sql: `update mapreduce_task set state = 'waiting', holder = null, leased_until = 0,
          failures = failures + 1, error = ?
        where ${RUNS}`,
      params: [told, ...keyOf(task)],
    },
    {
      sql: `update mapreduce_job set state = 'failed', ended_at = ${NOW},
          error = (select t.phase || ' task ' || t.number || coalesce(' (' || t.input || ')', '')
              || ' failed ' || t.failures || ' times: ' || t.error
            from mapreduce_task t where t.job = ?1 and t.phase = ?2 and t.number = ?3)
        where id = ?1 and state in ('map', 'reduce') and max_attempts <=
          (select failures from mapreduce_task t where t.job = ?1 and t.phase = ?2 and t.number = ?3)`,
      params: keyOf(task).slice(0, 3),
    },
    ...CLEAN_UP,
  ];
}
