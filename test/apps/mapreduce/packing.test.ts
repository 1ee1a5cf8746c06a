/** What is packed comes back, whole or not at all. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joined, pack, PART_BYTES, partsOf, unpack } from '../../../src/apps/mapreduce/packing.ts';

const NO_LIMIT = 100_000_000;

test('any strings come back, lone surrogates too', async () => {
  const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\u{d800}')), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(texts, async (value) => {
      const { value: unpacked } = await unpack(await pack(value), NO_LIMIT);
      expect(unpacked).toEqual(value);
    }),
    { numRuns: 30 },
  );
});

test('what is long is deflated, and cut into parts that make it whole again', async () => {
  const text = Array.from({ length: 200_000 }, (_, at) => (at * 2_654_435_761) % 1_000_003).join();
  const packed = await pack(text);
  expect(packed.length).toBeLessThan(text.length * 0.7);
  const parts = partsOf(packed);
  expect(parts.length).toBe(Math.ceil(packed.length / PART_BYTES));
  expect(Math.max(...parts.map(({ length }) => length))).toBe(PART_BYTES);
  expect((await unpack(joined(parts), NO_LIMIT)).value).toBe(text);
  await expect(unpack(joined(parts.slice(1)), NO_LIMIT)).rejects.toThrow(/./u);
  await expect(unpack(joined(parts.slice(0, -1)), NO_LIMIT)).rejects.toThrow(/./u);
});
