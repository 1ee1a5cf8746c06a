/**
 * A world and the script that is played in it, driven event by event. Whatever the slices in which
 * somebody lets time pass, the run is the same: an event happens at its time, and the script goes on as
 * soon as all events up to its moment have.
 */

import type { Script } from '../simulation/script.ts';
import { describeViolation, type World } from '../simulation/world.ts';
import type { Verdict } from './protocol.ts';

/** What time does where there is no script to play (any more). */
export type Rest =
  /** It goes on. */
  | 'flows'
  /** It stands still until the next script. */
  | 'stands'
  /** The run is over: everything held. */
  | 'ends';

/** Events of one moment; more would be a world that does not go on. */
const SAME_MOMENT_MAX = 1_000_000;

export class Stage {
  readonly world: World;
  #rest: Rest;
  readonly #onStep: () => void;
  #script: Script | null;
  /** When the script goes on. */
  #untilUs = 0;
  #steps = 0;
  #verdict: Verdict | null = null;

  /** `onStep`: after every event, and whenever the script has done something. */
  constructor(world: World, script: Script | null, rest: Rest, onStep: () => void) {
    this.world = world;
    this.#script = script;
    this.#rest = rest;
    this.#onStep = onStep;
  }

  get nowUs(): number {
    return this.world.queue.nowUs;
  }

  get steps(): number {
    return this.#steps;
  }

  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Nothing happens until another script is played. */
  get isStanding(): boolean {
    return this.#script === null && this.#rest === 'stands';
  }

  /** Plays another script, from now on. */
  play(script: Script): void {
    this.#script = script;
    this.#untilUs = this.nowUs;
  }

  /** No script decides any more, only whoever acts by hand. */
  leave(): void {
    this.#script = null;
    this.#rest = 'flows';
  }

  /**
   * The next event up to `limitUs`, or the script's next act; false: there is none, and time stands at
   * the limit, or at the end.
   */
  advance(limitUs: number): boolean {
    if (this.#verdict !== null || this.isStanding) return false;
    try {
      const hasScript = this.#script !== null;
      if (this.world.step(hasScript ? Math.min(limitUs, this.#untilUs) : limitUs)) {
        this.#steps += 1;
        this.#onStep();
        return true;
      }
      if (!hasScript || this.nowUs < this.#untilUs) return false;
      this.#resume();
    } catch (error) {
      this.#verdict = { type: 'violated', ...describeViolation(error) };
    }
    this.#onStep();
    return true;
  }

  /** Everything that is due in this very moment happens. */
  settle(): void {
    const { nowUs } = this;
    for (let i = 0; i < SAME_MOMENT_MAX && this.advance(nowUs); i += 1) continue;
  }

  #resume(): void {
    const step = this.#script?.next();
    if (step === undefined) return;
    if (step.done !== true) {
      this.#untilUs = step.value;
      return;
    }
    this.#script = null;
    if (this.#rest === 'ends') this.#verdict = { type: 'held', property: '', evidence: '' };
  }
}
