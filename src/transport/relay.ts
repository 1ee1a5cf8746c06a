/**
 * Where an engine cannot move a data channel to a worker, the page keeps it and passes its frames to
 * and fro over a message port: the same `Channel` for the worker, but a busy or throttled page delays
 * it.
 *
 * The worker must know how much is unsent, or it would fill the page's memory: the page counts the
 * bytes it took and reports, every REPORT_BYTES and whenever the channel drains, how many of them
 * have left. What was posted and has not been reported as left is unsent. The steps are small enough
 * that a drained channel is always reported below the worker's low-water mark.
 */

import { CHANNEL_LOW_WATER_BYTES } from '../node/limits.ts';
import { frameOf, type Channel, type ChannelHandlers } from './channel.ts';

const REPORT_BYTES = CHANNEL_LOW_WATER_BYTES / 4;

type FromPage =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: ArrayBuffer }
  /** So many of the bytes the worker posted have left the page. */
  | { readonly type: 'left'; readonly bytes: number }
  | { readonly type: 'closed' };

type FromWorker =
  | { readonly type: 'frame'; readonly frame: ArrayBuffer }
  | { readonly type: 'close' };

/** The page's end: joins `channel` and `port` until either closes. */
export function relay(channel: RTCDataChannel, port: MessagePort): void {
  let takenBytes = 0;
  let reportedBytes = 0;
  let closed = false;
  const post = (message: FromPage, transfer: Transferable[] = []): void => {
    port.postMessage(message, transfer);
  };
  const report = (): void => {
    reportedBytes = takenBytes - channel.bufferedAmount;
    post({ type: 'left', bytes: reportedBytes });
  };
  const end = (): void => {
    if (closed) return;
    closed = true;
    post({ type: 'closed' });
    channel.close();
    port.close();
  };
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = CHANNEL_LOW_WATER_BYTES / 2;
  channel.addEventListener('open', () => post({ type: 'opened' }));
  channel.addEventListener('message', (event) => {
    const { buffer } = frameOf(event.data);
    post({ type: 'frame', frame: buffer }, [buffer]);
  });
  channel.addEventListener('bufferedamountlow', report);
  channel.addEventListener('close', end);
  port.addEventListener('message', (event) => {
    const message = event.data as FromWorker;
    if (closed) return;
    if (message.type === 'close') {
      end();
      return;
    }
    try {
      channel.send(message.frame);
    } catch {
      end();
      return;
    }
    takenBytes += message.frame.byteLength;
    if (takenBytes - reportedBytes >= REPORT_BYTES) report();
  });
  port.start();
  if (channel.readyState === 'open') post({ type: 'opened' });
}

/** The worker's end. */
export class RelayedChannel implements Channel {
  readonly carrier = 'page';
  readonly #port: MessagePort;
  #handlers: ChannelHandlers | null = null;
  #isOpen = false;
  #unsentBytes = 0;
  #postedBytes = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.addEventListener('message', (event) => this.#receive(event.data as FromPage));
    port.start();
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
    const message: FromWorker = { type: 'frame', frame: frame.buffer };
    this.#postedBytes += frame.byteLength;
    this.#unsentBytes += frame.byteLength;
    this.#port.postMessage(message, [frame.buffer]);
  }

  close(): void {
    this.#isOpen = false;
    const message: FromWorker = { type: 'close' };
    this.#port.postMessage(message, []);
    this.#port.close();
  }

  #receive(message: FromPage): void {
    switch (message.type) {
      case 'opened':
        this.#isOpen = true;
        this.#handlers?.opened();
        return;
      case 'frame':
        this.#handlers?.received(new Uint8Array(message.frame));
        return;
      case 'left': {
        const before = this.#unsentBytes;
        this.#unsentBytes = this.#postedBytes - message.bytes;
        const low = CHANNEL_LOW_WATER_BYTES;
        if (before > low && this.#unsentBytes <= low) this.#handlers?.drained();
        return;
      }
      case 'closed':
        this.#isOpen = false;
        this.#handlers?.closed();
        return;
    }
  }
}
