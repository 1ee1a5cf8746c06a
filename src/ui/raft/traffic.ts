/**
 * Messages on their way, for a drawing that moves them by itself: each has a start and a duration.
 * Bounded: of one kind, from one member to another, only so many set out a second, and whatever comes
 * between them makes the next one larger. Knows no clock; times are the caller's, in milliseconds.
 */

import type { MessageKind, PlacedMessage } from './drawn.ts';

export interface Departure {
  readonly from: string;
  readonly to: string;
  readonly kind: MessageKind;
  /** Messages that this one stands for. */
  readonly count: number;
  readonly startMs: number;
  readonly durationMs: number;
  /** It gets no further than halfway. */
  readonly isLost: boolean;
}

/** Between two of a kind on one way. */
const LEAST_GAP_MS = 90;
const MOST_MOVING = 96;
const COUNTED_MS = 1_000;
const LOST_AT = 0.5;

interface Moving extends Departure {
  readonly id: string;
}

interface Counted {
  readonly key: string;
  readonly atMs: number;
  readonly count: number;
}

export class Traffic {
  #moving: Moving[] = [];
  #counted: Counted[] = [];
  readonly #lastByLane = new Map<string, { readonly startMs: number; held: number }>();
  readonly #listeners = new Set<() => void>();
  #departures = 0;

  add(departure: Departure): void {
    const { from, to, kind, count, startMs } = departure;
    this.#count(`${from} ${to}`, startMs, count);
    const lane = `${from} ${to} ${kind}`;
    const last = this.#lastByLane.get(lane);
    const isCrowded = last !== undefined && startMs - last.startMs < LEAST_GAP_MS;
    if (isCrowded || this.#moving.length >= MOST_MOVING) {
      if (last !== undefined) last.held += count;
      return;
    }
    this.#lastByLane.set(lane, { startMs, held: 0 });
    this.#departures += 1;
    const all = count + (last?.held ?? 0);
    this.#moving.push({ ...departure, count: all, id: String(this.#departures) });
    for (const listener of this.#listeners) listener();
  }

  /** Called when something sets out; the answer unsubscribes. */
  onDeparture(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those under way, and forgets those that have arrived. */
  at(nowMs: number): PlacedMessage[] {
    this.#moving = this.#moving.filter(({ startMs, durationMs, isLost }) => {
      return nowMs - startMs < (isLost ? durationMs * LOST_AT : durationMs);
    });
    const placed: PlacedMessage[] = [];
    for (const { startMs, durationMs, ...message } of this.#moving) {
      if (startMs <= nowMs) placed.push({ ...message, position: (nowMs - startMs) / durationMs });
    }
    return placed;
  }

  /** Whether `at` has anything to tell, now or later. */
  get isMoving(): boolean {
    return this.#moving.length > 0;
  }

  /** Messages that set out from one to the other within the last second. */
  rateOf(from: string, to: string, nowMs: number): number {
    const key = `${from} ${to}`;
    let count = 0;
    for (const counted of this.#counted) {
      if (counted.key === key && isRecent(counted, nowMs)) count += counted.count;
    }
    return count;
  }

  clear(): void {
    this.#moving = [];
    this.#counted = [];
    this.#lastByLane.clear();
  }

  #count(key: string, atMs: number, count: number): void {
    this.#counted = this.#counted.filter((counted) => isRecent(counted, atMs));
    this.#counted.push({ key, atMs, count });
  }
}

function isRecent({ atMs }: Counted, nowMs: number): boolean {
  return nowMs - atMs < COUNTED_MS;
}
