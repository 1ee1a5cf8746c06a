/**
 * Which tables statements write and read, told by SQLite's authorizer while it compiles them: what
 * triggers and foreign key actions do is among it, and so is what virtual tables run while they run.
 * SQLite's update hooks would not do: they do not tell of `DELETE FROM t`, of tables WITHOUT ROWID, nor
 * of rows that REPLACE removes.
 *
 * Too much may be told, never too little. A name stands for whatever goes by it: a table, a view or a
 * common table expression, in lower case. Views and expressions are never written, and what they read
 * is told as well, so they do no harm here.
 *
 * - What changes the schema, the statistics or a table of SQLite's own changes everything.
 * - A virtual table's own tables (`f_data` of `f`) count as that table: it writes them at times when
 *   nobody is asked.
 * - A table that a built-in module makes up out of the database's data reads everything. There is a
 *   fixed list of modules, which a test compares to those of the build.
 * - Time, randomness and what a connection knows of itself (`changes()`) are no data.
 */

import type { GuardAction } from './authorizer.ts';

export interface TableChanges {
  /** Any table may have been changed, and the schema. */
  readonly all: boolean;
  readonly tables: ReadonlySet<string>;
}

const DELETE = 9;
const INSERT = 18;
const PRAGMA = 19;
const READ = 20;
const SELECT = 21;
const TRANSACTION = 22;
const UPDATE = 23;
const FUNCTION = 31;
const SAVEPOINT = 32;
const RECURSIVE = 33;

/** They change no table; pragmas that write change what only those who read everything can see. */
const HARMLESS: ReadonlySet<number> = new Set([
  PRAGMA,
  READ,
  SELECT,
  TRANSACTION,
  FUNCTION,
  SAVEPOINT,
  RECURSIVE,
]);

/** These tell of the schema, or of what never changes while a database is open. */
const SCHEMA_PRAGMAS: ReadonlySet<string> = new Set([
  'collation_list',
  'compile_options',
  'data_version',
  'database_list',
  'foreign_key_list',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'module_list',
  'page_size',
  'pragma_list',
  'table_info',
  'table_list',
  'table_xinfo',
]);
const PRAGMA_PREFIX = 'pragma_';

/** `sqlite_sequence` is written by every INSERT into an AUTOINCREMENT table, and nobody is asked. */
const READS_EVERYTHING: ReadonlySet<string> = new Set([
  'bytecode',
  'dbstat',
  'sqlite_dbpage',
  'sqlite_sequence',
  'sqlite_stmt',
  'tables_used',
]);

/** What was written since it was last taken, also by what was undone again. */
export class WrittenTables {
  #tables = new Set<string>();
  #all = false;

  /** Whether it is to be noted whenever the statement runs. */
  note({ action, first }: GuardAction): boolean {
    if (HARMLESS.has(action)) return false;
    const isRow = action === INSERT || action === UPDATE || action === DELETE;
    const name = isRow && first !== null ? first.toLowerCase() : null;
    if (name === null || name.startsWith('sqlite_')) this.#all = true;
    else this.#tables.add(name);
    return true;
  }

  noteAll(): void {
    this.#all = true;
  }

  take(): TableChanges {
    const taken = { all: this.#all, tables: this.#tables };
    if (this.#tables.size > 0) this.#tables = new Set();
    this.#all = false;
    return taken;
  }
}

/** What one query reads. */
export class ReadTables {
  readonly #tables = new Set<string>();
  #everything = false;

  /** It sees whatever there is: any entry may change its result. */
  get everything(): boolean {
    return this.#everything;
  }

  note({ action, first }: GuardAction): void {
    if (first === null) return;
    if (action === READ) this.#noteTable(first.toLowerCase());
    if (action === PRAGMA) this.#notePragma(first.toLowerCase());
  }

  /** The virtual tables there were when the query ran. */
  noteVirtualTables(names: ReadonlySet<string>): void {
    for (const owner of names) {
      const prefix = `${owner.toLowerCase()}_`;
      const ownsOne = [...this.#tables].some((name) => name.startsWith(prefix));
      if (ownsOne) this.#tables.add(owner.toLowerCase());
    }
  }

  isTouchedBy({ all, tables }: TableChanges): boolean {
    return all || [...this.#tables].some((name) => tables.has(name));
  }

  #noteTable(name: string): void {
    this.#tables.add(name);
    if (READS_EVERYTHING.has(name)) this.#everything = true;
    if (name.startsWith(PRAGMA_PREFIX)) this.#notePragma(name.slice(PRAGMA_PREFIX.length));
  }

  #notePragma(name: string): void {
    if (!SCHEMA_PRAGMAS.has(name)) this.#everything = true;
  }
}
