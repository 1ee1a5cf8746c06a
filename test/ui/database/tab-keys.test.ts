/** Keys of the tabs. */

import { expect, test } from 'vitest';
import { tabActionOf, tabAfterKey } from '../../../src/ui/database/tab-keys.ts';

const PLAIN = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };
const ALT = { ...PLAIN, altKey: true };
const KEYS = [
  { code: 'KeyN', key: 'n' },
  { code: 'KeyW', key: 'w' },
  { code: 'PageDown', key: 'PageDown' },
  { code: 'PageUp', key: 'PageUp' },
  { code: 'KeyX', key: 'x' },
];

test.each([true, false])(
  'Alt with a key of the tabs, and nothing else besides (%s)',
  (isTyping) => {
    const actions = KEYS.map((key) => tabActionOf({ ...ALT, ...key }, isTyping));
    expect(actions).toEqual(['new', 'close', 'next', 'previous', null]);
    const keyN = { ...ALT, code: 'KeyN', key: 'n' };
    for (const other of ['ctrlKey', 'metaKey', 'shiftKey'] as const) {
      expect(tabActionOf({ ...keyN, [other]: true }, isTyping)).toBeNull();
    }
    expect(tabActionOf({ ...keyN, altKey: false }, isTyping)).toBeNull();
  },
);

test('what the Option key of a Mac writes can be written, and works where nothing is', () => {
  const accent = { ...ALT, code: 'KeyN', key: 'Dead' };
  const sum = { ...ALT, code: 'KeyW', key: '∑' };
  expect([accent, sum].map((key) => tabActionOf(key, true))).toEqual([null, null]);
  expect([accent, sum].map((key) => tabActionOf(key, false))).toEqual(['new', 'close']);
});

test('arrows go round the ends', () => {
  expect([tabAfterKey('ArrowRight', 2, 3), tabAfterKey('ArrowLeft', 0, 3)]).toEqual([0, 2]);
  expect([tabAfterKey('Home', 2, 3), tabAfterKey('End', 0, 3)]).toEqual([0, 2]);
  expect([tabAfterKey('ArrowRight', 0, 1), tabAfterKey('a', 0, 3)]).toEqual([0, null]);
});
