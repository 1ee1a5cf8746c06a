/** Workers that are slow, lost or late: leases end by the log's clock, and attempts fence who comes late. */

import { describe, expect, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { OpenRunner } from '../../../src/apps/mapreduce/job.ts';
import { jobs, mapReduce, registerJob } from '../../../src/apps/mapreduce/mapreduce.ts';
import { LocalDatabase } from '../local-database.ts';
import { rowsLeft, runClock, startDeaf, startMember } from './members.ts';

registerJob('letters', {
  map: (name, contents) => Array.from(contents, (key) => ({ key, value: name })),
  reduce: (_key, values) => values.join(' '),
});

const PATIENCE = { timeout: 30_000 };

const INPUTS = [
  { name: 'one', contents: 'abc' },
  { name: 'two', contents: 'bcd' },
];
const EXPECTED = [
  { key: 'a', value: 'one' },
  { key: 'b', value: 'one two' },
  { key: 'c', value: 'one two' },
  { key: 'd', value: 'two' },
];

/** A runner that does its work, and keeps the first result of a kind to itself until it is let go. */
function held(kind: 'map' | 'reduce'): {
  openRunner: OpenRunner;
  reached: Promise<void>;
  letGo: () => void;
  aborted: () => boolean;
} {
  let letGo = (): void => undefined;
  let reach = (): void => undefined;
  let wasAborted = false;
  let isFirst = true;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const openRunner: OpenRunner = async (source) => {
    const runner = await openInlineRunner(source);
    const through = async <Result>(call: string, result: Result, signal: AbortSignal) => {
      if (call !== kind || !isFirst) return result;
      isFirst = false;
      signal.addEventListener('abort', () => (wasAborted = true));
      reach();
      await gate;
      return result;
    };
    return {
      map: async (input, signal) => through('map', await runner.map(input, signal), signal),
      reduce: async (groups, signal) =>
        through('reduce', await runner.reduce(groups, signal), signal),
      close: () => runner.close(),
    };
  };
  return { openRunner, reached, letGo, aborted: () => wasAborted };
}

describe.each(['map', 'reduce'] as const)('a worker that is lost in a %s task', (kind) => {
  test('its task is another’s when its lease has ended, not before', async () => {
    const local = await LocalDatabase.open();
    const slow = held(kind);
    const lost = startMember(local, 'lost', { openRunner: slow.openRunner });
    const request = { inputs: INPUTS, job: 'letters', nReduce: 1, leaseMs: 400 };
    const result = mapReduce(local.db, request);
    await slow.reached;
    await lost.die();
    startMember(local, 'other');
    // The log's clock stands, so it is asked for in vain.
    const before = local.applied;
    await expect.poll(() => local.applied, PATIENCE).toBeGreaterThan(before + 2);
    const [status] = await jobs(local.db);
    expect(status?.running).toEqual([expect.objectContaining({ worker: 'lost', attempt: 1 })]);
    local.stampMs += 500;
    expect((await result).results).toEqual(EXPECTED);
  });

  test('what it commits too late has no effect', async () => {
    const local = await LocalDatabase.open();
    const slow = held(kind);
    const late = startDeaf(local, 'late', slow.openRunner);
    const request = { inputs: INPUTS, job: 'letters', nReduce: 1, leaseMs: 400 };
    const result = mapReduce(local.db, request);
    await slow.reached;
    local.stampMs += 500;
    const other = startMember(local, 'other');
    const { results, workers } = await result;
    const before = await local.db.sql`select * from mapreduce_result`;
    slow.letGo();
    // It finishes its task, with the next claim: nothing is left to claim, and it is idle.
    await expect.poll(() => late.worker.state.type, PATIENCE).toBe('idle');
    expect(results).toEqual(EXPECTED);
    expect(await local.db.sql`select * from mapreduce_result`).toEqual(before);
    expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
    const done = workers.map(({ worker, ...tasks }) => [
      worker,
      tasks.mapTasks + tasks.reduceTasks,
    ]);
    expect(Object.fromEntries(done)).toMatchObject({ other: other.worker.tasksDone });
    expect(late.worker.tasksDone + other.worker.tasksDone).toBe(3);
  });

  test('a slow one that renews its lease keeps the task', async () => {
    const local = await LocalDatabase.open();
    runClock(local);
    const slow = held(kind);
    startMember(local, 'slow', { openRunner: slow.openRunner });
    const request = { inputs: INPUTS, job: 'letters', nReduce: 1, leaseMs: 200 };
    const result = mapReduce(local.db, request);
    await slow.reached;
    startMember(local, 'other');
    const beganMs = local.stampMs;
    await expect.poll(() => local.stampMs, PATIENCE).toBeGreaterThan(beganMs + 1_000);
    const [status] = await jobs(local.db);
    expect(status?.running).toEqual([expect.objectContaining({ worker: 'slow', attempt: 1 })]);
    slow.letGo();
    expect((await result).results).toEqual(EXPECTED);
  });
});

test('who learns that the task is over stops, and works on', async () => {
  const local = await LocalDatabase.open();
  const slow = held('map');
  const late = startMember(local, 'late', { openRunner: slow.openRunner });
  const request = { inputs: INPUTS, job: 'letters', nReduce: 1, leaseMs: 300 };
  const result = mapReduce(local.db, request);
  await slow.reached;
  // Its lease ends, and another does it.
  local.stampMs += 500;
  const other = startMember(local, 'other');
  await expect.poll(() => slow.aborted(), PATIENCE).toBe(true);
  expect((await result).results).toEqual(EXPECTED);
  await expect.poll(() => late.worker.tasksDone + other.worker.tasksDone, PATIENCE).toBe(3);
  await mapReduce(local.db, { ...request, inputs: [] });
});

test('who is stopped gives its task back at once', async () => {
  const local = await LocalDatabase.open();
  const slow = held('map');
  const stopped = startMember(local, 'stopped', { openRunner: slow.openRunner });
  const request = { inputs: INPUTS, job: 'letters', nReduce: 1, leaseMs: 600_000 };
  const result = mapReduce(local.db, request);
  await slow.reached;
  await stopped.worker.stop();
  expect(stopped.worker.state).toEqual({ type: 'stopped' });
  startMember(local, 'other');
  const { results, workers } = await result;
  expect(results).toEqual(EXPECTED);
  expect(workers).toEqual([{ worker: 'other', mapTasks: 2, reduceTasks: 1 }]);
});
