/** A program that runs the page hears of what the page opens. */

import { afterEach, expect, test, vi } from 'vitest';

import { open } from '../../src/client/resqlite.ts';

const HOST = Symbol.for('resqlite.host');

afterEach(() => {
  Reflect.deleteProperty(globalThis, HOST);
});

test('the host is given what the caller is given', async () => {
  const host = vi.fn<(opened: unknown) => void>();
  Reflect.set(globalThis, HOST, host);
  const opened = open();
  expect(host).toHaveBeenCalledExactlyOnceWith(opened);
  expect(host.mock.calls[0]?.[0]).toBe(opened);
  await expect(opened).rejects.toMatchObject({ code: 'Unsupported' });
});

test('nobody has to be there', async () => {
  await expect(open()).rejects.toMatchObject({ code: 'Unsupported' });
});
