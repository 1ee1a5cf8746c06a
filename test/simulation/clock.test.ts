/** The Clock port's rules (src/node/ports.ts), for the simulated one. */

import { describe, expect, test } from 'vitest';
import { SimulatedClock, type ClockConditions } from '../../src/simulation/clock.ts';
import { EventLoop } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { Random } from '../../src/simulation/random.ts';

const SECOND_US = 1_000_000;

function clockOf(given: Partial<ClockConditions> = {}, seed = 1) {
  const queue = new EventQueue();
  const random = Random.fromSeed(seed);
  const loop = new EventLoop(queue, random.stream('loop'), () => undefined);
  const conditions = {
    driftPpm: 0,
    wallOffsetMs: 0,
    sleptUs: 0,
    skippedUs: 0,
    timerLatenessUs: 10,
    ...given,
  };
  const clock = new SimulatedClock(queue, loop, conditions, random);
  const pass = (durationUs: number) => {
    const untilUs = queue.nowUs + durationUs;
    while (queue.step(untilUs)) continue;
  };
  return { clock, loop, conditions, pass };
}

describe('SimulatedClock', () => {
  test('CL1: now is monotone in whole milliseconds', () => {
    const { clock, pass } = clockOf({ driftPpm: 333 });
    let before = clock.now();
    for (let i = 0; i < 100; i += 1) {
      pass(777);
      const now = clock.now();
      expect(Number.isInteger(now)).toBe(true);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    expect(before).toBe(77);
  });

  test.each([
    [-400_000, 6_000],
    [0, 10_000],
    [400_000, 14_000],
  ])('a drift of %d parts per million shows after ten seconds', (driftPpm, expected) => {
    const { clock, pass } = clockOf({ driftPpm });
    pass(10 * SECOND_US);
    expect(clock.now()).toBe(expected);
  });

  test('CL2: the wall clock jumps, the monotone one does not', () => {
    const { clock, conditions, pass } = clockOf();
    const wallBefore = clock.wallClock();
    pass(SECOND_US);
    conditions.wallOffsetMs -= 3_600_000;
    expect(clock.wallClock() - wallBefore).toBe(1_000 - 3_600_000);
    expect(clock.now()).toBe(1_000);
  });

  test.each([-400_000, -500, 0, 500, 400_000])(
    'CL3: a timer calls once, and not before its delay on its own clock (drift %d)',
    (driftPpm) => {
      const { clock, pass } = clockOf({ driftPpm });
      for (const delayMs of [0, 1, 7, 100]) {
        const startMs = clock.now();
        const rang: number[] = [];
        clock.setTimer(delayMs, () => rang.push(clock.now()));
        expect(rang).toEqual([]);
        pass(SECOND_US);
        expect(rang).toHaveLength(1);
        expect(rang[0]).toBeGreaterThanOrEqual(startMs + delayMs);
        expect(rang[0]).toBeLessThanOrEqual(startMs + delayMs + 1);
      }
    },
  );

  test('CL3: a cancelled timer does not call', () => {
    const { clock, pass } = clockOf();
    const rang: string[] = [];
    clock.setTimer(5, () => rang.push('kept'));
    clock.setTimer(5, () => rang.push('cancelled'))();
    pass(SECOND_US);
    expect(rang).toEqual(['kept']);
  });

  test('CL3: a timer that came due in a sleep rings after the rest of its delay', () => {
    const { clock, loop, conditions, pass } = clockOf();
    const rang: number[] = [];
    clock.setTimer(100, () => rang.push(clock.now()));
    pass(40_000);
    loop.pause();
    pass(5 * SECOND_US);
    conditions.sleptUs += 5 * SECOND_US;
    loop.resume();
    pass(59_000);
    expect(rang).toEqual([]);
    pass(2_000);
    expect(rang).toEqual([100]);
  });

  test('a timer cancelled while its machine slept does not call', () => {
    const { clock, loop, pass } = clockOf();
    const rang: number[] = [];
    const cancel = clock.setTimer(10, () => rang.push(1));
    loop.pause();
    pass(SECOND_US);
    cancel();
    loop.resume();
    pass(SECOND_US);
    expect(rang).toEqual([]);
  });

  test('CL4: random is in range and another for another start', () => {
    const draw = (seed: number) => {
      const { clock } = clockOf({}, seed);
      return Array.from({ length: 10 }, () => clock.random(1_000));
    };
    expect(draw(1).every((value) => value >= 0 && value < 1_000)).toBe(true);
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('refuses timers that are no delay', () => {
    const { clock } = clockOf();
    for (const delayMs of [-1, NaN, Infinity]) {
      expect(() => clock.setTimer(delayMs, () => undefined)).toThrow(RangeError);
    }
  });
});
