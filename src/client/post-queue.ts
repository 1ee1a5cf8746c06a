/**
 * Messages on their way into a port, in order, gathered for as long as the code that runs now goes on:
 * crossing to another thread costs far more than what most messages hold, and whoever answers many calls
 * at once, or makes them, posts them as one.
 *
 * What is gathered goes in a microtask, behind those that are due already, so nothing waits for a timer
 * or a turn of the event loop. Work that goes on for long in such a turn does not hold back what it has
 * given: see `MAX_HELD_MS`.
 */

/** What is needed of a port. */
export interface Postable {
  postMessage(message: unknown, transfer: Transferable[]): void;
}

interface Gathered<Message> {
  readonly message: Message;
  readonly onUnsendable: (error: unknown) => void;
}

/** Whoever adds a message this long after the first sends all of them. */
const MAX_HELD_MS = 6;

export class PostQueue<Message> {
  readonly #port: Postable;
  #gathered: Gathered<Message>[] = [];
  #sinceMs = 0;

  constructor(port: Postable) {
    this.#port = port;
  }

  /** `onUnsendable`: it cannot be cloned, or there is no memory for it; what stood beside it goes. */
  add(message: Message, onUnsendable: (error: unknown) => void): void {
    const nowMs = performance.now();
    if (this.#gathered.length === 0) {
      this.#sinceMs = nowMs;
      queueMicrotask(() => this.flush());
    }
    this.#gathered.push({ message, onUnsendable });
    if (nowMs - this.#sinceMs > MAX_HELD_MS) this.flush();
  }

  /** Sends it behind all others, at once; throws where it cannot be cloned. */
  transfer(message: Message, transfer: Transferable[]): void {
    this.flush();
    this.#port.postMessage([message], transfer);
  }

  flush(): void {
    const gathered = this.#gathered;
    if (gathered.length === 0) return;
    this.#gathered = [];
    try {
      this.#post(gathered);
    } catch {
      for (const one of gathered) {
        try {
          this.#post([one]);
        } catch (error) {
          one.onUnsendable(error);
        }
      }
    }
  }

  #post(gathered: readonly Gathered<Message>[]): void {
    this.#port.postMessage(
      gathered.map(({ message }) => message),
      [],
    );
  }
}
