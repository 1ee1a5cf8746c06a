/** Code of the library that is fetched when it is first called for. */

import { afterEach, expect, test, vi } from 'vitest';
import { fetchWhenIdle } from '../../src/client/idle-fetch.ts';
import { late, LATE_PARTS } from '../../src/client/late-code.ts';

test('that cannot be had is an error of the library, and nothing was done', async () => {
  expect(await late(async () => 'code')).toBe('code');
  const missing = late(() => Promise.reject(new TypeError('no network')));
  await expect(missing).rejects.toMatchObject({
    name: 'ResqliteError',
    code: 'Internal',
    applied: 'no',
    message: expect.stringContaining('could not be loaded: no network'),
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('is all there when the page was idle, one part after the other, but for what cannot be had', async () => {
  vi.useFakeTimers();
  const idlers: (() => void)[] = [];
  vi.stubGlobal('requestIdleCallback', (idler: () => void) => idlers.push(idler));
  const asked: string[] = [];
  const fetching = fetchWhenIdle([
    async () => asked.push('first'),
    () => Promise.reject(new TypeError(`${asked.push('missing')}`)),
    async () => asked.push('last'),
  ]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
  for (const expected of ['first', 'missing', 'last']) {
    expect(idlers).toHaveLength(1);
    idlers.pop()?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.at(-1)).toBe(expected);
  }
  await fetching;
});

test('is all there, too, in a browser that does not tell when it is idle', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('requestIdleCallback', undefined);
  const asked: string[] = [];
  const fetching = fetchWhenIdle(['a', 'b'].map((name) => async () => asked.push(name)));
  expect(asked).toEqual([]);
  await vi.runAllTimersAsync();
  await fetching;
  expect(asked).toEqual(['a', 'b']);
  for (const part of Object.values(LATE_PARTS)) expect(Object.keys(await part())).not.toEqual([]);
});
