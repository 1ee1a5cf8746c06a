/** The one timer of a node: when it rings, and what it tells of a thread that did not run. */

import { expect, it } from 'vitest';

import { PAUSE_MS } from '../../src/node/limits.ts';
import { WakeTimer } from '../../src/node/wake-timer.ts';

function bench(): { timer: WakeTimer; ring(atMs: number): void; rings: number[] } {
  let nowMs = 0;
  let callback: (() => void) | null = null;
  const rings: number[] = [];
  const clock = {
    setTimer(_delayMs: number, called: () => void): () => void {
      callback = called;
      return () => (callback = null);
    },
  };
  const timer = new WakeTimer(clock, { now: () => nowMs }, () => rings.push(nowMs));
  const ring = (atMs: number): void => {
    nowMs = atMs;
    callback?.();
  };
  return { timer, ring, rings };
}

it('counts a ring that came so late that the thread did not run', () => {
  const { timer, ring, rings } = bench();
  timer.arm(100, 0);
  ring(100 + PAUSE_MS - 1);
  expect(timer.pauses).toBe(0);
  timer.arm(1_000, 600);
  ring(1_000 + PAUSE_MS);
  expect(timer.pauses).toBe(1);
  expect(rings).toHaveLength(2);
});

it('does not take a deadline that was over when it was set for a pause', () => {
  const { timer, ring } = bench();
  timer.arm(10, 5_000);
  ring(5_001);
  expect(timer.pauses).toBe(0);
});

it('is set anew for an earlier deadline only', () => {
  const { timer, ring, rings } = bench();
  timer.arm(200, 0);
  timer.arm(300, 0);
  timer.arm(100, 0);
  ring(100);
  expect(rings).toEqual([100]);
});
