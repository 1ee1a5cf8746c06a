/**
 * Digests: 53-bit fingerprints of numbers, bytes and text, kept as exact JavaScript integers so that
 * they can be compared, put into maps and mixed further. Two 32-bit lanes of multiply-and-xorshift
 * (the mixing steps of MurmurHash3), folded at the end.
 *
 * They tell accidents apart, not adversaries; one collision in 2^53 is accepted.
 */

const MULTIPLIER_A = 0xcc9e2d51;
const MULTIPLIER_B = 0x1b873593;

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function finishLane(value: number): number {
  let lane = value ^ (value >>> 16);
  lane = Math.imul(lane, 0x85ebca6b);
  lane ^= lane >>> 13;
  lane = Math.imul(lane, 0xc2b2ae35);
  return lane ^ (lane >>> 16);
}

export class Digest {
  #a: number;
  #b: number;

  /** Digests that begin with different seeds are unrelated. */
  constructor(seed = 0) {
    this.#a = seed | 0;
    this.#b = Math.imul(seed, MULTIPLIER_A) ^ 0x9e3779b9;
  }

  /** An integer of at most 53 bits, negative ones included. */
  number(value: number): this {
    const low = value | 0;
    this.#word(low);
    // Most numbers are small: spare them the division.
    if (low === value && low >= 0) return this;
    const high = Math.floor(value / 0x1_0000_0000);
    if (high !== 0) this.#word(high | 0);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#word(bytes.length);
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      const high = ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
      this.#word((high << 16) | ((bytes[i + 2] ?? 0) << 8) | (bytes[i + 3] ?? 0));
    }
    if (whole === bytes.length) return this;
    let word = 0;
    for (let i = whole; i < bytes.length; i += 1) word = (word << 8) | (bytes[i] ?? 0);
    this.#word(word);
    return this;
  }

  text(text: string): this {
    this.#word(text.length);
    for (let i = 0; i < text.length; i += 1) this.#word(text.charCodeAt(i));
    return this;
  }

  /** The digest of everything so far; more may follow. */
  value(): number {
    const high = finishLane(this.#a) >>> 11;
    return high * 0x1_0000_0000 + (finishLane(this.#b ^ this.#a) >>> 0);
  }

  #word(word: number): void {
    this.#a = Math.imul(rotateLeft(this.#a ^ Math.imul(word, MULTIPLIER_A), 13), 5) + 0x2b7e1516;
    this.#b = Math.imul(rotateLeft(this.#b ^ Math.imul(word, MULTIPLIER_B), 15), 9) - 0x5f356495;
  }
}

/** The digest of a list of integers. */
export function digestOf(...numbers: readonly number[]): number {
  const digest = new Digest(numbers.length);
  for (const number of numbers) digest.number(number);
  return digest.value();
}

/** A digest as people read it: 14 hexadecimal digits. */
export function digestText(value: number): string {
  return value.toString(16).padStart(14, '0');
}
