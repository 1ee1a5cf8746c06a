/**
 * The time the runtime goes by: the monotone clock, and on top of it whatever it missed.
 *
 * A monotone clock may stand still while the machine sleeps, and then a node that slept for an hour
 * would believe that it still leads, or that it heard its leader just now. The wall clock does not
 * stand still, but it jumps when it is set. So where the wall clock moved on much further than the
 * monotone one, the difference is taken for a sleep (the larger of both gaps counts). Taking a
 * clock that was set forward for a sleep costs an election; the opposite error could show stale data.
 */

import { PAUSE_MS } from './limits.ts';
import type { Clock } from './ports.ts';

export class SteadyTime {
  readonly #clock: Pick<Clock, 'now' | 'wallClock'>;
  #monotoneMs: number;
  #wallMs: number;
  #sleptMs = 0;
  /** How often a sleep was noticed that the monotone clock had missed. */
  sleeps = 0;

  constructor(clock: Pick<Clock, 'now' | 'wallClock'>) {
    this.#clock = clock;
    this.#monotoneMs = clock.now();
    this.#wallMs = clock.wallClock();
  }

  /** Monotone whole milliseconds. */
  now(): number {
    const monotoneMs = this.#clock.now();
    const wallMs = this.#clock.wallClock();
    const missedMs = wallMs - this.#wallMs - (monotoneMs - this.#monotoneMs);
    if (missedMs >= PAUSE_MS) {
      this.#sleptMs += missedMs;
      this.sleeps += 1;
    }
    this.#monotoneMs = monotoneMs;
    this.#wallMs = wallMs;
    return monotoneMs + this.#sleptMs;
  }
}
