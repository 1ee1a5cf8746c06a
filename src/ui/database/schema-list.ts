/**
 * What is in the database: tables and views with their columns, indexes and triggers, out of one query
 * that can be followed. Tables of SQLite's own, of the replication and those that a virtual table keeps
 * for itself are left out. Pure.
 */

import type { Row } from '../row-source.ts';

/**
 * A user's table may be named like one of these functions, and would take its place; not so in the
 * schema `temp`, where nobody has tables.
 */
export const SCHEMA_QUERY = `
  select m.type, m.name, m.tbl_name, m.sql,
    case when m.type in ('table', 'view') then (
      select json_group_array(json_array(c.name, c.type, c.pk, c."notnull", c.hidden, c.dflt_value))
      from temp.pragma_table_xinfo(m.name) as c where c.hidden <> 1) end,
    case m.type when 'table' then (
      select json_group_array(json_array(f."from", f."table", f."to"))
      from temp.pragma_foreign_key_list(m.name) as f) end,
    case m.type when 'index' then (
      select group_concat(coalesce(i.name, 'an expression'), ', ')
      from temp.pragma_index_info(m.name) as i) end,
    case m.type when 'index' then (
      select l."unique" from temp.pragma_index_list(m.tbl_name) as l where l.name = m.name) end,
    (select t.type from temp.pragma_table_list(m.name) as t where t.schema = 'main') as kind
  from sqlite_schema as m
  where m.tbl_name not like 'sqlite\\_%' escape '\\'
    and m.tbl_name not like '\\_resqlite\\_%' escape '\\'
    and kind is not 'shadow'
  order by m.name collate nocase
  limit 20000`;

export interface ColumnEntry {
  readonly name: string;
  /** As it was declared; may be empty. */
  readonly type: string;
  readonly isKey: boolean;
  readonly isRequired: boolean;
  readonly isGenerated: boolean;
  readonly defaultSql: string | null;
  /** What it refers to, as `table(column)`; null: nothing. */
  readonly refersTo: string | null;
}

export interface IndexEntry {
  readonly name: string;
  readonly columns: string;
  readonly isUnique: boolean;
  /** Null: it comes with a UNIQUE or PRIMARY KEY. */
  readonly sql: string | null;
}

export interface TriggerEntry {
  readonly name: string;
  readonly sql: string;
}

export interface TableEntry {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual';
  readonly sql: string;
  readonly columns: readonly ColumnEntry[];
  readonly indexes: readonly IndexEntry[];
  readonly triggers: readonly TriggerEntry[];
}

export function schemaOf(rows: readonly Row[]): TableEntry[] {
  const indexes = byTable(rows, 'index');
  const triggers = byTable(rows, 'trigger');
  return rows
    .filter(([type]) => type === 'table' || type === 'view')
    .map((row): TableEntry => {
      const [type, name, , sql, columns, references, , , kind] = row;
      const key = tableOf(row);
      return {
        name: String(name),
        kind: kind === 'virtual' ? 'virtual' : type === 'view' ? 'view' : 'table',
        sql: String(sql),
        columns: columnsOf(columns, references),
        indexes: (indexes.get(key) ?? []).map(indexOf),
        triggers: (triggers.get(key) ?? []).map((of) => ({
          name: String(of[1]),
          sql: String(of[3]),
        })),
      };
    });
}

function byTable(rows: readonly Row[], type: string): ReadonlyMap<string, readonly Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    if (row[0] !== type) continue;
    const others = found.get(tableOf(row));
    if (others === undefined) found.set(tableOf(row), [row]);
    else others.push(row);
  }
  return found;
}

/** SQLite's names are the same in capitals. */
function tableOf(row: Row): string {
  return String(row[2]).toLowerCase();
}

function indexOf([, name, , sql, , , columns, unique]: Row): IndexEntry {
  return {
    name: String(name),
    columns: String(columns),
    isUnique: unique === 1,
    sql: typeof sql === 'string' ? sql : null,
  };
}

function columnsOf(columns: Row[number] | undefined, references: Row[number] | undefined) {
  const referred = new Map<string, string>();
  for (const [from, table, to] of listOf(references)) {
    referred.set(String(from).toLowerCase(), to === null ? String(table) : `${table}(${to})`);
  }
  return listOf(columns).map(([name, type, key, required, hidden, defaultSql]): ColumnEntry => ({
    name: String(name),
    type: String(type ?? ''),
    isKey: Number(key) > 0,
    isRequired: required === 1,
    isGenerated: Number(hidden) > 1,
    defaultSql: typeof defaultSql === 'string' ? defaultSql : null,
    refersTo: referred.get(String(name).toLowerCase()) ?? null,
  }));
}

function listOf(json: Row[number] | undefined): (string | number | null)[][] {
  return typeof json === 'string' ? JSON.parse(json) : [];
}
