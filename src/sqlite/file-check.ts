/**
 * Whether a SQLite file can take the place of the data: what everybody who has its bytes decides
 * alike, cheaply enough for a log entry. Whether the pages are sound only its source finds out
 * (file-import.ts), before anybody is sent anything.
 *
 * A file is looked at through a connection of its own with the settings of any of ours, and nothing of
 * it is run: neither triggers nor virtual tables.
 */

import { ENTRY_MODULES, INTERNAL_PREFIX } from './authorizer.ts';
import { Connection, type DatabaseLocation } from './connection.ts';
import { IS_VIRTUAL } from './database.ts';
import { applySettings } from './settings.ts';
import type { Runtime } from './runtime.ts';
import { SqliteError } from './sql-error.ts';

/** The file's header: what it begins with, and where what is. */
const MAGIC = 'SQLite format 3\0';
export const HEADER_BYTES = 100;
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;
const ENCODING_AT = 56;
const ROLLBACK_JOURNAL = 1;
const WRITE_AHEAD_LOG = 2;
const UTF_8 = 1;

/** Primary result codes by which SQLite says that a file's contents are at fault. */
const CONTENT_CODES = new Set([1, 11, 18, 24, 26]);
const CREATE_VTABLE = 29;
const NO_CALLBACKS = { authorize: () => 0, progress: () => 0 };

/** The file cannot be taken: the same for all who have its bytes. */
export class UnfitFile extends Error {
  override readonly name = 'UnfitFile';
}

/** Throws `UnfitFile` by the first bytes of the file. */
export function checkHeader(head: Uint8Array): void {
  const magic = new TextDecoder('latin1').decode(head.subarray(0, MAGIC.length));
  if (head.length < HEADER_BYTES || magic !== MAGIC) {
    throw new UnfitFile('it is no SQLite database, or it is encrypted');
  }
  const readVersion = head[READ_VERSION_AT] ?? 0;
  if (readVersion < ROLLBACK_JOURNAL || readVersion > WRITE_AHEAD_LOG) {
    throw new UnfitFile('it was made by a version of SQLite that this one does not know');
  }
  // 0 stands in a file in which nothing has been made yet.
  const encoding = head[ENCODING_AT + 3] ?? 0;
  if (encoding > UTF_8) {
    throw new UnfitFile(
      'its texts are UTF-16, and those of the database are UTF-8: dump it with the sqlite3 command ' +
        '.dump, and run the script',
    );
  }
}

/** The header of a file that is opened in this mode, whatever it said before. */
export function withJournal(head: Uint8Array, mode: 'rollback' | 'wal'): Uint8Array {
  const patched = head.slice();
  const version = mode === 'wal' ? WRITE_AHEAD_LOG : ROLLBACK_JOURNAL;
  patched[WRITE_VERSION_AT] = version;
  patched[READ_VERSION_AT] = version;
  return patched;
}

/** Whether the header is of a file with a write-ahead log. */
export function hasLogMode(head: Uint8Array): boolean {
  return head[WRITE_VERSION_AT] === WRITE_AHEAD_LOG && head[READ_VERSION_AT] === WRITE_AHEAD_LOG;
}

/** Runs `work`; what SQLite says of the file's contents becomes `UnfitFile`, behind `what` it means. */
export function judging<T>(work: () => T, what = ''): T {
  try {
    return work();
  } catch (error) {
    const isContent = error instanceof SqliteError && CONTENT_CODES.has(error.resultCode & 0xff);
    throw isContent ? new UnfitFile(what + error.message) : error;
  }
}

/** A connection to a file that nobody else has open. */
export function openFile(runtime: Runtime, location: DatabaseLocation): Connection {
  const connection = new Connection(runtime, location, NO_CALLBACKS);
  try {
    applySettings(connection);
    connection.run('PRAGMA locking_mode = EXCLUSIVE');
    connection.run('PRAGMA temp_store = MEMORY');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Throws `UnfitFile`, and `SqliteError` for trouble of this node's own. */
export function checkSchema(connection: Connection): void {
  const objects = judging(() =>
    rowsOf(connection, `SELECT name, sql, ${IS_VIRTUAL} FROM sqlite_schema`),
  );
  const parser = new ModuleParser(connection.runtime);
  try {
    for (const [name = '', sql = '', isVirtual] of objects) {
      // A foreign key may name a table of ours without SQLite asking for leave.
      if (sql.toLowerCase().includes(INTERNAL_PREFIX)) {
        throw new UnfitFile(`${name}: names that begin with ${INTERNAL_PREFIX} are reserved`);
      }
      const module = parser.moduleOf(sql);
      if (module !== null && !ENTRY_MODULES.has(module.toLowerCase())) {
        throw new UnfitFile(`${name} is a virtual table of ${module}, which cannot be replicated`);
      }
      if ((module !== null) !== (isVirtual === '1') || !isPossible(name, sql)) {
        throw new UnfitFile(`${name} is nothing that SQLite would have made`);
      }
    }
  } finally {
    parser.close();
  }
}

/** The parser takes no statement that makes something by a name of SQLite's own: these are tables. */
function isPossible(name: string, sql: string): boolean {
  return !/^sqlite_/i.test(name) || sql === '' || /^create table /i.test(sql);
}

/** All rows, every value as text. */
export function rowsOf(connection: Connection, sql: string): string[][] {
  const statement = connection.prepare(sql);
  try {
    const rows: string[][] = [];
    while (statement.step()) rows.push(statement.row().map((value) => String(value ?? '')));
    return rows;
  } finally {
    statement.finalize();
  }
}

/** Which module a statement makes a virtual table of, as SQLite's own parser sees it. */
class ModuleParser {
  readonly #connection: Connection;
  #module: string | null = null;

  constructor(runtime: Runtime) {
    this.#connection = new Connection(runtime, { vfs: null, path: ':memory:' }, this);
    applySettings(this.#connection);
  }

  /** Null: it makes none. */
  moduleOf(sql: string): string | null {
    this.#module = null;
    try {
      this.#connection.compile(sql).statement?.finalize();
    } catch (error) {
      // What is compiled is never run. It may need what is not here, and its module has been noted.
      if (!(error instanceof SqliteError)) throw error;
    }
    return this.#module;
  }

  close(): void {
    this.#connection.close();
  }

  authorize(action: number, _first: number, second: number): number {
    if (action === CREATE_VTABLE) this.#module = this.#connection.runtimeText(second);
    return 0;
  }

  progress(): number {
    return 0;
  }
}
