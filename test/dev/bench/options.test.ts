/** What the benchmark's command understands, and that it can measure what it names. */

import { expect, test } from 'vitest';

import { MEASUREMENTS } from '../../../src/bench/measurements.ts';
import { isAskedFor, MEASUREMENT_NAMES } from '../../../src/bench/targets.ts';
import { benchOptionsOf } from '../../../src/dev/bench/options.ts';

test('without arguments it is all of it, at full scale', () => {
  expect(benchOptionsOf([])).toEqual({
    only: [],
    rounds: 5,
    scale: 'full',
    json: null,
    record: false,
    trials: 50,
    writes: 1_000_000,
  });
});

test('names may be given by how they begin, and several times', () => {
  const options = benchOptionsOf(['--only', 'commit', '--only', 'reads', '--json', 'out.json']);
  expect(options?.only).toEqual(['commit', 'reads']);
  expect(options?.json).toBe('out.json');
  expect(isAskedFor('reads-64', options?.only ?? [])).toBe(true);
  expect(isAskedFor('batches', options?.only ?? [])).toBe(false);
});

test('what is said besides --quick counts, wherever it stands', () => {
  expect(benchOptionsOf(['--rounds', '7', '--quick'])).toMatchObject({ rounds: 7, scale: 'quick' });
});

test('what is recorded has something to plot', () => {
  expect(benchOptionsOf(['--record'])).toMatchObject({ record: true, only: [] });
  expect(benchOptionsOf(['--only', 'conc', '--record', '--quick'])).toMatchObject({ record: true });
});

test.each([
  ['--only'],
  ['--only', 'nothing-of-the-kind'],
  ['--rounds', '0'],
  ['--rounds', 'many'],
  ['--json', '--quick'],
  ['--fast', '1'],
  ['--record', '--only', 'commit'],
])('%s %s is refused', (...args) => {
  expect(benchOptionsOf(args)).toBeNull();
});

test('every measurement of the page goes by a name that is told', () => {
  expect(MEASUREMENTS.map(({ name }) => name)).toEqual(MEASUREMENT_NAMES);
});
