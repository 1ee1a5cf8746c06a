/** How much virtual time frames stand for. */

import { expect, test } from 'vitest';
import { FASTEST, Pacer, speedAt, SPEEDS } from '../../../src/ui/lab/pacing.ts';

const FRAME_MS = 1_000 / 60;

test('speeds go from slow to fast, and the last one has no bound', () => {
  const rates = SPEEDS.map(({ usPerMs }) => usPerMs ?? Infinity);
  expect(rates).toEqual(rates.toSorted((a, b) => a - b));
  expect(speedAt(FASTEST).usPerMs).toBe(null);
  expect(speedAt(FASTEST + 1)).toBe(speedAt(FASTEST));
});

test.each(SPEEDS.filter(({ usPerMs }) => usPerMs !== null))(
  '$name: a minute of frames is what the speed says, to the microsecond, in whole ones',
  (speed) => {
    const pacer = new Pacer();
    let passedUs = 0;
    for (let frame = 0; frame < 3_600; frame += 1) {
      const slice = pacer.sliceUs(speed, FRAME_MS);
      expect(Number.isSafeInteger(slice)).toBe(true);
      passedUs += slice;
    }
    expect(Math.abs(passedUs - 60_000 * (speed.usPerMs ?? 0))).toBeLessThanOrEqual(2);
  },
);

test('a frame that took long stands for a tenth of a second, and one of no time for nothing', () => {
  const pacer = new Pacer();
  const speed = speedAt(6);
  expect(pacer.sliceUs(speed, 60_000)).toBe(100_000);
  expect(pacer.sliceUs(speed, 0)).toBe(0);
  expect(pacer.sliceUs(speed, -5)).toBe(0);
});

test('as fast as it goes: slices grow while calls are short, shrink when they are long, within bounds', () => {
  const pacer = new Pacer();
  const fast = speedAt(FASTEST);
  const first = pacer.sliceUs(fast, FRAME_MS);
  pacer.noteCall(1);
  expect(pacer.sliceUs(fast, FRAME_MS)).toBe(2 * first);
  for (let i = 0; i < 40; i += 1) pacer.noteCall(1);
  expect(pacer.sliceUs(fast, FRAME_MS)).toBe(60_000_000);
  for (let i = 0; i < 40; i += 1) pacer.noteCall(5_000);
  expect(pacer.sliceUs(fast, FRAME_MS)).toBe(10_000);
});
