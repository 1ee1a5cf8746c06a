/** The dot-commands that tell what is in the database. Patterns are LIKE patterns, as in sqlite3. */

import { atMost } from './command-error.ts';
import type { Command, CommandContext } from './command-context.ts';
import { listText } from './text-columns.ts';

/** What users made: neither SQLite's own tables nor the replication's. */
const IS_USERS = `
  name not like 'sqlite\\_%' escape '\\' and tbl_name not like '\\_resqlite\\_%' escape '\\'`;

const TABLES = `
  select name from sqlite_schema
  where type in ('table', 'view') and ${IS_USERS} and name like ?
  order by name`;

const INDEXES = `
  select name from sqlite_schema
  where type = 'index' and tbl_name not like '\\_resqlite\\_%' escape '\\' and tbl_name like ?
  order by name`;

const SCHEMA = `
  select sql from sqlite_schema
  where sql is not null and (name like :pattern or tbl_name like :pattern) and ${IS_USERS}
  order by tbl_name, case type when 'table' then 0 when 'view' then 0 when 'index' then 1 else 2 end,
    rowid`;

export const tables: Command = async (context, args) => {
  atMost('tables', args, 1);
  return listText(await texts(context, TABLES, [args[0] ?? '%']));
};

export const indexes: Command = async (context, args) => {
  atMost('indexes', args, 1);
  return listText(await texts(context, INDEXES, [args[0] ?? '%']));
};

export const schema: Command = async (context, args) => {
  atMost('schema', args, 1);
  const statements = await texts(context, SCHEMA, { pattern: args[0] ?? '%' });
  return statements.map((sql) => `${sql};`).join('\n');
};

async function texts(
  { database, level, signal }: CommandContext,
  sql: string,
  params: readonly string[] | Readonly<Record<string, string>>,
): Promise<string[]> {
  const { rows } = await database.query(sql, params, { level: level.value, signal });
  return rows.map(([text]) => String(text));
}
