/** What a node that goes for good is promised: that its id is retired, or that it is told otherwise. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { RpcFailure } from '../src/client/rpc.ts';
import { Retirement } from '../src/retirement.ts';

const REMOVED = { code: 'Removed', reason: 'this node was forgotten' } as const;
const PATIENCE_MS = 2_500;

const never = (): Promise<never> => new Promise(() => undefined);
const nothing = async (): Promise<void> => undefined;

async function failureOf(call: Promise<void>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error;
    return `${error.failure.code} ${error.failure.applied} ${error.failure.message}`;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a retirement', () => {
  test('closes the database first, and is done although that fails', async () => {
    const calls: string[] = [];
    const retirement = new Retirement();
    await retirement.begin(
      async () => {
        calls.push('close');
        throw new Error('a busy database');
      },
      async () => {
        calls.push('retire');
      },
    );
    expect(calls).toEqual(['close', 'retire']);
    expect(retirement.isBegun).toBe(true);
    expect(await failureOf(retirement.done(REMOVED))).toBe('none');
  });

  test('that fails is told to whoever was promised it, and to nobody else', async () => {
    const retirement = new Retirement();
    await retirement.begin(nothing, () => Promise.reject(new Error('the disk is full')));
    expect(await failureOf(retirement.done(REMOVED))).toMatch(
      /^StorageLost unknown .*disk is full/u,
    );
    expect(await failureOf(retirement.over())).toBe('none');
  });

  test('that takes too long is not waited for, and may come about or not', async () => {
    const retirement = new Retirement();
    const begun = retirement.begin(never, nothing);
    const told = failureOf(retirement.done(REMOVED));
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    await begun;
    expect(await told).toMatch(/^StorageLost unknown .*too long/u);
  });

  test('that never began has no effect, and says why it did not', async () => {
    const stopped = { code: 'StorageLost', reason: 'the log could not be written' } as const;
    const failed = await failureOf(new Retirement().done(stopped));
    expect(failed).toBe('StorageLost no the log could not be written');
  });

  test('that has yet to begin is waited for, though not for ever', async () => {
    const retirement = new Retirement();
    let isOver = false;
    const wait = async (): Promise<void> => {
      await retirement.over();
      isOver = true;
    };
    const over = wait();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS - 1);
    expect(isOver).toBe(false);
    await retirement.begin(nothing, nothing);
    await over;
    const another = new Retirement().over();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    await another;
  });
});
