/** Bytes as base64url without padding (RFC 4648 section 5), the form of keys and tokens in text. */

import { ByteReader, FormatError } from '../node/bytes.ts';

const BASE64URL = /^[A-Za-z0-9_-]*$/;

export function encodeBase64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Null where `text` is not base64url, or not the one form that its bytes have. */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!BASE64URL.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return encodeBase64url(bytes) === text ? bytes : null;
}

/**
 * What `read` makes of the bytes of a text by a stranger; null where it is longer than it may be, or
 * is not exactly what is read.
 */
export function readBase64url<T>(
  text: string,
  maxCharacters: number,
  read: (reader: ByteReader) => T,
): T | null {
  const bytes = text.length > maxCharacters ? null : decodeBase64url(text);
  if (bytes === null) return null;
  const reader = new ByteReader(bytes);
  try {
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}
