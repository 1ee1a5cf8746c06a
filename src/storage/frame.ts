/**
 * Frames: the envelope of everything this room stores. A frame says where it begins, how long it
 * is, which number it has, which frame it follows, and whether any bit of it has changed.
 *
 * Little-endian: 6 bytes magic, u8 kind, u8 format version, u32 length of the whole frame, f64
 * sequence number, 16 bytes hash of the frame before (zeros for the first), 8 bytes check of the
 * header so far, payload, 16 bytes hash of everything before it. Both check and hash are SHA-256,
 * cut short. The hash is checksum and link of the chain at once.
 *
 * The header has its own check so that a frame whose end is missing can be told from one that is
 * damaged: with a good header the length is true, and what is not there was never written. The
 * header keeps this layout in every format version; so a frame of a newer version is recognised,
 * and never taken for damage and "repaired".
 */

import { SHA256 } from '@stablelib/sha256';

import { NewerVersionError } from './storage-error.ts';

const MAGIC = [0xf5, 0x72, 0x73, 0x71, 0x6c, 0x0a] as const; // "rsql", not UTF-8, not zeros
const KIND_AT = 6;
const VERSION_AT = 7;
const LENGTH_AT = 8;
const SEQUENCE_AT = 12;
const PREVIOUS_AT = 20;
const CHECK_AT = 36;
const PAYLOAD_AT = 44;
const CHECK_BYTES = PAYLOAD_AT - CHECK_AT;

const HASH_BYTES = 16;
export const FRAME_HEADER_BYTES = PAYLOAD_AT;
const OVERHEAD_BYTES = PAYLOAD_AT + HASH_BYTES;

/** Used again for every frame: to make one costs as much as to hash a short frame. */
const hasher = new SHA256();

/** Before the first frame of a chain. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

type FrameKind = 'log' | 'registry' | 'outbox';

const KIND_NUMBER: Readonly<Record<FrameKind, number>> = { log: 1, registry: 2, outbox: 3 };

/** What is read: frames of one kind, up to the format version this build knows. */
export interface FrameFormat {
  readonly kind: FrameKind;
  readonly version: number;
}

/** A good frame. */
export interface Frame {
  readonly version: number;
  readonly sequence: number;
  readonly previousHash: Uint8Array;
  readonly payload: Uint8Array;
  readonly hash: Uint8Array;
  /** All of it, as stored; may be a view of something larger. */
  readonly bytes: Uint8Array;
}

/** What stands at an offset. */
export type FoundFrame =
  | { readonly type: 'good'; readonly frame: Frame }
  /** The bytes end before the frame does; with a header, where that much is there. */
  | { readonly type: 'cut-short'; readonly header: FrameHeader | null }
  /** The header is good, what follows is not. */
  | { readonly type: 'damaged'; readonly header: FrameHeader }
  /** No frame, or none that can be recognised. */
  | { readonly type: 'unreadable' };

export interface FrameHeader {
  readonly version: number;
  readonly length: number;
  readonly sequence: number;
  readonly previousHash: Uint8Array;
}

/** The frame that comes after one with `previousHash`. */
export function sealFrame(
  format: FrameFormat,
  sequence: number,
  previousHash: Uint8Array,
  payload: Uint8Array,
): Frame {
  const bytes = new Uint8Array(OVERHEAD_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  bytes[KIND_AT] = KIND_NUMBER[format.kind];
  bytes[VERSION_AT] = format.version;
  view.setUint32(LENGTH_AT, bytes.length, true);
  view.setFloat64(SEQUENCE_AT, sequence, true);
  bytes.set(previousHash, PREVIOUS_AT);
  bytes.set(hashOf(bytes.subarray(0, CHECK_AT), CHECK_BYTES), CHECK_AT);
  bytes.set(payload, PAYLOAD_AT);
  const hashAt = bytes.length - HASH_BYTES;
  bytes.set(hashOf(bytes.subarray(0, hashAt), HASH_BYTES), hashAt);
  return goodFrame(bytes, {
    version: format.version,
    length: bytes.length,
    sequence,
    previousHash,
  });
}

/** Throws `NewerVersionError` on a frame made by a newer version of this program. */
export function readFrame(format: FrameFormat, bytes: Uint8Array, offset: number): FoundFrame {
  const remaining = bytes.length - offset;
  if (remaining < FRAME_HEADER_BYTES) return { type: 'cut-short', header: null };
  const header = readHeader(format, bytes.subarray(offset, offset + FRAME_HEADER_BYTES));
  if (header === null) return { type: 'unreadable' };
  if (remaining < header.length) return { type: 'cut-short', header };
  const whole = bytes.subarray(offset, offset + header.length);
  const hashAt = header.length - HASH_BYTES;
  const hash = hashOf(whole.subarray(0, hashAt), HASH_BYTES);
  if (!sameBytes(hash, whole.subarray(hashAt))) return { type: 'damaged', header };
  return { type: 'good', frame: goodFrame(whole, header) };
}

/** The next offset from `from` on where a frame could begin; the length where there is none. */
export function nextFrameStart(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(MAGIC[0], from); at >= 0; at = bytes.indexOf(MAGIC[0], at + 1)) {
    if (MAGIC.every((value, i) => bytes[at + i] === value)) return at;
  }
  return bytes.length;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** SHA-256, cut to so many bytes. */
function hashOf(bytes: Uint8Array, count: number): Uint8Array {
  return hasher.reset().update(bytes).digest().subarray(0, count);
}

function readHeader(format: FrameFormat, bytes: Uint8Array): FrameHeader | null {
  if (!MAGIC.every((value, i) => bytes[i] === value)) return null;
  if (bytes[KIND_AT] !== KIND_NUMBER[format.kind]) return null;
  const check = hashOf(bytes.subarray(0, CHECK_AT), CHECK_BYTES);
  if (!sameBytes(check, bytes.subarray(CHECK_AT, PAYLOAD_AT))) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(VERSION_AT);
  if (version > format.version) {
    throw new NewerVersionError('What is stored here');
  }
  const length = view.getUint32(LENGTH_AT, true);
  const sequence = view.getFloat64(SEQUENCE_AT, true);
  if (length < OVERHEAD_BYTES || !Number.isSafeInteger(sequence) || sequence < 0) return null;
  return { version, length, sequence, previousHash: bytes.subarray(PREVIOUS_AT, CHECK_AT) };
}

function goodFrame(bytes: Uint8Array, header: FrameHeader): Frame {
  return {
    version: header.version,
    sequence: header.sequence,
    previousHash: header.previousHash,
    payload: bytes.subarray(PAYLOAD_AT, bytes.length - HASH_BYTES),
    hash: bytes.subarray(bytes.length - HASH_BYTES),
    bytes,
  };
}
