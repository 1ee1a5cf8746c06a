/**
 * A channel between two nodes of one page: a message port from worker to worker. Nothing of it passes
 * through the page's main thread, so a busy page does not delay it, and no network is needed: WebRTC
 * finds no way from a machine to itself while no network interface is up.
 *
 * It is open when the other end has said that it is there. A port says nothing about how much of what
 * was posted has been read, so each end reports, every REPORT_BYTES, how many bytes it has read; what
 * was posted and has not been reported as read is unsent. What stays unreported is less than the low
 * water, so a channel that has been read empty always counts as drained.
 */

import { CHANNEL_LOW_WATER_BYTES } from '../node/limits.ts';
import type { Channel, ChannelHandlers } from './channel.ts';

const REPORT_BYTES = CHANNEL_LOW_WATER_BYTES / 4;

type Said =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: ArrayBuffer }
  /** So many of the other end's bytes have been read. */
  | { readonly type: 'read'; readonly bytes: number }
  | { readonly type: 'closed' };

export class LocalChannel implements Channel {
  readonly carrier = 'local';
  readonly #port: MessagePort;
  #handlers: ChannelHandlers | null = null;
  #isOpen = false;
  #isClosed = false;
  #postedBytes = 0;
  #unsentBytes = 0;
  #readBytes = 0;
  #reportedBytes = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.addEventListener('message', (event) => this.#receive(event.data as Said));
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

  #receive(said: Said): void {
    if (this.#isClosed) return;
    switch (said.type) {
      case 'opened':
        this.#isOpen = true;
        this.#handlers?.opened();
        return;
      case 'frame':
        this.#onFrame(new Uint8Array(said.frame));
        return;
      case 'read': {
        const before = this.#unsentBytes;
        this.#unsentBytes = this.#postedBytes - said.bytes;
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
    this.#readBytes += frame.byteLength;
    if (this.#readBytes - this.#reportedBytes >= REPORT_BYTES) {
      this.#reportedBytes = this.#readBytes;
      this.#say({ type: 'read', bytes: this.#readBytes });
    }
    this.#handlers?.received(frame);
  }

  #end(): void {
    this.#isOpen = false;
    this.#isClosed = true;
    this.#port.close();
  }

  #say(said: Said, transfer: Transferable[] = []): void {
    this.#port.postMessage(said, transfer);
  }
}
