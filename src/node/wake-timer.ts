/** One timer for all deadlines of a node: set to the earliest, and set anew only for an earlier one. */

import { PAUSE_MS } from './limits.ts';
import type { Clock } from './ports.ts';
import type { SteadyTime } from './steady-time.ts';

export class WakeTimer {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #time: Pick<SteadyTime, 'now'>;
  readonly #wake: () => void;
  #atMs = Infinity;
  #cancel: () => void = () => undefined;
  /** How often it rang so late that this thread, or its machine, had not run for a while. */
  pauses = 0;

  /** `wake` may find nothing to do: a deadline that was put off still rings. */
  constructor(clock: Pick<Clock, 'setTimer'>, time: Pick<SteadyTime, 'now'>, wake: () => void) {
    this.#clock = clock;
    this.#time = time;
    this.#wake = wake;
  }

  arm(deadlineMs: number, nowMs: number): void {
    if (deadlineMs >= this.#atMs) return;
    this.#cancel();
    this.#atMs = deadlineMs;
    const dueMs = Math.max(deadlineMs, nowMs + 1);
    this.#cancel = this.#clock.setTimer(dueMs - nowMs, () => {
      if (this.#time.now() - dueMs >= PAUSE_MS) this.pauses += 1;
      this.#atMs = Infinity;
      this.#wake();
    });
  }

  cancel(): void {
    this.#cancel();
  }
}
