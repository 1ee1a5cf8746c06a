/** Which rows of a long table are drawn: those in sight, at their place, however long it is. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MAX_HEIGHT,
  scrollTopFor,
  windowAt,
  type TableShape,
} from '../../src/ui/virtual-window.ts';

const shape = fc.record({
  rowCount: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 5_000_000 })),
  rowHeight: fc.constantFrom(20, 32),
  viewHeight: fc.integer({ min: 64, max: 2_000 }),
});
/** How far down, from 0 to 1. */
const depth = fc.double({ min: 0, max: 1, noNaN: true });

function heights({ rowCount, rowHeight, viewHeight }: TableShape) {
  const total = Math.min(rowCount * rowHeight, MAX_HEIGHT);
  return { total, maxScroll: Math.max(0, total - viewHeight) };
}

test('what is in sight is drawn, the whole has one height, and few rows are in it', () => {
  fc.assert(
    fc.property(shape, depth, (table, at) => {
      const { total, maxScroll } = heights(table);
      const scrollTop = at * maxScroll;
      const { from, end, above, below } = windowAt(table, scrollTop);
      const drawn = (end - from) * table.rowHeight;
      expect(above + drawn + below).toBeGreaterThanOrEqual(total - 0.01);
      expect(above + drawn + below).toBeLessThanOrEqual(total + table.rowHeight);
      expect(above).toBeLessThanOrEqual(scrollTop + table.rowHeight);
      const bottom = Math.min(total, scrollTop + table.viewHeight);
      expect(above + drawn).toBeGreaterThanOrEqual(bottom - 0.01);
      expect(end - from).toBeLessThanOrEqual(table.viewHeight / table.rowHeight + 30);
      expect([from >= 0, end <= table.rowCount]).toEqual([true, true]);
    }),
  );
});

test('the ends of the scroll bar are the first row and the last', () => {
  fc.assert(
    fc.property(shape, (table) => {
      expect(windowAt(table, 0)).toMatchObject({ from: 0, above: 0 });
      expect(windowAt(table, heights(table).maxScroll)).toMatchObject({ end: table.rowCount });
      expect(windowAt(table, -50)).toEqual(windowAt(table, 0));
      expect(windowAt(table, Infinity).end).toBe(table.rowCount);
    }),
  );
});

test('any row can be brought into sight as a whole, and one that is stays where it is', () => {
  fc.assert(
    fc.property(shape, depth, depth, (table, at, rowAt) => {
      const row = Math.floor(rowAt * (table.rowCount - 1));
      const scrollTop = scrollTopFor(table, row, at * heights(table).maxScroll);
      const { from, end, above } = windowAt(table, scrollTop);
      expect([row >= from, row < end]).toEqual([true, true]);
      const top = above + (row - from) * table.rowHeight;
      // A squeezed table cannot show the very first rows moved up by a part of one.
      expect(top).toBeGreaterThanOrEqual(scrollTop - 0.01);
      expect(top + table.rowHeight).toBeLessThanOrEqual(
        scrollTop + table.viewHeight + table.rowHeight,
      );
      expect(scrollTopFor(table, row, scrollTop)).toBeCloseTo(scrollTop, 3);
    }),
  );
});
