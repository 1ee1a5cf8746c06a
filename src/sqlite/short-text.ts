/**
 * Short texts in ASCII, which most names, values and statements are: going through them here costs less
 * than a call of the platform's encoder or decoder. Whatever is longer, or has other characters, is
 * theirs; the bytes and the texts are the same either way.
 */

const MAX_CHARACTERS = 96;
const LAST_ASCII = 0x7f;

/** The text of these bytes; null: it is for a decoder. */
export function shortText(bytes: Uint8Array, from: number, to: number): string | null {
  if (to - from > MAX_CHARACTERS) return null;
  for (let at = from; at < to; at += 1) if ((bytes[at] ?? 0) > LAST_ASCII) return null;
  const codes = bytes.subarray(from, to) as unknown as number[];
  return String.fromCharCode.apply(null, codes);
}

/** Writes the text, a byte for each character, for which there must be room; false: it is for an encoder. */
export function writeShortText(text: string, target: Uint8Array, at: number): boolean {
  const { length } = text;
  if (length > MAX_CHARACTERS) return false;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > LAST_ASCII) return false;
    target[at + i] = code;
  }
  return true;
}
