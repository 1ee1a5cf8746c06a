/** One timer for all deadlines of a node: set to the earliest, and set anew only for an earlier one. */

import type { Clock } from './ports.ts';

export class WakeTimer {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #wake: () => void;
  #atMs = Infinity;
  #cancel: () => void = () => undefined;

  /** `wake` may find nothing to do: a deadline that was put off still rings. */
  constructor(clock: Pick<Clock, 'setTimer'>, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  arm(deadlineMs: number, nowMs: number): void {
    if (deadlineMs >= this.#atMs) return;
    this.#cancel();
    this.#atMs = deadlineMs;
    this.#cancel = this.#clock.setTimer(Math.max(deadlineMs - nowMs, 1), () => {
      this.#atMs = Infinity;
      this.#wake();
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
