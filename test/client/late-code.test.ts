/** Code of the library that is fetched when it is first called for. */

import { expect, test } from 'vitest';
import { late } from '../../src/client/late-code.ts';

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
