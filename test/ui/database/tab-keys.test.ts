/** Keys of the tabs. */

import { expect, test } from 'vitest';
import { tabActionOf, tabAfterKey } from '../../../src/ui/database/tab-keys.ts';

const PLAIN = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };

test('Alt with a key of the tabs, and nothing else besides', () => {
  const alt = { ...PLAIN, altKey: true };
  const actions = ['KeyN', 'KeyW', 'PageDown', 'PageUp', 'KeyX'].map((code) =>
    tabActionOf({ ...alt, code }),
  );
  expect(actions).toEqual(['new', 'close', 'next', 'previous', null]);
  for (const other of ['ctrlKey', 'metaKey', 'shiftKey'] as const) {
    expect(tabActionOf({ ...alt, [other]: true, code: 'KeyN' })).toBeNull();
  }
  expect(tabActionOf({ ...PLAIN, code: 'KeyN' })).toBeNull();
});

test('arrows go round the ends', () => {
  expect([tabAfterKey('ArrowRight', 2, 3), tabAfterKey('ArrowLeft', 0, 3)]).toEqual([0, 2]);
  expect([tabAfterKey('Home', 2, 3), tabAfterKey('End', 0, 3)]).toEqual([0, 2]);
  expect([tabAfterKey('ArrowRight', 0, 1), tabAfterKey('a', 0, 3)]).toEqual([0, null]);
});
