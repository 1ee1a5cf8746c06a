/**
 * Frames: what travels on a link's data channels once both ends have proved who they are.
 *
 * A frame is u8 protocol version, u32 tag, u8 kind, payload; little-endian, at most MAX_FRAME_BYTES
 * with its header. The tag is the link's own: both ends compute it from the handshake's transcript,
 * which holds cluster, nodes, nonces and certificates, so a frame of another cluster, another link or
 * another incarnation is told at once. Kinds:
 *
 *   1 ping        no payload; says that the sender lives
 *   2 control     a whole small message
 *   3 data        a piece of a large message, of exactly the largest size; more follow
 *   4 data, last  the last piece; with it the message is joined
 *   5 bulk        as 3, of a message of the bulk lane and of that lane's largest size
 *   6 bulk, last  as 4
 *   7 several     whole small messages of the lanes control and data, each behind its length as u32;
 *                 from protocol version 5 on
 *
 * Three lanes, then (send-queue.ts says which messages go where, and which may overtake): the pieces
 * of one message follow each other in order, and only frames of other lanes and pings may stand
 * between them. So there is never more than one message a lane to join, of a bounded size, in pieces
 * whose number is bounded by theirs.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import {
  MAX_BULK_FRAME_BYTES,
  MAX_FRAME_BYTES,
  MAX_MESSAGE_BYTES,
  SNAPSHOT_CHUNK_BYTES,
} from '../node/limits.ts';

const HEADER_BYTES = 6;

/** The most of a message that one frame takes. */
export const MAX_PIECE_BYTES = MAX_FRAME_BYTES - HEADER_BYTES;
/** The same for a frame of the bulk lane. */
export const MAX_BULK_PIECE_BYTES = MAX_BULK_FRAME_BYTES - HEADER_BYTES;
/** A message of the bulk lane: a chunk, and what it says of the whole. */
export const MAX_BULK_MESSAGE_BYTES = SNAPSHOT_CHUNK_BYTES + 64 * 1024;

const PING = 1;
const CONTROL = 2;
const DATA = 3;
const DATA_LAST = 4;
const BULK = 5;
const BULK_LAST = 6;
const SEVERAL = 7;
/** The first protocol version whose frames hold several messages. */
const FIRST_SEVERAL_VERSION = 5;
const LENGTH_BYTES = 4;

export type Lane = 'control' | 'data' | 'bulk';

export type ReadFrame =
  | { readonly type: 'ping' }
  /** A piece of a message that is not whole yet. */
  | { readonly type: 'piece'; readonly lane: Lane }
  | { readonly type: 'messages'; readonly lane: Lane; readonly messages: readonly Uint8Array[] };

/** Makes the frames of one link. */
export class FrameWriter {
  readonly #version: number;
  readonly #tag: number;

  constructor(version: number, tag: number) {
    this.#version = version;
    this.#tag = tag;
  }

  ping(): Uint8Array<ArrayBuffer> {
    return this.#frame(PING, new Uint8Array(0));
  }

  /**
   * How much of a frame a message takes that goes with others; Infinity where the other end knows no
   * such frames.
   */
  shareOf(message: Uint8Array): number {
    return this.#version < FIRST_SEVERAL_VERSION ? Infinity : LENGTH_BYTES + message.length;
  }

  /** Their shares are at most MAX_PIECE_BYTES together. */
  several(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const writer = new ByteWriter(messages.reduce((sum, one) => sum + this.shareOf(one), 0));
    for (const message of messages) writer.bytes(message);
    return this.#frame(SEVERAL, writer.finish());
  }

  /** `message` is at most MAX_PIECE_BYTES long. */
  control(message: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#frame(CONTROL, message);
  }

  /** The piece of `message` that begins at `offset`. */
  piece(message: Uint8Array, offset: number): Uint8Array<ArrayBuffer> {
    const end = Math.min(offset + MAX_PIECE_BYTES, message.length);
    const kind = end === message.length ? DATA_LAST : DATA;
    return this.#frame(kind, message.subarray(offset, end));
  }

  /** The same in the bulk lane. */
  bulkPiece(message: Uint8Array, offset: number): Uint8Array<ArrayBuffer> {
    const end = Math.min(offset + MAX_BULK_PIECE_BYTES, message.length);
    const kind = end === message.length ? BULK_LAST : BULK;
    return this.#frame(kind, message.subarray(offset, end));
  }

  #frame(kind: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
    const frame = new Uint8Array(HEADER_BYTES + payload.length);
    const view = new DataView(frame.buffer);
    view.setUint8(0, this.#version);
    view.setUint32(1, this.#tag, true);
    view.setUint8(5, kind);
    frame.set(payload, HEADER_BYTES);
    return frame;
  }
}

/** Reads the frames of one channel and joins messages. After a `FormatError` it is of no more use. */
export class FrameReader {
  readonly #version: number;
  readonly #tag: number;
  readonly #data = new Joiner(MAX_MESSAGE_BYTES, MAX_PIECE_BYTES);
  readonly #bulk = new Joiner(MAX_BULK_MESSAGE_BYTES, MAX_BULK_PIECE_BYTES);

  constructor(version: number, tag: number) {
    this.#version = version;
    this.#tag = tag;
  }

  read(frame: Uint8Array): ReadFrame {
    if (frame.length > MAX_FRAME_BYTES) throw new FormatError('frame too large');
    const reader = new ByteReader(frame);
    reader.expect(this.#version, 'protocol version');
    if (reader.u32() !== this.#tag) throw reader.error('not of this link');
    const kind = reader.u8();
    switch (kind) {
      case PING:
        reader.end();
        return { type: 'ping' };
      case CONTROL:
        return { type: 'messages', lane: 'control', messages: [reader.rest()] };
      case DATA:
        this.#data.keep(reader.rest());
        return { type: 'piece', lane: 'data' };
      case DATA_LAST:
        return { type: 'messages', lane: 'data', messages: [this.#data.join(reader.rest())] };
      case BULK:
        this.#bulk.keep(reader.rest());
        return { type: 'piece', lane: 'bulk' };
      case BULK_LAST:
        return { type: 'messages', lane: 'bulk', messages: [this.#bulk.join(reader.rest())] };
      case SEVERAL:
        return { type: 'messages', lane: 'data', messages: this.#several(reader) };
      default:
        throw reader.error(`unknown frame kind ${kind}`);
    }
  }

  #several(reader: ByteReader): Uint8Array[] {
    if (this.#version < FIRST_SEVERAL_VERSION) throw reader.error('unknown frame kind 7');
    const messages: Uint8Array[] = [];
    while (reader.remaining > 0) messages.push(reader.bytes());
    return messages;
  }
}

/** Joins the pieces of one lane's messages. */
class Joiner {
  readonly #maxBytes: number;
  readonly #pieceBytes: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number, pieceBytes: number) {
    this.#maxBytes = maxBytes;
    this.#pieceBytes = pieceBytes;
  }

  /** A piece that others follow. */
  keep(piece: Uint8Array): void {
    if (piece.length !== this.#pieceBytes) throw new FormatError('piece is not full');
    this.#add(piece);
  }

  join(last: Uint8Array): Uint8Array {
    if (last.length > this.#pieceBytes) throw new FormatError('piece too large');
    if (this.#pieces.length === 0) return last;
    this.#add(last);
    const message = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#bytes = 0;
    return message;
  }

  #add(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) throw new FormatError('message too large');
    this.#pieces.push(piece);
  }
}
