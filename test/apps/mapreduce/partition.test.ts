/** The original's partition. */

import { expect, test } from 'vitest';
import { bucketOf, fnv1a32 } from '../../../src/apps/mapreduce/partition.ts';

test.each([
  ['', 0x81_1c_9d_c5],
  ['a', 0xe4_0c_29_2c],
  ['b', 0xe7_0c_2d_e5],
  ['foobar', 0xbf_9c_f9_68],
])('FNV-1a of %j, as its authors give it', (text, hash) => {
  expect(fnv1a32(new TextEncoder().encode(text))).toBe(hash);
});

test('a key’s bucket is its hash without the sign, modulo the buckets', () => {
  expect(bucketOf('a', 1)).toBe(0);
  expect(bucketOf('a', 50)).toBe((0xe4_0c_29_2c & 0x7f_ff_ff_ff) % 50);
  expect(bucketOf('foobar', 7)).toBe((0xbf_9c_f9_68 & 0x7f_ff_ff_ff) % 7);
  // UTF-8: C3 A4.
  const hash = fnv1a32(Uint8Array.of(0xc3, 0xa4)) & 0x7f_ff_ff_ff;
  expect(bucketOf('ä', 1_000)).toBe(hash % 1_000);
});
