/**
 * State checks: each hashes the next slice of the logical state, in rotation, until all of it has
 * had its turn. Where the next one begins is replicated state in our own table, changed in the
 * transaction of the entry that checks, so every node hashes the same slice; the cursor is part of
 * what is hashed. A cursor that cannot be read, or came to the end, means the beginning.
 *
 * A slice that this node cannot read because its pages are damaged hashes to what no other node has:
 * the comparison then tells, as it does for any other difference, and this copy is replaced.
 *
 * Cursor, version 1: u8 version, u8 kind, text name, u8 key; for a key by values (1): u32 count, each
 * u8 type and behind it nothing (NULL), 64 bits (integer, real), or bytes behind their length; for a
 * key by the number of rows before it (2): f64 rows. 0 is no key: at the beginning.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import { deleteMeta, getMeta, setMeta } from './meta.ts';
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from './raw-api.ts';
import { hexadecimal, RowHash } from './row-hash.ts';
import { SOURCE_KINDS, walkState, type RowKey, type WalkPosition } from './state-walk.ts';
import type { RawValue } from './statement.ts';
import { readText, writeText } from './value-codec.ts';

const VERSION = 1;
const KEY_VALUES = 1;
const KEY_OFFSET = 2;
const HASH_BYTES = 32;
const CURSOR = 'check_cursor';
const LAST_CHECK = 'last_check';
/** There while a round is under way that is to come to its end. */
const ROUND = 'check_round';
const NO_CURSOR = new Uint8Array(0);

/**
 * Hashes the next slice and moves on, within the transaction of the entry at `index`. The sessions
 * must have been saved. Throws `SqliteError`; where pages are damaged SQLite gives the transaction up,
 * and `checkUnreadable` takes the place of this one in another.
 */
export function checkState(database: SqlDatabase, index: LogIndex): string {
  // The schema and the statistics in memory are those of the database, as for any entry.
  database.settle();
  const stored = getMeta(database, CURSOR);
  const cursor = stored instanceof Uint8Array ? stored : NO_CURSOR;
  const hash = new RowHash(database.connection);
  hash.blob(cursor);
  const next = walkState(database, hash, decodeCursor(cursor), database.options.sliceBytes);
  setMeta(database, CURSOR, encodeCursor(next));
  if (next === null) deleteMeta(database, ROUND);
  return remember(database, index, hash.finish());
}

/** Of a slice that this node cannot read: what no other node answers, nor this one ever again. */
export function checkUnreadable(database: SqlDatabase, index: LogIndex): string {
  return remember(database, index, hexadecimal(crypto.getRandomValues(new Uint8Array(HASH_BYTES))));
}

/** The next check begins at the beginning, and a round is under way. */
export function beginRound(database: SqlDatabase): void {
  deleteMeta(database, CURSOR);
  setMeta(database, ROUND, 1);
}

/** Checks have not gone over everything since the round began. */
export function isRoundOpen(database: SqlDatabase): boolean {
  return getMeta(database, ROUND) !== null;
}

/** What the check at `index` came to; '' where that is no longer known. */
export function lastCheck(database: SqlDatabase, index: LogIndex): string {
  const [at, hash] = String(getMeta(database, LAST_CHECK)).split(' ');
  return Number(at) === index && hash !== undefined ? hash : '';
}

function remember(database: SqlDatabase, index: LogIndex, hash: string): string {
  setMeta(database, LAST_CHECK, `${index} ${hash}`);
  return hash;
}

export function encodeCursor(position: WalkPosition | null): Uint8Array {
  if (position === null) return NO_CURSOR;
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.u8(SOURCE_KINDS.indexOf(position.kind));
  writeText(writer, position.name);
  const { key } = position;
  if (key === null) {
    writer.u8(0);
  } else if (key.type === 'offset') {
    writer.u8(KEY_OFFSET);
    writer.integer(key.rows);
  } else {
    writer.u8(KEY_VALUES);
    writer.u32(key.values.length);
    for (const value of key.values) writeRawValue(writer, value);
  }
  return writer.finish();
}

/** Null, the beginning, where it makes no sense. */
export function decodeCursor(bytes: Uint8Array): WalkPosition | null {
  if (bytes.length === 0) return null;
  const reader = new ByteReader(bytes);
  try {
    reader.expect(VERSION, 'cursor of version');
    const kind = SOURCE_KINDS[reader.u8()];
    if (kind === undefined) return null;
    const position = { kind, name: readText(reader), key: readKey(reader) };
    reader.end();
    return position;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}

function readKey(reader: ByteReader): RowKey | null {
  const type = reader.u8();
  if (type === 0) return null;
  if (type === KEY_OFFSET) return { type: 'offset', rows: reader.integer() };
  if (type !== KEY_VALUES) throw reader.error(`unknown key ${type}`);
  const values: RawValue[] = [];
  for (let left = reader.count(1); left > 0; left -= 1) values.push(readRawValue(reader));
  return { type: 'values', values };
}

function writeRawValue(writer: ByteWriter, { type, value }: RawValue): void {
  writer.u8(type);
  if (value instanceof Uint8Array) {
    writer.bytes(value);
  } else if (typeof value === 'number') {
    writer.f64(value);
  } else if (typeof value === 'bigint') {
    writer.u32(Number(value & 0xffff_ffffn));
    writer.u32(Number((value >> 32n) & 0xffff_ffffn));
  }
}

function readRawValue(reader: ByteReader): RawValue {
  const type = reader.u8();
  switch (type) {
    case SQLITE_INTEGER: {
      const low = BigInt(reader.u32());
      return { type, value: BigInt.asIntN(64, (BigInt(reader.u32()) << 32n) | low) };
    }
    case SQLITE_FLOAT:
      return { type, value: reader.f64() };
    case SQLITE_TEXT:
    case SQLITE_BLOB:
      return { type, value: reader.bytes().slice() };
    default:
      return { type, value: null };
  }
}
