/** What one can choose is all there is, and how far a run has come. */

import { expect, test } from 'vitest';

import { isAskedFor, MEASUREMENT_NAMES } from '../../../src/bench/targets.ts';
import {
  describeCluster,
  describeProgress,
  GROUPS,
  missingTabs,
  shareDone,
} from '../../../src/ui/benchmark/benchmark-plan.ts';

test('every measurement of the page is in one group, and in no other', () => {
  for (const name of MEASUREMENT_NAMES) {
    const groups = GROUPS.filter(({ only }) => isAskedFor(name, only));
    expect([name, groups.length]).toEqual([name, 1]);
  }
});

test('every beginning that a group names asks for something', () => {
  for (const { only } of GROUPS) {
    expect(only.length).toBeGreaterThan(0);
    for (const prefix of only) {
      expect(MEASUREMENT_NAMES.filter((name) => isAskedFor(name, [prefix]))).not.toEqual([]);
    }
  }
});

test('the share done grows from measurement to measurement and from round to round', () => {
  const measurements = ['commit', 'batches'];
  const shares = measurements.flatMap((measurement) =>
    [0, 1, 2, 3].map((round) =>
      shareDone({ measurement, subject: 's', round, rounds: 3 }, measurements),
    ),
  );
  expect(shares).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((part) => part / 8));
});

test('a run tells what it is at', () => {
  const at = { measurement: 'commit', subject: 'floor', rounds: 5 };
  expect(describeProgress({ ...at, round: 0 })).toBe('commit: floor, warming up');
  expect(describeProgress({ ...at, round: 2 })).toBe('commit: floor, round 2 of 5');
});

test('fewer than three voters ask for more tabs', () => {
  expect([0, 1, 2, 3, 5].map(missingTabs)).toEqual([3, 2, 1, 0, 0]);
  expect(describeCluster(1)).toContain('1 voter: open 2 more tabs');
  expect(describeCluster(2)).toContain('2 voters: open 1 more tab ');
  expect(describeCluster(3)).toBe('This cluster has 3 voters.');
});
