/**
 * Virtual time and everything that will happen in it: a binary heap of events ordered by (time,
 * order of scheduling). Time is a whole number of microseconds and moves only here, from one event
 * to the next; events of the same moment run in the order in which they were scheduled, so a run is
 * a function of its seed alone.
 */

export interface ScheduledEvent {
  readonly timeUs: number;
  readonly sequence: number;
  run: (() => void) | null;
}

function before(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.sequence < b.sequence);
}

export class EventQueue {
  readonly #heap: ScheduledEvent[] = [];
  #sequence = 0;
  #nowUs = 0;

  get nowUs(): number {
    return this.#nowUs;
  }

  /** Events that wait, cancelled ones included. */
  get size(): number {
    return this.#heap.length;
  }

  /** Runs `run` after a whole number of microseconds, 0 included: then still not before return. */
  schedule(delayUs: number, run: () => void): ScheduledEvent {
    if (!Number.isSafeInteger(delayUs) || delayUs < 0) throw new RangeError(`delay ${delayUs}`);
    const event = { timeUs: this.#nowUs + delayUs, sequence: this.#sequence, run };
    this.#sequence += 1;
    this.#push(event);
    return event;
  }

  /** A cancelled event is skipped; cancelling one that has run does nothing. */
  cancel(event: ScheduledEvent): void {
    event.run = null;
  }

  /**
   * Runs the next event that is due up to `limitUs` and moves time to it. False: none is left, and
   * time stands at `limitUs`.
   */
  step(limitUs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.timeUs > limitUs) {
        this.#nowUs = Math.max(this.#nowUs, limitUs);
        return false;
      }
      this.#pop();
      if (next.run === null) continue;
      this.#nowUs = next.timeUs;
      const run = next.run;
      next.run = null;
      run();
      return true;
    }
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || before(parent, event)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = heap[childAt];
      if (child === undefined) break;
      const right = heap[childAt + 1];
      if (right !== undefined && before(right, child)) {
        childAt += 1;
        child = right;
      }
      if (before(last, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}
