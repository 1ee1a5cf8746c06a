/** Moving through a table by keys, and what its columns look like. */

import { expect, test } from 'vitest';
import { cellAfterKey, columnShapes } from '../../src/ui/table-rows.ts';

const GRID = { rows: 1_000, columns: 5, pageRows: 20 };

test.each([
  ['ArrowDown', false, 501, 2],
  ['ArrowUp', true, 0, 2],
  ['ArrowDown', true, 999, 2],
  ['ArrowLeft', false, 500, 1],
  ['ArrowRight', true, 500, 4],
  ['PageUp', false, 480, 2],
  ['PageDown', false, 520, 2],
  ['Home', false, 500, 0],
  ['End', true, 999, 4],
])('%s (control: %s) leads to row %i, column %i', (key, isControl, row, column) => {
  expect(cellAfterKey(key, isControl, { row: 500, column: 2 }, GRID)).toEqual({ row, column });
});

test('keys begin at the first cell, stop at the edges, and others lead nowhere', () => {
  expect(cellAfterKey('ArrowDown', false, null, GRID)).toEqual({ row: 0, column: 0 });
  expect(cellAfterKey('PageDown', false, { row: 995, column: 4 }, GRID)?.row).toBe(999);
  expect(cellAfterKey('ArrowLeft', false, { row: 0, column: 0 }, GRID)?.column).toBe(0);
  expect(cellAfterKey('a', false, { row: 0, column: 0 }, GRID)).toBeNull();
  expect(cellAfterKey('ArrowDown', false, null, { ...GRID, rows: 0 })).toBeNull();
});

test('columns are as wide as their values, within bounds; those of numbers are told', () => {
  const rows = [
    [1, 'short', null, null],
    [123_456_789, 'x'.repeat(500), 'a', null],
  ];
  expect(columnShapes(['n', 'text', 'a_longer_name', 'e'], rows)).toEqual([
    { name: 'n', isNumber: true, width: 9 },
    { name: 'text', isNumber: false, width: 40 },
    { name: 'a_longer_name', isNumber: false, width: 13 },
    { name: 'e', isNumber: false, width: 4 },
  ]);
});
