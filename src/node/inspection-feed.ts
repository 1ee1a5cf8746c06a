/**
 * When the page is told of the node's inside, while somebody there looks: at once, then whenever
 * something is new, at most a few times a second, and now and then all the same.
 */

import type { Inspection } from './inspection.ts';
import type { Inspector } from './inspector.ts';
import { INSPECTION_INTERVAL_MS, INSPECTION_SILENCE_MS } from './limits.ts';
import type { Clock } from './ports.ts';

export interface InspectionFeedOptions {
  readonly inspector: Inspector;
  readonly clock: Pick<Clock, 'setTimer'>;
  /** What the transport tells of itself. */
  readonly transport: () => Pick<Inspection, 'delayMs' | 'isolated' | 'cutLinks'> &
    Pick<Inspection['queues'], 'unsent'>;
  readonly push: (inspection: Inspection) => void;
}

export class InspectionFeed {
  readonly #options: InspectionFeedOptions;
  /** Null: nobody looks. */
  #cancel: (() => void) | null = null;
  #last: Inspection | null = null;
  /** Of what was left out because nothing was new. */
  #silentMs = 0;

  constructor(options: InspectionFeedOptions) {
    this.#options = options;
  }

  watch(on: boolean): void {
    if (on === (this.#cancel !== null)) return;
    this.#options.inspector.watch(on);
    this.#cancel?.();
    this.#cancel = null;
    this.#last = null;
    this.#silentMs = 0;
    if (on) this.#go();
  }

  /** The node has stopped: whoever looks is told how that came about. */
  end(): void {
    if (this.#cancel === null) return;
    this.#tell();
    this.watch(false);
  }

  #go(): void {
    this.#tell();
    this.#cancel = this.#options.clock.setTimer(INSPECTION_INTERVAL_MS, () => this.#go());
  }

  #tell(): void {
    const taken = this.#take();
    const overMs = taken.overMs + this.#silentMs;
    const isNew = this.#last === null || isNews(taken, this.#last);
    if (!isNew && overMs < INSPECTION_SILENCE_MS) {
      this.#silentMs = overMs;
      return;
    }
    this.#silentMs = 0;
    this.#last = taken;
    this.#options.push({ ...taken, overMs });
  }

  #take(): Inspection {
    const { unsent, ...faults } = this.#options.transport();
    const { queues, ...taken } = this.#options.inspector.take();
    return { ...taken, ...faults, queues: { ...queues, unsent } };
  }
}

function isNews(now: Inspection, before: Inspection): boolean {
  return now.messages.length > 0 || now.events.length > 0 || shape(now) !== shape(before);
}

/** Without what is of the time between two inspections. */
function shape(inspection: Inspection): string {
  const ofThatTime = { atMs: 0, overMs: 0, messages: [], events: [], commitTimes: null };
  return JSON.stringify({ ...inspection, ...ofThatTime });
}
