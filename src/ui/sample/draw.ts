/** Numbers that look drawn by chance and follow from a seed (mulberry32, public domain, by T. Ettinger). */

export class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 <= number < `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** Both ends are among them. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** 0 <= number < `limit`, small ones far more often. */
  small(limit: number): number {
    return Math.floor(this.#next() * this.#next() * limit);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('there is nothing to pick from');
    return item;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
