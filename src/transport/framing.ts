/**
 * Frames: what travels on a link's data channel once both ends have proved who they are.
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
 *
 * The pieces of one message follow each other in order, and only pings and control frames may stand
 * between them (send-queue.ts says which messages may overtake). So there is never more than one
 * message to join, of at most MAX_MESSAGE_BYTES, in pieces whose number is bounded by their size.
 */

import { ByteReader, FormatError } from '../node/bytes.ts';
import { MAX_FRAME_BYTES, MAX_MESSAGE_BYTES } from '../node/limits.ts';

const HEADER_BYTES = 6;

/** The most of a message that one frame takes. */
export const MAX_PIECE_BYTES = MAX_FRAME_BYTES - HEADER_BYTES;

const PING = 1;
const CONTROL = 2;
const DATA = 3;
const DATA_LAST = 4;

export type ReadFrame =
  | { readonly type: 'ping' }
  /** A piece of a message that is not whole yet. */
  | { readonly type: 'piece' }
  | { readonly type: 'message'; readonly bytes: Uint8Array };

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

/** Reads the frames of one link and joins messages. After a `FormatError` it is of no more use. */
export class FrameReader {
  readonly #version: number;
  readonly #tag: number;
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;

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
        return { type: 'message', bytes: reader.rest() };
      case DATA:
        if (reader.remaining !== MAX_PIECE_BYTES) throw reader.error('piece is not full');
        this.#keep(reader.rest());
        return { type: 'piece' };
      case DATA_LAST:
        return { type: 'message', bytes: this.#join(reader.rest()) };
      default:
        throw reader.error(`unknown frame kind ${kind}`);
    }
  }

  #keep(piece: Uint8Array): void {
    this.#piecesBytes += piece.length;
    if (this.#piecesBytes > MAX_MESSAGE_BYTES) throw new FormatError('message too large');
    this.#pieces.push(piece);
  }

  #join(last: Uint8Array): Uint8Array {
    if (this.#pieces.length === 0) return last;
    this.#keep(last);
    const message = new Uint8Array(this.#piecesBytes);
    let at = 0;
    for (const piece of this.#pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#piecesBytes = 0;
    return message;
  }
}
