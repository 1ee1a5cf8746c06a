/**
 * A link: an open data channel whose other end has proved who it is, and where it can be had a second
 * one for snapshots (bulk-channel.ts), which may come and go without the link. Sends messages through
 * send-queue.ts, reads what arrives, and watches whether the other end lives: on the first channel,
 * for that is the one a vote or a heartbeat goes over.
 *
 * A link sends something at least every LINK_PING_INTERVAL_MS, is suspect when nothing arrived for
 * LINK_SUSPECT_MS, and broken when nothing did for LINK_TIMEOUT_MS: an open channel proves nothing, it stays open for a minute after its peer
 * vanished. Time is counted in ticks that ran, not in milliseconds that passed, so that a tab that
 * was frozen or asleep hears what waits for it before it declares everybody dead.
 *
 * Any frame that is not what it must be breaks the link, too: a member that sends such frames is of
 * another make or out of order, and nothing it says further can be trusted to be in sequence.
 */

import { FormatError } from '../node/bytes.ts';
import {
  BULK_CHANNEL_TIMEOUT_MS,
  LINK_PING_INTERVAL_MS,
  LINK_SUSPECT_MS,
  LINK_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
} from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { NodeId } from '../raft/types.ts';
import { BulkChannel } from './bulk-channel.ts';
import type { Channel } from './channel.ts';
import { encodeMessage } from './codec.ts';
import type { Counters } from './counters.ts';
import { FrameWriter, type Lane, MAX_BULK_MESSAGE_BYTES, MAX_PIECE_BYTES } from './framing.ts';
import type { Identity } from './handshake.ts';
import { MessageReader } from './message-reader.ts';
import { SendQueue } from './send-queue.ts';

/** How often `tick` is called. */
export const LINK_TICK_MS = LINK_PING_INTERVAL_MS / 2;
const PING_TICKS = LINK_PING_INTERVAL_MS / LINK_TICK_MS;
const SUSPECT_TICKS = LINK_SUSPECT_MS / LINK_TICK_MS + 1;
const SILENT_TICKS = LINK_TIMEOUT_MS / LINK_TICK_MS + 1;
const BULK_CHANNEL_TICKS = BULK_CHANNEL_TIMEOUT_MS / LINK_TICK_MS;

export interface LinkOptions {
  /** What signalling calls the connection. */
  readonly key: string;
  readonly self: NodeId;
  readonly identity: Identity;
  readonly channel: Channel;
  /** For snapshots, where there is one. */
  readonly bulkChannel: Channel | null;
  readonly counters: Counters;
  readonly onMessage: (message: NodeMessage) => void;
  /** The link is of no more use; not called from within `send`. */
  readonly onBroken: () => void;
  /** Nothing arrived for LINK_SUSPECT_MS. */
  readonly onSuspect: () => void;
  /** Runs a callback after the present one has ended. */
  readonly later: (callback: () => void) => void;
}

export class Link {
  readonly key: string;
  readonly identity: Identity;
  readonly #options: LinkOptions;
  readonly #channel: Channel;
  readonly #counters: Counters;
  readonly #queue: SendQueue;
  readonly #reader: MessageReader;
  readonly #bulkReader: MessageReader;
  readonly #bulk: BulkChannel | null;
  #idleTicks = 0;
  #silentTicks = 0;
  #ended = false;
  /** Something was given to be sent at the end of this turn. */
  #isFlushDue = false;

  constructor(options: LinkOptions) {
    const { key, self, identity, channel, bulkChannel, counters } = options;
    this.key = key;
    this.identity = identity;
    this.#options = options;
    this.#channel = channel;
    this.#counters = counters;
    this.#reader = new MessageReader(identity, self, false);
    this.#bulkReader = new MessageReader(identity, self, true);
    const frames = new FrameWriter(identity.version, identity.tag);
    this.#queue = new SendQueue(channel, frames, (bytes, lane) => this.#onFrameSent(bytes, lane));
    channel.listen({
      opened: () => undefined,
      received: (frame) => this.#receive(frame),
      drained: () => this.#flush(),
      closed: () => this.#break(),
    });
    this.#bulk = bulkChannel === null ? null : this.#bulkOver(bulkChannel, frames);
    if (this.#bulk === null) this.#queue.routeBulk(null);
    // The other end learns that there is a link here, and may greet over the second channel.
    else this.ping();
  }

  get peer(): NodeId {
    return this.identity.peer;
  }

  get carrier(): Channel['carrier'] {
    return this.#channel.carrier;
  }

  /** The other end has been silent for so long that a new connection had better be made. */
  get isSuspect(): boolean {
    return this.#silentTicks >= SUSPECT_TICKS;
  }

  /** Whether snapshots have a channel of their own. */
  get hasBulkChannel(): boolean {
    return this.#bulk?.isReady ?? false;
  }

  /** Messages that wait for room in the channels. */
  get unsent(): number {
    return this.#queue.waiting;
  }

  /** What is small and given in one turn leaves together. */
  send(message: NodeMessage): void {
    if (this.#ended) return;
    const bytes = this.#encode(message);
    if (bytes === null) return;
    if (!this.#queue.add(message, bytes)) {
      this.#counters.add('droppedNoRoom');
      return;
    }
    this.#counters.add('messagesOut');
    if (bytes.length > MAX_PIECE_BYTES) {
      // Whatever of it is in the channel leaves room for the next one.
      this.flush();
      return;
    }
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#options.later(() => {
      if (this.#isFlushDue) this.flush();
    });
  }

  /** Sends now what would be sent at the end of this turn, together. */
  flush(): void {
    this.#isFlushDue = false;
    this.#flush();
  }

  /** Shows the other end that there is life here. */
  ping(): void {
    this.#carefully(() => this.#queue.ping());
  }

  /** To be called every LINK_TICK_MS. */
  tick(): void {
    if (this.#ended) return;
    this.#silentTicks += 1;
    this.#idleTicks += 1;
    if (this.#silentTicks >= SILENT_TICKS) {
      this.#counters.add('linksSilent');
      this.#break();
      return;
    }
    if (this.#silentTicks === SUSPECT_TICKS) this.#options.onSuspect();
    if (this.#idleTicks >= PING_TICKS) this.ping();
    this.#bulk?.tick();
    this.#flush();
  }

  /** Ends the link without `onBroken`. */
  close(): void {
    this.#ended = true;
    this.#bulk?.close();
    this.#channel.close();
  }

  #bulkOver(channel: Channel, frames: FrameWriter): BulkChannel {
    return new BulkChannel({
      channel,
      patienceTicks: BULK_CHANNEL_TICKS,
      greet: () => channel.send(frames.ping()),
      onFrame: (frame) => this.#read(frame, this.#bulkReader),
      onReady: () => {
        this.#queue.routeBulk(channel);
        this.#flushBulk();
      },
      onDrained: () => this.#flushBulk(),
      onGone: () => {
        this.#queue.routeBulk(null);
        this.#flush();
      },
    });
  }

  #encode(message: NodeMessage): Uint8Array | null {
    try {
      const bytes = encodeMessage(message);
      const bulk = message.type === 'install-snapshot';
      if (bytes.length <= (bulk ? MAX_BULK_MESSAGE_BYTES : MAX_MESSAGE_BYTES)) return bytes;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
    this.#counters.add('droppedUnsendable');
    return null;
  }

  #flush(): void {
    this.#carefully(() => this.#queue.flush());
    this.#flushBulk();
  }

  /** Where the second channel closes under our hands, what waits goes over the first. */
  #flushBulk(): void {
    if (this.#ended) return;
    try {
      this.#queue.flushBulk();
    } catch {
      this.#bulk?.lose();
    }
  }

  /** A channel that closes under our hands throws; that breaks the link after this call. */
  #carefully(send: () => void): void {
    if (this.#ended) return;
    try {
      send();
    } catch {
      this.#options.later(() => this.#break());
    }
  }

  #onFrameSent(bytes: number, lane: Lane): void {
    if (lane === 'bulk') this.#counters.add('bulkBytesOut', bytes);
    else this.#idleTicks = 0;
    this.#counters.add('framesOut');
    this.#counters.add('bytesOut', bytes);
  }

  #receive(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#silentTicks = 0;
    this.#read(frame, this.#reader);
    if (!this.#ended) this.#bulk?.otherLinked();
  }

  #read(frame: Uint8Array, reader: MessageReader): void {
    if (this.#ended) return;
    this.#counters.add('framesIn');
    this.#counters.add('bytesIn', frame.length);
    let messages: readonly NodeMessage[];
    try {
      const read = reader.read(frame);
      if (read.isBulk) this.#counters.add('bulkBytesIn', frame.length);
      messages = read.messages;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#counters.add('malformed');
      this.#break();
      return;
    }
    this.#counters.add('messagesIn', messages.length);
    for (const message of messages) {
      if (!this.#ended) this.#options.onMessage(message);
    }
  }

  #break(): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken();
  }
}
