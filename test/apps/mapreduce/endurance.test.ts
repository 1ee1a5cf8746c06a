/** What one job, or one tab, may cost the others: losses, troubles, writes and waits have their bounds. */

import { expect, test, vi } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { OpenRunner } from '../../../src/apps/mapreduce/job.ts';
import {
  jobs,
  mapReduce,
  registerJob,
  startJob,
  startWorker,
} from '../../../src/apps/mapreduce/mapreduce.ts';
import { LocalDatabase } from '../local-database.ts';
import { rowsLeft, startDeaf, startMember, startMortal, struck } from './members.ts';

registerJob('echo', {
  map: (name, contents) => [{ key: name, value: contents }],
  reduce: (_key, values) => values.join(),
});
registerJob('other echo', {
  map: (name, contents) => [{ key: name, value: contents }],
  reduce: (_key, values) => values.join(),
});

const PATIENCE = { timeout: 30_000 };
const LEASE_MS = 1_000;
const REQUEST = { inputs: [{ name: 'n', contents: 'c' }], job: 'echo', nReduce: 1 };

/** Maps stand until they are let go, and come in the order in which they began. */
function gated(): { openRunner: OpenRunner; reached: () => number; letGo: () => void } {
  let reached = 0;
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const openRunner: OpenRunner = async (source) => {
    const runner = await openInlineRunner(source);
    return {
      map: async (input, signal) => {
        reached += 1;
        await gate;
        return runner.map(input, signal);
      },
      reduce: (groups, signal) => runner.reduce(groups, signal),
      close: () => runner.close(),
    };
  };
  return { openRunner, reached: () => reached, letGo };
}

test('a job that takes its workers along fails with the fifth', async () => {
  const local = await LocalDatabase.open();
  const id = await startJob(local.db, { ...REQUEST, leaseMs: LEASE_MS });
  for (let lost = 1; lost <= 5; lost += 1) {
    const { worker } = startMortal(local, `mortal ${lost}`, 0);
    await expect.poll(() => worker.state.type, PATIENCE).toBe('stopped');
    const [status] = await jobs(local.db);
    expect(status).toMatchObject({ state: 'map', running: [{ attempt: lost }] });
    // Each lease is twice as long as the last, up to eight times.
    const left = (status?.running[0]?.leasedUntilMs ?? 0) - local.stampMs;
    expect(left).toBe(LEASE_MS * Math.min(8, 2 ** (lost - 1)));
    local.stampMs += left + 1;
  }
  const maps = vi.fn<() => void>();
  const openRunner: OpenRunner = async (source) => {
    maps();
    return openInlineRunner(source);
  };
  startMember(local, 'healthy', { openRunner });
  await expect.poll(async () => (await jobs(local.db))[0]?.state, PATIENCE).toBe('failed');
  const [status] = await jobs(local.db);
  expect(status).toMatchObject({ id, error: 'map task 0 (n): its worker was lost 5 times' });
  expect(maps).not.toHaveBeenCalled();
  expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
});

test('a task that held two threads longer than its leases is done by the first that comes back', async () => {
  const local = await LocalDatabase.open();
  const first = gated();
  const second = gated();
  const one = startDeaf(local, 'first', first.openRunner);
  const result = mapReduce(local.db, { ...REQUEST, leaseMs: LEASE_MS });
  await expect.poll(first.reached, PATIENCE).toBe(1);
  local.stampMs += LEASE_MS + 1;
  const two = startDeaf(local, 'second', second.openRunner);
  await expect.poll(second.reached, PATIENCE).toBe(1);
  first.letGo();
  const { results, workers } = await result;
  expect(results).toEqual([{ key: 'n', value: 'c' }]);
  expect(workers).toEqual([{ worker: 'first', mapTasks: 1, reduceTasks: 1 }]);
  second.letGo();
  await expect.poll(() => two.worker.state.type, PATIENCE).toBe('idle');
  expect(one.worker.tasksDone + two.worker.tasksDone).toBe(2);
  expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
});

/** A member whose runner of the first job breaks, by no fault of functions. */
function startBroken(local: LocalDatabase, name: string): void {
  const openRunner: OpenRunner = async (source) => {
    if (source.type === 'registered' && source.name === 'echo') throw new Error('it broke');
    return openInlineRunner(source);
  };
  startMember(local, name, { openRunner });
}

test('an error that is no function’s holds up no younger job, and fails its own in the end', async () => {
  const local = await LocalDatabase.open();
  const reported = vi.fn<(error: unknown) => void>();
  vi.stubGlobal('reportError', reported);
  startBroken(local, 'broken 1');
  const id = await startJob(local.db, REQUEST);
  await expect.poll(() => reported.mock.calls.length, PATIENCE).toBe(1);
  const younger = await mapReduce(local.db, { ...REQUEST, job: 'other echo' });
  expect(younger.results).toHaveLength(1);
  const statusOf = async () => (await jobs(local.db)).find((status) => status.id === id);
  expect(await statusOf()).toMatchObject({
    state: 'map',
    failures: [{ message: 'Error: it broke', failures: 0 }],
  });
  for (let more = 2; more <= 8; more += 1) startBroken(local, `broken ${more}`);
  await expect.poll(async () => (await statusOf())?.state, PATIENCE).toBe('failed');
  const error = 'map task 0 (n): workers could not do it 8 times: Error: it broke';
  expect(await statusOf()).toMatchObject({ error });
});

test('a worker whose handle is closed while functions stand ends', async () => {
  const local = await LocalDatabase.open();
  const gate = gated();
  const { db, worker } = startMember(local, 'a', { openRunner: gate.openRunner });
  await startJob(local.db, { ...REQUEST, leaseMs: 150 });
  await expect.poll(gate.reached, PATIENCE).toBe(1);
  await db.close();
  await expect.poll(() => worker.state.type, PATIENCE).toBe('stopped');
});

test('what functions make too much of is their own fault', async () => {
  const local = await LocalDatabase.open();
  const openRunner: OpenRunner = async (source) => ({
    ...(await openInlineRunner(source)),
    map: async () => {
      throw new RangeError('Invalid string length');
    },
  });
  startMember(local, 'a', { openRunner });
  const result = mapReduce(local.db, { ...REQUEST, maxAttempts: 1 });
  await expect(result).rejects.toThrow('failed 1 times: map: RangeError: Invalid string length');
});

test('a job that writes more than it may fails', async () => {
  const local = await LocalDatabase.open();
  const gate = gated();
  startMember(local, 'a', { openRunner: gate.openRunner });
  // Hardly to be deflated: several entries.
  const contents = Array.from({ length: 100_000 }, (_, at) => (at * 7_919) % 1_000_003).join();
  const inputs = Array.from({ length: 8 }, (_, at) => ({ name: `${at}`, contents }));
  const result = mapReduce(local.db, { ...REQUEST, inputs });
  await expect.poll(gate.reached, PATIENCE).toBe(1);
  const almost = 256 * 1024 * 1024 - 1;
  const { results } = await local.db.execute({
    sql: 'update mapreduce_job set bytes = bytes + ? where bytes = 0',
    params: [almost],
  });
  expect(results[0]?.rowsAffected).toBe(1);
  gate.letGo();
  await expect(result).rejects.toThrow(/^map task \d \(\d\): the job writes more than/u);
  expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
});

test('who waits for a lease asks once, and then when it ends by the log’s clock', async () => {
  const local = await LocalDatabase.open();
  const gate = gated();
  // By this tab's clock the lease has ended.
  local.stampMs = Date.now() - 3_600_000;
  startMember(local, 'busy', { openRunner: gate.openRunner });
  const result = mapReduce(local.db, { ...REQUEST, leaseMs: 600_000 });
  await expect.poll(gate.reached, PATIENCE).toBe(1);
  const idle = struck(local, () => null);
  const worker = startWorker(idle.db, { openRunner: openInlineRunner });
  await expect.poll(idle.writes, PATIENCE).toBe(1);
  const beganMs = performance.now();
  await local.db.execute('create table stranger (x)');
  for (let writes = 0; performance.now() < beganMs + 1_000; writes += 1) {
    await local.db.execute({ sql: 'insert into stranger values (?)', params: [writes] });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(idle.writes()).toBe(1);
  gate.letGo();
  await result;
  await worker.stop();
});
