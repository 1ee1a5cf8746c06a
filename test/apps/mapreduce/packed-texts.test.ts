/** Texts go through as they are, and what was packed wrong comes to nothing. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { packTexts, unpackTexts } from '../../../src/apps/mapreduce/packed-texts.ts';

const NO_LIMIT = 1_000_000;

test('any texts come back as they were, the empty ones, too', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (texts) => {
      expect(unpackTexts(packTexts(texts), NO_LIMIT, texts.length)).toEqual(texts);
    }),
  );
});

test('texts above the limits are refused', () => {
  const packed = packTexts(['abc', 'de']);
  expect(unpackTexts(packed, 5, 2)).toEqual(['abc', 'de']);
  expect(unpackTexts(packed, 4, 2)).toBeNull();
  expect(unpackTexts(packed, 5, 1)).toBeNull();
});

test.each([
  ['nothing', null],
  ['a text', 'abc'],
  ['no ends', { text: 'abc' }],
  ['ends that are numbers', { text: 'abc', ends: [3] }],
  ['a text that is an object', { text: { length: 3 }, ends: Uint32Array.of(3) }],
  ['an end beyond the text', { text: 'abc', ends: Uint32Array.of(4) }],
  ['text behind the last end', { text: 'abc', ends: Uint32Array.of(2) }],
  ['ends that go back', { text: 'abc', ends: Uint32Array.of(2, 1, 3) }],
])('%s is refused', (_, packed) => {
  expect(unpackTexts(packed, NO_LIMIT, NO_LIMIT)).toBeNull();
});
