/**
 * A data channel as the node worker sees it, whether the engine moved it here (this file), the page
 * relays its bytes (relay.ts), or it only leads to another worker of this page (port-channel.ts).
 * Frames arrive whole, in order and unaltered, or the channel closes; that it is open proves nothing
 * about the other end.
 */

import { CHANNEL_LOW_WATER_BYTES } from '../node/limits.ts';

/**
 * Where a channel's bytes pass: straight into the worker, through the page's main thread, or from one
 * worker of this page to another.
 */
export type Carrier = 'worker' | 'page' | 'local';

export interface ChannelHandlers {
  /** May come more than once. */
  opened(): void;
  /** A text message, which no peer of ours sends, arrives as no bytes. */
  received(frame: Uint8Array): void;
  /** What is unsent fell to CHANNEL_LOW_WATER_BYTES. */
  drained(): void;
  /** May come more than once, also after `close`. */
  closed(): void;
}

export interface Channel {
  readonly carrier: Carrier;
  readonly isOpen: boolean;
  /** Bytes handed over but not sent yet. */
  readonly bufferedAmount: number;
  /** From now on events go to `handlers` and to nobody else. */
  listen(handlers: ChannelHandlers): void;
  /** Throws where the channel is not open. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** A data channel that the page moved here as it was created. */
export class MovedChannel implements Channel {
  readonly carrier = 'worker';
  readonly #channel: RTCDataChannel;
  #handlers: ChannelHandlers | null = null;

  constructor(channel: RTCDataChannel) {
    this.#channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = CHANNEL_LOW_WATER_BYTES;
    channel.addEventListener('open', () => this.#handlers?.opened());
    channel.addEventListener('message', (event) => this.#handlers?.received(frameOf(event.data)));
    channel.addEventListener('bufferedamountlow', () => this.#handlers?.drained());
    channel.addEventListener('close', () => this.#handlers?.closed());
  }

  get isOpen(): boolean {
    return this.#channel.readyState === 'open';
  }

  get bufferedAmount(): number {
    return this.#channel.bufferedAmount;
  }

  listen(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    this.#channel.send(frame);
  }

  close(): void {
    this.#channel.close();
  }
}

/** The bytes of what a data channel's message event carries. */
export function frameOf(data: unknown): Uint8Array<ArrayBuffer> {
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0);
}
