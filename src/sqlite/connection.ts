/**
 * One connection to one database file: opening, compiling, texts in and out of the module's memory.
 * It knows nothing of entries; whoever uses it installs what authorizes and interrupts statements.
 *
 * All text is UTF-8. A lone surrogate, which UTF-8 cannot express, becomes U+FFFD, as in everything
 * a browser sends; so do bytes in the database that are no UTF-8 when they are read as text.
 */

import type { SqlValue } from '../node/sql.ts';
import { SQLITE_OK, type Pointer, type RawApi } from './raw-api.ts';
import type { CallbackTarget, Runtime } from './runtime.ts';
import { STEPS_PER_CHECK } from './limits.ts';
import { shortText, writeShortText } from './short-text.ts';
import { SqliteError } from './sql-error.ts';
import { Statement } from './statement.ts';

export interface DatabaseLocation {
  /** The name of a VFS; null: the default one, which keeps files in memory. */
  readonly vfs: string | null;
  /** Absolute. */
  readonly path: string;
}

export interface Compiled {
  /** Null: there was nothing but white space and comments. */
  readonly statement: Statement | null;
  /** What follows the statement. */
  readonly tail: string;
}

const OPEN_READWRITE_CREATE = 2 | 4;
const PREPARE_PERSISTENT = 1;
const UTF8_INNOCUOUS = 1 | 0x20_00_00;
const POINTER_BYTES = 4;
/** SQLITE_FCNTL_FILE_POINTER */
const FILE_POINTER = 7;
/** SQLITE_FCNTL_JOURNAL_POINTER: of the write-ahead log where there is one. */
const JOURNAL_POINTER = 28;
const MIN_SCRATCH_BYTES = 64 * 1024;
/** Above this the scratch buffer is given back when a smaller text follows. */
const MAX_IDLE_SCRATCH_BYTES = 1024 * 1024;

export class Connection {
  readonly runtime: Runtime;
  readonly api: RawApi;
  readonly #db: Pointer;
  readonly #target: number;
  /** Two output pointers. */
  readonly #out: Pointer;
  #scratch: Pointer = 0;
  #scratchBytes = 0;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** Throws `SqliteError`. */
  constructor(runtime: Runtime, location: DatabaseLocation, target: CallbackTarget) {
    this.runtime = runtime;
    this.api = runtime.api;
    this.#out = this.#allocate(2 * POINTER_BYTES);
    const path = this.#allocateText(location.path);
    const vfs = location.vfs === null ? 0 : this.#allocateText(location.vfs);
    const result = this.api.sqlite3_open_v2(path, this.#out, OPEN_READWRITE_CREATE, vfs);
    this.#db = this.#outPointer(0);
    this.api.sqlite3_free(path);
    this.api.sqlite3_free(vfs);
    this.#target = runtime.addTarget(target);
    if (result !== SQLITE_OK) {
      const error = this.lastError(result);
      this.close();
      throw error;
    }
    this.api.sqlite3_extended_result_codes(this.#db, 1);
  }

  get pointer(): Pointer {
    return this.#db;
  }

  /** Installs the SQL functions and callbacks that the runtime provides. */
  install(): void {
    const { random, randomBlob, authorize, progress } = this.runtime.callbacks;
    this.#createFunction('random', 0, random);
    this.#createFunction('randomblob', 1, randomBlob);
    this.api.sqlite3_set_authorizer(this.#db, authorize, this.#target);
    this.api.sqlite3_progress_handler(this.#db, STEPS_PER_CHECK, progress, this.#target);
  }

  limit(limit: number, value: number): void {
    this.api.sqlite3_limit(this.#db, limit, value);
  }

  configure(option: number, on: boolean): void {
    const result = this.api.sqlite3__wasm_db_config_ip(this.#db, option, on ? 1 : 0, 0);
    if (result !== SQLITE_OK) throw this.lastError(result);
  }

  /** The present value of a `SQLITE_DBSTATUS_…`; `reset` sets it to 0. */
  status(status: number, reset: boolean): number {
    const highest = this.#out + POINTER_BYTES;
    this.api.sqlite3_db_status(this.#db, status, this.#out, highest, reset ? 1 : 0);
    return this.runtime.view().getInt32(this.#out, true);
  }

  /** The `sqlite3_file` of the main database: the connection's own, good until it is closed. */
  filePointer(): Pointer {
    return this.#fileControl(FILE_POINTER);
  }

  /** The same of its write-ahead log. */
  logPointer(): Pointer {
    return this.#fileControl(JOURNAL_POINTER);
  }

  /** No transaction is open. */
  get autocommit(): boolean {
    return this.api.sqlite3_get_autocommit(this.#db) !== 0;
  }

  /** Compiles the first statement of the text. Throws `SqliteError`. */
  compile(sql: string, persistent = false): Compiled {
    const { pointer, bytes } = this.writeText(sql);
    const flags = persistent ? PREPARE_PERSISTENT : 0;
    const tailOut = this.#out + POINTER_BYTES;
    const result = this.api.sqlite3_prepare_v3(
      this.#db,
      pointer,
      bytes + 1,
      flags,
      this.#out,
      tailOut,
    );
    if (result !== SQLITE_OK) throw this.lastError(result);
    const statement = this.#outPointer(0);
    const used = this.#outPointer(1) - pointer;
    const tail = used >= bytes ? '' : this.decodeText(pointer + used, bytes - used);
    return { statement: statement === 0 ? null : new Statement(this, statement), tail };
  }

  /** Compiles a statement of our own. */
  prepare(sql: string, persistent = false): Statement {
    const { statement } = this.compile(sql, persistent);
    if (statement === null) throw new Error(`nothing to compile: ${sql}`);
    return statement;
  }

  /** Runs one statement of our own and gives the first row's values. */
  run(sql: string): SqlValue[] {
    const statement = this.prepare(sql);
    try {
      return statement.firstRow();
    } finally {
      statement.finalize();
    }
  }

  /** What the last call on this connection failed with. */
  lastError(result: number): SqliteError {
    if (this.#db === 0) return new SqliteError(result, 'out of memory');
    const code = this.api.sqlite3_extended_errcode(this.#db);
    const message = this.runtimeText(this.api.sqlite3_errmsg(this.#db));
    const offset = this.api.sqlite3_error_offset(this.#db);
    return new SqliteError(code === SQLITE_OK ? result : code, message, offset < 0 ? null : offset);
  }

  /** A copy of the NUL-terminated text at the pointer. */
  runtimeText(pointer: Pointer): string {
    if (pointer === 0) return '';
    return this.decodeText(pointer, this.runtime.heap().indexOf(0, pointer) - pointer);
  }

  decodeText(pointer: Pointer, bytes: number): string {
    const heap = this.runtime.heap();
    const end = pointer + bytes;
    return shortText(heap, pointer, end) ?? this.#decoder.decode(heap.subarray(pointer, end));
  }

  /** Puts the text into a buffer that is good until the next call, with a NUL behind it. */
  writeText(text: string): { readonly pointer: Pointer; readonly bytes: number } {
    const pointer = this.#reserve(text.length * 3 + 1);
    const heap = this.runtime.heap();
    let bytes = text.length;
    if (!writeShortText(text, heap, pointer)) {
      const target = heap.subarray(pointer, pointer + this.#scratchBytes);
      bytes = this.#encoder.encodeInto(text, target).written;
    }
    heap[pointer + bytes] = 0;
    return { pointer, bytes };
  }

  writeBytes(bytes: Uint8Array): Pointer {
    const pointer = this.#reserve(bytes.length + 1);
    this.runtime.heap().set(bytes, pointer);
    return pointer;
  }

  /** A buffer of 4 bytes for an answer. */
  get out(): Pointer {
    return this.#out;
  }

  /** Closes it; statements must have been finalized. */
  close(): void {
    this.api.sqlite3_close_v2(this.#db);
    this.api.sqlite3_free(this.#scratch);
    this.api.sqlite3_free(this.#out);
    this.runtime.removeTarget(this.#target);
  }

  #fileControl(operation: number): Pointer {
    const schema = this.writeText('main').pointer;
    const result = this.api.sqlite3_file_control(this.#db, schema, operation, this.#out);
    if (result !== SQLITE_OK) throw this.lastError(result);
    return this.#outPointer(0);
  }

  #createFunction(name: string, args: number, scalar: Pointer): void {
    const { pointer } = this.writeText(name);
    const { api } = this;
    const flags = UTF8_INNOCUOUS;
    const result = api.sqlite3_create_function_v2(
      this.#db,
      pointer,
      args,
      flags,
      0,
      scalar,
      0,
      0,
      0,
    );
    if (result !== SQLITE_OK) throw this.lastError(result);
  }

  #outPointer(at: 0 | 1): Pointer {
    return this.runtime.view().getUint32(this.#out + at * POINTER_BYTES, true);
  }

  #allocate(bytes: number): Pointer {
    const pointer = this.api.sqlite3_malloc64(BigInt(bytes));
    if (pointer === 0) throw new SqliteError(7, 'out of memory');
    return pointer;
  }

  #allocateText(text: string): Pointer {
    const bytes = this.#encoder.encode(text);
    const pointer = this.#allocate(bytes.length + 1);
    const heap = this.runtime.heap();
    heap.set(bytes, pointer);
    heap[pointer + bytes.length] = 0;
    return pointer;
  }

  #reserve(bytes: number): Pointer {
    const idle = this.#scratchBytes > MAX_IDLE_SCRATCH_BYTES && bytes < MIN_SCRATCH_BYTES;
    if (bytes <= this.#scratchBytes && !idle) return this.#scratch;
    this.api.sqlite3_free(this.#scratch);
    this.#scratch = 0;
    this.#scratchBytes = 0;
    const size = Math.max(bytes, MIN_SCRATCH_BYTES);
    this.#scratch = this.#allocate(size);
    this.#scratchBytes = size;
    return this.#scratch;
  }
}
