/**
 * SQLite's C interface as the WebAssembly module exports it: pointers are numbers, 64-bit integers
 * bigint, strings pointers to NUL-terminated UTF-8. Names and meaning are those of sqlite3.h; the
 * two `sqlite3__wasm_…` come with the JavaScript distribution.
 */

export type Pointer = number;

export interface RawApi {
  sqlite3_malloc64(bytes: bigint): Pointer;
  sqlite3_free(memory: Pointer): void;
  sqlite3_randomness(bytes: number, out: Pointer): void;
  sqlite3_vfs_find(name: Pointer): Pointer;
  sqlite3_complete(sql: Pointer): number;
  sqlite3_keyword_check(text: Pointer, bytes: number): number;

  sqlite3_open_v2(path: Pointer, out: Pointer, flags: number, vfs: Pointer): number;
  sqlite3_close_v2(db: Pointer): number;
  sqlite3_extended_result_codes(db: Pointer, on: number): number;
  sqlite3_extended_errcode(db: Pointer): number;
  sqlite3_errmsg(db: Pointer): Pointer;
  sqlite3_error_offset(db: Pointer): number;
  sqlite3_limit(db: Pointer, limit: number, value: number): number;
  sqlite3__wasm_db_config_ip(db: Pointer, option: number, value: number, out: Pointer): number;
  sqlite3_db_status(
    db: Pointer,
    status: number,
    current: Pointer,
    highest: Pointer,
    reset: number,
  ): number;
  sqlite3_file_control(db: Pointer, schema: Pointer, operation: number, argument: Pointer): number;
  sqlite3_get_autocommit(db: Pointer): number;
  sqlite3_changes64(db: Pointer): bigint;
  sqlite3_last_insert_rowid(db: Pointer): bigint;
  sqlite3_set_last_insert_rowid(db: Pointer, rowid: bigint): void;
  sqlite3_set_authorizer(db: Pointer, callback: Pointer, data: Pointer): number;
  sqlite3_progress_handler(db: Pointer, steps: number, callback: Pointer, data: Pointer): void;
  sqlite3_create_function_v2(
    db: Pointer,
    name: Pointer,
    args: number,
    flags: number,
    data: Pointer,
    scalar: Pointer,
    step: Pointer,
    final: Pointer,
    destroy: Pointer,
  ): number;

  sqlite3_prepare_v3(
    db: Pointer,
    sql: Pointer,
    bytes: number,
    flags: number,
    out: Pointer,
    tail: Pointer,
  ): number;
  sqlite3_step(statement: Pointer): number;
  sqlite3_reset(statement: Pointer): number;
  sqlite3_finalize(statement: Pointer): number;
  sqlite3_clear_bindings(statement: Pointer): number;
  sqlite3_stmt_status(statement: Pointer, counter: number, reset: number): number;
  sqlite3_stmt_readonly(statement: Pointer): number;
  sqlite3_stmt_isexplain(statement: Pointer): number;
  sqlite3_bind_parameter_count(statement: Pointer): number;
  sqlite3_bind_parameter_name(statement: Pointer, at: number): Pointer;
  sqlite3_bind_null(statement: Pointer, at: number): number;
  sqlite3_bind_int(statement: Pointer, at: number, value: number): number;
  sqlite3_bind_int64(statement: Pointer, at: number, value: bigint): number;
  sqlite3_bind_double(statement: Pointer, at: number, value: number): number;
  sqlite3_bind_text(
    statement: Pointer,
    at: number,
    text: Pointer,
    bytes: number,
    destructor: number,
  ): number;
  sqlite3_bind_blob(
    statement: Pointer,
    at: number,
    data: Pointer,
    bytes: number,
    destructor: number,
  ): number;
  sqlite3_column_count(statement: Pointer): number;
  sqlite3_column_name(statement: Pointer, at: number): Pointer;
  sqlite3_column_type(statement: Pointer, at: number): number;
  sqlite3_column_int64(statement: Pointer, at: number): bigint;
  sqlite3_column_double(statement: Pointer, at: number): number;
  sqlite3_column_text(statement: Pointer, at: number): Pointer;
  sqlite3_column_blob(statement: Pointer, at: number): Pointer;
  sqlite3_column_bytes(statement: Pointer, at: number): number;

  sqlite3_value_int64(value: Pointer): bigint;
  sqlite3_result_int64(context: Pointer, value: bigint): void;
  sqlite3_result_blob(context: Pointer, data: Pointer, bytes: number, destructor: number): void;
  sqlite3_result_error_toobig(context: Pointer): void;
  sqlite3_result_error_nomem(context: Pointer): void;
}

/** SQLite takes a copy of what it is given. */
export const SQLITE_TRANSIENT = -1;

export const SQLITE_OK = 0;
export const SQLITE_INTERRUPT = 9;
export const SQLITE_TOOBIG = 18;
export const SQLITE_ABORT = 4;
export const SQLITE_NOMEM = 7;
export const SQLITE_MISUSE = 21;
export const SQLITE_AUTH = 23;
export const SQLITE_RANGE = 25;
export const SQLITE_ROW = 100;
export const SQLITE_DONE = 101;
export const SQLITE_BUSY_SNAPSHOT = 517;
export const SQLITE_CONSTRAINT_FOREIGNKEY = 787;

/** Fundamental types of values. */
export const SQLITE_INTEGER = 1;
export const SQLITE_FLOAT = 2;
export const SQLITE_TEXT = 3;
export const SQLITE_BLOB = 4;
