import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventQueue } from '../../src/simulation/event-queue.ts';

function runAll(queue: EventQueue, limitUs = 1_000_000): void {
  while (queue.step(limitUs)) continue;
}

describe('EventQueue', () => {
  test('runs events by time, those of one moment in the order of scheduling', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 100 }), (delays) => {
        const queue = new EventQueue();
        const ran: { readonly delay: number; readonly i: number }[] = [];
        for (const [i, delay] of delays.entries()) {
          queue.schedule(delay, () => {
            expect(queue.nowUs).toBe(delay);
            ran.push({ delay, i });
          });
        }
        runAll(queue);
        const expected = delays
          .map((delay, i) => ({ delay, i }))
          .toSorted((a, b) => a.delay - b.delay || a.i - b.i);
        expect(ran).toEqual(expected);
      }),
    );
  });

  test('stops at the limit, and time stands there', () => {
    const queue = new EventQueue();
    const ran: number[] = [];
    queue.schedule(10, () => ran.push(10));
    queue.schedule(11, () => ran.push(11));
    runAll(queue, 10);
    expect(ran).toEqual([10]);
    expect(queue.nowUs).toBe(10);
    expect(queue.step(10)).toBe(false);
    runAll(queue, 50);
    expect(ran).toEqual([10, 11]);
    expect(queue.nowUs).toBe(50);
  });

  test('an event may schedule others, at once too', () => {
    const queue = new EventQueue();
    const ran: string[] = [];
    queue.schedule(5, () => {
      ran.push('first');
      queue.schedule(0, () => ran.push('at once'));
      queue.schedule(1, () => ran.push('later'));
    });
    queue.schedule(5, () => ran.push('second'));
    runAll(queue);
    expect(ran).toEqual(['first', 'second', 'at once', 'later']);
  });

  test('a cancelled event does not run', () => {
    const queue = new EventQueue();
    const ran: number[] = [];
    const event = queue.schedule(1, () => ran.push(1));
    queue.schedule(2, () => ran.push(2));
    queue.cancel(event);
    runAll(queue);
    expect(ran).toEqual([2]);
  });

  test('refuses fractions and the past', () => {
    const queue = new EventQueue();
    expect(() => queue.schedule(-1, () => undefined)).toThrow(RangeError);
    expect(() => queue.schedule(0.5, () => undefined)).toThrow(RangeError);
  });
});
