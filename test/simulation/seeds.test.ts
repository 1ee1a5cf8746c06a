/**
 * Whole clusters from seeds: that runs are reproducible, that those which once found a defect pass,
 * and that new ones pass. `npm run simulate` runs many more.
 */

import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/simulation/batch.ts';
import { REGRESSION_SEEDS } from '../../src/simulation/regression-seeds.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { seedOfTree } from '../../src/simulation/tree-seed.ts';

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

  test('of a wished size has it, and as many clients', () => {
    const few = runSeed(8, null, { servers: 5, clients: 5 });
    const many = runSeed(8, null, { servers: 5, clients: 20 });
    expect([few.failure, many.failure]).toEqual([null, null]);
    const { acknowledgedWrites } = few.exercise;
    expect(many.exercise.acknowledgedWrites).toBeGreaterThan(acknowledgedWrites);
  });
});

describe('seeds that once found a defect', () => {
  test.each(REGRESSION_SEEDS)('$seed: $found', ({ seed }) => {
    expect(runSeed(seed, null).failure).toBeNull();
  });
});

test(
  'a hundred seeds of this tree hold, and exercise what they are for',
  {
    timeout: 600_000,
  },
  () => {
    const batch = new Batch();
    const from = seedOfTree('src');
    for (let seed = from; seed < from + 100; seed += 1) batch.add(runSeed(seed, null));
    const failures = batch.failures.map(({ seed, traceHash, failure }) => ({
      seed,
      traceHash,
      ...failure,
    }));
    expect(failures).toEqual([]);
    expect(batch.shortfalls()).toEqual([]);
  },
);
