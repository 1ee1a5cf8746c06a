/**
 * Data channels in virtual time. A pair carries frames both ways in order; how fast what is buffered
 * leaves, and how long it travels, is the test's. Just what transport/channel.ts uses of an
 * RTCDataChannel.
 */

import type { ManualClock } from './manual-clock.ts';

export interface ChannelConditions {
  readonly latencyMs: number;
  /** Infinity: nothing is ever buffered. */
  readonly bytesPerMs: number;
}

export class FakeDataChannel extends EventTarget {
  binaryType: BinaryType = 'blob';
  bufferedAmountLowThreshold = 0;
  bufferedAmount = 0;
  readyState: RTCDataChannelState = 'connecting';
  /** While on, nothing arrives and nobody is told. */
  blackHole = false;
  /** Every frame sent, for tests that look at the wire. */
  readonly sent: Uint8Array[] = [];
  /** May alter or drop (null) what arrives. */
  onWire: (frame: Uint8Array) => Uint8Array | null = (frame) => frame;
  readonly #clock: ManualClock;
  readonly #conditions: ChannelConditions;
  #other: FakeDataChannel | null = null;
  #freeAtMs = 0;
  /** What arrived before this end was open. */
  #early: ArrayBuffer[] = [];

  constructor(clock: ManualClock, conditions: ChannelConditions) {
    super();
    this.#clock = clock;
    this.#conditions = conditions;
  }

  static pair(
    clock: ManualClock,
    conditions: ChannelConditions,
  ): [FakeDataChannel, FakeDataChannel] {
    const a = new FakeDataChannel(clock, conditions);
    const b = new FakeDataChannel(clock, conditions);
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  open(): void {
    if (this.readyState !== 'connecting') return;
    this.readyState = 'open';
    this.dispatchEvent(new Event('open'));
    for (const data of this.#early.splice(0)) this.#receive(data);
  }

  send(data: Uint8Array | ArrayBuffer): void {
    if (this.readyState !== 'open') throw new Error('InvalidStateError');
    const copy = new Uint8Array(data).slice();
    this.sent.push(copy);
    const nowMs = this.#clock.now();
    const { latencyMs, bytesPerMs } = this.#conditions;
    if (bytesPerMs === Infinity) {
      this.#clock.setTimer(latencyMs, () => this.#arrive(copy));
      return;
    }
    this.bufferedAmount += copy.length;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + copy.length / bytesPerMs;
    const leavesInMs = this.#freeAtMs - nowMs;
    this.#clock.setTimer(leavesInMs, () => this.#leave(copy.length));
    this.#clock.setTimer(leavesInMs + latencyMs, () => this.#arrive(copy));
  }

  close(): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.dispatchEvent(new Event('close'));
    const { latencyMs } = this.#conditions;
    const nowMs = this.#clock.now();
    const afterMs = Math.max(this.#freeAtMs - nowMs, 0) + latencyMs;
    this.#clock.setTimer(afterMs, () => {
      if (!this.blackHole) this.#other?.close();
    });
  }

  #leave(bytes: number): void {
    const before = this.bufferedAmount;
    this.bufferedAmount -= bytes;
    const low = this.bufferedAmountLowThreshold;
    if (before > low && this.bufferedAmount <= low) {
      this.dispatchEvent(new Event('bufferedamountlow'));
    }
  }

  #arrive(frame: Uint8Array): void {
    const other = this.#other;
    if (this.blackHole || other === null) return;
    const altered = this.onWire(frame);
    if (altered !== null) other.#receive(altered.slice().buffer);
  }

  #receive(data: ArrayBuffer): void {
    if (this.readyState === 'connecting') this.#early.push(data);
    else if (this.readyState === 'open') {
      this.dispatchEvent(new MessageEvent('message', { data }));
    }
  }
}

/** As the code under test sees it. */
export function asDataChannel(channel: FakeDataChannel): RTCDataChannel {
  return channel as unknown as RTCDataChannel;
}
