/**
 * The replicated database of one node: its connection as it must be set up to be deterministic, its
 * transactions, and our own tables in it.
 *
 * - Write-ahead log, exclusive lock, synchronous=NORMAL: the Raft log is what is durable, the
 *   database must only change in whole transactions.
 * - SQLite's automatic checkpoint is off. The database checkpoints between transactions, and always
 *   completely: a log begun anew inside a transaction would draw from SQLite's generator then, and
 *   the random row numbers picked in that statement would depend on how entries were batched.
 * - Every entry finds in memory what it would find in a database just opened: the schema and the
 *   statistics as they are loaded, no virtual table connected. Else the order in which tables are
 *   analyzed, the plans, and what FTS5 writes into its tables would depend on when the node was
 *   started and what was read meanwhile. Whoever leaves more in memory calls `disturb`, and every
 *   entry begins with `settle`. So it is with the columns of views, which SQLite names when a view is
 *   first used, by chance where many are alike.
 *
 * - A snapshot is read from the database file itself, which stays as it is while nothing is moved into
 *   it: as long as the file is held the write-ahead log grows instead, up to a limit.
 * - The write-ahead log is not deleted when the database is closed (state-files.ts tells why).
 *
 * It must not be shared: there is one connection, and no other one may open the file.
 */

import { MAX_SESSIONS, STATE_SLICE_BYTES } from '../node/limits.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlValue } from '../node/sql.ts';
import { Guard, INTERNAL_PREFIX, type GuardMode } from './authorizer.ts';
import { Connection, type DatabaseLocation } from './connection.ts';
import { CREATE_PROBE, hasDeficit } from './foreign-key-probe.ts';
import {
  CHECKPOINT_BYTES,
  MAX_CACHED_STATEMENTS,
  SNAPSHOT_WAL_BYTES,
  STEPS_PER_CHECK,
  STEPS_PER_ENTRY,
} from './limits.ts';
import type { Pointer } from './raw-api.ts';
import type { CallbackTarget, Runtime } from './runtime.ts';
import { refused } from './sql-error.ts';
import { applySettings, ENABLE_FOREIGN_KEYS } from './settings.ts';
import type { Statement } from './statement.ts';
import { StatementCache } from './statement-cache.ts';
import { VfsFile } from './vfs.ts';
import { ViewColumns } from './view-columns.ts';

export interface DatabaseOptions {
  /** SQLite's page cache. */
  readonly cacheKib: number;
  readonly checkpointBytes: number;
  /** How long the write-ahead log may get while the file is held. */
  readonly heldBytes: number;
  /** What an entry may take; tests lower it. */
  readonly stepsPerEntry: number;
  /** What a state check hashes at most; tests lower it. */
  readonly sliceBytes: number;
  /** Sessions in the table; the same on every node, and lowered by tests only. */
  readonly maxSessions: number;
  /** Statements of others that stay compiled; tests keep none. */
  readonly maxCachedStatements: number;
}

/** Counts the virtual machine's steps of an entry. */
export interface StepBudget {
  steps: number;
  readonly limit: number;
  exceeded: boolean;
}

/**
 * What an opened file may lack: 'if-empty': everything; our tables are made then. 'never': it must be a
 * database of ours. A function: our tables are not there yet; they are made, and the function adds to
 * them, in one transaction. So a file has them whole or not at all.
 */
export type Beginning = 'if-empty' | 'never' | ((database: SqlDatabase) => void);

const SAVEPOINTS = {
  entry: savepoint('entry'),
  statement: savepoint('statement'),
  flush: savepoint('flush'),
  probe: savepoint('probe'),
};
export type Savepoint = keyof typeof SAVEPOINTS;

const DEFAULT_OPTIONS: DatabaseOptions = {
  cacheKib: 16 * 1024,
  checkpointBytes: CHECKPOINT_BYTES,
  heldBytes: SNAPSHOT_WAL_BYTES,
  stepsPerEntry: STEPS_PER_ENTRY,
  sliceBytes: STATE_SLICE_BYTES,
  maxSessions: MAX_SESSIONS,
  maxCachedStatements: MAX_CACHED_STATEMENTS,
};

const FORMAT = 1;
/** Of databases that are begun here; an imported one keeps its own. */
const NEW_PAGE_BYTES = 8_192;

const STATUS_PAGES_WRITTEN = 9;
const STATUS_DEFERRED_FOREIGN_KEYS = 10;

export const META = `${INTERNAL_PREFIX}meta`;
export const SESSIONS = `${INTERNAL_PREFIX}sessions`;
export const RESPONSES = `${INTERNAL_PREFIX}responses`;
/** There only while a file is being imported: staging.ts. */
export const STAGING = `${INTERNAL_PREFIX}staging`;
/** Of a row of the schema: it is a virtual table. */
export const IS_VIRTUAL = "type = 'table' AND rootpage = 0";
const CREATE_INTERNAL = [
  `CREATE TABLE ${META}(key TEXT PRIMARY KEY, value) WITHOUT ROWID`,
  `CREATE TABLE ${SESSIONS}(id INTEGER PRIMARY KEY, last_sequence INTEGER NOT NULL,
    last_index INTEGER NOT NULL, durable INTEGER NOT NULL DEFAULT 0)`,
  `CREATE TABLE ${RESPONSES}(session INTEGER, sequence INTEGER, response BLOB NOT NULL,
    PRIMARY KEY(session, sequence)) WITHOUT ROWID`,
  `INSERT INTO ${META} VALUES('format', ${FORMAT}), ('applied_index', 0)`,
];

const SET_APPLIED_INDEX = `UPDATE ${META} SET value = ? WHERE key = 'applied_index'`;
const DELETE_NOTHING = `DELETE FROM ${META} WHERE 0`;
const REFERRING = "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%references%'";

export class SqlDatabase implements CallbackTarget {
  readonly runtime: Runtime;
  readonly guard = new Guard();
  readonly options: DatabaseOptions;
  /** The steps of the entry being applied. */
  budget: StepBudget | null = null;
  /** When what runs for a caller must end, by `performance.now()`. */
  deadlineMs: number | null = null;
  /** Why nothing more may be done with it; null: it is sound. */
  brokenReason: string | null = null;
  /** Damaged pages broke it, and will do so again. */
  isDamaged = false;
  readonly connection: Connection;
  /** Other people's statements; ours are kept by themselves. */
  readonly statements: StatementCache;
  readonly #cached = new Map<string, Statement>();
  readonly #viewColumns: ViewColumns;
  #walBytes = 0;
  #isDisturbed = true;
  #pageBytes = NEW_PAGE_BYTES;
  /** Called when the file is let go against the holder's will. */
  readonly #holders = new Set<() => void>();
  /** Some table of somebody else's refers to another, or may. */
  #mayHaveReferences = true;

  /** Opens or creates it. Throws `SqliteError`, or `SqlFailure` for a newer version's file. */
  constructor(
    runtime: Runtime,
    location: DatabaseLocation,
    options: Partial<DatabaseOptions> = {},
    beginning: Beginning = 'if-empty',
  ) {
    this.runtime = runtime;
    this.options = { ...DEFAULT_OPTIONS, ...options };
    this.connection = new Connection(runtime, location, this);
    this.statements = new StatementCache(this.options.maxCachedStatements);
    this.#viewColumns = new ViewColumns(this.connection);
    try {
      this.#configure();
      this.#createInternal(beginning);
      this.checkpoint();
      this.settle();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get appliedIndex(): LogIndex {
    const [value] = this.query(`SELECT value FROM ${META} WHERE key = 'applied_index'`);
    return Number(value) as LogIndex;
  }

  setAppliedIndex(index: LogIndex): void {
    this.execute(SET_APPLIED_INDEX, index);
  }

  /** The data in it are not to be trusted. */
  get isQuarantined(): boolean {
    return this.query(`SELECT 1 FROM ${META} WHERE key = 'quarantined'`).length > 0;
  }

  /** For good, within a transaction: only another file ends it. */
  setQuarantined(): void {
    this.execute(`INSERT OR IGNORE INTO ${META} VALUES('quarantined', 1)`);
  }

  /** Runs a statement of our own, kept compiled. */
  execute(sql: string, ...values: readonly SqlValue[]): void {
    this.query(sql, ...values);
  }

  /** The same, and gives the first row. */
  query(sql: string, ...values: readonly SqlValue[]): SqlValue[] {
    const statement = this.#prepareCached(sql);
    try {
      for (const [at, value] of values.entries()) statement.bindValue(at + 1, value);
      return statement.firstRow();
    } finally {
      statement.reset();
    }
  }

  /** All rows of a statement of our own. */
  *rows(sql: string): Generator<SqlValue[], void> {
    const statement = this.connection.prepare(sql);
    try {
      while (statement.step()) yield statement.row();
    } finally {
      statement.finalize();
    }
  }

  /** Runs `work` on a statement of somebody else's, under the rules of `mode`; `keyword`: its first. */
  guarded<T>(mode: GuardMode, keyword: string, work: () => T): T {
    this.guard.begin(mode, keyword);
    try {
      return work();
    } finally {
      this.guard.end();
    }
  }

  begin(): void {
    this.execute('BEGIN IMMEDIATE');
  }

  commit(): void {
    this.execute('COMMIT');
    this.#walBytes += this.connection.status(STATUS_PAGES_WRITTEN, true) * this.#pageBytes;
    const { checkpointBytes, heldBytes } = this.options;
    if (this.#walBytes < (this.isHeld ? heldBytes : checkpointBytes)) return;
    this.endHolds();
    this.checkpoint();
  }

  /** Ends the transaction if one is still open. */
  rollback(): void {
    if (!this.connection.autocommit) this.execute('ROLLBACK');
    // What of it was written into the log is written over.
    this.connection.status(STATUS_PAGES_WRITTEN, true);
    // A schema that was loaded inside the transaction is no longer that of the database.
    this.reloadSchema();
    this.disturb();
  }

  savepoint(name: Savepoint): void {
    this.execute(SAVEPOINTS[name].begin);
  }

  release(name: Savepoint): void {
    this.execute(SAVEPOINTS[name].release);
  }

  undo(name: Savepoint): void {
    this.execute(SAVEPOINTS[name].undo);
    this.execute(SAVEPOINTS[name].release);
  }

  /**
   * A commit would fail for foreign keys: a statement of the present transaction has left rows that
   * point to nothing, or has mended others that it did not make. Of what FTS5 has to write out
   * nothing may be pending.
   */
  get hasDeferredViolations(): boolean {
    if (this.countsViolations) return true;
    return this.#mayHaveReferences && this.guard.foreignKeys && hasDeficit(this);
  }

  /** What SQLite says of the transaction's violations; false also where it counts fewer than none. */
  get countsViolations(): boolean {
    return this.connection.status(STATUS_DEFERRED_FOREIGN_KEYS, false) > 0;
  }

  /** Unlike the pragma this works inside a transaction; no violation may be pending. */
  setForeignKeys(on: boolean): void {
    if (this.guard.foreignKeys === on) return;
    this.statements.clear();
    this.connection.configure(ENABLE_FOREIGN_KEYS, on);
    this.guard.foreignKeys = on;
  }

  /** `changes()` and `last_insert_rowid()` as they are on a connection just opened. */
  resetCounters(): void {
    this.connection.api.sqlite3_set_last_insert_rowid(this.connection.pointer, 0n);
    this.execute(DELETE_NOTHING);
  }

  /** The schema was changed, or a virtual table was used. */
  disturb(): void {
    this.#isDisturbed = true;
    this.statements.suspend();
  }

  /** Something is about to be read; it may use virtual tables if there are any. */
  disturbByReading(): void {
    if (this.guard.virtualTables.size > 0) this.disturb();
  }

  /** What is in memory is as after opening, in all that an entry can tell. */
  settle(): void {
    if (!this.#isDisturbed && !this.#viewColumns.areDrawn(this.guard.usedViews)) return;
    // First, since behind a change of any schema a savepoint that is undone disconnects virtual tables,
    // until the transaction ends or the schema is loaded anew.
    for (const sql of CREATE_PROBE) this.connection.run(sql);
    this.reloadSchema();
    this.guard.virtualTables = this.#names(IS_VIRTUAL);
    this.guard.views = this.#names("type = 'view'");
    this.guard.usedViews.clear();
    this.#viewColumns.forget();
    this.#mayHaveReferences = this.connection.run(REFERRING)[0] !== 0;
    this.#isDisturbed = false;
    this.statements.resume();
  }

  /** At a savepoint FTS5 writes out what it holds in memory. */
  flush(): void {
    this.savepoint('flush');
    this.release('flush');
  }

  /** Forgets the schema and the statistics, and disconnects virtual tables. */
  reloadSchema(): void {
    // Else the table that is connected next would write beside the old one, and damage both.
    if (!this.connection.autocommit) this.flush();
    this.statements.clear();
    this.connection.run('PRAGMA writable_schema = RESET');
  }

  get isHeld(): boolean {
    return this.#holders.size > 0;
  }

  /**
   * From now on the database file stays as it is, until every holder has let it go; the first one finds
   * everything committed in it. Not inside transactions. `onLetGo`: it is let go against the holder's
   * will, for the length of the write-ahead log or because the database goes.
   */
  holdFile(onLetGo: () => void): void {
    if (!this.isHeld) this.checkpoint();
    this.#holders.add(onLetGo);
  }

  letFileGo(onLetGo: () => void): void {
    this.#holders.delete(onLetGo);
  }

  endHolds(): void {
    const holders = [...this.#holders];
    this.#holders.clear();
    for (const onLetGo of holders) onLetGo();
  }

  /** The database file as it is on the disk, without what is in the write-ahead log. */
  file(): VfsFile {
    return new VfsFile(this.runtime, this.connection.filePointer(), 'the database', []);
  }

  /** The write-ahead log, in which everything stays that is committed while the file is held. */
  log(): VfsFile {
    return new VfsFile(this.runtime, this.connection.logPointer(), 'the write-ahead log', []);
  }

  /**
   * Everything committed is in the database file, and the file on the disk. With synchronous=NORMAL
   * a commit flushes nothing; a checkpoint flushes the write-ahead log before it moves it, and the
   * database file behind that. That is SQLite's business and not seen from here: the file is flushed
   * once more, which costs little and leaves nothing to believe.
   */
  makeDurable(): void {
    this.checkpoint();
    this.file().sync();
  }

  /** Moves the whole write-ahead log into the database file; outside of transactions only. */
  checkpoint(): void {
    if (this.isHeld) throw new Error('the database file is held');
    const [busy] = this.connection.run('PRAGMA wal_checkpoint(TRUNCATE)');
    if (busy !== 0) throw new Error('the write-ahead log could not be moved');
    this.#walBytes = 0;
  }

  close(): void {
    this.endHolds();
    this.statements.suspend();
    for (const statement of this.#cached.values()) statement.finalize();
    this.#cached.clear();
    this.connection.close();
  }

  authorize(
    action: number,
    first: Pointer,
    second: Pointer,
    schema: Pointer,
    _cause: Pointer,
  ): number {
    if (this.guard.mode === 'internal') return 0;
    const verdict = this.guard.authorize({
      action,
      first: this.#name(first),
      second: this.#name(second),
      schema: this.#name(schema),
    });
    if (this.guard.changesSchema) this.#mayHaveReferences = true;
    return verdict;
  }

  progress(): number {
    const { budget, deadlineMs } = this;
    if (deadlineMs !== null && performance.now() >= deadlineMs) return 1;
    if (budget === null) return 0;
    budget.steps += STEPS_PER_CHECK;
    if (budget.steps <= budget.limit) return 0;
    budget.exceeded = true;
    return 1;
  }

  #names(condition: string): ReadonlySet<string> {
    const names = new Set<string>();
    const sql = `SELECT name FROM sqlite_schema WHERE ${condition}`;
    for (const [name] of this.rows(sql)) names.add(String(name).toLowerCase());
    return names;
  }

  #name(pointer: Pointer): string | null {
    return pointer === 0 ? null : this.connection.runtimeText(pointer);
  }

  #configure(): void {
    const { connection } = this;
    applySettings(connection);
    connection.run('PRAGMA locking_mode = EXCLUSIVE');
    connection.run(`PRAGMA page_size = ${NEW_PAGE_BYTES}`);
    connection.run("PRAGMA encoding = 'UTF-8'");
    connection.run('PRAGMA auto_vacuum = NONE');
    const [mode] = connection.run('PRAGMA journal_mode = WAL');
    if (mode !== 'wal') throw new Error(`no write-ahead log: the journal mode is ${String(mode)}`);
    connection.run('PRAGMA synchronous = NORMAL');
    connection.run('PRAGMA wal_autocheckpoint = 0');
    connection.run('PRAGMA temp_store = MEMORY');
    connection.run(`PRAGMA cache_size = -${this.options.cacheKib}`);
    this.#pageBytes = Number(connection.run('PRAGMA page_size')[0]);
  }

  #createInternal(beginning: Beginning): void {
    const { connection } = this;
    const isFilled = typeof beginning === 'function';
    const [objects] = connection.run('SELECT count(*) FROM sqlite_schema');
    if (isFilled || (objects === 0 && beginning === 'if-empty')) {
      this.begin();
      for (const sql of CREATE_INTERNAL) connection.run(sql);
      if (isFilled) beginning(this);
      this.commit();
    }
    const [format] = connection.run(`SELECT value FROM ${META} WHERE key = 'format'`);
    if (format === FORMAT) return this.#addColumns();
    const message = `the database has format ${String(format)}, and this version knows ${FORMAT}`;
    throw refused('Corrupt', `${message}: it was made by a newer one, or is damaged`);
  }

  /** What databases of older builds lack. */
  #addColumns(): void {
    // Not by the table-valued function: a user's table may bear its name.
    for (const [, name] of this.rows(`PRAGMA table_info(${SESSIONS})`)) {
      if (name === 'durable') return;
    }
    const column = 'durable INTEGER NOT NULL DEFAULT 0';
    this.connection.run(`ALTER TABLE ${SESSIONS} ADD COLUMN ${column}`);
  }

  #prepareCached(sql: string): Statement {
    const cached = this.#cached.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.connection.prepare(sql, true);
    this.#cached.set(sql, statement);
    return statement;
  }
}

/** Texts that are there once are found in a table by themselves, not by their characters. */
function savepoint(name: string): { begin: string; release: string; undo: string } {
  return { begin: `SAVEPOINT ${name}`, release: `RELEASE ${name}`, undo: `ROLLBACK TO ${name}` };
}
