/**
 * A channel that a worker has as a message port: to the worker of another node of this page, or to the
 * page, which passes the frames on to a data channel that cannot move (relay.ts). From worker to worker
 * nothing passes through the page's main thread, so a busy page does not delay it, and no network is
 * needed: WebRTC finds no way from a machine to itself while no network interface is up.
 *
 * It is open when the other end has said so. A port says nothing about how much of what was posted has
 * been taken from it, so the other end reports, every REPORT_BYTES, how many bytes have left it: have
 * been read, or were sent on. What was posted and has not been reported is unsent. What stays
 * unreported is less than the low water, so a channel that has drained always counts as drained.
 */

import { CHANNEL_LOW_WATER_BYTES } from '../node/limits.ts';
import type { Channel, ChannelHandlers } from './channel.ts';

export const REPORT_BYTES = CHANNEL_LOW_WATER_BYTES / 4;

/** What each end tells the other. */
export type PortMessage =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: ArrayBuffer }
  /** So many bytes of the frames that came have left this end. */
  | { readonly type: 'left'; readonly bytes: number }
  | { readonly type: 'closed' };

export class PortChannel implements Channel {
  readonly carrier: 'page' | 'local';
  readonly #port: MessagePort;
  #handlers: ChannelHandlers | null = null;
  #isOpen = false;
  #isClosed = false;
  #postedBytes = 0;
  #unsentBytes = 0;
  #readBytes = 0;
  #reportedBytes = 0;

  constructor(port: MessagePort, carrier: 'page' | 'local') {
    this.carrier = carrier;
    this.#port = port;
    port.addEventListener('message', (event) => this.#receive(event.data as PortMessage));
    port.start();
    this.#say({ type: 'opened' });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get bufferedAmount(): number {
    return this.#unsentBytes;
  }

  listen(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    if (!this.#isOpen) throw new Error('the channel is not open');
    this.#postedBytes += frame.byteLength;
    this.#unsentBytes += frame.byteLength;
    this.#say({ type: 'frame', frame: frame.buffer }, [frame.buffer]);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#say({ type: 'closed' });
    this.#end();
  }

  #receive(message: PortMessage): void {
    if (this.#isClosed) return;
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        this.#handlers?.opened();
        return;
      case 'frame':
        this.#onFrame(new Uint8Array(message.frame));
        return;
      case 'left': {
        const before = this.#unsentBytes;
        this.#unsentBytes = this.#postedBytes - message.bytes;
        const low = CHANNEL_LOW_WATER_BYTES;
        if (before > low && this.#unsentBytes <= low) this.#handlers?.drained();
        return;
      }
      case 'closed':
        this.#end();
        this.#handlers?.closed();
        return;
    }
  }

  #onFrame(frame: Uint8Array): void {
    // The page has no use for reports: it cannot hold back what comes over a data channel.
    if (this.carrier === 'local') this.#report(frame.byteLength);
    this.#handlers?.received(frame);
  }

  #report(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#readBytes - this.#reportedBytes < REPORT_BYTES) return;
    this.#reportedBytes = this.#readBytes;
    this.#say({ type: 'left', bytes: this.#readBytes });
  }

  #end(): void {
    this.#isOpen = false;
    this.#isClosed = true;
    this.#port.close();
  }

  #say(message: PortMessage, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
