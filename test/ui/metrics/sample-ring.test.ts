/** The ring of readings: it is bounded, and keeps what belongs together together. */

import { expect, test } from 'vitest';
import { SampleRing } from '../../../src/ui/metrics/sample-ring.ts';

const ALL = Number.NEGATIVE_INFINITY;

function values(given: Readonly<Record<string, number>>): ReadonlyMap<string, number> {
  return new Map(Object.entries(given));
}

test('what was taken is read again, in order, with nulls where nothing was', () => {
  const ring = new SampleRing(4, 8);
  ring.add(1_000, values({ a: 1 }));
  ring.add(2_000, values({ b: 5 }));
  ring.add(3_000, values({ a: 3, b: Number.NaN }));
  expect(ring.read(['a', 'b', 'unknown'], ALL)).toEqual({
    timesMs: [1_000, 2_000, 3_000],
    series: [
      [1, null, 3],
      [null, 5, null],
      [null, null, null],
    ],
  });
  expect(ring.keys).toEqual(['a', 'b']);
  expect(ring.lastMs).toBe(3_000);
});

test('beyond its capacity the oldest go, and leave nothing behind in their places', () => {
  const ring = new SampleRing(3, 8);
  for (let s = 1; s <= 100; s += 1) {
    ring.add(s * 1_000, values(s % 4 === 0 ? { a: s, rare: s } : { a: s }));
    expect(ring.length).toBe(Math.min(s, 3));
  }
  expect(ring.read(['a', 'rare'], ALL)).toEqual({
    timesMs: [98_000, 99_000, 100_000],
    series: [
      [98, 99, 100],
      [null, null, 100],
    ],
  });
});

test('a series goes with the last of its values', () => {
  const ring = new SampleRing(3, 8);
  ring.add(1_000, values({ a: 1, gone: 1 }));
  ring.add(2_000, values({ a: 1, gone: 1 }));
  ring.add(3_000, values({ a: 1 }));
  ring.add(4_000, values({ a: 1 }));
  expect(ring.keys).toEqual(['a', 'gone']);
  ring.add(5_000, values({ a: 1 }));
  expect(ring.keys).toEqual(['a']);
});

test('only what came behind a time is read', () => {
  const ring = new SampleRing(10, 8);
  for (let s = 1; s <= 10; s += 1) ring.add(s * 1_000, values({ a: s }));
  expect(ring.read(['a'], 8_000)).toEqual({ timesMs: [9_000, 10_000], series: [[9, 10]] });
  expect(ring.read(['a'], 10_000)).toEqual({ timesMs: [], series: [[]] });
});

test('of too many series the one that has been silent for longest goes', () => {
  const ring = new SampleRing(10, 2);
  ring.add(1_000, values({ silent: 1 }));
  ring.add(2_000, values({ a: 1 }));
  ring.add(3_000, values({ a: 2, new: 7 }));
  expect(ring.keys).toEqual(['a', 'new']);
  expect(ring.read(['new', 'silent'], ALL).series).toEqual([
    [null, null, 7],
    [null, null, null],
  ]);
});

test('a copy stays as it was', () => {
  const ring = new SampleRing(2, 4);
  ring.add(1_000, values({ a: 1 }));
  const copy = ring.copy();
  ring.add(2_000, values({ a: 2 }));
  ring.add(3_000, values({ b: 3 }));
  expect(copy.read(['a', 'b'], ALL)).toEqual({ timesMs: [1_000], series: [[1], [null]] });
  expect(copy.keys).toEqual(['a']);
});

test('an empty one has nothing', () => {
  const ring = new SampleRing(2, 4);
  expect([ring.length, ring.lastMs, ring.keys]).toEqual([0, null, []]);
  expect(ring.read(['a'], ALL)).toEqual({ timesMs: [], series: [[]] });
});
