/** The order of keys, against that of their bytes. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8, sortedByKey } from '../../../src/apps/mapreduce/utf8-order.ts';

const TEXTS = fc.string({ unit: 'binary', maxLength: 6 });
/** Close to what makes the difference. */
const EDGES = fc
  .array(fc.constantFrom('a', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}'), {
    maxLength: 4,
  })
  .map((parts) => parts.join(''));

test('texts are ordered as their bytes in UTF-8 are', () => {
  const text = fc.oneof(TEXTS, EDGES);
  fc.assert(
    fc.property(text, text, (one, other) => {
      const expected = Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(Math.sign(compareUtf8(one, other))).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});

test('a character beyond U+FFFF is behind all others', () => {
  const texts = ['\u{1f600}', '\u{ffff}', 'z', '\u{e000}', ''];
  expect(texts.toSorted(compareUtf8)).toEqual(['', 'z', '\u{e000}', '\u{ffff}', '\u{1f600}']);
});

test('things are sorted by their keys the same, whatever characters there are', () => {
  const keys = fc.array(fc.oneof(fc.string(), TEXTS, EDGES), { maxLength: 12 });
  fc.assert(
    fc.property(keys, (some) => {
      const sorted = sortedByKey(some.map((key) => ({ key }))).map(({ key }) => key);
      expect(sorted).toEqual(some.toSorted(compareUtf8));
    }),
    { numRuns: 1_000 },
  );
});

test('lone surrogates have a place of their own, and the order stays one', () => {
  const units = ['\u{d800}', '\u{dbff}', '\u{dc00}', '\u{dfff}', 'a', '\u{e000}'];
  const text = fc.array(fc.constantFrom(...units), { maxLength: 4 }).map((some) => some.join(''));
  const pointsOf = (some: string): number[] => Array.from(some, (one) => one.codePointAt(0) ?? 0);
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [points, others] = [pointsOf(one), pointsOf(other)];
      const at = points.findIndex((point, place) => point !== others[place]);
      const expected =
        at < 0 ? points.length - others.length : (points[at] ?? 0) - (others[at] ?? -1);
      expect(Math.sign(compareUtf8(one, other))).toBe(Math.sign(expected));
    }),
    { numRuns: 2_000 },
  );
});
