/** From SQLite's byte offsets to what is shown. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { indexOfByte, pointerAt, positionOf, wordEnd } from '../../src/ui/text-position.ts';

describe('positions', () => {
  test('a byte offset finds its character in any text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, (lead, head, tail) => {
        const bytes = new TextEncoder().encode(head).length;
        expect(indexOfByte(lead + head + tail, lead.length, bytes)).toBe(lead.length + head.length);
      }),
    );
    expect(indexOfByte('ab', 0, 99)).toBe(2);
  });

  test('lines and columns count from 1, columns by characters', () => {
    const text = 'ab\n😀é!';
    expect(positionOf(text, 0)).toEqual({ line: 1, column: 1 });
    expect(positionOf(text, 2)).toEqual({ line: 1, column: 3 });
    expect(positionOf(text, text.indexOf('!'))).toEqual({ line: 2, column: 3 });
  });

  test('a word is marked whole, and other characters one by one', () => {
    expect(wordEnd('select größe_1 from', 7)).toBe(14);
    expect(wordEnd('a + b', 2)).toBe(3);
    expect(wordEnd('😀', 0)).toBe(2);
    expect(wordEnd('a', 1)).toBe(1);
  });
});

describe('the pointer into the text', () => {
  test('shows the line around the word', () => {
    const text = 'select 1;\nselect poplation from city;\nselect 2;';
    expect(pointerAt(text, text.indexOf('poplation'))).toEqual({
      before: 'select ',
      at: 'poplation',
      after: ' from city;',
    });
  });

  test('cuts a long line', () => {
    const text = `${'x,'.repeat(100)}bad${',y'.repeat(100)}`;
    const { before, at, after } = pointerAt(text, 200);
    expect(before).toBe(`…${'x,'.repeat(20)}`);
    expect(at).toBe('bad');
    expect(after).toBe(`${',y'.repeat(20)}…`);
  });

  test('at the end of a line or of the text points at nothing', () => {
    expect(pointerAt('select', 6)).toEqual({ before: 'select', at: '', after: '' });
    expect(pointerAt('a\nb', 1)).toEqual({ before: 'a', at: '', after: '' });
  });
});
