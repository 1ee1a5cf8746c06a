/**
 * Whole clusters from seeds: that runs are reproducible, that they find planted defects, and that
 * the product passes. `npm run simulate` runs many more.
 */

import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/simulation/batch.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { REGRESSION_SEEDS } from './regression-seeds.ts';

describe('a run', () => {
  test.each([1, 2, 3])('of seed %i is the same twice, with and without its text', (seed) => {
    const lines: string[] = [];
    const first = runSeed(seed, null);
    const second = runSeed(seed, (line) => lines.push(line));
    expect(second).toEqual(first);
    expect(lines).toHaveLength(first.exercise.events);
  });

  test('of another seed is another', () => {
    const hashes = [4, 5, 6, 7].map((seed) => runSeed(seed, null).traceHash);
    expect(new Set(hashes).size).toBe(4);
  });
});

describe('seeds that once found a defect', () => {
  test.each(REGRESSION_SEEDS)('$seed: $found', ({ seed }) => {
    expect(runSeed(seed, null).failure).toBeNull();
  });
});

test('200 seeds hold, and exercise what they are for', { timeout: 300_000 }, () => {
  const batch = new Batch();
  for (let seed = 10_001; seed <= 10_200; seed += 1) batch.add(runSeed(seed, null));
  const failures = batch.failures.map(({ seed, traceHash, failure }) => ({
    seed,
    traceHash,
    ...failure,
  }));
  expect(failures).toEqual([]);
  expect(batch.shortfalls()).toEqual([]);
});
