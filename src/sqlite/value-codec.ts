/**
 * SQL values and texts as bytes, for the statements and answers in the log.
 *
 * Value: u8 type, then for an integer (1) 64 bits in two's complement, low word first; for a real
 * (2) an f64; for a text (3) and a blob (4) their bytes behind a length. 0 is NULL.
 *
 * What goes in comes out the same, with SQLite's own identities: booleans are 0 and 1, -0 is 0, NaN
 * is NULL, and an integer comes out as a number while that is exact and as a bigint beyond. A number
 * that is no safe integer is a real. In texts a lone surrogate becomes U+FFFD.
 */

import { FormatError, type ByteReader, type ByteWriter } from '../node/bytes.ts';
import type { SqlValue } from '../node/sql.ts';
import { shortText, writeShortText } from './short-text.ts';
import { refused } from './sql-error.ts';

const NULL = 0;
const INTEGER = 1;
const REAL = 2;
const TEXT = 3;
const BLOB = 4;

/** What a row and a value cost in memory besides texts and bytes. */
const ROW_BYTES = 16;
const VALUE_BYTES = 8;

const WORD = 2 ** 32;
const LEAST_INTEGER = -(2n ** 63n);
const GREATEST_INTEGER = 2n ** 63n - 1n;
const encoder = new TextEncoder();
/** Most texts are short, and cheaper to encode into a buffer that is there. */
const SHORT_CHARACTERS = 1_024;
const encoded = new Uint8Array(3 * SHORT_CHARACTERS);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function writeText(writer: ByteWriter, text: string): void {
  if (text.length > SHORT_CHARACTERS) return writer.bytes(encoder.encode(text));
  const isWritten = writeShortText(text, encoded, 0);
  const bytes = isWritten ? text.length : encoder.encodeInto(text, encoded).written;
  writer.bytes(encoded.subarray(0, bytes));
}

/** Throws `FormatError` where the bytes are no UTF-8. */
export function readText(reader: ByteReader): string {
  const bytes = reader.bytes();
  const short = shortText(bytes, 0, bytes.length);
  if (short !== null) return short;
  try {
    return decoder.decode(bytes);
  } catch {
    throw reader.error('text is not UTF-8');
  }
}

/** Throws `SqlFailure` 'InvalidArgument' where SQLite has no such value. */
export function checkValue(value: unknown): asserts value is SqlValue | boolean {
  if (value === null || value instanceof Uint8Array) return;
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return;
    case 'bigint':
      if (value >= LEAST_INTEGER && value <= GREATEST_INTEGER) return;
      throw refused('InvalidArgument', `the integer ${value} does not fit into 64 bits`);
    default:
      throw refused('InvalidArgument', `a value is ${describe(value)}, which SQLite cannot store`);
  }
}

/** Throws `SqlFailure` 'InvalidArgument' where SQLite has no such value. */
export function writeValue(writer: ByteWriter, value: SqlValue | boolean): void {
  checkValue(value);
  switch (typeof value) {
    case 'string':
      writer.u8(TEXT);
      return writeText(writer, value);
    case 'number':
      return writeNumber(writer, value);
    case 'bigint':
      return writeInteger(writer, Number(value & 0xffff_ffffn), Number(value >> 32n));
    case 'boolean':
      return writeInteger(writer, value ? 1 : 0, 0);
    default:
      if (value === null) return writer.u8(NULL);
      writer.u8(BLOB);
      return writer.bytes(value);
  }
}

/** Throws `FormatError`. */
export function readValue(reader: ByteReader): SqlValue {
  const type = reader.u8();
  switch (type) {
    case NULL:
      return null;
    case INTEGER:
      return readInteger(reader);
    case REAL: {
      const value = reader.f64();
      if (Number.isNaN(value)) throw reader.error('a real that is no number');
      return value;
    }
    case TEXT:
      return readText(reader);
    case BLOB:
      return reader.bytes().slice();
    default:
      throw new FormatError(`unknown value type ${type}`);
  }
}

/** The 64-bit integer behind the type. */
function readInteger(reader: ByteReader): number | bigint {
  const low = reader.u32();
  const high = reader.u32() | 0;
  const value = high * WORD + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low);
}

function writeNumber(writer: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value)) {
    return writeInteger(writer, value, Math.floor(value / WORD));
  }
  if (Number.isNaN(value)) return writer.u8(NULL);
  writer.u8(REAL);
  writer.f64(value);
}

/** The words are taken modulo 2^32. */
function writeInteger(writer: ByteWriter, low: number, high: number): void {
  writer.u8(INTEGER);
  writer.u32(low);
  writer.u32(high);
}

function describe(value: unknown): string {
  if (typeof value === 'object')
    return `an object (${value?.constructor?.name ?? 'without class'})`;
  return value === undefined ? 'undefined' : `a ${typeof value}`;
}

/** What a row takes in memory, roughly. */
export function memoryBytes(row: readonly SqlValue[]): number {
  let bytes = ROW_BYTES + row.length * VALUE_BYTES;
  for (const value of row) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}
