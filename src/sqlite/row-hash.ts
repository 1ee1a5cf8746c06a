/**
 * SHA-256 over values as SQLite holds them, fed straight from the module's memory. Every value is
 * hashed behind its type, texts and blobs behind their length too, so 1, 1.0, '1' and x'31' differ
 * and it is plain where one value ends and the next begins.
 */

import { SHA256 } from '@stablelib/sha256';
import type { Connection } from './connection.ts';
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from './raw-api.ts';
import type { Statement } from './statement.ts';

const BUFFER_BYTES = 256 * 1024;
/** A number behind its type. */
const NUMBER_BYTES = 9;
const ROW_MARK = 0xff;
const END_MARK = 0xfe;

export class RowHash {
  readonly #connection: Connection;
  readonly #hash = new SHA256();
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;
  readonly #encoder = new TextEncoder();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The row on which the statement stands. */
  row(statement: Statement): void {
    this.#mark(ROW_MARK);
    for (let at = 0; at < statement.columnCount; at += 1) this.#value(statement, at);
  }

  /** Behind the last of `rows` rows. */
  end(rows: number): void {
    this.#mark(END_MARK);
    this.#number(SQLITE_FLOAT, rows);
  }

  text(text: string): void {
    this.blob(this.#encoder.encode(text), SQLITE_TEXT);
  }

  blob(bytes: Uint8Array, type = SQLITE_BLOB): void {
    this.#number(type, bytes.length);
    this.#bytes(bytes);
  }

  /** 64 hexadecimal digits; nothing may be added afterwards. */
  finish(): string {
    this.#flush();
    return hexadecimal(this.#hash.digest());
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
      case SQLITE_BLOB:
        return this.blob(statement.bytesInPlace(at), type);
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

export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
