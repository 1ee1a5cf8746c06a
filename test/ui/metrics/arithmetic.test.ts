/** Rates, percentiles and summaries of readings. */

import { describe, expect, test } from 'vitest';
import {
  percentile,
  ratePerS,
  summarize,
  weightedMedian,
} from '../../../src/ui/metrics/arithmetic.ts';

describe('a rate', () => {
  test.each([
    [10, 30, 1_000, 20],
    [10, 30, 4_000, 5],
    [7, 7, 1_000, 0],
    [0, 1, 500, 2],
  ])('from %i to %i in %i ms is %i a second', (before, now, elapsedMs, rate) => {
    expect(ratePerS(before, now, elapsedMs)).toBe(rate);
  });

  test('of a counter that went back counts what has been since, and is never negative', () => {
    expect(ratePerS(1_000, 6, 2_000)).toBe(3);
    expect(ratePerS(1_000, 0, 1_000)).toBe(0);
  });

  test('is not known where no time has passed', () => {
    expect(ratePerS(1, 2, 0)).toBeNull();
    expect(ratePerS(1, 2, -5)).toBeNull();
  });
});

test('a percentile is a value that there was', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile(values, 1)).toBe(100);
  expect(percentile([7], 0.01)).toBe(7);
  expect(percentile([], 0.5)).toBeNull();
});

test('the median of reports goes by how many each counted', () => {
  const reports = [
    { count: 100, value: 4 },
    { count: 1, value: 900 },
    { count: 2, value: 1 },
  ];
  expect(weightedMedian(reports)).toBe(4);
  expect(weightedMedian([])).toBeNull();
});

test('a summary leaves out what was not known, but not that the last was not', () => {
  expect(summarize([5, null, 1, 9, null])).toEqual({ last: null, least: 1, median: 5, most: 9 });
  expect(summarize([])).toEqual({ last: null, least: null, median: null, most: null });
  expect(summarize([3])).toEqual({ last: 3, least: 3, median: 3, most: 3 });
});
