/**
 * What can be read of a virtual table to fill another one like it, told from how it was made. FTS5
 * and R-Tree are known; another module's table is made, and left as it is then.
 */

import type { SqlDatabase } from './database.ts';
import { quotedName } from './sql-literal.ts';

export interface VirtualContent {
  /** Columns that give back everything, the row id included; null: there is nothing to read. */
  readonly columns: readonly string[] | null;
  /** A query of names and values that the table is to be told; null: there are none. */
  readonly settings: string | null;
  /** Its content is another table's, from which it can be built. */
  readonly isRebuilt: boolean;
  /** Why it is left empty, or comes later; one line. */
  readonly comment: string | null;
}

const NOTHING: VirtualContent = { columns: null, settings: null, isRebuilt: false, comment: null };
const MODULE = /^CREATE\s+VIRTUAL\s+TABLE\b/i;
/** The module's name behind a table's name in any quotes. */
const USING =
  /^CREATE\s+VIRTUAL\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|[^\s"'`[]+)\s*USING\s+["'`[]?(\w+)/i;
/** The option that names the table with the content, in any quotes or none. */
const CONTENT_OPTION =
  /[(,]\s*content\s*=\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|`((?:[^`]|``)*)`|\[([^\]]*)\]|([^\s,)]+))/i;

/** Null: it is no virtual table. */
export function contentOf(
  database: SqlDatabase,
  table: string,
  sql: string,
): VirtualContent | null {
  if (!MODULE.test(sql)) return null;
  switch (USING.exec(sql)?.[1]?.toLowerCase()) {
    case 'rtree':
    case 'rtree_i32':
      return { ...NOTHING, columns: columnsOf(database, table) };
    case 'fts5':
      return fts5Content(database, table, sql);
    case 'fts5vocab':
      return NOTHING;
    default:
      return { ...NOTHING, comment: 'The next table is left empty: its content cannot be read.' };
  }
}

function fts5Content(database: SqlDatabase, table: string, sql: string): VirtualContent {
  const config = quotedName(`${table}_config`);
  const settings = `SELECT k, v FROM main.${config} WHERE k <> 'version'`;
  const names = columnsOf(database, table);
  const content =
    CONTENT_OPTION.exec(sql)
      ?.slice(1)
      .find((name) => name !== undefined) ?? '';
  if (content !== '' && columnsOf(database, content).length > 0) {
    const comment = 'The next table is filled from its content table at the end.';
    return { columns: null, settings, isRebuilt: true, comment };
  }
  // Of a table without content, only columns that are not indexed may be kept.
  const stored = columnsOf(database, `${table}_content`);
  if (names.every((_, at) => stored.includes(`c${at}`))) {
    return { columns: ['rowid', ...names], settings, isRebuilt: false, comment: null };
  }
  const comment = 'The next table is left empty: it keeps no content that could be read back.';
  return { columns: null, settings, isRebuilt: false, comment };
}

/** Those that INSERT takes: neither hidden nor generated. */
export function columnsOf(database: SqlDatabase, table: string): string[] {
  // cid, name, type, notnull, dflt_value, pk
  const rows = database.rows(`PRAGMA main.table_info(${quotedName(table)})`);
  return Array.from(rows, (row) => String(row[1]));
}
