/**
 * The hash of a snapshot: SHA-256 over the SHA-256 of each of its pieces of 1 MiB, in order (the last
 * piece is what is left; a file of no bytes has no piece), as 64 hexadecimal digits. So a file of any
 * size is hashed in steps, with other work between them.
 *
 * The work is written as a generator: it gives out pieces, and takes their SHA-256. Who runs it
 * decides whether that happens at once or by the platform, beside this thread.
 */

import { hash as sha256, SHA256 } from '@stablelib/sha256';
import { hexadecimal } from './row-hash.ts';

export const PIECE_BYTES = 1024 * 1024;

/** Gives out pieces, is resumed with the SHA-256 of each. */
export type Hashing<Result> = Generator<Uint8Array, Result, Uint8Array>;

/** Of `sizeBytes` bytes, which `read` gives. */
export function* hashPieces(
  sizeBytes: number,
  read: (offset: number, length: number) => Uint8Array,
): Hashing<string> {
  const whole = new SHA256();
  for (let offset = 0; offset < sizeBytes; offset += PIECE_BYTES) {
    whole.update(yield read(offset, Math.min(PIECE_BYTES, sizeBytes - offset)));
  }
  return hexadecimal(whole.digest());
}

/** Runs it to its end at once. */
export function hashNow<Result>(hashing: Hashing<Result>): Result {
  let step = hashing.next();
  while (step.done !== true) step = hashing.next(sha256(step.value));
  return step.value;
}

/** Runs it while other work goes on between the pieces. */
export async function hashBetween<Result>(hashing: Hashing<Result>): Promise<Result> {
  let step = hashing.next();
  while (step.done !== true) step = hashing.next(await digest(step.value));
  return step.value;
}

async function digest(piece: Uint8Array): Promise<Uint8Array> {
  // Outside of secure contexts the platform has none.
  if (globalThis.crypto.subtle === undefined) {
    await new Promise((resolve) => setTimeout(resolve));
    return sha256(piece);
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', piece as Uint8Array<ArrayBuffer>));
}
