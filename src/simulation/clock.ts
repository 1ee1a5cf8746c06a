/**
 * The Clock port in virtual time. Every server has its own idea of time: its monotone clock drifts
 * against the world's, stands still while its machine sleeps, and may jump ahead; its wall clock is off by an amount
 * that faults may change; and its timers are late by a random while, as a busy event loop makes them.
 * None of that may ever make a server do something unsafe.
 */

import type { Clock } from '../node/ports.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue, ScheduledEvent } from './event-queue.ts';
import { MILLION, type Random } from './random.ts';

/** 2023-11-14T22:13:20Z: where the simulated world's wall clock starts. */
const WALL_START_MS = 1_700_000_000_000;

interface Timer {
  /** When it is to ring, by the clock of its machine. */
  readonly dueUs: number;
  /** Null once it has rung or was cancelled. */
  callback: (() => void) | null;
  event: ScheduledEvent | null;
}

/** A server's clock as its machine keeps it, over restarts. */
export interface ClockConditions {
  /** How much faster than the world it runs, in parts per million. */
  driftPpm: number;
  /** How far its wall clock is off; faults change it. */
  wallOffsetMs: number;
  /** How long its monotone clock has stood still, as clocks do while a machine sleeps. */
  sleptUs: number;
  /** How far it has jumped ahead. */
  skippedUs: number;
  /** The most by which a timer is late. */
  timerLatenessUs: number;
}

export class SimulatedClock implements Clock {
  readonly #queue: EventQueue;
  readonly #loop: EventLoop;
  readonly #conditions: ClockConditions;
  readonly #lateness: Random;
  readonly #values: Random;
  readonly #startUs: number;

  /** A clock of one start of a server; `random` is that start's own. */
  constructor(queue: EventQueue, loop: EventLoop, conditions: ClockConditions, random: Random) {
    this.#queue = queue;
    this.#loop = loop;
    this.#conditions = conditions;
    this.#lateness = random.stream('lateness');
    this.#values = random.stream('values');
    this.#startUs = this.#machineUs();
  }

  now(): number {
    return Math.floor(this.#localUs() / 1_000);
  }

  wallClock(): number {
    const elapsedMs = Math.floor(this.#drifted(this.#queue.nowUs) / 1_000);
    return WALL_START_MS + this.#conditions.wallOffsetMs + elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const delayUs = Math.ceil(delayMs) * 1_000;
    if (!Number.isSafeInteger(delayUs) || delayUs < 0) throw new RangeError(`timer of ${delayMs}`);
    const timer: Timer = { dueUs: this.#localUs() + delayUs, callback, event: null };
    this.#arm(timer);
    return () => {
      timer.callback = null;
      if (timer.event !== null) this.#queue.cancel(timer.event);
    };
  }

  random(bound: number): number {
    return this.#values.below(bound);
  }

  #arm(timer: Timer): void {
    const localUs = Math.max(timer.dueUs - this.#localUs(), 0);
    const worldUs = Math.ceil((localUs * MILLION) / (MILLION + this.#conditions.driftPpm));
    const lateUs = this.#lateness.between(2, this.#conditions.timerLatenessUs);
    timer.event = this.#queue.schedule(worldUs + lateUs, () => {
      this.#loop.post('timer', () => this.#ring(timer));
    });
  }

  #ring(timer: Timer): void {
    // Its machine slept meanwhile: the rest of the delay is still to come (CL3).
    if (this.#localUs() < timer.dueUs) {
      if (timer.callback !== null) this.#arm(timer);
      return;
    }
    const { callback } = timer;
    timer.callback = null;
    callback?.();
  }

  /** The world's time without the machine's sleep, and with its jumps. */
  #machineUs(): number {
    return this.#queue.nowUs - this.#conditions.sleptUs + this.#conditions.skippedUs;
  }

  #localUs(): number {
    return this.#drifted(this.#machineUs() - this.#startUs);
  }

  #drifted(worldUs: number): number {
    return worldUs + Math.floor((worldUs * this.#conditions.driftPpm) / MILLION);
  }
}
