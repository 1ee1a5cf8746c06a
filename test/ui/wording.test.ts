/** Values and numbers in words: NULL, blobs and long texts are told apart from what they look like. */

import { describe, expect, test } from 'vitest';
import {
  cellOf,
  formatBytes,
  formatCounted,
  formatDuration,
  nameOfRole,
} from '../../src/ui/wording.ts';

describe('cells', () => {
  test.each([
    [null, 'null', 'NULL', null],
    ['NULL', 'text', 'NULL', null],
    ['', 'text', '', null],
    [-1.5, 'number', '-1.5', null],
    [2n ** 60n, 'number', '1152921504606846976', null],
    [-Infinity, 'number', '-Inf', null],
    [new Uint8Array([0, 255]), 'blob', "x'00ff'", '2 bytes'],
    [new Uint8Array(1_000), 'blob', `x'${'00'.repeat(8)}…'`, '1,000 bytes'],
  ])('%s', (value, kind, text, note) => {
    expect(cellOf(value)).toEqual({ kind, text, note });
  });

  test('long texts are cut, and their length is told', () => {
    const { text, note } = cellOf('x'.repeat(1_234));
    expect([text.length, note]).toEqual([401, '1,234 characters']);
  });
});

test('counts, durations, sizes and roles', () => {
  expect([0, 1, 2_000].map((n) => formatCounted(n, 'row'))).toEqual([
    '0 rows',
    '1 row',
    '2,000 rows',
  ]);
  expect([0.04, 9.94, 41.6, 999, 1_240, 12_340, 125_000].map(formatDuration)).toEqual([
    '0.0 ms',
    '9.9 ms',
    '42 ms',
    '999 ms',
    '1.24 s',
    '12.3 s',
    '2 min 5 s',
  ]);
  expect([1, 2_048, 3 * 2 ** 20, 10 * 2 ** 30].map(formatBytes)).toEqual([
    '1 byte',
    '2.0 KiB',
    '3.0 MiB',
    '10.0 GiB',
  ]);
  expect(['pre-candidate', 'leader'].map((role) => nameOfRole(role as 'leader'))).toEqual([
    'candidate',
    'leader',
  ]);
});
