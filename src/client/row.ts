/** Rows as objects, for callers who know their columns by name. */

import type { SqlValue } from '../node/sql.ts';

/**
 * A row by its columns' names. Of two columns with one name the last wins.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type Row } from 'resqlite';
 *
 * const db = await open();
 * const rows: Row[] = await db.sql`SELECT 1 AS id, 'milk' AS body`;
 * rows[0]['body']; // => 'milk'
 * ```
 */
export type Row = Readonly<Record<string, SqlValue>>;

export function asObjects<R extends object>(result: {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}): R[] {
  const { columns, rows } = result;
  // Object.fromEntries defines own properties, so a column named __proto__ is only a column.
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])) as R);
}
