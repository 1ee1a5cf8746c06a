/**
 * What changes outside of a user interface, in the form that user interfaces take: something to subscribe
 * to, and a snapshot that stays the same object until there is another one. What it stands for is begun by
 * the first subscriber and ended with the last; it may begin again.
 */

export class ExternalStore<T> {
  readonly #start: (tell: (value: T) => void) => () => void;
  readonly #listeners = new Set<() => void>();
  readonly #initial: T;
  #value: T;
  #end: () => void = () => undefined;

  /** `start` begins what it stands for, whose every value goes to `tell`; its answer ends it. */
  constructor(initial: T, start: (tell: (value: T) => void) => () => void) {
    this.#initial = initial;
    this.#value = initial;
    this.#start = start;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // One of its own, should the same function listen twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    if (this.#listeners.size === 1) this.#end = this.#start((value) => this.#tell(value));
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#end();
    };
  };

  readonly snapshot = (): T => this.#value;

  /** What a server renders, where nothing begins, and a browser before it has begun. */
  readonly initial = (): T => this.#initial;

  #tell(value: T): void {
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}

/** Ends what has not begun. */
export function nothing(): void {}
