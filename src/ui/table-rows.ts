/**
 * What a table shows: rows that are all here, or those of a kept result that come as they are looked
 * at. And what can be said of its columns from some of the rows. Pure.
 */

import type { ReadonlySignal } from '@preact/signals';
import type { ResqliteError } from '../client/errors.ts';
import type { Row } from './row-source.ts';
import type { ResultView } from './shell/shell-items.ts';
import { cellOf } from './wording.ts';

export interface TableRows {
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** By which the columns are measured. */
  readonly sample: readonly Row[];
  /** Null: not here yet. */
  rowAt(at: number): Row | null;
  /** Rows may be missing; else all of them are here. */
  readonly later: {
    readonly version: ReadonlySignal<number>;
    readonly error: ResqliteError | null;
    show(from: number, end: number): void;
    /** Rejects with `ResqliteError`. */
    read(from: number, count: number): Promise<readonly Row[]>;
  } | null;
}

export function wholeRows(columns: readonly string[], rows: readonly Row[]): TableRows {
  return {
    columns,
    rowCount: rows.length,
    sample: rows,
    rowAt: (at) => rows[at] ?? null,
    later: null,
  };
}

export function rowsOfView(view: Extract<ResultView, { type: 'table' | 'blocks' }>): TableRows {
  if (view.type === 'table') return wholeRows(view.columns, view.rows);
  const { blocks } = view;
  const { columns, rowCount, sample } = blocks;
  return { columns, rowCount, sample, rowAt: (at) => blocks.rowAt(at), later: blocks };
}

/** The first rows, `most` at most; of those that are kept only where they can be read. */
export async function firstRowsOf(rows: TableRows, most: number): Promise<readonly Row[]> {
  const count = Math.min(most, rows.rowCount);
  if (rows.later !== null) return rows.later.read(0, count);
  return Array.from({ length: count }, (_, at) => rows.rowAt(at) ?? []);
}

export interface ColumnShape {
  readonly name: string;
  /** A column of numbers is headed like one. */
  readonly isNumber: boolean;
  /** How many digits wide it is best drawn where all rows have one line. */
  readonly width: number;
}

const LEAST_WIDTH = 4;
const MOST_WIDTH = 40;

export function columnShapes(columns: readonly string[], rows: readonly Row[]): ColumnShape[] {
  return columns.map((name, at) => {
    const values = rows.map((row) => row[at] ?? null).filter((value) => value !== null);
    const isNumber = values.every(
      (value) => typeof value === 'number' || typeof value === 'bigint',
    );
    let width = Math.max(LEAST_WIDTH, name.length);
    for (const value of values) {
      if (width >= MOST_WIDTH) break;
      width = Math.max(width, cellOf(value).text.length);
    }
    return { name, isNumber: isNumber && values.length > 0, width: Math.min(MOST_WIDTH, width) };
  });
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

export interface GridShape {
  readonly rows: number;
  readonly columns: number;
  /** How many rows a page is. */
  readonly pageRows: number;
}

/** Where a key leads from `from`, which is null at first; null: it is no key for that. */
export function cellAfterKey(
  key: string,
  isControl: boolean,
  from: CellPlace | null,
  shape: GridShape,
): CellPlace | null {
  const { row, column } = from ?? { row: 0, column: 0 };
  const moved = moveTo(key, isControl, { row, column }, shape);
  if (moved === null || shape.rows === 0) return null;
  if (from === null) return { row: 0, column: 0 };
  return {
    row: Math.min(shape.rows - 1, Math.max(0, moved.row)),
    column: Math.min(shape.columns - 1, Math.max(0, moved.column)),
  };
}

function moveTo(
  key: string,
  isControl: boolean,
  { row, column }: CellPlace,
  { rows, columns, pageRows }: GridShape,
): CellPlace | null {
  switch (key) {
    case 'ArrowUp':
      return { row: isControl ? 0 : row - 1, column };
    case 'ArrowDown':
      return { row: isControl ? rows - 1 : row + 1, column };
    case 'ArrowLeft':
      return { row, column: isControl ? 0 : column - 1 };
    case 'ArrowRight':
      return { row, column: isControl ? columns - 1 : column + 1 };
    case 'PageUp':
      return { row: row - pageRows, column };
    case 'PageDown':
      return { row: row + pageRows, column };
    case 'Home':
      return { row: isControl ? 0 : row, column: 0 };
    case 'End':
      return { row: isControl ? rows - 1 : row, column: columns - 1 };
    default:
      return null;
  }
}
