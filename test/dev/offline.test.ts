/** What of a build a page without its server keeps. */

import { expect, test } from 'vitest';

import { keptOf } from '../../src/dev/offline.ts';

const NOT_KEPT = [
  'assets/channel-worker-a1.js',
  'assets/floor-worker-b2.js',
  'assets/raw-worker-c3.js',
  'assets/sqlite3-opfs-async-proxy-d4.js',
  'assets/sqlite3-worker1-e5.js',
  'sandbox.html',
];
const NEEDED = ['assets/node-worker-f6.js', 'assets/sqlite3-g7.wasm', 'index.html'];

test('all but what only a benchmark loads, and the sandbox, which no service worker serves', () => {
  expect(keptOf([...NOT_KEPT, ...NEEDED])).toEqual(NEEDED);
});

test('a build in which such a file goes by another name is refused', () => {
  expect(() => keptOf([...NOT_KEPT.slice(1), ...NEEDED])).toThrow('channel-worker');
});
