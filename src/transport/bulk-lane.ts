/**
 * Snapshot chunks that wait to be sent over one link: first in, first out, bounded in bytes, and sent
 * only while the channel they go over holds little. A chunk is worth nothing by itself and is sent
 * again when it is lost, so nothing else ever waits for one.
 *
 * Which channel that is may be open for a while, and changes once at most: from the link's channel
 * for snapshots, when that breaks, to the one for everything else. A chunk of which pieces have gone
 * over the old channel is sent again from its beginning, so order is kept.
 *
 * Two channels of one connection share its bandwidth and take turns frame by frame. So that entries
 * and proposals get the most of it where it is short, frames here are small.
 */

import { CHANNEL_LOW_WATER_BYTES, LINK_BULK_QUEUE_BYTES } from '../node/limits.ts';
import type { Channel } from './channel.ts';
import { type FrameWriter, MAX_BULK_PIECE_BYTES } from './framing.ts';

export class BulkLane {
  readonly #frames: FrameWriter;
  readonly #onFrame: (bytes: number) => void;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** How much of the first one has been sent. */
  #offset = 0;
  #channel: Channel | null = null;

  constructor(frames: FrameWriter, onFrame: (bytes: number) => void) {
    this.#frames = frames;
    this.#onFrame = onFrame;
  }

  /** Chunks that have not left, or not whole. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** False: there was no room, and the message is dropped. */
  add(bytes: Uint8Array): boolean {
    if (this.#waitingBytes + bytes.length > LINK_BULK_QUEUE_BYTES) return false;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    return true;
  }

  route(channel: Channel): void {
    this.#channel = channel;
    this.#offset = 0;
  }

  /** Whether its messages go over `channel`. */
  goesOver(channel: Channel): boolean {
    return this.#channel === channel;
  }

  /**
   * Sends while the channel holds no more than its low-water mark, so that whoever stops here is told
   * when it may go on; throws what the channel throws.
   */
  flush(): void {
    if (this.#channel === null) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#channel.bufferedAmount > CHANNEL_LOW_WATER_BYTES) return;
      this.#sendPiece(this.#channel, next);
    }
  }

  #sendPiece(channel: Channel, message: Uint8Array): void {
    const frame = this.#frames.bulkPiece(message, this.#offset);
    const { length } = frame;
    channel.send(frame);
    this.#onFrame(length);
    this.#offset += MAX_BULK_PIECE_BYTES;
    if (this.#offset < message.length) return;
    this.#waiting.shift();
    this.#waitingBytes -= message.length;
    this.#offset = 0;
  }
}
