/**
 * The UPDATE by which one cell of a browsed table becomes another value. It finds the row by its primary
 * key, and only while the cell still has the value that was shown: what others wrote meanwhile is not
 * overwritten. Pure.
 */

import type { SqlValue } from '../../node/sql.ts';
import type { Row } from '../row-source.ts';
import { literalText, valueText } from '../shell/value-text.ts';
import type { TableEntry } from './schema-list.ts';
import { numberOf, quotedName, type TableQuery } from './table-query.ts';

/** What a value is typed as. */
export type ValueKind = 'text' | 'number' | 'null';

/** A cell with all that is needed to find it again. */
export interface EditedCell {
  readonly table: TableEntry;
  /** As in `row`. */
  readonly columns: readonly string[];
  readonly row: Row;
  readonly column: string;
}

export interface TypedValue {
  readonly kind: ValueKind;
  readonly text: string;
}

export interface CellUpdate extends TableQuery {
  /** The same with its values in place, to be read. */
  readonly text: string;
}

/** Why it cannot be edited here; null: it can. */
export function refusalOf({ table, columns, row, column }: EditedCell): string | null {
  const entry = table.columns.find(({ name }) => name === column);
  if (table.kind !== 'table') return 'Only cells of tables can be edited here.';
  if (entry === undefined || entry.isGenerated)
    return 'The column is generated: it follows others.';
  const keys = keysOf(table);
  if (keys.length === 0) return 'The table has no primary key, by which the row could be found.';
  // Only a key without NULL is of one row.
  if (keys.some((name) => valueAt(columns, row, name) === null)) {
    return 'The row’s primary key is NULL, as others’ may be: it cannot be told from them.';
  }
  if (row[columns.indexOf(column)] instanceof Uint8Array) return 'Blobs are not edited here.';
  return null;
}

export function typedOf({ columns, row, column }: EditedCell): TypedValue {
  const value = valueAt(columns, row, column);
  if (value === null) return { kind: 'null', text: '' };
  return { kind: typeof value === 'string' ? 'text' : 'number', text: valueText(value, '') };
}

function keysOf(table: TableEntry): string[] {
  return table.columns.filter(({ isKey }) => isKey).map(({ name }) => name);
}

function valueAt(columns: readonly string[], row: Row, name: string): SqlValue {
  return row[columns.indexOf(name)] ?? null;
}

/** Null: it is no number. */
export function valueOf({ kind, text }: TypedValue): { readonly value: SqlValue } | null {
  if (kind === 'null') return { value: null };
  if (kind === 'text') return { value: text };
  const value = numberOf(text);
  return value === null ? null : { value };
}

/** Of a cell that can be edited. */
export function updateOf({ table, columns, row, column }: EditedCell, value: SqlValue): CellUpdate {
  const told = [...new Set([...keysOf(table), column])];
  const params = [value, ...told.map((name) => valueAt(columns, row, name))];
  const statement = (values: readonly string[]): string => {
    const conditions = told.map((name, at) => `t.${quotedName(name)} is ${values[at + 1]}`);
    const set = `set ${quotedName(column)} = ${values[0]}`;
    return `update main.${quotedName(table.name)} as t ${set} where ${conditions.join(' and ')}`;
  };
  return {
    sql: statement(params.map(() => '?')),
    params,
    text: statement(params.map(literalText)),
  };
}
