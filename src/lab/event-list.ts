/** What happened since it was told last: the newest events, and how many are left out. */

import type { LabEvent } from './protocol.ts';
import { cut } from './words.ts';

const KEPT_MAX = 512;
const TEXT_CHARACTERS = 120;

export class EventList {
  #events: LabEvent[] = [];
  #omitted = 0;
  #count = 0;
  #notable = 0;

  /** How many of all were notable. */
  get notable(): number {
    return this.#notable;
  }

  add(event: Omit<LabEvent, 'number'>): void {
    this.#count += 1;
    if (event.isNotable) this.#notable += 1;
    this.#events.push({ ...event, number: this.#count, text: cut(event.text, TEXT_CHARACTERS) });
    // Rarely, and then many at once.
    if (this.#events.length >= 2 * KEPT_MAX) this.#omit();
  }

  take(): { readonly events: readonly LabEvent[]; readonly omittedEvents: number } {
    this.#omit();
    const taken = { events: this.#events, omittedEvents: this.#omitted };
    this.#events = [];
    this.#omitted = 0;
    return taken;
  }

  #omit(): void {
    const surplus = Math.max(this.#events.length - KEPT_MAX, 0);
    this.#events.splice(0, surplus);
    this.#omitted += surplus;
  }
}
