/**
 * How a job comes into the database: its row, its inputs in entries of their own, and then one entry that
 * makes the tasks and lets workers begin. A tab that goes half-way leaves a job that is being prepared;
 * whoever notices that nothing has come of it for a while cancels it (`SWEEP`).
 */

import type { Database } from '../../client/database.ts';
import type { SqlValue, Statement } from '../../node/sql.ts';
import { Batches, rowsOf, valuesOf } from './batches.ts';
import { MapReduceError } from './errors.ts';
import { insist } from './insistence.ts';
import type { JobInput, JobSource } from './job.ts';
import { pack } from './packing.ts';
import { CLEAN_UP, CREATE_TABLES, NOW } from './schema.ts';

export interface Submission {
  readonly inputs: readonly JobInput[];
  readonly source: JobSource;
  readonly nReduce: number;
  readonly leaseMs: number;
  readonly maxAttempts: number;
}

/** Jobs that are over and are kept: the last ones. */
const KEPT_JOBS = 20;
/** A job of whose inputs nothing has come for this long is not coming. */
export const ABANDONED_AFTER_S = 60;

const CREATE_JOB = `insert or ignore into mapreduce_job (id, source, registered, inputs, reduces,
    lease_ms, max_attempts, state, created_at, touched_at)
  values (?, ?, ?, ?, ?, ?, ?, 'preparing', ${NOW}, ${NOW})`;

const PRUNE: Statement = {
  sql: `delete from mapreduce_job where id in (
      select id from mapreduce_job where ended_at is not null
      order by ended_at desc, id limit -1 offset ?)`,
  params: [KEPT_JOBS],
};

/** Cancels what was abandoned while its inputs were written. */
export const SWEEP: readonly Statement[] = [
  {
    sql: `update mapreduce_job set state = 'cancelled', ended_at = ${NOW},
        error = 'the tab that was writing its inputs has gone'
      where state = 'preparing' and touched_at < ${NOW} - ${ABANDONED_AFTER_S}`,
  },
  ...CLEAN_UP,
];

/** Resolves when workers may begin. Rejects with 'Cancelled' where somebody was faster, or the signal was. */
export async function submit(
  db: Database,
  id: string,
  submission: Submission,
  signal?: AbortSignal,
): Promise<void> {
  const { inputs } = submission;
  // The first entry makes the tables and the job, and the others need it: they wait until it is there.
  const opening = [...CREATE_TABLES, ...SWEEP, PRUNE, jobStatement(id, submission)];
  let opened: Promise<unknown> | null = null;
  const open = (): Promise<unknown> => (opened ??= insist(db, opening, signal));
  const batches = new Batches(
    (rows) => [inputStatement(id, rows)],
    async (statements) => {
      await open();
      const { results } = await insist(db, [touchStatement(id), ...statements], signal);
      if (results[0]?.rowsAffected === 0) throw cancelled(id);
    },
  );
  for (const [task, { name, contents }] of inputs.entries()) {
    await batches.add(rowsOf([task], await pack([name, contents])));
  }
  const last = await batches.last();
  const before = opened === null ? opening : [];
  const begin = [...before, ...last, ...startStatements(id, inputs, submission.nReduce)];
  const { results } = await insist(db, begin, signal);
  const state = results.at(-1)?.rows[0]?.[0];
  if (state === undefined || state === 'cancelled') throw cancelled(id);
}

/** Cancels it, also where its first entry is still on its way: that finds the job's place taken. */
export async function withdraw(db: Database, id: string, submission: Submission): Promise<void> {
  const sql = `update mapreduce_job set state = 'cancelled', ended_at = ${NOW}
    where id = ? and ended_at is null`;
  const own = jobStatement(id, submission);
  await insist(db, [...CREATE_TABLES, own, { sql, params: [id] }, ...CLEAN_UP]);
}

function cancelled(id: string): MapReduceError {
  return new MapReduceError('Cancelled', id, 'the job was cancelled while its inputs were written');
}

function jobStatement(id: string, submission: Submission): Statement {
  const { source, inputs, nReduce, leaseMs, maxAttempts } = submission;
  const registered = source.type === 'registered' ? source.name : null;
  const params = [id, JSON.stringify(source), registered, inputs.length, nReduce, leaseMs];
  return { sql: CREATE_JOB, params: [...params, maxAttempts] };
}

function touchStatement(id: string): Statement {
  const sql = `update mapreduce_job set touched_at = ${NOW} where id = ? and state = 'preparing'`;
  return { sql, params: [id] };
}

function inputStatement(id: string, rows: readonly (readonly SqlValue[])[]): Statement {
  const { sql, params } = valuesOf(rows);
  return {
    sql: `insert or ignore into mapreduce_input (job, task, part, data)
      select ?, * from (values ${sql})
      where exists (select 1 from mapreduce_job where id = ? and state = 'preparing')`,
    params: [id, ...params, id],
  };
}

/** The last one tells the job's state. Without inputs there is nothing to map. */
function startStatements(id: string, inputs: readonly JobInput[], nReduce: number): Statement[] {
  const names = JSON.stringify(inputs.map(({ name }) => name));
  return [
    {
      sql: `insert or ignore into mapreduce_task (job, phase, number, input)
        select j.id, 'map', n.key, n.value from mapreduce_job j, json_each(?) n
        where j.id = ? and j.state = 'preparing'`,
      params: [names, id],
    },
    {
      sql: `insert or ignore into mapreduce_task (job, phase, number)
        with recursive n (number) as (select 0 union all select number + 1 from n where number + 1 < ?)
        select j.id, 'reduce', n.number from mapreduce_job j, n
        where j.id = ? and j.state = 'preparing'`,
      params: [nReduce, id],
    },
    {
      sql: `update mapreduce_job set state = iif(inputs = 0, 'reduce', 'map')
        where id = ? and state = 'preparing'`,
      params: [id],
    },
    { sql: `select state from mapreduce_job where id = ?`, params: [id] },
  ];
}
