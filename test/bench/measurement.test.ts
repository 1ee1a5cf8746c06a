/** Subjects take turns, and are held to what they were to do. */

import { expect, test } from 'vitest';

import { rateOf, runClients } from '../../src/bench/load.ts';
import { measure, type Subject } from '../../src/bench/measurement.ts';

function subject(name: string, calls: string[], fails: Partial<Subject> = {}): Subject {
  let round = 0;
  const note = (what: string): void => void calls.push(`${name} ${what}`);
  return {
    name,
    settings: '',
    warmUp: async () => note('warm-up'),
    round: async () => {
      round += 1;
      note('round');
      return [{ figure: 'time', unit: 'ms', values: [round, 10 * round] }];
    },
    verify: async () => note('verify'),
    close: async () => note('close'),
    ...fails,
  };
}

const ROUNDS = { measurement: 'm', rounds: 2, onProgress: () => undefined, signal: null };

test('rounds are interleaved, behind a warm-up of everybody, and every reading counts', async () => {
  const calls: string[] = [];
  const figures = await measure([subject('a', calls), subject('b', calls)], ROUNDS);
  expect(calls).toEqual(
    ['warm-up', 'round', 'round', 'verify', 'close'].flatMap((step) => [`a ${step}`, `b ${step}`]),
  );
  expect(
    figures.map(({ name, subject, samples, median }) => [name, subject, samples, median]),
  ).toEqual([
    ['time', 'a', 4, 6],
    ['time', 'b', 4, 6],
  ]);
});

test('what was not done is no figure, and everybody is closed all the same', async () => {
  const calls: string[] = [];
  const verify = (): Promise<void> => Promise.reject(new Error('a row is missing'));
  const subjects = [subject('a', calls, { verify }), subject('b', calls)];
  await expect(measure(subjects, ROUNDS)).rejects.toThrow('a row is missing');
  expect(calls.slice(-2)).toEqual(['a close', 'b close']);
});

test('an abort ends it, also in the middle of a round', async () => {
  const calls: string[] = [];
  const controller = new AbortController();
  const round = (): Promise<never> => {
    controller.abort(new Error('enough'));
    return new Promise(() => undefined);
  };
  const subjects = [subject('a', calls, { round }), subject('b', calls)];
  const { signal } = controller;
  await expect(measure(subjects, { ...ROUNDS, signal })).rejects.toThrow('enough');
  expect(calls).toEqual(['a warm-up', 'b warm-up', 'a close', 'b close']);
});

test('so many clients have one call under way each, until all calls are done', async () => {
  let underWay = 0;
  let most = 0;
  const numbers: number[] = [];
  const timings = await runClients(4, 10, async (number) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await Promise.resolve();
    numbers.push(number);
    underWay -= 1;
  });
  expect(most).toBe(4);
  expect(numbers.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(timings.latenciesMs).toHaveLength(10);
  expect(timings.operations).toBe(10);
  expect(rateOf({ operations: 10, elapsedMs: 500, latenciesMs: [] })).toBe(20);
});

test('the first call that fails ends the load', async () => {
  const load = runClients(2, 10, async (number) => {
    if (number === 3) throw new Error('no more');
  });
  await expect(load).rejects.toThrow('no more');
});

test('all are closed, whatever fails, and it is the first failure that is told', async () => {
  const calls: string[] = [];
  const failsToClose = subject('a', calls, {
    round: () => Promise.reject(new Error('no round')),
    close: () => Promise.reject(new Error('no close')),
  });
  await expect(measure([failsToClose, subject('b', calls)], ROUNDS)).rejects.toThrow('no round');
  expect(calls).toEqual(['a warm-up', 'b warm-up', 'b close']);
  const closesBadly = subject('c', calls, { close: () => Promise.reject(new Error('no close')) });
  await expect(measure([closesBadly], ROUNDS)).rejects.toThrow('no close');
});
