/** Where members of the ring stand, and messages between them. */

import { describe, expect, test } from 'vitest';
import { layoutRing, pointOnWay, spanBetween } from '../../../src/ui/raft/ring-layout.ts';

describe('members of the ring', () => {
  test.each([0, 1, 2, 3, 4, 5, 7, 9, 12])(
    '%i of them stand inside, apart from each other',
    (count) => {
      const { width, height, radius, places } = layoutRing(count);
      expect(places).toHaveLength(count);
      for (const { x, y } of places) {
        expect(x - radius).toBeGreaterThanOrEqual(0);
        expect(x + radius).toBeLessThanOrEqual(width);
        expect(y - radius).toBeGreaterThanOrEqual(0);
        expect(y + radius).toBeLessThanOrEqual(height);
      }
      for (const [at, one] of places.entries()) {
        for (const other of places.slice(at + 1)) {
          expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(2 * radius);
        }
      }
    },
  );

  test('the first stands on top', () => {
    const { places } = layoutRing(5);
    expect(Math.min(...places.map(({ y }) => y))).toBe(places[0]?.y);
  });
});

test.each([3, 5, 7, 9])('links of %i end at the circles, and pass by all others', (count) => {
  const { radius, places } = layoutRing(count);
  const pairs = places.flatMap((one, at) =>
    places.slice(at + 1).map((other) => [one, other] as const),
  );
  for (const [one, other] of pairs) {
    const [from, to] = spanBetween(one, other, radius);
    expect(Math.hypot(from.x - one.x, from.y - one.y)).toBeGreaterThan(radius);
    for (const third of places) {
      if (third === one || third === other) continue;
      const length = Math.hypot(to.x - from.x, to.y - from.y);
      const cross = (to.x - from.x) * (third.y - from.y) - (to.y - from.y) * (third.x - from.x);
      expect(Math.abs(cross) / length).toBeGreaterThan(radius);
    }
  }
});

describe('a message on its way', () => {
  const from = { x: 0, y: 0 };
  const to = { x: 100, y: 0 };

  test('goes from one circle to the other, and covers neither nor what marks it', () => {
    expect(pointOnWay(from, to, 10, 0).x).toBeCloseTo(25);
    expect(pointOnWay(from, to, 10, 0.5).x).toBeCloseTo(50);
    expect(pointOnWay(from, to, 10, 1).x).toBeCloseTo(75);
    expect(pointOnWay(from, to, 10, 7).x).toBeCloseTo(75);
  });

  test('does not meet what comes the other way', () => {
    const there = pointOnWay(from, to, 10, 0.5);
    const back = pointOnWay(to, from, 10, 0.5);
    expect(there.x).toBeCloseTo(back.x);
    expect(Math.abs(there.y - back.y)).toBeGreaterThan(5);
  });

  test('between two at one place stays there', () => {
    expect(pointOnWay(from, from, 10, 0.5)).toEqual(from);
    expect(spanBetween(from, from, 10)).toEqual([from, from]);
  });
});
