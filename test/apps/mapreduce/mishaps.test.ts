/** Lost writes, lost answers and deaths, wherever they strike: the output is that of the sequential mode. */

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import {
  linesOf,
  mapReduce,
  registerJob,
  sequential,
} from '../../../src/apps/mapreduce/mapreduce.ts';
import { LocalDatabase, type Mishap } from '../local-database.ts';
import { rowsLeft, runClock, startMember, startMortal, struck } from './members.ts';
import { FIELDS } from './original-job.ts';

registerJob('who and how often', {
  map: (name, contents) => Array.from(contents, (key) => ({ key, value: name })),
  reduce: (_key, values) => values.join(),
});
const JOB = 'who and how often';

const LEASE_MS = 60_000;
/** Those of a job of two inputs and two reduce tasks, of the asking tab and of the worker. */
const ASKING_WRITES = 1;
const WORKER_WRITES = 5;

const SMALL = {
  inputs: [
    { name: 'one', contents: 'abcab' },
    { name: 'two', contents: 'bcd' },
  ],
  job: JOB,
  nReduce: 2,
  leaseMs: LEASE_MS,
};

const MISHAPS: readonly Mishap[] = ['lost', 'answer-lost'];
const EVERY_WRITE = MISHAPS.flatMap((mishap) => [
  ...Array.from({ length: ASKING_WRITES }, (_, write) => ({ who: 'asking', mishap, write })),
  ...Array.from({ length: WORKER_WRITES }, (_, write) => ({ who: 'working', mishap, write })),
]);

test.each(EVERY_WRITE)('$mishap: write $write of the $who tab', async ({ who, mishap, write }) => {
  const local = await LocalDatabase.open();
  const strike = (at: number): Mishap | null => (at === write ? mishap : null);
  const asking = struck(local, who === 'asking' ? strike : () => null);
  const working = struck(local, who === 'working' ? strike : () => null);
  startMember(local, 'worker', {}, working.db);
  const { results, workers } = await mapReduce(asking.db, SMALL);
  const expected = await sequential(SMALL.inputs, JOB, SMALL.nReduce, openInlineRunner);
  expect(results).toEqual(expected);
  expect(workers).toEqual([{ worker: 'worker', mapTasks: 2, reduceTasks: 2 }]);
  expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
  const struckTab = who === 'asking' ? asking : working;
  // The job may be over for whoever asked before the answer that was lost is asked for again.
  await vi.waitFor(() => expect(struckTab.writes()).toBeGreaterThan(write + 1), 10_000);
});

/** Hardly to be deflated: several entries of input, and of output. */
function longText(seed: number): string {
  return Array.from({ length: 50_000 }, (_, at) => (at * 7_919 + seed) % 1_000_003).join(' ');
}

test('every third write of a job of many entries is struck, by turns', async () => {
  const local = await LocalDatabase.open();
  const strike = (write: number): Mishap | null =>
    write % 3 === 0 ? (MISHAPS[write % 2] ?? null) : null;
  const asking = struck(local, strike);
  const working = struck(local, strike);
  startMember(local, 'worker', {}, working.db);
  const inputs = [1, 2].map((seed) => ({ name: `${seed}`, contents: longText(seed) }));
  const request = { inputs, job: FIELDS, nReduce: 2, leaseMs: LEASE_MS };
  const { results, workers } = await mapReduce(asking.db, request);
  const expected = await sequential(inputs, FIELDS, 2, openInlineRunner);
  expect(linesOf(results) === linesOf(expected)).toBe(true);
  expect(workers).toEqual([{ worker: 'worker', mapTasks: 2, reduceTasks: 2 }]);
  expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, running: 0, due: 0 });
  expect(asking.writes()).toBeGreaterThanOrEqual(5);
  expect(working.writes()).toBeGreaterThanOrEqual(8);
});

const INPUTS = fc.array(
  fc.record({
    name: fc.string({ maxLength: 3 }),
    contents: fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '\u{e000}', '\u{1f600}') }),
  }),
  { maxLength: 6 },
);

/** What befalls one write in four. */
const FATES = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.constantFrom<Mishap>('lost', 'answer-lost') },
  ),
  { minLength: 1, maxLength: 12 },
);

test('any inputs, with writes that are struck and workers that die: as in the sequential mode', async () => {
  await fc.assert(
    fc.asyncProperty(
      INPUTS,
      fc.integer({ min: 1, max: 5 }),
      FATES,
      fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
      async (inputs, nReduce, fates, lives) => {
        const local = await LocalDatabase.open();
        runClock(local);
        const { db } = struck(local, (write) => fates[write % fates.length] ?? null);
        // A fate that is the same for every write would be the cluster's end.
        fates.push(null);
        for (const [at, calls] of lives.entries()) startMortal(local, `mortal ${at}`, calls);
        startMember(local, 'survivor', {}, db);
        const { results, workers } = await mapReduce(local.db, {
          inputs,
          job: JOB,
          nReduce,
          leaseMs: 150,
        });
        expect(results).toEqual(await sequential(inputs, JOB, nReduce, openInlineRunner));
        const done = workers.map(({ mapTasks, reduceTasks }) => mapTasks + reduceTasks);
        expect(done.reduce((sum, tasks) => sum + tasks)).toBe(inputs.length + nReduce);
        expect(await rowsLeft(local.db)).toMatchObject({ inputs: 0, pairs: 0, due: 0 });
      },
    ),
    { numRuns: 8 },
  );
});
