/** What the tables tell of jobs, in one query, so that all of it is of one moment. */

import type { JobSource } from './job.ts';
import type { JobState, JobStatus, RunningTask, TaskFailure, WorkerTally } from './job-status.ts';

/** Of what went wrong in a job this many tasks are told. */
const SHOWN_FAILURES = 20;

const COUNT = (phase: string, state: string): string =>
  `(select count(*) from mapreduce_task t
    where t.job = j.id and t.phase = '${phase}' and t.state = '${state}')`;

/** All jobs, the newest first; `where` narrows them. */
export function jobsQuery(where = 'true'): string {
  return `select j.id, j.source, j.state, j.error, j.inputs, j.reduces,
    cast(j.created_at * 1000 as integer) as created_ms,
    cast(j.ended_at * 1000 as integer) as ended_ms,
    ${COUNT('map', 'done')} as map_done, ${COUNT('map', 'running')} as map_running,
    ${COUNT('reduce', 'done')} as reduce_done, ${COUNT('reduce', 'running')} as reduce_running,
    (select json_group_array(json_object('phase', t.phase, 'number', t.number, 'worker', t.worker,
        'attempt', t.attempt, 'leasedUntilMs', cast(t.leased_until * 1000 as integer)))
      from mapreduce_task t where t.job = j.id and t.state = 'running') as running,
    (select json_group_array(json_object('phase', phase, 'number', number, 'input', input,
        'message', error, 'failures', failures))
      from (select * from mapreduce_task t where t.job = j.id and t.error is not null
        order by phase, number limit ${SHOWN_FAILURES})) as failures,
    (select json_group_array(json_object('worker', worker, 'mapTasks', maps, 'reduceTasks', reduces))
      from (select worker, sum(phase = 'map') as maps, sum(phase = 'reduce') as reduces
        from mapreduce_task t where t.job = j.id and t.state = 'done'
        group by worker order by worker)) as workers
  from mapreduce_job j where ${where} order by j.created_at desc, j.id`;
}

export interface JobRow {
  readonly id: string;
  readonly source: string;
  readonly state: JobState;
  readonly error: string | null;
  readonly inputs: number;
  readonly reduces: number;
  readonly created_ms: number;
  readonly ended_ms: number | null;
  readonly map_done: number;
  readonly map_running: number;
  readonly reduce_done: number;
  readonly reduce_running: number;
  readonly running: string;
  readonly failures: string;
  readonly workers: string;
}

export function statusOf(row: JobRow): JobStatus {
  return {
    id: row.id,
    source: JSON.parse(row.source) as JobSource,
    state: row.state,
    error: row.error,
    map: { total: row.inputs, done: row.map_done, running: row.map_running },
    reduce: { total: row.reduces, done: row.reduce_done, running: row.reduce_running },
    running: JSON.parse(row.running) as RunningTask[],
    failures: JSON.parse(row.failures) as TaskFailure[],
    workers: JSON.parse(row.workers) as WorkerTally[],
    createdMs: row.created_ms,
    endedMs: row.ended_ms,
  };
}
