/** Messages that travel by themselves: where they are, and that they stay few. */

import { describe, expect, test } from 'vitest';
import { Traffic, type Departure } from '../../../src/ui/raft/traffic.ts';

function departure(startMs: number, more: Partial<Departure> = {}): Departure {
  const message = { from: 'a', to: 'b', kind: 'append', count: 1, durationMs: 1_000 } as const;
  return { ...message, isLost: false, startMs, ...more };
}

describe('a message', () => {
  test('travels from its start on, and is gone when it has arrived', () => {
    const traffic = new Traffic();
    traffic.add(departure(100));
    expect(traffic.at(50)).toEqual([]);
    expect(traffic.at(600)).toMatchObject([{ from: 'a', to: 'b', kind: 'append', position: 0.5 }]);
    expect(traffic.isMoving).toBe(true);
    expect(traffic.at(1_100)).toEqual([]);
    expect(traffic.isMoving).toBe(false);
  });

  test('that is lost gets halfway', () => {
    const traffic = new Traffic();
    traffic.add(departure(0, { isLost: true }));
    expect(traffic.at(499)).toMatchObject([{ isLost: true }]);
    expect(traffic.at(500)).toEqual([]);
  });

  test('wakes the drawing', () => {
    const traffic = new Traffic();
    let woken = 0;
    const stop = traffic.onDeparture(() => (woken += 1));
    traffic.add(departure(0));
    stop();
    traffic.add(departure(500));
    expect(woken).toBe(1);
  });
});

describe('many messages', () => {
  test('of one kind on one way become fewer and larger, and none is forgotten', () => {
    const traffic = new Traffic();
    for (let at = 0; at < 10; at += 1) traffic.add(departure(at * 10));
    const moving = traffic.at(99);
    expect(moving.length).toBe(2);
    expect(moving[1]?.count).toBe(9);
    traffic.add(departure(5, { kind: 'vote' }));
    expect(traffic.at(99)).toHaveLength(3);
  });

  test('of all kinds together are bounded', () => {
    const traffic = new Traffic();
    for (let at = 0; at < 1_000; at += 1) traffic.add(departure(0, { to: `b${at}` }));
    expect(traffic.at(1).length).toBeLessThan(100);
  });

  test('are counted by the second, each way for itself', () => {
    const traffic = new Traffic();
    for (let at = 0; at < 20; at += 1) traffic.add(departure(at * 100, { count: 3 }));
    expect(traffic.rateOf('a', 'b', 1_900)).toBe(30);
    expect(traffic.rateOf('b', 'a', 1_900)).toBe(0);
    expect(traffic.rateOf('a', 'b', 9_000)).toBe(0);
  });
});
