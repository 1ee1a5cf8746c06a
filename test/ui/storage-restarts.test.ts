/** When a node whose storage failed is started again, and when no more. */

import { beforeEach, describe, expect, test } from 'vitest';

import { StorageRestarts } from '../../src/ui/storage-restarts.ts';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
  isLive: boolean;
}

let nowMs: number;
let timers: Timer[];
/** What became of each try; an error where it fails. */
let outcomes: (Error | null)[];
let tries: number[];
let givenUp: unknown[];
/** It stops again before its start has been answered. */
let stopsAtOnce: boolean;
let restarts: StorageRestarts;

beforeEach(() => {
  nowMs = 0;
  stopsAtOnce = false;
  [timers, outcomes, tries, givenUp] = [[], [], [], []];
  restarts = new StorageRestarts({
    restart: async () => {
      tries.push(nowMs);
      const failed = outcomes.shift() ?? null;
      if (failed !== null) throw failed;
      tell('running');
      if (stopsAtOnce) tell('stopped', 'failed');
    },
    onGivenUp: (error) => givenUp.push(error),
    isWorthwhile: (error) => error instanceof RangeError,
    now: () => nowMs,
    setTimer: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run, isLive: true };
      timers.push(timer);
      return () => {
        timer.isLive = false;
      };
    },
  });
});

function tell(state: 'running' | 'stopped', storage: 'ok' | 'full' | 'failed' = 'ok'): void {
  restarts.onStatus({ state, storage: { state: storage } });
}

async function passMs(ms: number): Promise<void> {
  const untilMs = nowMs + ms;
  for (;;) {
    const due = timers.filter(({ isLive, atMs }) => isLive && atMs <= untilMs);
    const [next] = due.toSorted((a, b) => a.atMs - b.atMs);
    if (next === undefined) break;
    next.isLive = false;
    nowMs = next.atMs;
    next.run();
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
  nowMs = untilMs;
}

describe('a node whose storage failed', () => {
  test('is started again after pauses that grow, three times, and then no more', async () => {
    for (let time = 0; time < 5; time += 1) {
      tell('running');
      tell('stopped', 'failed');
      expect(restarts.isDue).toBe(time < 3);
      await passMs(60_000);
    }
    expect(tries).toEqual([1_000, 64_000, 135_000]);
    expect(givenUp).toEqual([]);
  });

  test('is left alone where something else has started it meanwhile', async () => {
    tell('running');
    tell('stopped', 'failed');
    tell('running');
    expect(restarts.isDue).toBe(false);
    await passMs(60_000);
    expect(tries).toEqual([]);
  });

  test('is given the tries anew once it has run for long', async () => {
    for (let time = 0; time < 5; time += 1) {
      tell('running');
      await passMs(200_000);
      tell('stopped', 'failed');
      await passMs(2_000);
    }
    expect(tries).toHaveLength(5);
  });

  test('is waited for while there is no room, and started when there is', async () => {
    tell('running');
    tell('stopped', 'failed');
    await passMs(500);
    tell('stopped', 'full');
    await passMs(600_000);
    expect(tries).toEqual([]);
    expect(restarts.isDue).toBe(false);
    tell('stopped', 'failed');
    await passMs(1_000);
    expect(tries).toHaveLength(1);
  });

  test('is tried again where that may help, and else given up at once', async () => {
    const [later, never] = [new RangeError('busy'), new Error('gone')];
    outcomes = [later, never];
    tell('stopped', 'failed');
    await passMs(60_000);
    expect(tries).toEqual([1_000, 5_000]);
    expect(givenUp).toEqual([never]);
  });

  test('that stops again while it is being started is started once more, not for ever', async () => {
    stopsAtOnce = true;
    tell('stopped', 'failed');
    await passMs(600_000);
    expect(tries).toEqual([1_000, 5_000, 20_000]);
  });
});

test('a node that was closed or removed is left alone', async () => {
  tell('running');
  tell('stopped', 'ok');
  await passMs(60_000);
  expect(tries).toEqual([]);
});
