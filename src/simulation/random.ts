/**
 * The only source of chance in a simulation: xoshiro128** (Blackman and Vigna, 2018), integers only.
 *
 * A generator is split into named streams. A stream depends on the seed and on its names alone, not
 * on what was drawn elsewhere, so one more draw in one place does not reshuffle the others and a
 * failing seed keeps its shape while the simulator is being extended.
 */

/** Ratios are whole numbers of a million. */
export const MILLION = 1_000_000;

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** SplitMix32: spreads a seed of little entropy over the whole state. */
function splitMix(state: number): number {
  let z = (state + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

type State = readonly [number, number, number, number];

/** `state` with one more word worked into all four. */
function absorb(state: State, word: number): State {
  const a = splitMix(state[0] ^ word);
  const b = splitMix(state[1] ^ a);
  const c = splitMix(state[2] ^ b);
  const d = splitMix(state[3] ^ c);
  return [splitMix(a ^ d), b, c, d];
}

export class Random {
  readonly #origin: State;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** The generator's raw state; not all zero. */
  constructor(state: State) {
    if ((state[0] | state[1] | state[2] | state[3]) === 0) throw new RangeError('all-zero state');
    this.#origin = state;
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** `seed` is an integer, 0 <= seed < 2^53. */
  static fromSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`not a seed: ${seed}`);
    const start: State = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
    return new Random(absorb(absorb(start, seed | 0), Math.floor(seed / 0x1_0000_0000)));
  }

  /** An independent generator; the same name gives the same one, whatever was drawn before. */
  stream(name: string, number = 0): Random {
    let state = absorb(this.#origin, number);
    for (let i = 0; i < name.length; i += 1) state = absorb(state, name.charCodeAt(i));
    return new Random(state);
  }

  /** Uniform over 0 <= n < 2^32. */
  u32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /** Uniform over 0 <= n < bound, for 1 <= bound <= 2^53; draws again where a modulus would bias. */
  below(bound: number): number {
    if (bound <= 0x1_0000_0000) {
      const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
      let value = this.u32();
      while (value >= limit) value = this.u32();
      return value % bound;
    }
    const limit = 2 ** 53 - (2 ** 53 % bound);
    let value = this.#u53();
    while (value >= limit) value = this.#u53();
    return value % bound;
  }

  /** Uniform over min <= n <= max. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True `perMillion` times in a million. */
  chance(perMillion: number): boolean {
    return this.below(MILLION) < perMillion;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  /** A new list of the same items in random order (Fisher and Yates). */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i -= 1) {
      const j = this.below(i + 1);
      const a = shuffled[i];
      const b = shuffled[j];
      if (a === undefined || b === undefined) throw new RangeError('list with holes');
      shuffled[i] = b;
      shuffled[j] = a;
    }
    return shuffled;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 1) bytes[i] = this.below(256);
    return bytes;
  }

  #u53(): number {
    return (this.u32() >>> 11) * 0x1_0000_0000 + this.u32();
  }
}
