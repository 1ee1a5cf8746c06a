/** The schema as the tree shows it, followed while it is shown; and rows that were counted on demand. */

import { signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toReadError } from '../../client/errors.ts';
import { schemaOf, SCHEMA_QUERY, type TableEntry } from './schema-list.ts';
import { countSql } from './table-query.ts';

/** Null: not read yet. */
export const schemaTables = signal<readonly TableEntry[] | null>(null);
/** Why it cannot be read; null: it can. */
export const schemaProblem = signal<string | null>(null);

/** What came of counting a table's rows, by its name. */
export type RowCount = number | 'counting' | { readonly problem: string };
export const rowCounts = signal<ReadonlyMap<string, RowCount>>(new Map());

/** The answer ends it. */
export function followTables(database: Database): () => void {
  return database.live(
    SCHEMA_QUERY,
    [],
    (_rows, { rows }) => {
      schemaTables.value = schemaOf(rows);
      schemaProblem.value = null;
    },
    (error) => {
      schemaProblem.value = error.message;
    },
  );
}

/** As they are now in this tab's copy. */
export async function countRows(database: Database, table: string): Promise<void> {
  setCount(table, 'counting');
  try {
    const { rows } = await database.query(countSql(table), [], { level: 'none' });
    setCount(table, Number(rows[0]?.[0]));
  } catch (error) {
    setCount(table, { problem: toReadError(error).message });
  }
}

function setCount(table: string, count: RowCount): void {
  rowCounts.value = new Map(rowCounts.value).set(table, count);
}
