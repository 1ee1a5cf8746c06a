/** The chat's numbers and times, as they are typed and shown. */

import { describe, expect, test } from 'vitest';
import { countOf, formatTime } from '../../../../src/ui/apps/chat/message-words.ts';

describe('a number of messages', () => {
  test.each([
    ['1', 1],
    ['9', 9],
    ['10', 10],
    ['99', 99],
    ['100', 100],
    [' 7 ', 7],
  ])('%j is one', (text, count) => {
    expect(countOf(text)).toBe(count);
  });

  test.each(['', ' ', '0', '00', '01', '007', '101', '1000', '-1', '+1', '1.5', '1e1', 'ten', '٣'])(
    '%j is none',
    (text) => {
      expect(countOf(text)).toBeNull();
    },
  );
});

describe('a time', () => {
  test('is this device’s, to the second', () => {
    const date = new Date(2026, 2, 4, 5, 6, 7, 890);
    expect(formatTime(date.getTime() / 1_000)).toBe('2026-03-04 05:06:07');
    expect(formatTime(new Date(2026, 11, 31, 23, 59, 59).getTime() / 1_000)).toBe(
      '2026-12-31 23:59:59',
    );
  });

  test('that is none is said to be none', () => {
    expect(formatTime(1e20)).toBe('time unknown');
    expect(formatTime(Number.NaN)).toBe('time unknown');
  });
});
