/**
 * Members of a cluster in one thread: workers with handles of their own, which can die, and whose writes
 * can be struck.
 */

import { onTestFinished } from 'vitest';
import type { Database } from '../../../src/client/database.ts';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { JobInput, OpenRunner } from '../../../src/apps/mapreduce/job.ts';
import {
  startWorker,
  type JobWorker,
  type WorkerOptions,
} from '../../../src/apps/mapreduce/mapreduce.ts';
import type { LocalDatabase, Mishap } from '../local-database.ts';

export interface Member {
  readonly db: Database;
  readonly worker: JobWorker;
  /** As a tab that is killed: nothing is given back. */
  readonly die: () => Promise<void>;
}

/** Put away with the test. */
export function startMember(
  local: LocalDatabase,
  name: string,
  options: Partial<WorkerOptions> = {},
  db = local.another(),
): Member {
  const worker = startWorker(db, { openRunner: openInlineRunner, ...options, name });
  const die = async (): Promise<void> => {
    await db.close();
    await worker.stop();
  };
  onTestFinished(die);
  return { db, worker, die };
}

/** A member that dies in the call behind the last one. */
export function startMortal(local: LocalDatabase, name: string, calls: number): Member {
  const openRunner = mortal(calls, () => void member.die());
  const member = startMember(local, name, { openRunner });
  return member;
}

function mortal(calls: number, die: () => void): OpenRunner {
  let left = calls;
  return async (source) => {
    const runner = await openInlineRunner(source);
    const whileAlive = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      left -= 1;
      if (left >= 0) return work();
      die();
      return new Promise(() => undefined);
    };
    return {
      map: (input, signal) => whileAlive(() => runner.map(input, signal)),
      reduce: (groups, signal) => whileAlive(() => runner.reduce(groups, signal)),
      close: () => runner.close(),
    };
  };
}

/** Its renewals do not get through, while the rest of it lives: a page that is frozen now and then. */
export function startDeaf(local: LocalDatabase, name: string, openRunner: OpenRunner): Member {
  const db = local.another();
  const execute = db.execute.bind(db);
  db.execute = (request, options) => {
    const [first] = Array.isArray(request) ? request : [request];
    const sql = typeof first === 'string' ? first : first?.sql;
    const isRenewal = sql?.startsWith('update mapreduce_task set leased_until') === true;
    return isRenewal ? new Promise(() => undefined) : execute(request, options);
  };
  return startMember(local, name, { openRunner }, db);
}

/** A handle whose every write is counted, and some of which are struck. */
export function struck(
  local: LocalDatabase,
  mishapOf: (write: number) => Mishap | null,
): { db: Database; writes: () => number } {
  const db = local.another();
  const execute = db.execute.bind(db);
  let writes = 0;
  db.execute = (request, options) => {
    const mishap = mishapOf(writes);
    writes += 1;
    if (mishap !== null) local.mishaps.push(mishap);
    return execute(request, options);
  };
  return { db, writes: () => writes };
}

/** Moves the log's clock on as time passes, so that leases end. Put away with the test. */
export function runClock(local: LocalDatabase): void {
  const startMs = performance.now();
  const first = local.stampMs;
  const timer = setInterval(() => {
    local.stampMs = first + Math.round(performance.now() - startMs);
  }, 5);
  onTestFinished(() => clearInterval(timer));
}

/** The original's common input: the numbers below `lines`, a line each, spread over the files. */
export function numberFiles(lines: number, files: number): JobInput[] {
  const each = lines / files;
  return Array.from({ length: files }, (_, file) => ({
    name: `824-mrinput-${file}.txt`,
    contents: Array.from({ length: each }, (_, line) => `${file * each + line}\n`).join(''),
  }));
}

/** The original's check: every line once, in the order of their text. */
export function numberKeys(lines: number): string[] {
  return Array.from({ length: lines }, (_, line) => String(line)).toSorted();
}

/** How many rows each of the tables has, for a job that is over. */
export async function rowsLeft(db: Database): Promise<Record<string, unknown>> {
  const [row = {}] = await db.sql`select
    (select count(*) from mapreduce_input) as inputs,
    (select count(*) from mapreduce_pairs) as pairs,
    (select count(*) from mapreduce_result) as results,
    (select count(*) from mapreduce_task where state = 'running') as running,
    (select count(*) from mapreduce_task where leased_until is not null) as due`;
  return { ...row };
}
