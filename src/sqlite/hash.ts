/**
 * The logical hash of the database: SHA-256 over everything that statements can see, and over the
 * session table. Equal states have equal hashes, whatever became of pages, free space and caches.
 *
 * Hashed in this order, every text behind its length: `user_version` and `application_id`; of every
 * schema object but our own, by type and name: type, name, table, SQL; of every table in the order
 * of names: its name, then its rows in the order of their keys, each value behind its type (so 1,
 * 1.0, '1' and x'31' differ), row ids first where a table has them, then the number of rows; at last
 * our session tables likewise.
 *
 * Virtual tables have no rows of their own: what FTS5 and R-Tree store is in ordinary tables, which
 * statements may read and which are hashed as they are. They are equal on every node because every
 * entry has a savepoint, at which FTS5 writes out what it holds in memory.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { INTERNAL_PREFIX } from './authorizer.ts';
import type { Connection } from './connection.ts';
import { RESPONSES, SESSIONS, type SqlDatabase } from './database.ts';
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from './raw-api.ts';
import { reading } from './query.ts';
import type { Statement } from './statement.ts';

const BUFFER_BYTES = 256 * 1024;
/** A number behind its type. */
const NUMBER_BYTES = 9;
const ROW_MARK = 0xff;
const END_MARK = 0xfe;
/** How `pragma_table_xinfo` marks columns that are computed when they are read. */
const VIRTUAL_COLUMN = 2;
const ROW_ID_NAMES = ['rowid', '_rowid_', 'oid'];

/** 64 hexadecimal digits. Throws `SqlFailure`. */
export function hashDatabase(database: SqlDatabase): string {
  return reading(database, () => new DatabaseHash(database).compute());
}

class DatabaseHash {
  readonly #database: SqlDatabase;
  readonly #connection: Connection;
  readonly #hash = sha256.create();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;
  readonly #encoder = new TextEncoder();

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#connection = database.connection;
  }

  compute(): string {
    for (const pragma of ['user_version', 'application_id']) {
      const [value] = this.#connection.run(`PRAGMA ${pragma}`);
      this.#text(`${pragma}=${String(value)}`);
    }
    this.#schema();
    for (const [name, hasRowId] of this.#tables()) this.#table(name, hasRowId);
    this.#table(SESSIONS, false);
    this.#table(RESPONSES, false);
    this.#flush();
    return hexadecimal(this.#hash.digest());
  }

  #schema(): void {
    const sql =
      'SELECT type, name, tbl_name, sql FROM sqlite_schema ' +
      `WHERE substr(tbl_name, 1, ${INTERNAL_PREFIX.length}) <> '${INTERNAL_PREFIX}' ` +
      'ORDER BY type, name';
    this.#rows(sql);
  }

  /** Names of the tables that hold rows, and whether a row id is among what they tell. */
  #tables(): [name: string, hasRowId: boolean][] {
    const tables: [string, boolean][] = [];
    const sql =
      "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') " +
      "AND name <> 'sqlite_schema' ORDER BY name";
    for (const [name, withoutRowId] of this.#database.rows(sql)) {
      if (typeof name !== 'string' || name.startsWith(INTERNAL_PREFIX)) continue;
      tables.push([name, withoutRowId === 0]);
    }
    return tables;
  }

  #table(name: string, hasRowId: boolean): void {
    this.#text(name);
    const columns: string[] = [];
    const names = new Set<string>();
    const sql = `SELECT name, hidden FROM pragma_table_xinfo(${literal(name)})`;
    for (const [column, hidden] of this.#database.rows(sql)) {
      names.add(String(column).toLowerCase());
      // What is computed when it is read follows from the rest, and may fail.
      if (hidden !== VIRTUAL_COLUMN) columns.push(quoted(String(column)));
    }
    // A name of the row id that no column hides; columns may hide all of them.
    const rowId = hasRowId ? ROW_ID_NAMES.find((one) => !names.has(one)) : undefined;
    if (rowId !== undefined) columns.unshift(rowId);
    // NOT INDEXED: rows come in the order of the table's own key, whatever indexes there are.
    const order = rowId === undefined ? '' : ` ORDER BY ${rowId}`;
    this.#rows(`SELECT ${columns.join(', ')} FROM main.${quoted(name)} NOT INDEXED${order}`);
  }

  #rows(sql: string): void {
    const statement = this.#connection.prepare(sql);
    try {
      const { columnCount } = statement;
      let rows = 0;
      while (statement.step()) {
        rows += 1;
        this.#mark(ROW_MARK);
        for (let at = 0; at < columnCount; at += 1) this.#value(statement, at);
      }
      this.#mark(END_MARK);
      this.#number(SQLITE_FLOAT, rows);
    } finally {
      statement.finalize();
    }
  }

  #value(statement: Statement, at: number): void {
    const { api } = this.#connection;
    const { pointer } = statement;
    const type = api.sqlite3_column_type(pointer, at);
    switch (type) {
      case SQLITE_INTEGER:
        this.#reserve(NUMBER_BYTES);
        this.#buffer[this.#used] = type;
        this.#view.setBigInt64(this.#used + 1, api.sqlite3_column_int64(pointer, at), true);
        this.#used += NUMBER_BYTES;
        return;
      case SQLITE_FLOAT:
        return this.#number(type, api.sqlite3_column_double(pointer, at));
      case SQLITE_TEXT:
      case SQLITE_BLOB: {
        const isText = type === SQLITE_TEXT;
        const data = isText
          ? api.sqlite3_column_text(pointer, at)
          : api.sqlite3_column_blob(pointer, at);
        const bytes = api.sqlite3_column_bytes(pointer, at);
        this.#number(type, bytes);
        return this.#bytes(this.#connection.runtime.heap().subarray(data, data + bytes));
      }
      default:
        return this.#mark(0);
    }
  }

  #mark(mark: number): void {
    this.#reserve(1);
    this.#buffer[this.#used] = mark;
    this.#used += 1;
  }

  #number(type: number, value: number): void {
    this.#reserve(NUMBER_BYTES);
    this.#buffer[this.#used] = type;
    this.#view.setFloat64(this.#used + 1, value, true);
    this.#used += NUMBER_BYTES;
  }

  #text(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.#number(SQLITE_TEXT, bytes.length);
    this.#bytes(bytes);
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES / 4) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > BUFFER_BYTES) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
