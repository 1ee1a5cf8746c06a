/**
 * The tables and columns of the database, for completion: a live query, so that they are right whoever
 * changes the schema. Where they cannot be read there is just no completion.
 */

import { signal } from '@preact/signals';
import type { Database } from '../client/database.ts';

/**
 * A user's table may be named like the function, and would take its place; not so in the schema `temp`,
 * where nobody has tables.
 */
const TABLES = `
  select m.name, c.name
  from sqlite_schema as m join temp.pragma_table_xinfo(m.name) as c
  where m.type in ('table', 'view') and c.hidden <> 1
    and m.name not like 'sqlite\\_%' escape '\\' and m.name not like '\\_resqlite\\_%' escape '\\'
  limit 5000`;

/** Whether it was ever read: by then the database has answered something. */
export const isSchemaKnown = signal(false);

/** Column names by table. */
export const schema = signal<Readonly<Record<string, readonly string[]>>>({});

/** The answer ends it. */
export function followSchema(database: Database): () => void {
  return database.live(
    TABLES,
    [],
    (_rows, { rows }) => {
      const columnsByTable = new Map<string, string[]>();
      for (const [table, column] of rows) {
        const columns = columnsByTable.get(String(table)) ?? [];
        columnsByTable.set(String(table), [...columns, String(column)]);
      }
      schema.value = Object.fromEntries(columnsByTable);
      isSchemaKnown.value = true;
    },
    // Completion is a comfort; the statement itself will say what is wrong.
    () => undefined,
  );
}
