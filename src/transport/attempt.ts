/**
 * A connection on its way to becoming a link: dialled or come in, then open, then proved by the
 * handshake. Bounded in everything a stranger could use: time, the size of a frame, and one frame
 * at most held before its turn.
 */

import {
  DIAL_TIMEOUT_MS,
  HANDSHAKE_TIMEOUT_MS,
  MAX_HANDSHAKE_FRAME_BYTES,
  REFUSAL_LINGER_MS,
} from '../node/limits.ts';
import type { Clock } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';
import type { Channel } from './channel.ts';
import type { RefusalReason } from './handshake-frames.ts';
import {
  Handshake,
  type Fingerprints,
  type HandshakeOptions,
  type HandshakeOutcome,
  type Identity,
} from './handshake.ts';

export type AttemptOutcome =
  | HandshakeOutcome
  /** It never came to a handshake. */
  | { readonly type: 'failed' };

export interface AttemptOptions {
  readonly key: string;
  /** Whom signalling says the other end is; proves nothing. */
  readonly peerId: string;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly handshake: Pick<
    HandshakeOptions,
    'keys' | 'credentials' | 'rule' | 'incarnation' | 'dialled' | 'policy'
  >;
  /** The channel is open; the fingerprints are wanted. */
  readonly onOpened: () => void;
  /** Called once, unless the attempt is aborted. After 'authenticated' the channels are the caller's. */
  readonly onOutcome: (outcome: AttemptOutcome) => void;
  /** Called once, after any other end than 'authenticated': the connection is to be closed. */
  readonly onReleased: () => void;
}

export class Attempt {
  readonly key: string;
  readonly peerId: string;
  /** The node dialled; null where the connection came in. */
  readonly dialled: NodeId | null;
  readonly #options: AttemptOptions;
  #channel: Channel | null = null;
  #bulkChannel: Channel | null = null;
  #handshake: Handshake | null = null;
  /** A hello that came before this end knew the certificates. */
  #early: Uint8Array | null = null;
  #opened = false;
  #ended = false;
  #released = false;
  #cancelTimer: () => void;

  constructor(options: AttemptOptions) {
    this.key = options.key;
    this.peerId = options.peerId;
    this.dialled = options.handshake.dialled;
    this.#options = options;
    this.#cancelTimer = options.clock.setTimer(DIAL_TIMEOUT_MS, () => this.fail());
  }

  get channel(): Channel | null {
    return this.#channel;
  }

  /** For snapshots; says nothing before there is a link. */
  get bulkChannel(): Channel | null {
    return this.#bulkChannel;
  }

  /** Over; it only lingers until its refusal has gone out. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The channel is open at this end: the other end may be counting on this connection. */
  get begun(): boolean {
    return this.#handshake !== null;
  }

  /** The identity for which this end, the initiator, has said its last word. */
  get confirmed(): Identity | null {
    return this.#handshake?.confirmed ?? null;
  }

  onChannel(channel: Channel, bulkChannel: Channel | null): void {
    if (this.#ended || this.#channel !== null) {
      channel.close();
      bulkChannel?.close();
      return;
    }
    this.#channel = channel;
    this.#bulkChannel = bulkChannel;
    bulkChannel?.listen({
      opened: () => undefined,
      // Whoever proves itself waits for the other end's link before it says anything here.
      received: () => this.refuse('malformed'),
      drained: () => undefined,
      closed: () => undefined,
    });
    channel.listen({
      opened: () => this.#onOpened(),
      received: (frame) => this.#onFrame(frame),
      drained: () => undefined,
      closed: () => this.fail(),
    });
    if (channel.isOpen) this.#onOpened();
  }

  onFingerprints(fingerprints: Fingerprints): void {
    if (this.#ended || this.#handshake !== null) return;
    const handshake = new Handshake({
      ...this.#options.handshake,
      fingerprints,
      send: (frame) => this.#send(frame),
      done: (outcome) => this.#onDone(outcome),
    });
    this.#handshake = handshake;
    handshake.start();
    const early = this.#early;
    this.#early = null;
    if (early !== null) handshake.receive(early);
  }

  /** Tells the other end why, where it can be told. */
  refuse(reason: RefusalReason): void {
    if (this.#handshake === null) this.fail();
    else this.#handshake.refuse(reason);
  }

  /** The connection came to nothing. */
  fail(): void {
    if (!this.#ended) {
      this.#end();
      this.#options.onOutcome({ type: 'failed' });
    }
    this.#release();
  }

  /** Ends it at once, without a word to anybody but `onReleased`. */
  abort(): void {
    this.#end();
    this.#release();
  }

  #onOpened(): void {
    if (this.#ended || this.#opened) return;
    this.#opened = true;
    this.#cancelTimer();
    const { clock, onOpened } = this.#options;
    this.#cancelTimer = clock.setTimer(HANDSHAKE_TIMEOUT_MS, () => this.refuse('timeout'));
    onOpened();
  }

  #onFrame(frame: Uint8Array): void {
    if (this.#ended) return;
    this.#onOpened();
    if (this.#handshake !== null) {
      this.#handshake.receive(frame);
    } else if (this.#early === null && frame.length <= MAX_HANDSHAKE_FRAME_BYTES) {
      this.#early = frame;
    } else {
      this.fail();
    }
  }

  #onDone(outcome: HandshakeOutcome): void {
    this.#end();
    const { clock, onOutcome } = this.#options;
    if (outcome.type === 'refused' && outcome.by === 'here') {
      this.#cancelTimer = clock.setTimer(REFUSAL_LINGER_MS, () => this.#release());
    } else if (outcome.type === 'refused') {
      this.#release();
    }
    onOutcome(outcome);
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    try {
      this.#channel?.send(frame);
    } catch {
      // It has closed, and its own event says so.
    }
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimer();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#cancelTimer();
    this.#channel?.close();
    this.#bulkChannel?.close();
    this.#options.onReleased();
  }
}
