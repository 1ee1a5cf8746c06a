/** Where a node's files are, and what is told where they are not. */

import { expect, test } from 'vitest';

import { ResqliteError } from '../../src/client/errors.ts';
import { AssetFolder, notLoaded, startedWorkers } from '../../src/client/worker-files.ts';

const PAGE = 'https://example.org/app/index.html';

test('a folder is relative to the page, with a slash at its end or without', () => {
  const addressOf = (assets: string | URL): string =>
    new AssetFolder(assets, PAGE).file('node-worker.js').href;
  expect(addressOf('vendor')).toBe('https://example.org/app/vendor/node-worker.js');
  expect(addressOf('./vendor/')).toBe('https://example.org/app/vendor/node-worker.js');
  expect(addressOf('/')).toBe('https://example.org/node-worker.js');
  expect(addressOf('../a%20b')).toBe('https://example.org/a%20b/node-worker.js');
  expect(addressOf(new URL('https://example.org/x'))).toBe('https://example.org/x/node-worker.js');
});

test.for(['http://', 5, {}, null])('%o is none', (assets) => {
  expect(() => new AssetFolder(assets as string, PAGE)).toThrow(
    expect.objectContaining({ code: 'InvalidArgument', applied: 'no' }),
  );
});

test('what keeps workers from being started is told with what they need', () => {
  const refused = (error: unknown): unknown => {
    try {
      return startedWorkers(() => {
        throw error;
      });
    } catch (thrown) {
      return thrown;
    }
  };
  expect(refused(new TypeError('Invalid URL'))).toMatchObject({
    name: 'ResqliteError',
    code: 'Internal',
    applied: 'no',
    message: expect.stringMatching(/Invalid URL.*node-worker\.js.*`assets`.*trusted types/),
  });
  const own = new ResqliteError({
    code: 'InvalidArgument',
    applied: 'no',
    message: '',
    sqlite: null,
  });
  expect(refused(own)).toBe(own);
  expect(notLoaded('sql-worker.js', 'https://example.org/x/')).toMatch(
    /^sql-worker\.js could not be loaded from https:\/\/example\.org\/x\/\. .*`assets`/,
  );
});
