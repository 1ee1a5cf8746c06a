/**
 * MapReduce over several members: the original's own tests, in their sizes. Those with workers that die are
 * smaller unless RESQLITE_APPS=whole, as `npm run soak -- apps` sets it.
 */

import { describe, expect, onTestFinished, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { KeyValue } from '../../../src/apps/mapreduce/job.ts';
import { linesOf, mapReduce, sequential } from '../../../src/apps/mapreduce/mapreduce.ts';
import { LocalDatabase } from '../local-database.ts';
import {
  numberFiles,
  numberKeys,
  rowsLeft,
  runClock,
  startMember,
  startMortal,
} from './members.ts';
import { FIELDS } from './original-job.ts';

const LINES = 100_000;
const MAP_TASKS = 100;
const REDUCE_TASKS = 50;
/** What the tests with deaths are smaller by. */
const PART = process.env['RESQLITE_APPS'] === 'whole' ? 1 : 5;
const LEASE_MS = 300;
/** The original's workers answer so many calls, and then no more. */
const CALLS_OF_A_LIFE = 10;

function expectEveryLine(results: readonly KeyValue[], lines = LINES): void {
  expect(linesOf(results)).toBe(linesOf(numberKeys(lines).map((key) => ({ key, value: '' }))));
}

describe('the sequential mode', () => {
  test('TestSequentialSingle: one file, one reduce task', async () => {
    const inputs = numberFiles(LINES, 1);
    expectEveryLine(await sequential(inputs, FIELDS, 1, openInlineRunner));
  });

  test('TestSequentialMany: five files, three reduce tasks', async () => {
    const inputs = numberFiles(LINES, 5);
    expectEveryLine(await sequential(inputs, FIELDS, 3, openInlineRunner));
  });
});

describe('100 map and 50 reduce tasks over 100,000 lines', () => {
  const inputs = numberFiles(LINES, MAP_TASKS);
  const request = { inputs, job: FIELDS, nReduce: REDUCE_TASKS, leaseMs: LEASE_MS };
  const lines = LINES / PART;
  const mapTasks = MAP_TASKS / PART;
  const reduceTasks = REDUCE_TASKS / PART;
  const withDeaths = { ...request, inputs: numberFiles(lines, mapTasks), nReduce: reduceTasks };

  test('TestBasic: two workers, each of which does a task', async () => {
    const local = await LocalDatabase.open();
    const members = [startMember(local, 'one'), startMember(local, 'two')];
    const { results, workers } = await mapReduce(local.db, request);
    expectEveryLine(results);
    expect(workers.map(({ worker }) => worker)).toEqual(['one', 'two']);
    const done = workers.map(({ mapTasks, reduceTasks }) => mapTasks + reduceTasks);
    expect(done.reduce((sum, tasks) => sum + tasks)).toBe(MAP_TASKS + REDUCE_TASKS);
    expect(members.map(({ worker }) => worker.tasksDone)).toEqual(done);
    expect(Math.min(...done)).toBeGreaterThan(0);
    expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
  });

  test('TestOneFailure: one of two workers dies after ten calls', async () => {
    const local = await LocalDatabase.open();
    runClock(local);
    startMortal(local, 'mortal', CALLS_OF_A_LIFE);
    startMember(local, 'healthy');
    const { results, workers } = await mapReduce(local.db, withDeaths);
    expectEveryLine(results, lines);
    const [healthy, mortal] = workers;
    expect(healthy?.worker).toBe('healthy');
    // In the call behind the tenth it dies, and what the tenth made was finished before that.
    expect(mortal).toEqual({ worker: 'mortal', mapTasks: CALLS_OF_A_LIFE, reduceTasks: 0 });
  });

  test('TestManyFailures: new workers all the time, each dying after ten calls', async () => {
    const local = await LocalDatabase.open();
    runClock(local);
    let begun = 0;
    const begin = (): void => {
      begun += 1;
      startMortal(local, `mortal ${begun}`, CALLS_OF_A_LIFE);
    };
    const timer = setInterval(() => {
      begin();
      begin();
    }, LEASE_MS);
    onTestFinished(() => clearInterval(timer));
    const { results, workers } = await mapReduce(local.db, withDeaths);
    expectEveryLine(results, lines);
    const done = workers.map((worker) => worker.mapTasks + worker.reduceTasks);
    expect(Math.max(...done)).toBeLessThanOrEqual(CALLS_OF_A_LIFE);
    expect(workers.length).toBeGreaterThanOrEqual((mapTasks + reduceTasks) / CALLS_OF_A_LIFE);
    clearInterval(timer);
  });
});
