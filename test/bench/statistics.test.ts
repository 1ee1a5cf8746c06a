/** What many readings come to. */

import { describe, expect, test } from 'vitest';

import {
  median,
  MIN_P99_SAMPLES,
  percentile,
  summarizeCosts,
  summarizeRates,
} from '../../src/bench/statistics.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => count - at);

describe('median', () => {
  test('is the one in the middle, or the mean of the two there', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
    expect(median([7])).toBe(7);
  });

  test('is of numbers, of which there must be some', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => median([1, Number.NaN])).toThrow(RangeError);
    expect(() => median([1, Number.POSITIVE_INFINITY])).toThrow(RangeError);
  });

  test('leaves the readings as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test('a percentile is the smallest reading that covers that share', () => {
  expect(percentile(upTo(1_000), 0.99)).toBe(990);
  expect(percentile(upTo(200), 0.99)).toBe(198);
  expect(percentile(upTo(3), 0.5)).toBe(2);
  expect(percentile(upTo(3), 1)).toBe(3);
});

test('of few readings the maximum is told, of many the 99th percentile', () => {
  expect(summarizeCosts(upTo(MIN_P99_SAMPLES - 1))).toEqual({
    samples: 199,
    median: 100,
    worst: 199,
    worstIs: 'max',
  });
  expect(summarizeCosts(upTo(MIN_P99_SAMPLES))).toEqual({
    samples: 200,
    median: 100.5,
    worst: 198,
    worstIs: 'p99',
  });
});

test('the worst rate is the lowest', () => {
  expect(summarizeRates([30, 10, 20])).toEqual({
    samples: 3,
    median: 20,
    worst: 10,
    worstIs: 'min',
  });
});
