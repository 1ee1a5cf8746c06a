/**
 * A prepared statement. It is used by the connection that made it, on its thread, and must be
 * finalized; values given out are copies.
 */

import type { SqlParams, SqlValue } from '../node/sql.ts';
import type { Connection } from './connection.ts';
import {
  SQLITE_BLOB,
  SQLITE_DONE,
  SQLITE_FLOAT,
  SQLITE_INTEGER,
  SQLITE_OK,
  SQLITE_RANGE,
  SQLITE_ROW,
  SQLITE_TEXT,
  SQLITE_TRANSIENT,
  type Pointer,
} from './raw-api.ts';
import { SqliteError } from './sql-error.ts';

/** A value as it is stored, texts byte by byte; for comparing with what is stored. */
export interface RawValue {
  /** One of the fundamental types; 5 is NULL. */
  readonly type: number;
  readonly value: bigint | number | Uint8Array | null;
}

/** SQLITE_STMTSTATUS_VM_STEP */
const STATUS_STEPS = 4;
/** What `rowBytes` counts for a value besides texts and bytes. */
const VALUE_BYTES = 9;

export class Statement {
  readonly pointer: Pointer;
  readonly #connection: Connection;
  #columnCount: number;

  constructor(connection: Connection, pointer: Pointer) {
    this.#connection = connection;
    this.pointer = pointer;
    this.#columnCount = connection.api.sqlite3_column_count(pointer);
  }

  /** It writes nothing to the database, says SQLite. */
  get readOnly(): boolean {
    return this.#connection.api.sqlite3_stmt_readonly(this.pointer) !== 0;
  }

  get isExplain(): boolean {
    return this.#connection.api.sqlite3_stmt_isexplain(this.pointer) !== 0;
  }

  get parameterCount(): number {
    return this.#connection.api.sqlite3_bind_parameter_count(this.pointer);
  }

  /** Columns of a row; 0 for a statement that gives none. */
  get columnCount(): number {
    return this.#columnCount;
  }

  /** True: a row is there. False: it is done. Throws `SqliteError`. */
  step(): boolean {
    const result = this.#connection.api.sqlite3_step(this.pointer);
    if (result === SQLITE_ROW) return true;
    if (result === SQLITE_DONE) return false;
    throw this.#connection.lastError(result);
  }

  /** Runs to the end; the first row's values, none where there is no row. */
  firstRow(): SqlValue[] {
    if (!this.step()) return [];
    const row = this.row();
    // Stepping behind the end would begin anew.
    while (this.step());
    return row;
  }

  /** Back to before the first row. What the run failed with was told by `step`. */
  reset(): void {
    this.#connection.api.sqlite3_reset(this.pointer);
  }

  /** As it was compiled: without values, and without a count of what it did before. */
  rewind(): void {
    const { api } = this.#connection;
    api.sqlite3_reset(this.pointer);
    api.sqlite3_clear_bindings(this.pointer);
    api.sqlite3_stmt_status(this.pointer, STATUS_STEPS, 1);
  }

  finalize(): void {
    this.#connection.api.sqlite3_finalize(this.pointer);
  }

  columnNames(): string[] {
    const { api } = this.#connection;
    // A schema change may have been noticed while it ran.
    this.#columnCount = api.sqlite3_column_count(this.pointer);
    const names: string[] = [];
    for (let at = 0; at < this.#columnCount; at += 1) {
      names.push(this.#connection.runtimeText(api.sqlite3_column_name(this.pointer, at)));
    }
    return names;
  }

  row(): SqlValue[] {
    const values: SqlValue[] = [];
    for (let at = 0; at < this.#columnCount; at += 1) values.push(this.value(at));
    return values;
  }

  value(at: number): SqlValue {
    const { api } = this.#connection;
    switch (api.sqlite3_column_type(this.pointer, at)) {
      case SQLITE_INTEGER: {
        // Doubles are exact as far as integers are safe; only beyond is a bigint needed.
        const number = api.sqlite3_column_double(this.pointer, at);
        return Number.isSafeInteger(number) ? number : api.sqlite3_column_int64(this.pointer, at);
      }
      case SQLITE_FLOAT:
        // Adding 0 makes 0 of -0, which SQLite computes but never stores, nor does the log.
        return api.sqlite3_column_double(this.pointer, at) + 0;
      case SQLITE_TEXT: {
        const text = api.sqlite3_column_text(this.pointer, at);
        const bytes = api.sqlite3_column_bytes(this.pointer, at);
        return this.#connection.decodeText(text, bytes);
      }
      case SQLITE_BLOB: {
        const data = api.sqlite3_column_blob(this.pointer, at);
        const bytes = api.sqlite3_column_bytes(this.pointer, at);
        return this.#connection.runtime.heap().slice(data, data + bytes);
      }
      default:
        return null;
    }
  }

  rawValue(at: number): RawValue {
    const { api } = this.#connection;
    const type = api.sqlite3_column_type(this.pointer, at);
    switch (type) {
      case SQLITE_INTEGER:
        return { type, value: api.sqlite3_column_int64(this.pointer, at) };
      case SQLITE_FLOAT:
        return { type, value: api.sqlite3_column_double(this.pointer, at) };
      case SQLITE_TEXT:
      case SQLITE_BLOB:
        return { type, value: this.bytesInPlace(at).slice() };
      default:
        return { type, value: null };
    }
  }

  /** The bytes of a text or a blob, in the module's memory: good until anything else is called. */
  bytesInPlace(at: number): Uint8Array {
    const { api, runtime } = this.#connection;
    const isText = api.sqlite3_column_type(this.pointer, at) === SQLITE_TEXT;
    const data = isText
      ? api.sqlite3_column_text(this.pointer, at)
      : api.sqlite3_column_blob(this.pointer, at);
    return runtime.heap().subarray(data, data + api.sqlite3_column_bytes(this.pointer, at));
  }

  /** About what the row's values take. */
  rowBytes(): number {
    const { api } = this.#connection;
    let bytes = 0;
    for (let at = 0; at < this.#columnCount; at += 1) {
      const type = api.sqlite3_column_type(this.pointer, at);
      const isLong = type === SQLITE_TEXT || type === SQLITE_BLOB;
      bytes += VALUE_BYTES + (isLong ? api.sqlite3_column_bytes(this.pointer, at) : 0);
    }
    return bytes;
  }

  bindRawValue(at: number, { type, value }: RawValue): void {
    if (type !== SQLITE_TEXT || !(value instanceof Uint8Array)) return this.bindValue(at, value);
    const { api } = this.#connection;
    const data = this.#connection.writeBytes(value);
    const bytes = value.length;
    const result = api.sqlite3_bind_text(this.pointer, at, data, bytes, SQLITE_TRANSIENT);
    if (result !== SQLITE_OK) throw this.#connection.lastError(result);
  }

  /** Binds one value; positions count from 1. */
  bindValue(at: number, value: SqlValue | boolean): void {
    const result = this.#bind(at, value);
    if (result !== SQLITE_OK) throw this.#connection.lastError(result);
  }

  /** Binds all parameters: each must be given, and each given one must exist. */
  bind(params: SqlParams | undefined): void {
    const count = this.parameterCount;
    if (params === undefined || isPositional(params)) {
      const given = params?.length ?? 0;
      if (given !== count)
        throw rangeError(`the statement takes ${count} parameters, not ${given}`);
      for (let at = 0; at < given; at += 1) this.bindValue(at + 1, params?.[at] ?? null);
      return;
    }
    this.#bindNamed(new Map(Object.entries(params)), count);
  }

  #bindNamed(params: Map<string, SqlValue | boolean>, count: number): void {
    for (let at = 1; at <= count; at += 1) {
      const pointer = this.#connection.api.sqlite3_bind_parameter_name(this.pointer, at);
      if (pointer === 0) throw rangeError(`parameter ${at} has no name: give a list of values`);
      const name = this.#connection.runtimeText(pointer);
      const key = params.has(name) ? name : name.slice(1);
      const value = params.get(key);
      if (value === undefined) throw rangeError(`no value is given for the parameter ${name}`);
      params.delete(key);
      this.bindValue(at, value);
    }
    const [unknown] = params.keys();
    if (unknown !== undefined) throw rangeError(`the statement has no parameter ${unknown}`);
  }

  #bind(at: number, value: SqlValue | boolean): number {
    const { api } = this.#connection;
    if (value === null) return api.sqlite3_bind_null(this.pointer, at);
    switch (typeof value) {
      case 'boolean':
        return api.sqlite3_bind_int(this.pointer, at, value ? 1 : 0);
      case 'bigint':
        return api.sqlite3_bind_int64(this.pointer, at, value);
      case 'number':
        // The same value to SQLite, and no bigint to be made; -0 is 0.
        if ((value | 0) === value) return api.sqlite3_bind_int(this.pointer, at, value);
        if (Number.isSafeInteger(value)) {
          return api.sqlite3_bind_int64(this.pointer, at, BigInt(value));
        }
        return api.sqlite3_bind_double(this.pointer, at, value);
      case 'string': {
        const { pointer, bytes } = this.#connection.writeText(value);
        return api.sqlite3_bind_text(this.pointer, at, pointer, bytes, SQLITE_TRANSIENT);
      }
      default: {
        const pointer = this.#connection.writeBytes(value);
        return api.sqlite3_bind_blob(this.pointer, at, pointer, value.length, SQLITE_TRANSIENT);
      }
    }
  }
}

function isPositional(params: SqlParams): params is readonly (SqlValue | boolean)[] {
  return Array.isArray(params);
}

function rangeError(message: string): SqliteError {
  return new SqliteError(SQLITE_RANGE, message);
}
