/** Jobs as whoever wants their results deals with them, in whatever tab: looked at, awaited, ended, read. */

import type { Database } from '../../client/database.ts';
import { callBack } from '../../client/callback.ts';
import type { ResqliteError } from '../../client/errors.ts';
import type { QueryAnswer } from '../../client/reads.ts';
import { asObjects } from '../../client/row.ts';
import { isMissingTable } from '../missing-table.ts';
import { readPacked } from './blobs.ts';
import { MapReduceError } from './errors.ts';
import { merged } from './grouping.ts';
import { insist } from './insistence.ts';
import type { KeyValue } from './job.ts';
import { jobsQuery, statusOf, type JobRow } from './job-list.ts';
import type { JobResult, JobStatus } from './job-status.ts';
import { watchPromptly } from './prompt-query.ts';
import { CLEAN_UP, NOW } from './schema.ts';

const ONE_JOB = jobsQuery('j.id = ?');

const NEXT_RESULTS = `select r.task, r.part, r.data from mapreduce_result r
  cross join mapreduce_task t on t.job = r.job and t.phase = 'reduce' and t.number = r.task
    and t.attempt = r.attempt and t.state = 'done'
  where r.job = ? and (r.task, r.part) > (?, ?) order by r.task, r.attempt, r.part limit ?`;

/** Of all results of a job together, as they are read: what a page's memory has room for. */
const RESULT_BYTES_MAX = 256 * 1024 * 1024;

/** Before the first job there is no table. */
function hasNoTable(error: unknown): boolean {
  return isMissingTable(error, /no such table/u);
}

function statusesOf(answer: QueryAnswer): JobStatus[] {
  return asObjects<JobRow>(answer).map(statusOf);
}

export async function listJobs(db: Database): Promise<JobStatus[]> {
  try {
    return statusesOf(await db.query(jobsQuery()));
  } catch (error) {
    if (hasNoTable(error)) return [];
    throw error;
  }
}

export function watchList(
  db: Database,
  onJobs: (jobs: JobStatus[]) => void,
  onError: (error: ResqliteError) => void,
): () => void {
  return db.live<JobRow>(
    jobsQuery(),
    [],
    (rows) => onJobs(rows.map(statusOf)),
    (error) => {
      if (hasNoTable(error)) onJobs([]);
      else onError(error);
    },
  );
}

/** Resolves when the job is over, with how it ended; rejects where it is deleted meanwhile. */
export function ended(
  db: Database,
  id: string,
  onProgress: (status: JobStatus) => void,
): Promise<JobStatus> {
  return new Promise((resolve, reject) => {
    const end = (): void => unsubscribe();
    const onMissing = (): void => {
      // This node may have got another's copy of the data that is behind, and will catch up.
      found(db, id).catch((error: unknown) => {
        if (!(error instanceof MapReduceError)) return;
        end();
        reject(error);
      });
    };
    const unsubscribe = watchPromptly<JobRow>(db, ONE_JOB, [id], {
      rows: ([row]) => {
        if (row === undefined) return onMissing();
        const status = statusOf(row);
        callBack(onProgress, status);
        if (status.endedMs === null) return undefined;
        end();
        return resolve(status);
      },
      error: (error) => {
        if (error.code !== 'Closed' && error.code !== 'Overloaded') return;
        end();
        reject(error);
      },
      isUrgent: () => true,
    });
  });
}

/** Rejects with 'Missing'. */
async function found(db: Database, id: string): Promise<{ status: JobStatus; bookmark: string }> {
  const missing = new MapReduceError('Missing', id, `there is no job ${id}`);
  try {
    const answer = await db.query(ONE_JOB, [id]);
    const [status] = statusesOf(answer);
    if (status === undefined) throw missing;
    return { status, bookmark: answer.bookmark };
  } catch (error) {
    throw hasNoTable(error) ? missing : error;
  }
}

export async function readResult(db: Database, id: string): Promise<JobResult> {
  const { status, bookmark } = await found(db, id);
  if (status.state !== 'done') throw withoutResult(status);
  const packed = await readPacked(db, {
    sql: NEXT_RESULTS,
    params: [id],
    atLeast: bookmark,
    bytesMax: RESULT_BYTES_MAX,
  });
  const results = merged(packed.map((flat) => pairsOf(flat as string[])));
  const elapsedMs = (status.endedMs ?? status.createdMs) - status.createdMs;
  return { jobId: id, results, workers: status.workers, elapsedMs };
}

function pairsOf(flat: readonly string[]): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    pairs.push({ key: flat[at] ?? '', value: flat[at + 1] ?? '' });
  }
  return pairs;
}

export function withoutResult({ id, state, error }: JobStatus): MapReduceError {
  if (state === 'failed') return new MapReduceError('Failed', id, error ?? 'the job failed');
  if (state === 'cancelled') {
    return new MapReduceError('Cancelled', id, error ?? 'the job was cancelled');
  }
  return new MapReduceError('Unfinished', id, `the job is not over: ${state}`);
}

export async function cancel(db: Database, id: string): Promise<void> {
  const sql = `update mapreduce_job set state = 'cancelled', ended_at = ${NOW}
    where id = ? and ended_at is null`;
  await unlessMissing(insist(db, [{ sql, params: [id] }, ...CLEAN_UP]));
}

/** With all rows that belong to it. */
export async function remove(db: Database, id: string): Promise<void> {
  const sql = `delete from mapreduce_job where id = ?`;
  await unlessMissing(insist(db, [{ sql, params: [id] }]));
}

async function unlessMissing(done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!hasNoTable(error)) throw error;
  }
}
