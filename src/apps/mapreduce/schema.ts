/**
 * The tables of MapReduce. Every statement on them may run twice, and none has an effect once what it is
 * about is over: that is what makes retries, late workers and dead tabs harmless.
 *
 * - A job moves from 'preparing' to 'map', 'reduce' and 'done', or from any of these to 'failed' or
 *   'cancelled', and never back. `ended_at` is set with one of the last three.
 * - A task is 'waiting', 'running' or 'done', and done only once. `attempt` counts its claims, and tells
 *   whose rows are whose. Whoever held it may finish it while it is open, which is while `leased_until` is
 *   not null: the first is the one, and `attempt` and `worker` are its own from then on. All else has an
 *   effect only while its attempt is the last one and runs. `leased_until` is 0 while nobody has it, or 1
 *   where it is to come behind others.
 * - `losses` counts claims of a task whose worker let its lease end, `troubles` errors that were not its
 *   functions'. `bytes` is about what a job's tasks have written; a repeated write counts twice.
 * - Inputs are there until their map task is done; pairs until their reduce task is; results from then on.
 *   Of a job that failed or was cancelled there are none of them. Rows of pairs and results count when
 *   their attempt is the one that the task was done with; others go in the entry that does the task.
 */

import type { Statement } from '../../node/sql.ts';

export const CREATE_TABLES: readonly string[] = [
  `create table if not exists mapreduce_job (
    id text primary key,
    source text not null,
    registered text,
    inputs integer not null,
    reduces integer not null,
    lease_ms integer not null,
    max_attempts integer not null,
    bytes integer not null default 0,
    state text not null,
    error text,
    created_at real not null,
    touched_at real not null,
    ended_at real
  ) strict`,
  `create table if not exists mapreduce_task (
    job text not null references mapreduce_job on delete cascade,
    phase text not null,
    number integer not null,
    input text,
    state text not null default 'waiting',
    attempt integer not null default 0,
    worker text,
    holder text,
    leased_until real default 0,
    failures integer not null default 0,
    losses integer not null default 0,
    troubles integer not null default 0,
    error text,
    primary key (job, phase, number)
  ) strict`,
  `create index if not exists mapreduce_task_due
    on mapreduce_task (job, phase, leased_until, number) where leased_until is not null`,
  `create index if not exists mapreduce_task_holder
    on mapreduce_task (holder) where state = 'running'`,
  `create table if not exists mapreduce_input (
    job text not null references mapreduce_job on delete cascade,
    task integer not null,
    part integer not null,
    data blob not null,
    primary key (job, task, part)
  ) strict`,
  `create table if not exists mapreduce_pairs (
    job text not null references mapreduce_job on delete cascade,
    bucket integer not null,
    task integer not null,
    attempt integer not null,
    part integer not null,
    data blob not null,
    primary key (job, bucket, task, attempt, part)
  ) strict`,
  `create table if not exists mapreduce_result (
    job text not null references mapreduce_job on delete cascade,
    task integer not null,
    attempt integer not null,
    part integer not null,
    data blob not null,
    primary key (job, task, attempt, part)
  ) strict`,
];

/** The jobs without results: their rows elsewhere go. */
const WITHOUT_RESULTS = `(select id from mapreduce_job where state in ('failed', 'cancelled'))`;

/** Belongs behind whatever ends a job early, in the same entry. */
export const CLEAN_UP: readonly Statement[] = [
  { sql: `delete from mapreduce_input where job in ${WITHOUT_RESULTS}` },
  { sql: `delete from mapreduce_pairs where job in ${WITHOUT_RESULTS}` },
  { sql: `delete from mapreduce_result where job in ${WITHOUT_RESULTS}` },
  {
    sql: `update mapreduce_task set state = 'waiting', holder = null, leased_until = null
      where job in ${WITHOUT_RESULTS} and leased_until is not null`,
  },
];

/** The time of the log entry, in seconds. */
export const NOW = `unixepoch('subsec')`;
