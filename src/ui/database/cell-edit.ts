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
  if (!table.columns.some(({ isKey }) => isKey)) {
    return 'The table has no primary key, by which the row could be found.';
  }
  if (row[columns.indexOf(column)] instanceof Uint8Array) return 'Blobs are not edited here.';
  return null;
}

export function typedOf({ columns, row, column }: EditedCell): TypedValue {
  const value = row[columns.indexOf(column)] ?? null;
  if (value === null) return { kind: 'null', text: '' };
  return { kind: typeof value === 'string' ? 'text' : 'number', text: valueText(value, '') };
}

/** Null: it is no number. */
export function valueOf({ kind, text }: TypedValue): { readonly value: SqlValue } | null {
  if (kind === 'null') return { value: null };
  if (kind === 'text') return { value: text };
  const value = numberOf(text);
  return value === null ? null : { value };
}

export function updateOf({ table, columns, row, column }: EditedCell, value: SqlValue): CellUpdate {
  const keys = table.columns.filter(({ isKey }) => isKey).map(({ name }) => name);
  const told = [...new Set([...keys, column])];
  const params = [value, ...told.map((name) => row[columns.indexOf(name)] ?? null)];
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
