/**
 * The second channel of a link, for snapshots alone, until it may be sent on.
 *
 * Both pages make it beside the first one, under a number agreed beforehand, and move it to their
 * workers. It has no handshake of its own: its frames bear the link's tag, which only the two ends of
 * the link can know. But channels keep no order between each other, so an end must not send on it
 * before the other end has a link to read it, or a page that relays its channels has none at all. So
 * an end greets (with a ping) once it has heard the other end's link, and sends once it was greeted.
 *
 * Where no greeting comes within BULK_CHANNEL_TIMEOUT_MS, and when the channel breaks, the link does
 * without it.
 */

import type { Channel } from './channel.ts';

export interface BulkChannelOptions {
  readonly channel: Channel;
  /** How many ticks to wait for a greeting. */
  readonly patienceTicks: number;
  readonly greet: (channel: Channel) => void;
  /** Every frame; closes the channel where the frame is not what it must be. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** From now on it may be sent on. */
  readonly onReady: () => void;
  readonly onDrained: () => void;
  /** It is of no more use; called once, and not after `close`. */
  readonly onGone: () => void;
}

export class BulkChannel {
  readonly channel: Channel;
  readonly #options: BulkChannelOptions;
  #state: 'waiting' | 'ready' | 'gone' = 'waiting';
  #otherIsLinked = false;
  #hasGreeted = false;
  #ticks = 0;

  constructor(options: BulkChannelOptions) {
    this.#options = options;
    this.channel = options.channel;
    this.channel.listen({
      opened: () => this.#greet(),
      received: (frame) => this.#receive(frame),
      drained: () => this.#options.onDrained(),
      closed: () => this.lose(),
    });
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** To be called for every tick of the link. */
  tick(): void {
    this.#ticks += 1;
    if (this.#state === 'waiting' && this.#ticks >= this.#options.patienceTicks) this.lose();
  }

  /** The other end has a link, too. */
  otherLinked(): void {
    this.#otherIsLinked = true;
    this.#greet();
  }

  lose(): void {
    if (this.#state === 'gone') return;
    this.close();
    this.#options.onGone();
  }

  /** Ends it without `onGone`. */
  close(): void {
    this.#state = 'gone';
    this.channel.close();
  }

  #greet(): void {
    if (this.#hasGreeted || !this.#otherIsLinked || !this.channel.isOpen) return;
    if (this.#state === 'gone') return;
    this.#hasGreeted = true;
    try {
      this.#options.greet(this.channel);
    } catch {
      this.lose();
    }
  }

  #receive(frame: Uint8Array): void {
    if (this.#state === 'gone') return;
    this.#options.onFrame(frame);
    if (this.#state !== 'waiting') return;
    this.#state = 'ready';
    this.otherLinked();
    if (this.isReady) this.#options.onReady();
  }
}
