/**
 * What may be a key and a value: texts, of bounded size in UTF-8. All of it is checked before anything
 * is sent anywhere.
 */

import { invalidArgument, ResqliteError } from '../../client/errors.ts';

/** A key, in bytes of UTF-8. It is not empty. */
export const MAX_KEY_BYTES = 512;
/** A value, in bytes of UTF-8; also what appends may make of it. */
export const MAX_VALUE_BYTES = 1024 * 1024;
/** An idempotency key, in UTF-16 units. */
const MAX_IDEMPOTENCY_KEY_CHARACTERS = 255;

const encoder = new TextEncoder();
const LONE_SURROGATE = /\p{Surrogate}/u;

export function checkKey(key: unknown): string {
  if (typeof key !== 'string') throw invalidArgument('a key is a string');
  if (key === '') throw invalidArgument('a key is not empty');
  if (key.includes('\0')) throw invalidArgument('a key has no NUL character');
  checkWellFormed('key', key);
  if (byteLength(key) > MAX_KEY_BYTES) throw tooLarge('key', MAX_KEY_BYTES);
  return key;
}

export function checkValue(value: unknown): string {
  if (typeof value !== 'string') throw invalidArgument('a value is a string');
  checkWellFormed('value', value);
  if (byteLength(value) > MAX_VALUE_BYTES) throw tooLarge('value', MAX_VALUE_BYTES);
  return value;
}

/** What keys begin with; the empty one is every key's. */
export function checkPrefix(prefix: unknown): string {
  return prefix === '' ? '' : checkKey(prefix);
}

export function checkIdempotencyKey(name: unknown): string {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_IDEMPOTENCY_KEY_CHARACTERS) {
    checkWellFormed('idempotency key', name);
    return name;
  }
  const limit = MAX_IDEMPOTENCY_KEY_CHARACTERS;
  throw invalidArgument(`an idempotency key is a string of 1 to ${limit} characters`);
}

/** In UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

export function tooLarge(what: string, limitBytes: number): ResqliteError {
  const message = `a ${what} has at most ${limitBytes} bytes of UTF-8`;
  return new ResqliteError({ code: 'TooLarge', applied: 'no', message, sqlite: null });
}

/** UTF-8 cannot express it, and two such keys would become one. */
function checkWellFormed(what: string, text: string): void {
  if (LONE_SURROGATE.test(text)) throw invalidArgument(`the ${what} has half of a surrogate pair`);
}
