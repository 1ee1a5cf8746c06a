/**
 * Messages on their way, for whoever looks at them or touches them by hand. A network has this only once
 * it is asked for it, and behaves the same with it as without: same draws, same events, same trace.
 *
 * It decides about no message by itself; only `drop` and `delay` change what happens.
 */

import type { NodeMessage } from '../node/messages.ts';
import type { EventQueue, ScheduledEvent } from './event-queue.ts';

export interface Flight {
  /** Counted from 1 over all messages of the world that were sent since the first look. */
  readonly id: number;
  readonly message: NodeMessage;
  readonly sentAtUs: number;
  /** Of a lost one, when it would have arrived. */
  readonly arrivesAtUs: number;
  readonly isLost: boolean;
}

interface Carried extends Flight {
  arrivesAtUs: number;
  /** It was lost as it was sent, or dropped on its way. */
  isDropped: boolean;
  event: ScheduledEvent | null;
  readonly arrive: () => void;
}

/** Lost ones are forgotten once they would have arrived; of more than so many those lost first, before. */
const LOST_MAX = 8_192;

export class Flights {
  /** Told as things happen; they must change nothing. */
  onSent: (flight: Flight) => void = () => {};
  onArrived: (flight: Flight) => void = () => {};
  readonly #queue: EventQueue;
  readonly #onDropped: () => void;
  readonly #byId = new Map<number, Carried>();
  /** In the order in which they were lost. */
  readonly #lost = new Set<Carried>();
  #sent = 0;

  constructor(queue: EventQueue, onDropped: () => void) {
    this.#queue = queue;
    this.#onDropped = onDropped;
  }

  /** Those on their way, and lost ones that would still be, in the order of sending. */
  list(): readonly Flight[] {
    const { nowUs } = this.#queue;
    for (const flight of this.#lost) if (flight.arrivesAtUs <= nowUs) this.#forget(flight);
    return [...this.#byId.values()];
  }

  /** Carries a message. `isCut`: it would be lost if it arrived now. */
  carry(message: NodeMessage, delayUs: number, arrive: () => void, isCut: () => boolean): void {
    const flight = this.#begin(message, delayUs, arrive, isCut);
    flight.event = this.#queue.schedule(delayUs, () => this.#land(flight));
    this.onSent(flight);
  }

  /** Notes one that is lost as it is sent, and would have taken `delayUs`. */
  lose(message: NodeMessage, delayUs: number): void {
    const flight = this.#begin(
      message,
      delayUs,
      () => undefined,
      () => true,
    );
    this.#keepLost(flight);
    this.onSent(flight);
  }

  /** False: it is not on its way. */
  drop(id: number): boolean {
    const flight = this.#byId.get(id);
    if (flight === undefined || flight.isDropped || flight.event === null) return false;
    this.#queue.cancel(flight.event);
    this.#keepLost(flight);
    this.#onDropped();
    return true;
  }

  /** False: it is not on its way. Those behind it on its link may overtake it. */
  delay(id: number, byUs: number): boolean {
    const flight = this.#byId.get(id);
    if (flight === undefined || flight.isDropped || flight.event === null) return false;
    this.#queue.cancel(flight.event);
    flight.arrivesAtUs += byUs;
    const delayUs = flight.arrivesAtUs - this.#queue.nowUs;
    flight.event = this.#queue.schedule(delayUs, () => this.#land(flight));
    return true;
  }

  #begin(message: NodeMessage, delayUs: number, arrive: () => void, isCut: () => boolean): Carried {
    this.#sent += 1;
    const { nowUs } = this.#queue;
    const flight: Carried = {
      id: this.#sent,
      message,
      sentAtUs: nowUs,
      arrivesAtUs: nowUs + delayUs,
      get isLost() {
        return this.isDropped || isCut();
      },
      isDropped: false,
      event: null,
      arrive,
    };
    this.#byId.set(flight.id, flight);
    return flight;
  }

  #land(flight: Carried): void {
    this.#byId.delete(flight.id);
    this.onArrived(flight);
    flight.arrive();
  }

  #keepLost(flight: Carried): void {
    flight.isDropped = true;
    this.#lost.add(flight);
    if (this.#lost.size <= LOST_MAX) return;
    for (const first of this.#lost) {
      this.#forget(first);
      return;
    }
  }

  #forget(flight: Carried): void {
    this.#lost.delete(flight);
    this.#byId.delete(flight.id);
  }
}
