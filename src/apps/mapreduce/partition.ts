/** Which reduce task a key belongs to: the original's rule, FNV-1a of its UTF-8 bytes. */

const OFFSET_BASIS = 0x81_1c_9d_c5;
const PRIME = 0x01_00_01_93;

const encoder = new TextEncoder();

/** FNV-1a, 32 bits (Fowler, Noll and Vo). */
export function fnv1a32(bytes: Uint8Array): number {
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** From 0; a lone surrogate counts as U+FFFD here. */
export function bucketOf(key: string, nReduce: number): number {
  return ((hashAscii(key) ?? fnv1a32(encoder.encode(key))) & 0x7f_ff_ff_ff) % nReduce;
}

/** The same hash without making the bytes; null: there are other characters in it. */
function hashAscii(text: string): number | null {
  let hash = OFFSET_BASIS;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return null;
    hash = Math.imul(hash ^ unit, PRIME);
  }
  return hash >>> 0;
}
