/** Who is told of something that changes, in the order in which they came. */

import { callBack } from './callback.ts';

export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Calls back with every value, at once with `last` where there is one; the answer unsubscribes. */
  add(listener: (value: T) => void, last: T | null): () => void {
    // One of its own, should the same function listen twice.
    const own = (value: T): void => listener(value);
    this.#listeners.add(own);
    if (last !== null) callBack(own, last);
    return () => this.#listeners.delete(own);
  }

  tell(value: T): void {
    for (const listener of this.#listeners) callBack(listener, value);
  }
}
