/**
 * Chance for invented data: a generator of 32-bit numbers with one word of state (a Weyl sequence put
 * through a mixer), so that the same seed gives the same statements everywhere. Good enough to choose
 * names and amounts; nothing else may depend on it.
 */

const STEP = 0x9e3779b9;
const RANGE = 2 ** 32;

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number, 0 <= n < bound. */
  below(bound: number): number {
    this.#state = (this.#state + STEP) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / RANGE) * bound);
  }

  /** One of them; there must be some. */
  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}
