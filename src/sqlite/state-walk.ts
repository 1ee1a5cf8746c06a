/**
 * Goes through the logical state in its one order, from any position on, and hashes what it meets
 * (hash.ts tells the order): the whole of it, or a slice of bounded cost.
 *
 * A position names the first row that was not hashed, by its key: the row id; the primary key of a
 * table without row ids; or, where columns hide the row id, how many rows come before. It stays good
 * when rows come and go. A position whose table is gone means the next table, and one whose key is
 * not of the table's kind any more means the table's beginning, so that equal states go on equally.
 *
 * It reads ordinary tables only, in an order that no index and no statistics decide, and connects no
 * virtual table.
 */

import { INTERNAL_PREFIX } from './authorizer.ts';
import { RESPONSES, SESSIONS, STAGING, type SqlDatabase } from './database.ts';
import { MAX_COLUMNS, WALK_ROW_COST_BYTES, WALK_TABLE_COST_BYTES } from './limits.ts';
import type { RowHash } from './row-hash.ts';
import { quotedName, quotedText } from './sql-literal.ts';
import { hasStaging } from './staging.ts';
import type { RawValue, Statement } from './statement.ts';

/** What the state consists of, in order. */
export type SourceKind = 'schema' | 'table' | 'internal';
export const SOURCE_KINDS: readonly SourceKind[] = ['schema', 'table', 'internal'];

export type RowKey =
  | { readonly type: 'values'; readonly values: readonly RawValue[] }
  | { readonly type: 'offset'; readonly rows: number };

export interface WalkPosition {
  readonly kind: SourceKind;
  readonly name: string;
  /** Null: at the beginning. */
  readonly key: RowKey | null;
}

interface KeyColumn {
  readonly expression: string;
  readonly isDescending: boolean;
  /** Its place among the columns. */
  readonly at: number;
}

interface Source {
  readonly kind: SourceKind;
  readonly name: string;
  readonly columns: readonly string[];
  /** FROM and what narrows it. */
  readonly from: string;
  /** Empty: rows have no key that can be named, and come in the order of the hidden row id. */
  readonly key: readonly KeyColumn[];
}

/** How `table_xinfo` marks columns that are computed when they are read. */
const VIRTUAL_COLUMN = 2;
const ROW_ID_NAMES = ['rowid', '_rowid_', 'oid'];
const LIMIT_COLUMNS = 2;
/** How `index_xinfo` calls the row id. */
const ROW_ID_COLUMN = -1;
const MAX_KEY_COLUMNS = 32;
/** A key that takes more is named by the number of rows before it. */
const MAX_KEY_BYTES = 16 * 1024;

/**
 * Hashes from the position on (null: from the beginning) until the cost is reached, but at least one
 * row; the answer is where to go on, null at the end. Throws `SqliteError`.
 */
export function walkState(
  database: SqlDatabase,
  hash: RowHash,
  from: WalkPosition | null,
  maxCostBytes: number,
): WalkPosition | null {
  // A row id stands beside as many columns as a table may have.
  database.connection.limit(LIMIT_COLUMNS, 2 * MAX_COLUMNS);
  try {
    return new StateWalk(database, hash, maxCostBytes).go(from);
  } finally {
    database.connection.limit(LIMIT_COLUMNS, MAX_COLUMNS);
  }
}

class StateWalk {
  readonly #database: SqlDatabase;
  readonly #hash: RowHash;
  #costLeft: number;
  #hasRow = false;

  constructor(database: SqlDatabase, hash: RowHash, maxCostBytes: number) {
    this.#database = database;
    this.#hash = hash;
    this.#costLeft = maxCostBytes;
  }

  go(from: WalkPosition | null): WalkPosition | null {
    for (const source of sources(this.#database, from)) {
      const { kind, name } = source;
      if (this.#costLeft < 0) return { kind, name, key: null };
      this.#costLeft -= WALK_TABLE_COST_BYTES;
      const isFirst = kind === from?.kind && name === from.name;
      const key = this.#hashSource(source, isFirst ? from.key : null);
      if (key !== null) return { kind, name, key };
    }
    return null;
  }

  /** The answer is the key of the first row that was left out. */
  #hashSource(source: Source, from: RowKey | null): RowKey | null {
    if (source.kind === 'schema') this.#hashVersions();
    else this.#hash.text(source.name);
    let rows = 0;
    for (const statement of this.#selects(source, from)) {
      while (statement.step()) {
        if (!this.#affords(statement)) return this.#keyOf(source, statement, from, rows);
        rows += 1;
        this.#hash.row(statement);
      }
    }
    this.#hash.end(rows);
    return null;
  }

  #hashVersions(): void {
    for (const pragma of ['user_version', 'application_id']) {
      const [value] = this.#database.connection.run(`PRAGMA ${pragma}`);
      this.#hash.text(`${pragma}=${String(value)}`);
    }
  }

  #affords(statement: Statement): boolean {
    if (this.#costLeft === Infinity) return true;
    const cost = WALK_ROW_COST_BYTES + statement.rowBytes();
    if (this.#hasRow && cost > this.#costLeft) return false;
    this.#hasRow = true;
    this.#costLeft -= cost;
    return true;
  }

  /** One behind the other they give the rows from the key on. */
  *#selects(source: Source, start: RowKey | null): Generator<Statement, void> {
    const { connection } = this.#database;
    const select = `SELECT ${source.columns.join(', ')} ${source.from}`;
    const order = orderOf(source.key);
    const values = valuesFor(source, start);
    const limit = start?.type === 'offset' ? ` LIMIT -1 OFFSET ${start.rows}` : '';
    for (const range of values === null ? [''] : rangesFrom(source.key)) {
      const statement = connection.prepare(select + range + order + limit);
      try {
        bindKey(statement, values);
        yield statement;
      } finally {
        statement.finalize();
      }
    }
  }

  #keyOf(source: Source, statement: Statement, from: RowKey | null, rows: number): RowKey {
    if (!isSeekable(source)) {
      const before = from?.type === 'offset' ? from.rows : 0;
      return { type: 'offset', rows: before + rows };
    }
    const values = source.key.map(({ at }) => statement.rawValue(at));
    if (bytesOf(values) <= MAX_KEY_BYTES) return { type: 'values', values };
    let before = this.#count(source.from, null);
    for (const range of rangesFrom(source.key)) before -= this.#count(source.from + range, values);
    return { type: 'offset', rows: before };
  }

  #count(from: string, values: readonly RawValue[] | null): number {
    const statement = this.#database.connection.prepare(`SELECT count(*) ${from}`);
    try {
      bindKey(statement, values);
      return Number(statement.firstRow()[0]);
    } finally {
      statement.finalize();
    }
  }
}

/** From the position's own on, or what comes next where that is gone. */
function* sources(database: SqlDatabase, from: WalkPosition | null): Generator<Source, void> {
  const kind = from?.kind ?? 'schema';
  if (kind === 'schema') yield schemaSource();
  if (kind !== 'internal') {
    const first = from?.kind === 'table' ? from.name : '';
    for (const name of tableNames(database, first)) yield tableSource(database, name);
  }
  const at = kind === 'internal' ? from?.name : null;
  if (at !== RESPONSES && at !== STAGING) yield sessionsSource();
  if (at !== STAGING) yield { ...tableSource(database, RESPONSES), kind: 'internal' };
  if (hasStaging(database)) yield { ...tableSource(database, STAGING), kind: 'internal' };
}

function schemaSource(): Source {
  return {
    kind: 'schema',
    name: '',
    columns: ['type', 'name', 'tbl_name', 'sql'],
    from:
      'FROM sqlite_schema ' +
      `WHERE substr(tbl_name, 1, ${INTERNAL_PREFIX.length}) <> '${INTERNAL_PREFIX}'`,
    key: ['type', 'name'].map((expression, at) => ({ expression, isDescending: false, at })),
  };
}

function sessionsSource(): Source {
  return {
    kind: 'internal',
    name: SESSIONS,
    // Of a durable one both are hashed as one text, so that others hash as they did before there were any.
    columns: ['id', 'last_sequence', "iif(durable, last_index || ' ' || durable, last_index)"],
    from: `FROM ${SESSIONS} WHERE true`,
    key: [{ expression: 'id', isDescending: false, at: 0 }],
  };
}

/**
 * Of the tables that hold rows. Nothing here is asked of the `pragma_…` functions: a user's table may
 * bear their name.
 */
function tableNames(database: SqlDatabase, first: string): string[] {
  const names: string[] = [];
  const sql =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 " +
    `AND name >= ${quotedText(first)} ORDER BY name`;
  for (const [name] of database.rows(sql)) {
    if (typeof name === 'string' && !name.startsWith(INTERNAL_PREFIX)) names.push(name);
  }
  return names;
}

function tableSource(database: SqlDatabase, name: string): Source {
  const stored: string[] = [];
  const names = new Set<string>();
  // cid, name, type, notnull, dflt_value, pk, hidden
  for (const row of database.rows(`PRAGMA main.table_xinfo(${quotedName(name)})`)) {
    const column = String(row[1]);
    names.add(column.toLowerCase());
    // What is computed when it is read follows from the rest, and may fail.
    if (row[6] !== VIRTUAL_COLUMN) stored.push(column);
  }
  const columns = stored.map(quotedName);
  // NOT INDEXED: rows are read from the table itself, whatever indexes there are.
  const from = `FROM main.${quotedName(name)} NOT INDEXED WHERE true`;
  const primaryKey = keyWithoutRowId(database, name, stored);
  if (primaryKey !== null) return { kind: 'table', name, columns, from, key: primaryKey };
  // A name of the row id that no column hides; columns may hide all of them.
  const rowId = ROW_ID_NAMES.find((one) => !names.has(one));
  if (rowId === undefined) return { kind: 'table', name, columns, from, key: [] };
  const key = [{ expression: rowId, isDescending: false, at: 0 }];
  return { kind: 'table', name, columns: [rowId, ...columns], from, key };
}

/** The primary key of a table without row ids; null: it has row ids. */
function keyWithoutRowId(
  database: SqlDatabase,
  table: string,
  columns: readonly string[],
): readonly KeyColumn[] | null {
  // seq, name, unique, origin, partial
  const indexes = [...database.rows(`PRAGMA main.index_list(${quotedName(table)})`)];
  const index = indexes.find((row) => row[3] === 'pk');
  if (index === undefined) return null;
  const key: KeyColumn[] = [];
  // seqno, cid, name, desc, coll, key
  for (const row of database.rows(`PRAGMA main.index_xinfo(${quotedName(String(index[1]))})`)) {
    // An index beside the table points to it by the row id.
    if (row[1] === ROW_ID_COLUMN) return null;
    if (row[5] !== 1) continue;
    const name = String(row[2]);
    const expression = `${quotedName(name)} COLLATE ${quotedName(String(row[4]))}`;
    key.push({ expression, isDescending: row[3] === 1, at: columns.indexOf(name) });
  }
  return key;
}

/** Rows can be found by their key: not by one that cannot be named, or is longer than SQL may be. */
function isSeekable({ key }: Source): boolean {
  return key.length > 0 && key.length <= MAX_KEY_COLUMNS;
}

/** What the key's columns are where the position was taken, if that makes sense in the source. */
function valuesFor(source: Source, start: RowKey | null): readonly RawValue[] | null {
  if (start?.type !== 'values' || !isSeekable(source)) return null;
  return start.values.length === source.key.length ? start.values : null;
}

function orderOf(key: readonly KeyColumn[]): string {
  if (key.length === 0) return '';
  const terms = key.map((one) => (one.isDescending ? `${one.expression} DESC` : one.expression));
  return ` ORDER BY ${terms.join(', ')}`;
}

/**
 * Conditions that one behind the other hold for the row with the key that is bound and those behind
 * it, each a range that SQLite finds without going through the table: the same in all columns but the
 * last, the same in all but the last two, and so on.
 */
function rangesFrom(key: readonly KeyColumn[]): string[] {
  const ranges: string[] = [];
  for (let last = key.length - 1; last >= 0; last -= 1) {
    let range = '';
    for (const [at, { expression, isDescending }] of key.slice(0, last + 1).entries()) {
      const behind = isDescending ? '<' : '>';
      const atOrBehind = last === key.length - 1 ? `${behind}=` : behind;
      range += ` AND ${expression} ${at < last ? '=' : atOrBehind} ?${at + 1}`;
    }
    ranges.push(range);
  }
  return ranges;
}

/** A range may name less columns than the key has. */
function bindKey(statement: Statement, values: readonly RawValue[] | null): void {
  const used = values?.slice(0, statement.parameterCount) ?? [];
  for (const [at, value] of used.entries()) statement.bindRawValue(at + 1, value);
}

function bytesOf(values: readonly RawValue[]): number {
  let bytes = 0;
  for (const { value } of values) bytes += value instanceof Uint8Array ? value.length : 8;
  return bytes;
}
