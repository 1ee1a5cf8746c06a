/**
 * What waits to be sent over one link, and in which order it goes.
 *
 * Three lanes, each first in, first out:
 *
 * - `data`: AppendEntries that carry entries, and proposals. They may be megabytes, are cut into
 *   pieces, and depend on each other's order (a gap makes the receiver refuse what follows).
 * - `control`: everything else, small and whole in one frame. It goes first, also between the pieces
 *   of a large message, so that a heartbeat does not wait seconds behind an 8 MiB entry on a slow
 *   connection and cost the leader its office.
 * - `bulk`: snapshots (bulk-lane.ts). They go over a channel of their own where the link has one; else
 *   only while nothing else waits, and only as far as the channel holds little, for what it holds
 *   cannot be overtaken.
 *
 * So a control message may overtake data sent before it, and both overtake snapshots; within a lane
 * nothing overtakes. Raft takes
 * messages in any order, so this is safe for all of them; one case would be costly. A heartbeat (an
 * AppendEntries without entries) is refused where the receiver lacks `prevLogIndex`. If it overtook
 * the AppendEntries that brings that very entry, the leader would take the refusal for a lost message
 * and send it all again. A heartbeat therefore overtakes only AppendEntries that begin at or behind
 * its own prevLogIndex. Else it keeps its place among the data, where it shows the leader whether
 * anything was lost, and a copy of it goes ahead that names the position where the waiting entries
 * begin. That is a heartbeat the leader could have sent: in its term its log only grows (paper
 * section 5.3), so what it once named as the place before its entries still is one.
 *
 * Small messages of both lanes that wait beside each other share a frame: a frame costs both ends more
 * than most messages do.
 *
 * Large messages wait here, not in the channel: what a channel holds cannot be overtaken. All lanes
 * are bounded in bytes; what does not fit is dropped whole (TR1) and the caller counts it.
 */

import {
  CHANNEL_HIGH_WATER_BYTES,
  CHANNEL_MAX_BUFFERED_BYTES,
  LINK_CONTROL_QUEUE_BYTES,
  LINK_DATA_QUEUE_BYTES,
} from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { AppendEntries } from '../raft/messages.ts';
import { BulkLane } from './bulk-lane.ts';
import type { Channel } from './channel.ts';
import { encodeMessage } from './codec.ts';
import { type FrameWriter, type Lane, MAX_PIECE_BYTES } from './framing.ts';

interface WaitingMessage {
  readonly bytes: Uint8Array;
  /** How much of it has been sent. */
  offset: number;
  /** Where its entries begin, where it is an AppendEntries. */
  readonly position: LogPosition | null;
}

type LogPosition = Pick<AppendEntries, 'term' | 'prevLogIndex' | 'prevLogTerm'>;

export class SendQueue {
  readonly #channel: Channel;
  readonly #frames: FrameWriter;
  readonly #onFrame: (bytes: number, lane: Lane) => void;
  readonly #bulk: BulkLane;
  readonly #control: Uint8Array[] = [];
  readonly #data: WaitingMessage[] = [];
  #controlBytes = 0;
  #dataBytes = 0;

  /** `onFrame` is told of every frame handed to a channel. */
  constructor(channel: Channel, frames: FrameWriter, onFrame: (bytes: number, lane: Lane) => void) {
    this.#channel = channel;
    this.#frames = frames;
    this.#onFrame = onFrame;
    this.#bulk = new BulkLane(frames, (bytes) => onFrame(bytes, 'bulk'));
  }

  /** False: there was no room, and the message is dropped. `bytes` is `message` encoded. */
  add(message: NodeMessage, bytes: Uint8Array): boolean {
    switch (message.type) {
      case 'append-entries':
        return message.entries.length > 0
          ? this.#addData(bytes, message)
          : this.#addHeartbeat(message, bytes);
      case 'propose':
        return this.#addData(bytes, null);
      case 'install-snapshot':
        return this.#bulk.add(bytes);
      default:
        return this.#addControl(bytes);
    }
  }

  /** Messages that have not left, or not whole. */
  get waiting(): number {
    return this.#control.length + this.#data.length + this.#bulk.waiting;
  }

  /** Where snapshots go from now on; until told so they wait. Null: over the channel of all others. */
  routeBulk(channel: Channel | null): void {
    this.#bulk.route(channel ?? this.#channel);
  }

  /** Sends what the channel has room for; throws what the channel throws. */
  flush(): void {
    this.#flushSeveral();
    this.#flushControl();
    for (let next = this.#data[0]; next !== undefined; next = this.#data[0]) {
      if (this.#channel.bufferedAmount >= CHANNEL_HIGH_WATER_BYTES) return;
      this.#sendPiece(next);
    }
    if (this.#bulk.goesOver(this.#channel)) this.#bulk.flush();
  }

  /** The same for snapshots on their own channel. */
  flushBulk(): void {
    if (!this.#bulk.goesOver(this.#channel)) this.#bulk.flush();
  }

  ping(): void {
    this.#send(this.#frames.ping(), 'control');
  }

  #addHeartbeat(heartbeat: AppendEntries, bytes: Uint8Array): boolean {
    const first = this.#firstWaitingPosition();
    if (first === null || heartbeat.prevLogIndex <= first.prevLogIndex) {
      return this.#addControl(bytes);
    }
    if (heartbeat.term === first.term) {
      this.#addControl(encodeMessage({ ...heartbeat, ...first }));
    }
    return this.#addData(bytes, null);
  }

  /** The earliest position at which waiting entries begin. */
  #firstWaitingPosition(): LogPosition | null {
    let first: LogPosition | null = null;
    for (const { position } of this.#data) {
      if (position === null) continue;
      if (first === null || position.prevLogIndex < first.prevLogIndex) first = position;
    }
    return first;
  }

  #addControl(bytes: Uint8Array): boolean {
    if (bytes.length > MAX_PIECE_BYTES) return this.#addData(bytes, null);
    if (this.#controlBytes + bytes.length > LINK_CONTROL_QUEUE_BYTES) return false;
    this.#control.push(bytes);
    this.#controlBytes += bytes.length;
    return true;
  }

  #addData(bytes: Uint8Array, appending: AppendEntries | null): boolean {
    if (this.#dataBytes + bytes.length > LINK_DATA_QUEUE_BYTES) return false;
    let position: LogPosition | null = null;
    if (appending !== null) {
      const { term, prevLogIndex, prevLogTerm } = appending;
      position = { term, prevLogIndex, prevLogTerm };
    }
    this.#data.push({ bytes, offset: 0, position });
    this.#dataBytes += bytes.length;
    return true;
  }

  /** Small messages that wait beside each other share frames, in the order in which they would go. */
  #flushSeveral(): void {
    while (this.#channel.bufferedAmount < CHANNEL_HIGH_WATER_BYTES) {
      const [control, data] = this.#countSharing();
      if (control + data < 2) return;
      const messages = this.#control.splice(0, control);
      for (const bytes of messages) this.#controlBytes -= bytes.length;
      for (const { bytes } of this.#data.splice(0, data)) {
        this.#dataBytes -= bytes.length;
        messages.push(bytes);
      }
      this.#send(this.#frames.several(messages), data > 0 ? 'data' : 'control');
    }
  }

  /** How many of each lane go into the next frame. */
  #countSharing(): [control: number, data: number] {
    let room = MAX_PIECE_BYTES;
    const fits = (bytes: Uint8Array): boolean => (room -= this.#frames.shareOf(bytes)) >= 0;
    const control = countWhile(this.#control, fits);
    if (control < this.#control.length) return [control, 0];
    return [control, countWhile(this.#data, ({ bytes, offset }) => offset === 0 && fits(bytes))];
  }

  #flushControl(): void {
    let sent = 0;
    for (const bytes of this.#control) {
      if (this.#channel.bufferedAmount >= CHANNEL_MAX_BUFFERED_BYTES) break;
      this.#send(this.#frames.control(bytes), 'control');
      this.#controlBytes -= bytes.length;
      sent += 1;
    }
    this.#control.splice(0, sent);
  }

  #sendPiece(message: WaitingMessage): void {
    const before = message.offset;
    this.#send(this.#frames.piece(message.bytes, before), 'data');
    message.offset = Math.min(before + MAX_PIECE_BYTES, message.bytes.length);
    this.#dataBytes -= message.offset - before;
    if (message.offset === message.bytes.length) this.#data.shift();
  }

  #send(frame: Uint8Array<ArrayBuffer>, lane: Lane): void {
    // A relayed frame's buffer is gone when it has been sent.
    const { length } = frame;
    this.#channel.send(frame);
    this.#onFrame(length, lane);
  }
}

function countWhile<T>(items: readonly T[], isMeant: (item: T) => boolean): number {
  const end = items.findIndex((item) => !isMeant(item));
  return end < 0 ? items.length : end;
}
