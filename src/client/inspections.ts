/**
 * Who looks into the node, and what they are told (node/inspection.ts). The node worker tells only while
 * somebody looks. What came of events is kept meanwhile, since whoever comes later is to know them, too.
 */

import type { Inspection, NodeEvent } from '../node/inspection.ts';
import { MAX_NODE_EVENTS } from '../node/limits.ts';
import { Listeners } from './listeners.ts';

export class Inspections {
  readonly #watch: (on: boolean) => void;
  readonly #listeners = new Listeners<Inspection>();
  #count = 0;
  #last: Inspection | null = null;
  #events: readonly NodeEvent[] = [];

  /** `watch` begins and ends what is told. */
  constructor(watch: (on: boolean) => void) {
    this.#watch = watch;
  }

  /** Calls back with every inspection, at once where others look already; the answer unsubscribes. */
  add(listener: (inspection: Inspection) => void): () => void {
    const last = this.#last && { ...this.#last, messages: [], events: this.#events };
    const remove = this.#listeners.add(listener, last);
    this.#count += 1;
    if (this.#count === 1) this.#watch(true);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      remove();
      this.#count -= 1;
      if (this.#count > 0) return;
      this.#last = null;
      this.#events = [];
      this.#watch(false);
    };
  }

  told(inspection: Inspection): void {
    if (this.#count === 0) return;
    this.#last = inspection;
    this.#events = [...this.#events, ...inspection.events].slice(-MAX_NODE_EVENTS);
    this.#listeners.tell(inspection);
  }
}
