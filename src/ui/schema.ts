/**
 * The tables and columns of the database, for completion. Read locally and at level 'none': it may
 * be a moment old, and where it cannot be read there is just no completion.
 */

import { signal } from '@preact/signals';
import type { Database } from '../client/database.ts';

const TABLES = `
  select m.name, c.name
  from sqlite_schema as m join pragma_table_info(m.name) as c
  where m.type in ('table', 'view') and m.name not like 'sqlite\\_%' escape '\\'
  limit 5000`;

/** Column names by table. */
export const schema = signal<Readonly<Record<string, readonly string[]>>>({});

export async function refreshSchema(database: Database): Promise<void> {
  try {
    const { rows } = await database.query(TABLES, [], { level: 'none' });
    const columnsByTable = new Map<string, string[]>();
    for (const [table, column] of rows) {
      const columns = columnsByTable.get(String(table)) ?? [];
      columnsByTable.set(String(table), [...columns, String(column)]);
    }
    schema.value = Object.fromEntries(columnsByTable);
  } catch {
    // Completion is a comfort; the statement itself will say what is wrong.
  }
}
