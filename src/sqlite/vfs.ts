/**
 * Files of a SQLite virtual file system, byte by byte and beside any connection: the same code for
 * the pool in OPFS and for what the module keeps in memory. The structures are those of sqlite3.h,
 * which are part of its stable interface; pointers are 32 bits wide.
 *
 * It takes no locks: whoever writes to a file of an open database damages it.
 */

import { SQLITE_OK, type Pointer } from './raw-api.ts';
import type { Runtime } from './runtime.ts';
import { SqliteError } from './sql-error.ts';

/** Where the members of `sqlite3_vfs` are. */
const FILE_BYTES_AT = 4;
const OPEN_AT = 24;
const DELETE_AT = 28;
const ACCESS_AT = 32;
/** Where the members of `sqlite3_io_methods` are. */
const CLOSE_AT = 4;
const READ_AT = 8;
const WRITE_AT = 12;
const SYNC_AT = 20;
const SIZE_AT = 24;

const READWRITE_CREATE = 2 | 4;
const SYNC_NORMAL = 2;
const IOERR_DELETE_NOENT = 5_898;
/** Zeros that SQLite's own file names have before and behind, for parameters there are none of. */
const NAME_PADDING = 4;
/** SQLite's own file system for Unix takes no more than 128 KiB less a byte in one call. */
const MAX_TRANSFER_BYTES = 64 * 1024;
const encoder = new TextEncoder();

/** `SQLITE_OPEN_…` of a kind of file. */
export type FileKind = 'database' | 'wal';
const KIND_FLAGS: Readonly<Record<FileKind, number>> = { database: 0x100, wal: 0x8_0000 };

/** Everything throws `SqliteError`. */
export class Vfs {
  /** Null: the default one, which keeps files in memory. */
  readonly name: string | null;
  readonly #runtime: Runtime;
  readonly #pointer: Pointer;

  constructor(runtime: Runtime, name: string | null) {
    this.name = name;
    this.#runtime = runtime;
    const text = name === null ? 0 : allocateName(runtime, name);
    this.#pointer = runtime.api.sqlite3_vfs_find(text === 0 ? 0 : text + NAME_PADDING);
    runtime.api.sqlite3_free(text);
    if (this.#pointer === 0) throw new Error(`there is no file system ${name}`);
  }

  /** Opens or creates it. */
  open(path: string, kind: FileKind): VfsFile {
    const { api } = this.#runtime;
    const name = allocateName(this.#runtime, path);
    const size = this.#runtime.view().getInt32(this.#pointer + FILE_BYTES_AT, true);
    const file = allocate(this.#runtime, size);
    const out = allocate(this.#runtime, 4);
    const flags = READWRITE_CREATE | KIND_FLAGS[kind];
    const result = this.#call(OPEN_AT, name + NAME_PADDING, file, flags, out);
    api.sqlite3_free(out);
    if (result === SQLITE_OK) return new VfsFile(this.#runtime, file, path, [file, name]);
    api.sqlite3_free(file);
    api.sqlite3_free(name);
    throw new SqliteError(result, `${path} could not be opened`);
  }

  exists(path: string): boolean {
    const name = allocateName(this.#runtime, path);
    const out = allocate(this.#runtime, 4);
    const result = this.#call(ACCESS_AT, name + NAME_PADDING, 0, out);
    const found = this.#runtime.view().getInt32(out, true) !== 0;
    this.#runtime.api.sqlite3_free(out);
    this.#runtime.api.sqlite3_free(name);
    return result === SQLITE_OK && found;
  }

  /** Nothing happens where there is none. */
  delete(path: string): void {
    const name = allocateName(this.#runtime, path);
    const result = this.#call(DELETE_AT, name + NAME_PADDING, 0);
    this.#runtime.api.sqlite3_free(name);
    if (result === SQLITE_OK || result === IOERR_DELETE_NOENT) return;
    throw new SqliteError(result, `${path} could not be deleted`);
  }

  #call(member: number, ...args: number[]): number {
    const method = this.#runtime.view().getUint32(this.#pointer + member, true);
    return this.#runtime.functionAt(method)(this.#pointer, ...args);
  }
}

/** An open file; everything throws `SqliteError`. */
export class VfsFile {
  readonly #runtime: Runtime;
  readonly #pointer: Pointer;
  readonly #path: string;
  readonly #owned: readonly Pointer[];

  /** `owned` is freed when it is closed; a connection's own file is never closed here. */
  constructor(runtime: Runtime, pointer: Pointer, path: string, owned: readonly Pointer[]) {
    this.#runtime = runtime;
    this.#pointer = pointer;
    this.#path = path;
    this.#owned = owned;
  }

  sizeBytes(): number {
    const out = allocate(this.#runtime, 8);
    const result = this.#call(SIZE_AT, out);
    const size = Number(this.#runtime.view().getBigInt64(out, true));
    this.#runtime.api.sqlite3_free(out);
    this.#check(result, 'measured');
    return size;
  }

  /** All of these bytes must be there. */
  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.#transfer(length, (buffer, at, count) => {
      this.#check(this.#call(READ_AT, buffer, count, BigInt(offset + at)), 'read');
      bytes.set(this.#runtime.heap().subarray(buffer, buffer + count), at);
    });
    return bytes;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#transfer(bytes.length, (buffer, at, count) => {
      this.#runtime.heap().set(bytes.subarray(at, at + count), buffer);
      this.#check(this.#call(WRITE_AT, buffer, count, BigInt(offset + at)), 'written');
    });
  }

  /** What was written is on the disk when it returns. */
  sync(): void {
    this.#check(this.#call(SYNC_AT, SYNC_NORMAL), 'flushed');
  }

  close(): void {
    this.#call(CLOSE_AT);
    for (const memory of this.#owned) this.#runtime.api.sqlite3_free(memory);
  }

  #transfer(length: number, move: (buffer: Pointer, at: number, count: number) => void): void {
    const buffer = allocateAnyhow(this.#runtime, Math.min(length, MAX_TRANSFER_BYTES));
    try {
      for (let at = 0; at < length; at += MAX_TRANSFER_BYTES) {
        move(buffer, at, Math.min(MAX_TRANSFER_BYTES, length - at));
      }
    } finally {
      this.#runtime.api.sqlite3_free(buffer);
    }
  }

  #call(member: number, ...args: (number | bigint)[]): number {
    const view = this.#runtime.view();
    const methods = view.getUint32(this.#pointer, true);
    return this.#runtime.functionAt(view.getUint32(methods + member, true))(this.#pointer, ...args);
  }

  #check(result: number, done: string): void {
    if (result === SQLITE_OK) return;
    throw new SqliteError(result, `${this.#path} could not be ${done} (error ${result})`);
  }
}

/** Filled with zeros. */
function allocate(runtime: Runtime, bytes: number): Pointer {
  const pointer = allocateAnyhow(runtime, bytes);
  runtime.heap().fill(0, pointer, pointer + bytes);
  return pointer;
}

/** Filled with anything. */
function allocateAnyhow(runtime: Runtime, bytes: number): Pointer {
  const pointer = runtime.api.sqlite3_malloc64(BigInt(Math.max(bytes, 1)));
  if (pointer === 0) throw new SqliteError(7, 'out of memory');
  return pointer;
}

/** The name begins behind its padding. */
function allocateName(runtime: Runtime, name: string): Pointer {
  const bytes = encoder.encode(name);
  const pointer = allocate(runtime, bytes.length + 2 * NAME_PADDING);
  runtime.heap().set(bytes, pointer + NAME_PADDING);
  return pointer;
}
