/** Jobs that fail, are cancelled, deleted, abandoned or not for everybody; what is left of them. */

import { describe, expect, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { JobSource, OpenRunner } from '../../../src/apps/mapreduce/job.ts';
import {
  cancelJob,
  deleteJob,
  jobs,
  mapReduce,
  MapReduceError,
  registerJob,
  resultOf,
  startJob,
} from '../../../src/apps/mapreduce/mapreduce.ts';
import { ResqliteError } from '../../../src/client/errors.ts';
import { failure } from '../../../src/node/errors.ts';
import { LocalDatabase } from '../local-database.ts';
import { numberFiles, rowsLeft, startMember, struck } from './members.ts';
import { FIELDS } from './original-job.ts';

const PATIENCE = { timeout: 30_000 };
const NOTHING_LEFT = { inputs: 0, pairs: 0, results: 0, running: 0, due: 0 };

let luck = 0;
registerJob('fails twice', {
  map: (_name, contents) => {
    luck += 1;
    if (luck <= 2) throw new Error(`no luck ${luck}`);
    return [{ key: contents, value: '' }];
  },
  reduce: () => '',
});
registerJob('fails', {
  map: (name, contents) => {
    if (name === 'bad') throw new Error('spilt');
    return [{ key: contents, value: '' }];
  },
  reduce: () => '',
});
registerJob('fails at the end', {
  map: (_name, contents) => [{ key: contents, value: '' }],
  reduce: () => 1 as unknown as string,
});

async function errorOf(work: Promise<unknown>): Promise<MapReduceError> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  if (error instanceof MapReduceError) return error;
  throw new Error(`no MapReduceError: ${String(error)}`);
}

describe('a task that fails', () => {
  test('is tried again, and told of though the job comes to its end', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const inputs = [{ name: 'n', contents: 'c' }];
    const { jobId, results } = await mapReduce(local.db, {
      inputs,
      job: 'fails twice',
      nReduce: 1,
    });
    expect(results).toEqual([{ key: 'c', value: '' }]);
    const [status] = await jobs(local.db);
    expect(status).toMatchObject({ id: jobId, state: 'done', error: null });
    expect(status?.failures).toEqual([
      { phase: 'map', number: 0, input: 'n', message: 'map: Error: no luck 2', failures: 2 },
    ]);
  });

  test('as often as it may fails the job, which says which task and why', async () => {
    const local = await LocalDatabase.open();
    for (const name of ['a', 'b']) startMember(local, name);
    const inputs = ['good', 'bad', 'fine'].map((name) => ({ name, contents: name }));
    const request = { inputs, job: 'fails', nReduce: 2, maxAttempts: 2 };
    const error = await errorOf(mapReduce(local.db, request));
    expect(error.code).toBe('Failed');
    expect(error.message).toBe('map task 1 (bad) failed 2 times: map: Error: spilt');
    const [status] = await jobs(local.db);
    expect(status).toMatchObject({ state: 'failed', error: error.message, running: [] });
    expect(status?.endedMs).not.toBe(null);
    expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
    expect(await errorOf(resultOf(local.db, error.jobId))).toMatchObject({ code: 'Failed' });
  });

  test('of the reduce phase does so, too', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const request = { inputs: numberFiles(4, 2), job: 'fails at the end', nReduce: 2 };
    const error = await errorOf(mapReduce(local.db, request));
    expect(error.message).toMatch(/^reduce task \d failed 3 times: reduce: the value of "/u);
    expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
  });
});

describe('cancelling', () => {
  /** A runner that gets stuck in a kind of call until it is aborted. */
  function stuck(kind: 'map' | 'reduce'): { openRunner: OpenRunner; reached: Promise<void> } {
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const untilAborted = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        reach();
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const openRunner: OpenRunner = async (source) => {
      const runner = await openInlineRunner(source);
      return {
        map: (input, signal) => (kind === 'map' ? untilAborted(signal) : runner.map(input, signal)),
        reduce: (groups, signal) =>
          kind === 'reduce' ? untilAborted(signal) : runner.reduce(groups, signal),
        close: () => runner.close(),
      };
    };
    return { openRunner, reached };
  }

  test.each(['map', 'reduce'] as const)('in the %s phase, from another tab', async (kind) => {
    const local = await LocalDatabase.open();
    const { openRunner, reached } = stuck(kind);
    const { worker } = startMember(local, 'a', { openRunner });
    const request = { inputs: numberFiles(6, 3), job: FIELDS, nReduce: 2, leaseMs: 100 };
    const result = errorOf(mapReduce(local.db, request));
    await reached;
    const other = local.another();
    const [status] = await jobs(other);
    await cancelJob(other, status?.id ?? '');
    expect(await result).toMatchObject({ code: 'Cancelled', jobId: status?.id });
    expect(await rowsLeft(other)).toEqual(NOTHING_LEFT);
    // The worker learns of it with its next renewal, and goes on to other jobs.
    await expect.poll(() => worker.state.type, PATIENCE).toBe('idle');
    await cancelJob(other, status?.id ?? '');
    expect((await jobs(other))[0]?.state).toBe('cancelled');
  });

  test('while the inputs are written, and before', async () => {
    const local = await LocalDatabase.open();
    const abort = new AbortController();
    // Tables and job are there with the first write; the inputs are under way with the second.
    const { db } = struck(local, (write) => {
      if (write === 1) abort.abort();
      return null;
    });
    const contents = Array.from({ length: 300_000 }, (_, at) => (at * 7_919) % 1_000_003).join();
    const inputs = [{ name: 'n', contents }];
    const request = { inputs, job: FIELDS, nReduce: 2, signal: abort.signal };
    expect(await errorOf(mapReduce(db, request))).toMatchObject({ code: 'Cancelled' });
    await expect.poll(async () => (await jobs(db))[0]?.state, PATIENCE).toBe('cancelled');
    expect(await rowsLeft(db)).toEqual(NOTHING_LEFT);
    expect(await errorOf(mapReduce(db, request))).toMatchObject({ code: 'Cancelled' });
  });

  test('before its first entry has come', async () => {
    const local = await LocalDatabase.open();
    const abort = new AbortController();
    const db = local.another();
    const execute = db.execute.bind(db);
    let late = (): Promise<unknown> => Promise.reject(new Error('nothing was written'));
    db.execute = async (request) => {
      // On its way, when the job is cancelled: it comes behind that.
      late = () => execute(request);
      db.execute = execute;
      abort.abort();
      throw new ResqliteError({ ...failure('Aborted', 'unknown', 'aborted'), applied: 'unknown' });
    };
    const request = { inputs: numberFiles(6, 3), job: FIELDS, nReduce: 2, signal: abort.signal };
    expect(await errorOf(mapReduce(db, request))).toMatchObject({ code: 'Cancelled' });
    await expect.poll(async () => (await jobs(db))[0]?.state, PATIENCE).toBe('cancelled');
    await late();
    expect((await jobs(db)).map(({ state }) => state)).toEqual(['cancelled']);
    expect(await rowsLeft(db)).toEqual(NOTHING_LEFT);
  });

  test('by the signal, while nobody works on it', async () => {
    const local = await LocalDatabase.open();
    const abort = new AbortController();
    const result = mapReduce(local.db, {
      inputs: numberFiles(6, 3),
      job: FIELDS,
      nReduce: 2,
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    expect(await errorOf(result)).toMatchObject({ code: 'Cancelled' });
    expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
  });
});

describe('what is kept', () => {
  test('nothing of a job that is deleted, whoever waits for it', async () => {
    const local = await LocalDatabase.open();
    const request = { inputs: numberFiles(6, 3), job: FIELDS, nReduce: 2 };
    const waiting = errorOf(mapReduce(local.db, request));
    await expect.poll(async () => (await jobs(local.db))[0]?.state, PATIENCE).toBe('map');
    const [status] = await jobs(local.db);
    await deleteJob(local.db, status?.id ?? '');
    expect(await waiting).toMatchObject({ code: 'Missing', jobId: status?.id });
    expect(await jobs(local.db)).toEqual([]);
    expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
    expect(await errorOf(resultOf(local.db, status?.id ?? ''))).toMatchObject({ code: 'Missing' });
  });

  test('nothing of a job that is not to be kept, but its results for who asked', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const request = { inputs: numberFiles(6, 3), job: FIELDS, nReduce: 2, keep: false };
    expect((await mapReduce(local.db, request)).results).toHaveLength(6);
    expect(await jobs(local.db)).toEqual([]);
    expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
  });

  test('the last twenty jobs that are over, and all that are not', async () => {
    const local = await LocalDatabase.open();
    const request = { inputs: [], job: FIELDS, nReduce: 1 };
    const ids: string[] = [];
    for (let count = 0; count < 23; count += 1) {
      local.stampMs += 1_000;
      const id = await startJob(local.db, request);
      ids.unshift(id);
      if (count > 0) await cancelJob(local.db, id);
    }
    // The last one was not over when the others were counted.
    const kept = (await jobs(local.db)).map(({ id }) => id);
    expect(kept).toEqual([...ids.slice(0, 21), ids.at(-1)]);
  });
});

describe('what a worker cannot run it leaves alone', () => {
  const inputs = [{ name: 'n', contents: 'c' }];

  test('registered jobs that its page does not know', async () => {
    const local = await LocalDatabase.open();
    const old = startMember(local, 'old build', { jobNames: () => ['word-count'] });
    const result = mapReduce(local.db, { inputs, job: FIELDS, nReduce: 1 });
    await mapReduce(local.db, { inputs, job: 'word-count', nReduce: 1 });
    expect(old.worker.tasksDone).toBe(2);
    startMember(local, 'new build');
    const { workers } = await result;
    expect(workers).toEqual([{ worker: 'new build', mapTasks: 1, reduceTasks: 1 }]);
    expect((await jobs(local.db)).every(({ failures }) => failures.length === 0)).toBe(true);
  });

  test('functions that were typed in, where its runner takes none', async () => {
    const local = await LocalDatabase.open();
    const plain = startMember(local, 'plain');
    const job = { map: 'typed map', reduce: 'typed reduce' };
    const sources: JobSource[] = [];
    const result = mapReduce(local.db, { inputs, job, nReduce: 1 });
    await mapReduce(local.db, { inputs, job: FIELDS, nReduce: 1 });
    const openRunner: OpenRunner = async (source) => {
      sources.push(source);
      return openInlineRunner({ type: 'registered', name: FIELDS });
    };
    startMember(local, 'sandboxed', { openRunner, takesTyped: true });
    const { workers } = await result;
    expect(workers).toEqual([{ worker: 'sandboxed', mapTasks: 1, reduceTasks: 1 }]);
    expect(sources).toContainEqual({ type: 'typed', ...job });
    expect(plain.worker.tasksDone).toBe(2);
  });
});

test('a job whose tab went while it wrote the inputs is cancelled by who works', async () => {
  const local = await LocalDatabase.open();
  const { db } = struck(local, (write) => {
    // The tab goes before the inputs are whole.
    if (write === 2) void db.close();
    return null;
  });
  const contents = Array.from({ length: 300_000 }, (_, at) => (at * 7_919) % 1_000_003).join();
  const request = { inputs: [{ name: 'n', contents }], job: FIELDS, nReduce: 2 };
  await expect(startJob(db, request)).rejects.toMatchObject({ code: 'Closed' });
  expect((await jobs(local.db))[0]?.state).toBe('preparing');
  local.stampMs += 61_000;
  startMember(local, 'a');
  await mapReduce(local.db, { inputs: [], job: FIELDS, nReduce: 1, keep: false });
  const [status] = await jobs(local.db);
  expect(status).toMatchObject({ state: 'cancelled', error: expect.stringContaining('has gone') });
  expect(await rowsLeft(local.db)).toEqual(NOTHING_LEFT);
});

test.each([
  [{ nReduce: 0 }, /^nReduce must be/u],
  [{ nReduce: 1.5 }, /^nReduce must be/u],
  [{ nReduce: 1_001 }, /^nReduce must be/u],
  [{ leaseMs: 1 }, /^leaseMs must be/u],
  [{ maxAttempts: 0 }, /^maxAttempts must be/u],
  [{ job: 'unheard of' }, /^no job is registered as "unheard of"/u],
  [{ inputs: [{ name: 'n'.repeat(256), contents: '' }] }, /name must be/u],
])(
  'arguments that cannot be, %j, are refused before anything is written',
  async (wrong, message) => {
    const local = await LocalDatabase.open();
    const request = { inputs: [], job: FIELDS, nReduce: 1, ...wrong };
    await expect(startJob(local.db, request)).rejects.toThrow(RangeError);
    await expect(startJob(local.db, request)).rejects.toThrow(message);
    expect(local.applied).toBe(0);
  },
);
