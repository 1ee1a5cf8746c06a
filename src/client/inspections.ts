/**
 * Who looks into the node, and what they are told (node/inspection.ts). The node worker tells only while
 * somebody looks. What came of events is kept meanwhile, since whoever comes later is to know them, too.
 */

import { replaces, type Inspection, type NodeEvent } from '../node/inspection.ts';
import { MAX_NODE_EVENTS } from '../node/limits.ts';
import { Listeners } from './listeners.ts';

export class Inspections {
  readonly #watch: (on: boolean) => Promise<void>;
  readonly #listeners = new Listeners<Inspection>();
  #count = 0;
  #last: Inspection | null = null;
  /** All that were told, as far as they are kept; also while nobody looks. */
  #events: NodeEvent[] = [];
  #lastNumber = 0;
  /** The node may not know whether anybody looks. */
  #isUnheard = false;

  /** `watch` begins and ends what is told. */
  constructor(watch: (on: boolean) => Promise<void>) {
    this.#watch = watch;
  }

  /** Calls back with every inspection, at once where others look already; the answer unsubscribes. */
  add(listener: (inspection: Inspection) => void): () => void {
    const last = this.#last && { ...this.#last, messages: [], events: [...this.#events] };
    const remove = this.#listeners.add(listener, last);
    this.#count += 1;
    if (this.#count === 1) void this.#ask();
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      remove();
      this.#count -= 1;
      if (this.#count > 0) return;
      this.#last = null;
      void this.#ask();
    };
  }

  /**
   * The node begins with all events that it keeps. What is on its way from before, when somebody looked,
   * may come first, so each event counts once.
   */
  told(inspection: Inspection): void {
    if (this.#count === 0) return;
    const news = inspection.events.filter(({ number }) => number > this.#lastNumber);
    for (const event of news) this.#note(event);
    // Whoever is told for the first time is to know what was told to those before, too.
    const events = this.#last === null ? [...this.#events] : news;
    this.#last = { ...inspection, events };
    this.#listeners.tell(this.#last);
  }

  /** To be called with every sign of life: asks again where the node could not be asked. */
  retry(): void {
    if (this.#isUnheard) void this.#ask();
  }

  #note(event: NodeEvent): void {
    if (replaces(event, this.#events.at(-1))) this.#events.pop();
    this.#events.push(event);
    if (this.#events.length > MAX_NODE_EVENTS) this.#events.shift();
    this.#lastNumber = event.number;
  }

  async #ask(): Promise<void> {
    this.#isUnheard = false;
    try {
      await this.#watch(this.#count > 0);
    } catch {
      this.#isUnheard = true;
    }
  }
}
