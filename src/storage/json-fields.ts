/**
 * Checked reading of what was parsed from stored JSON, field by field. Each throws `FormatError` where
 * the value is not what it is to be, with nothing but the name of the field as its message.
 */

import { FormatError } from '../node/bytes.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function readObject(value: unknown): Fields {
  if (typeof value !== 'object' || value === null) throw new FormatError('object');
  return value as Fields;
}

export function readArray<T>(value: unknown, what: string, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new FormatError(what);
  return value.map((item: unknown) => read(item));
}

export function readString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new FormatError(what);
  return value;
}

export function readBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new FormatError(what);
  return value;
}

/** A whole number that is exact. */
export function readNumber(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value)) throw new FormatError(what);
  return value as number;
}
