/** A part of the page that is fetched late: once, and again where it could not be had. */

import { expect, test, vi } from 'vitest';
import { isPartMissing, LatePart } from '../../src/ui/late-part.ts';

test('is fetched once, however often it is asked for', async () => {
  const fetchPart = vi.fn<() => Promise<string>>(async () => 'code');
  const part = new LatePart(fetchPart);
  expect(part.module.value).toBe(null);
  expect(await Promise.all([part.get(), part.need(), part.get()])).toEqual([
    'code',
    'code',
    'code',
  ]);
  expect(part.module.value).toBe('code');
  expect(fetchPart).toHaveBeenCalledTimes(1);
});

test('that cannot be had is missed only where it is needed, until the next try brings it', async () => {
  const answers: (() => Promise<string>)[] = [
    () => Promise.reject(new TypeError('no network')),
    () => Promise.reject(new TypeError('no network')),
    async () => 'code',
  ];
  const part = new LatePart(() => answers.shift()?.() ?? Promise.reject(new Error('no more')));
  await expect(part.get()).rejects.toThrow('could not be loaded: no network');
  expect(isPartMissing.value).toBe(false);
  await expect(part.need()).rejects.toThrow('could not be loaded');
  expect([isPartMissing.value, part.module.value]).toEqual([true, null]);
  expect(await part.need()).toBe('code');
  expect(isPartMissing.value).toBe(false);
});
