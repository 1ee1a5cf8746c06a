/** The tabs as a list: opening, closing, and what is kept of them. */

import { describe, expect, test } from 'vitest';
import {
  fromStored,
  MAX_TABS,
  toStored,
  withActive,
  withoutTab,
  withTab,
  type TabList,
} from '../../../src/ui/database/tab-list.ts';

const { list: EMPTY, texts: NO_TEXTS } = fromStored(null);

function idsOf({ tabs }: TabList): number[] {
  return tabs.map(({ id }) => id);
}

describe('tabs', () => {
  test('begin with an empty one for queries', () => {
    expect(EMPTY).toMatchObject({ tabs: [{ id: 1, name: 'Query 1', table: null }], activeId: 1 });
    expect([EMPTY.queryId, [...NO_TEXTS]]).toEqual([1, []]);
  });

  test('open behind the active one, under a name that is free', () => {
    const two = withTab(EMPTY, null);
    const table = withTab(withActive(two, 1), 'book');
    expect(table.tabs.map(({ name }) => name)).toEqual(['Query 1', 'book', 'Query 2']);
    expect([table.activeId, table.queryId]).toEqual([3, 1]);
    expect(withTab(withoutTab(table, 1), null).tabs.map(({ name }) => name)).toEqual([
      'book',
      'Query 1',
      'Query 2',
    ]);
  });

  test('close, and a neighbour takes the place', () => {
    const three = withTab(withTab(EMPTY, null), null);
    expect(idsOf(three)).toEqual([1, 2, 3]);
    expect(withoutTab(three, 3)).toMatchObject({ activeId: 2, queryId: 2 });
    expect(withoutTab(withActive(three, 1), 1)).toMatchObject({ activeId: 2 });
    expect(withoutTab(three, 1)).toMatchObject({ activeId: 3 });
    expect(withoutTab(three, 9)).toBe(three);
  });

  test('the last one for queries gives way to an empty one, never to none', () => {
    const list = withActive(withTab(EMPTY, 'book'), 1);
    const left = withoutTab(list, 1);
    expect(left.tabs).toMatchObject([{ id: 3, table: null }, { table: 'book' }]);
    expect([left.activeId, left.queryId]).toEqual([3, 3]);
    expect(withoutTab(EMPTY, 1).tabs).toMatchObject([{ id: 2, table: null }]);
  });

  test('a number is never given twice', () => {
    const closed = withoutTab(withTab(EMPTY, null), 2);
    expect(withTab(closed, null).activeId).toBe(3);
  });
});

describe('what is kept', () => {
  test('comes back as it was', () => {
    const list = withTab(withTab(EMPTY, null), 'a "b"');
    const texts = new Map([
      [1, 'select 1'],
      [2, 'select 2'],
    ]);
    const stored = JSON.parse(JSON.stringify(toStored(list, texts)));
    const { texts: kept, list: back } = fromStored(stored);
    expect(back).toEqual({ ...list, queryId: 1 });
    expect([...kept]).toEqual([...texts, [3, '']]);
  });

  test('is bounded: a text too many is left out as a whole', () => {
    const list = withTab(withTab(EMPTY, null), null);
    const long = 'x'.repeat(150_000);
    const texts = new Map([
      [1, long],
      [2, long],
      [3, 'select 3'],
    ]);
    const back = fromStored(toStored(list, texts));
    expect([...back.texts.values()].map(({ length }) => length)).toEqual([150_000, 0, 8]);
    const many = Array.from({ length: 50 }, (_, at) => ({ id: at + 1, name: 'n', text: '' }));
    expect(fromStored({ tabs: many, activeId: 50 }).list.tabs).toHaveLength(MAX_TABS);
  });

  test.each([
    ['nonsense', 'x'],
    ['a list', [1]],
    ['no tabs', { tabs: [] }],
    [
      'tabs that are none',
      { tabs: [null, 3, { id: 'a', name: 'n' }, { id: 1 }, { id: -1, name: 'n' }] },
    ],
    [
      'numbers beyond all',
      {
        tabs: [
          { id: 1e300, name: 'n' },
          { id: null, name: 'n' },
        ],
      },
    ],
  ])('may be %s', (_, stored) => {
    expect(fromStored(stored)).toEqual({ list: EMPTY, texts: NO_TEXTS });
  });

  test('keeps what holds of it', () => {
    const tabs = [
      { id: 5, name: 'x'.repeat(500), table: 'book', text: 7 },
      { id: 5, name: 'twice', table: null, text: 'a' },
    ];
    const { list: back } = fromStored({ tabs, activeId: 77 });
    expect(back.tabs).toEqual([
      { id: 5, name: 'x'.repeat(60), table: 'book' },
      { id: 6, name: 'Query 1', table: null },
    ]);
    expect([back.activeId, back.queryId]).toEqual([5, 6]);
  });
});
