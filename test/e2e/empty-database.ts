/** What tests that share a cluster begin with: a database without tables. */

import type { Database } from '../../src/client/database.ts';

/**
 * Runs in a page, or in a program as text. What refers to something else goes before it, and a virtual table
 * before those that it keeps itself in.
 */
export async function dropEverything(db: Database): Promise<void> {
  const { rows } = await db.query(
    `select format('drop %s if exists "%w"', type, name) from sqlite_schema
     where type in ('table', 'view') and name not glob 'sqlite_*' and name not glob '_resqlite_*'
     order by type = 'table', sql not like 'create virtual%', rowid desc`,
  );
  if (rows.length > 0) await db.execute(rows.map(([drop]) => String(drop)));
}
