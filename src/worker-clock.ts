/**
 * Time and randomness of a worker; rules CL1 to CL4 of node/ports.ts.
 *
 * A timer without delay ends the present turn. Where the worker has little to do that is a microtask:
 * a turn of the event loop costs more than what most turns do. Where such timers follow each other
 * closely it is the next turn, so that what lies in the worker's queue by then is taken together.
 */

import type { Clock } from './node/ports.ts';

/** Timers without delay that are closer than this end in a turn of their own. */
const BUSY_MS = 1;
const WORDS = 1_024;

export class WorkerClock implements Clock {
  #lastSoonMs = -Infinity;
  /** Timers without delay, which a browser would hold back for milliseconds. */
  readonly #soon = new MessageChannel();
  readonly #soonCallbacks: (() => void)[] = [];
  /** Drawn in advance: asking the platform for a few at a time costs more than all that uses them. */
  readonly #words = new Uint32Array(WORDS);
  #wordsLeft = 0;

  constructor() {
    this.#soon.port2.addEventListener('message', () => this.#soonCallbacks.shift()?.());
    this.#soon.port2.start();
  }

  now(): number {
    return Math.floor(performance.now());
  }

  wallClock(): number {
    return Date.now();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let pending = true;
    const fire = (): void => {
      if (pending) callback();
    };
    if (delayMs <= 0) {
      const nowMs = performance.now();
      if (nowMs - this.#lastSoonMs >= BUSY_MS) {
        queueMicrotask(fire);
      } else {
        this.#soonCallbacks.push(fire);
        this.#soon.port1.postMessage(null);
      }
      this.#lastSoonMs = nowMs;
      return () => {
        pending = false;
      };
    }
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  }

  random(bound: number): number {
    const [high, low] = [this.#word(), this.#word()];
    const fraction = ((high >>> 11) * 2 ** 32 + low) / 2 ** 53;
    return Math.floor(fraction * bound);
  }

  #word(): number {
    if (this.#wordsLeft === 0) {
      crypto.getRandomValues(this.#words);
      this.#wordsLeft = WORDS;
    }
    this.#wordsLeft -= 1;
    const word = this.#words[this.#wordsLeft] ?? 0;
    this.#words[this.#wordsLeft] = 0;
    return word;
  }
}
