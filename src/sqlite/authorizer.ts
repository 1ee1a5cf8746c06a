/**
 * What SQL may do, decided while SQLite compiles it (and, for what virtual tables run, while it
 * runs). In a log entry everything is refused that could come out differently on another node, or
 * that reaches outside of the entry; in a read everything that changes something. Each refusal says
 * why, and what to do instead.
 *
 * Pure: it is told SQLite's action codes and names (see sqlite3_set_authorizer) and answers.
 */

import { WrittenTables, type ReadTables } from './table-use.ts';

/**
 * - 'internal': our own statements; everything may be done.
 * - 'entry': a statement of a log entry.
 * - 'read': a query. That it writes nothing to the database is checked by its user.
 * - 'classify': nothing will run; what the statement is gets recorded.
 */
export type GuardMode = 'internal' | 'entry' | 'read' | 'classify';

export interface GuardAction {
  readonly action: number;
  readonly first: string | null;
  readonly second: string | null;
  readonly schema: string | null;
}

const OK = 0;
const DENY = 1;
/** Reads NULL instead, or leaves the thing out. */
const IGNORE = 2;

const CREATE_TEMP_INDEX = 3;
const CREATE_TEMP_VIEW = 6;
const CREATE_INDEX = 1;
const CREATE_VIEW = 8;
const DELETE = 9;
const DROP_INDEX = 10;
const DROP_VIEW = 17;
const INSERT = 18;
const PRAGMA = 19;
const READ = 20;
const TRANSACTION = 22;
const UPDATE = 23;
const ATTACH = 24;
const DETACH = 25;
const ALTER_TABLE = 26;
const ANALYZE = 28;
const CREATE_VTABLE = 29;
const DROP_VTABLE = 30;
const FUNCTION = 31;
const SAVEPOINT = 32;

/** Tables of ours in the same database; nobody else sees or names them. */
export const INTERNAL_PREFIX = '_resqlite_';
export const RESERVED_NAMES = `names that begin with ${INTERNAL_PREFIX} are reserved: use another one`;
/** What to do with a virtual table that a dump writes as it is stored. */
export const VIRTUAL_TABLE_WAY =
  'import the .sqlite file instead (import(), or .open in the shell), or make the table by CREATE ' +
  'VIRTUAL TABLE and insert its rows';

const OTHER_DATABASE =
  'there is one replicated database, and others exist on one node only: import the file instead';
const OTHER_BUILD = 'nodes may run different builds: query it, and write the answer as a parameter';
const REFUSED_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['total_changes', 'it counts what this connection did since it was opened: use changes()'],
  ['sqlite_version', OTHER_BUILD],
  ['sqlite_source_id', OTHER_BUILD],
  ['sqlite_compileoption_get', OTHER_BUILD],
  ['sqlite_compileoption_used', OTHER_BUILD],
  ['fts5_source_id', OTHER_BUILD],
  ['sqlite_offset', 'it tells where a value lies in the file, which differs: use rowid'],
  ['sqlite_log', 'it writes to a log of one node: insert into a table instead'],
  ['load_extension', 'extensions cannot be loaded in a browser: use what is built in'],
  ['fts5_locale', 'its values differ in every process: keep the locale in a column of its own'],
  ['fts5_insttoken', 'its values differ in every process: use it in a query'],
]);

/** Virtual tables that tell of one node's file or memory. */
const REFUSED_TABLES: ReadonlySet<string> = new Set([
  'dbstat',
  'sqlite_dbpage',
  'sqlite_stmt',
  'bytecode',
  'tables_used',
]);
/** Modules whose tables are the same on every node. */
export const ENTRY_MODULES: ReadonlySet<string> = new Set([
  'fts5',
  'fts5vocab',
  'rtree',
  'rtree_i32',
]);

/** What FTS5 and R-Tree ask while they run. */
const NESTED_PRAGMAS: ReadonlySet<string> = new Set(['data_version', 'page_size']);
const ENTRY_PRAGMAS: ReadonlySet<string> = new Set(['user_version', 'application_id']);
/** These only read, with an argument or without. */
const READ_PRAGMAS: ReadonlySet<string> = new Set([
  'collation_list',
  'compile_options',
  'database_list',
  'foreign_key_check',
  'foreign_key_list',
  'function_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'module_list',
  'pragma_list',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
]);
/** These only read as long as they are given no value. */
const VALUE_PRAGMAS: ReadonlySet<string> = new Set([
  'analysis_limit',
  'application_id',
  'auto_vacuum',
  'automatic_index',
  'cache_size',
  'data_version',
  'encoding',
  'foreign_keys',
  'freelist_count',
  'locking_mode',
  'max_page_count',
  'page_count',
  'page_size',
  'recursive_triggers',
  'schema_version',
  'secure_delete',
  'synchronous',
  'temp_store',
  'trusted_schema',
  'user_version',
  'wal_autocheckpoint',
]);

export class Guard {
  mode: GuardMode = 'internal';
  /** Whether foreign keys are enforced now. */
  foreignKeys = true;
  /** Why something was refused since `begin`; null: nothing was. */
  refusal: string | null = null;
  /** The statement creates, drops or alters something. */
  changesSchema = false;
  /** It changes what the planner knows of the data. */
  changesStatistics = false;
  /** It reads or writes a virtual table. */
  usesVirtualTables = false;
  /** It reads a view, or names one. */
  usesViews = false;
  /** What it has asked for leave to write. */
  writes: GuardAction[] = [];
  /** The names of the virtual tables there are, in lower case. */
  virtualTables: ReadonlySet<string> = new Set();
  /** The names of the views there are, in lower case. */
  views: ReadonlySet<string> = new Set();
  /** Those that were named since the schema was loaded: SQLite may know their columns by now. */
  readonly usedViews = new Set<string>();
  /** 'BEGIN', 'COMMIT' or 'ROLLBACK'. */
  transaction: string | null = null;
  /** The statement is more than a read, though SQLite may call it one. */
  hasSideEffect = false;
  /** The value a `PRAGMA foreign_keys` sets. */
  foreignKeysValue: boolean | null = null;
  /** By statements of log entries. */
  readonly written = new WrittenTables();
  /** By the queries that run meanwhile; null: nobody wants to know. */
  reads: ReadTables | null = null;
  #keyword = '';

  /** A statement that begins with this word is about to be compiled. */
  begin(mode: GuardMode, keyword: string): void {
    this.mode = mode;
    this.refusal = null;
    this.changesSchema = false;
    this.changesStatistics = false;
    this.usesVirtualTables = false;
    this.usesViews = false;
    if (this.writes.length > 0) this.writes = [];
    this.transaction = null;
    this.hasSideEffect = false;
    this.foreignKeysValue = null;
    this.#keyword = keyword;
  }

  end(): void {
    this.mode = 'internal';
  }

  /** A statement that asked before, when it was compiled, runs again. */
  noteAgain(writes: readonly GuardAction[]): void {
    for (const action of writes) this.written.note(action);
  }

  /** Compiling the statement again would ask the same, and leave nothing that the next one could find. */
  get isPlain(): boolean {
    const { changesSchema, changesStatistics, usesVirtualTables, usesViews, refusal } = this;
    const changes = changesSchema || changesStatistics;
    return !changes && !usesVirtualTables && !usesViews && refusal === null;
  }

  /** SQLite's question; the answer is one of its authorizer codes. */
  authorize(action: GuardAction): number {
    if (this.views.size > 0) this.#noteViews(action);
    switch (this.mode) {
      case 'internal':
        return OK;
      case 'entry':
        if (this.written.note(action)) this.writes.push(action);
        return this.#authorizeEntry(action);
      case 'read':
        this.reads?.note(action);
        return this.#authorizeRead(action);
      case 'classify':
        return this.#classify(action);
    }
  }

  #noteViews({ action, first, second }: GuardAction): void {
    if (this.mode === 'internal') return;
    // It lists the columns of every one.
    const isList = action === PRAGMA && first?.toLowerCase() === 'table_list';
    for (const name of isList ? this.views : [first, second]) {
      const view = name?.toLowerCase() ?? '';
      if (!this.views.has(view)) continue;
      this.usedViews.add(view);
      this.usesViews = true;
    }
  }

  #authorizeEntry(action: GuardAction): number {
    const { first, second, schema } = action;
    switch (action.action) {
      case READ:
        return this.#readInEntry(first ?? '', second ?? '');
      case INSERT:
      case UPDATE:
      case DELETE:
        return this.#writeInEntry(first ?? '');
      case FUNCTION:
        return this.#functionInEntry(second ?? '');
      case PRAGMA:
        return this.#pragmaInEntry((first ?? '').toLowerCase(), second, schema);
      case ANALYZE:
        this.changesStatistics = true;
        return isInternal(first) ? IGNORE : OK;
      case TRANSACTION:
        return this.#refuse(
          `${first} cannot stand in a log entry, which is a transaction of its own: send the ` +
            'statements together',
        );
      case SAVEPOINT:
        return this.#refuse(
          'a savepoint cannot stand in a log entry: send the statements together, as one ' +
            'transaction or as a script of several',
        );
      case ATTACH:
        return this.#refuse(`ATTACH: ${OTHER_DATABASE}`);
      case DETACH:
        return this.#refuse(`DETACH: ${OTHER_DATABASE}`);
      case ALTER_TABLE:
        this.changesSchema = true;
        return this.#checkName(second);
      case CREATE_VTABLE:
        return this.#createVirtualTable(first, second ?? '', schema);
      default:
        return this.#changeSchema(action);
    }
  }

  #readInEntry(table: string, column: string): number {
    const name = table.toLowerCase();
    if (this.virtualTables.has(name)) this.usesVirtualTables = true;
    if (isInternal(name)) return this.#refuseInternal(table);
    if (REFUSED_TABLES.has(name)) {
      return this.#refuse(`${table} tells of one node's file or memory: query it instead`);
    }
    if (name.startsWith('pragma_')) {
      return this.#refuse(`${table} may differ from node to node: query it instead`);
    }
    // Where a table begins in the file depends on what was freed when; it reads NULL.
    const isSchema = name === 'sqlite_master' || name === 'sqlite_schema';
    return isSchema && column === 'rootpage' ? IGNORE : OK;
  }

  #writeInEntry(table: string): number {
    if (table.startsWith('sqlite_stat')) this.changesStatistics = true;
    if (this.virtualTables.has(table.toLowerCase())) this.usesVirtualTables = true;
    return this.#checkName(table);
  }

  #functionInEntry(name: string): number {
    const reason = REFUSED_FUNCTIONS.get(name.toLowerCase());
    return reason === undefined ? OK : this.#refuse(`${name}() cannot be replicated: ${reason}`);
  }

  #pragmaInEntry(name: string, value: string | null, schema: string | null): number {
    if (this.#keyword !== 'pragma' && value === null && NESTED_PRAGMAS.has(name)) return OK;
    if (schema?.toLowerCase() === 'temp') return this.#refuseTemporary();
    if (ENTRY_PRAGMAS.has(name)) return OK;
    if (name === 'foreign_keys') {
      if (value === null || toBoolean(value) === this.foreignKeys) return OK;
      return this.#refuse(
        'PRAGMA foreign_keys belongs to a whole log entry: run it as part of a script',
      );
    }
    if (name === 'writable_schema') {
      return this.#refuse(
        'PRAGMA writable_schema cannot be replicated, so the dump of a virtual table cannot be run: ' +
          VIRTUAL_TABLE_WAY,
      );
    }
    return this.#refuse(
      isReadPragma(name, value)
        ? `PRAGMA ${name} cannot be replicated: query it instead of writing`
        : `PRAGMA ${name} would change one node only, and each has the same fixed settings: leave ` +
            'it out',
    );
  }

  #createVirtualTable(table: string | null, module: string, schema: string | null): number {
    this.changesSchema = true;
    if (schema?.toLowerCase() === 'temp') return this.#refuseTemporary();
    if (!ENTRY_MODULES.has(module.toLowerCase())) {
      return this.#refuse(
        `a virtual table of ${module} tells of one node's file or memory: only fts5, fts5vocab, ` +
          'rtree and rtree_i32 can be replicated',
      );
    }
    return this.#checkName(table);
  }

  #changeSchema({ action, first, second, schema }: GuardAction): number {
    const creates = action >= CREATE_INDEX && action <= CREATE_VIEW;
    const drops = (action >= DROP_INDEX && action <= DROP_VIEW) || action === DROP_VTABLE;
    if (!creates && !drops) return OK;
    this.changesSchema = true;
    const isTemporary = action >= CREATE_TEMP_INDEX && action <= CREATE_TEMP_VIEW;
    if (isTemporary || schema?.toLowerCase() === 'temp') return this.#refuseTemporary();
    if (first?.startsWith('sqlite_stat') === true) this.changesStatistics = true;
    const verdict = this.#checkName(first);
    // Of an index or a trigger the second name is its table's.
    return verdict === OK ? this.#checkName(second) : verdict;
  }

  #authorizeRead({ action, first, second }: GuardAction): number {
    switch (action) {
      case READ:
        if (isInternal(first)) return this.#refuseInternal(first ?? '');
        if (first?.toLowerCase() === 'sqlite_dbpage') {
          return this.#refuse('raw pages cannot be read: export the database');
        }
        return OK;
      case PRAGMA: {
        const name = (first ?? '').toLowerCase();
        if (isReadPragma(name, second)) return OK;
        return this.#refuse(
          ENTRY_PRAGMAS.has(name)
            ? `PRAGMA ${name} with a value is a write: execute it`
            : `PRAGMA ${name} would change this node, and all have the same fixed settings: leave ` +
                'it out',
        );
      }
      case TRANSACTION:
        return this.#refuse(`a query cannot be ${first}: every query sees one state of the data`);
      case SAVEPOINT:
        return this.#refuse(
          'a query cannot be a savepoint: every query sees one state of the data',
        );
      case ATTACH:
        if (this.#keyword === 'vacuum') return this.#refuse('VACUUM cannot be queried: execute it');
        return this.#refuse(`ATTACH: ${OTHER_DATABASE}`);
      case DETACH:
        return this.#refuse(`DETACH: ${OTHER_DATABASE}`);
      default:
        return OK;
    }
  }

  #classify({ action, first, second }: GuardAction): number {
    switch (action) {
      case PRAGMA: {
        // What virtual tables ask while they are connected is not the statement's.
        if (this.#keyword !== 'pragma') return OK;
        const name = (first ?? '').toLowerCase();
        if (name === 'foreign_keys' && second !== null) this.foreignKeysValue = toBoolean(second);
        if (!isReadPragma(name, second)) this.hasSideEffect = true;
        // Some pragmas act while they are compiled: leave it out.
        return IGNORE;
      }
      case TRANSACTION:
        this.transaction = first;
        return OK;
      case SAVEPOINT:
      case ATTACH:
      case DETACH:
        this.hasSideEffect = true;
        return OK;
      default:
        return OK;
    }
  }

  #checkName(name: string | null): number {
    return isInternal(name) ? this.#refuseInternal(name ?? '') : OK;
  }

  #refuseInternal(name: string): number {
    return this.#refuse(`${name}: ${RESERVED_NAMES}`);
  }

  #refuseTemporary(): number {
    return this.#refuse('temporary objects exist on one node only: use an ordinary table');
  }

  /** The first reason is the one that is told. */
  #refuse(reason: string): number {
    this.refusal ??= reason;
    return DENY;
  }
}

/** It is the name of something of ours. */
export function isInternal(name: string | null): boolean {
  return name?.toLowerCase().startsWith(INTERNAL_PREFIX) ?? false;
}

function isReadPragma(name: string, value: string | null): boolean {
  return READ_PRAGMAS.has(name) || (value === null && VALUE_PRAGMAS.has(name));
}

/** A pragma's boolean as SQLite reads it: whatever it does not know is false. */
export function toBoolean(value: string): boolean {
  const digits = /^(?:0x[\da-f]{1,8}(?![\da-f])|\d+)/i.exec(value)?.[0];
  if (digits !== undefined) {
    const number = Number(digits);
    return number !== 0 && number < 2 ** 31;
  }
  return /^(on|yes|true)$/i.test(value);
}
