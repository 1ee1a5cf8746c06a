/**
 * Time and randomness while one log entry is applied: both come from the entry, so that every node
 * sees the same. Two streams are drawn from the entry's 16 bytes of seed: one feeds `random()` and
 * `randomblob()`, the other, begun anew for every statement, feeds SQLite's own generator.
 *
 * The generator is Chris Doty-Humphrey's sfc32 (PractRand): three words of state and a counter,
 * all taken from the seed, and twelve rounds before the first number is used.
 */

import { SEED_BYTES } from '../node/command.ts';

const WARM_UP_ROUNDS = 12;
const INTERNAL_STREAM = 0x5e_ed_ba_5e;

class SmallFastCounter {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(a: number, b: number, c: number, counter: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) this.next();
  }

  /** The next 32 bits, as a signed integer. */
  next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result;
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 4) {
      const word = this.next();
      const end = Math.min(bytes.length, at + 4);
      for (let i = at; i < end; i += 1) bytes[i] = word >>> ((i - at) * 8);
    }
  }
}

export class EntryContext {
  /** Milliseconds since 1970. */
  readonly stampMs: number;
  readonly #seed: readonly [number, number, number, number];
  /** Each is made when it is first drawn from: most entries never do. */
  #stream: SmallFastCounter | null = null;
  #internal: SmallFastCounter | null = null;
  #statement = 0;

  constructor(stampMs: number, seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) throw new Error(`a seed has ${SEED_BYTES} bytes`);
    const view = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
    this.stampMs = stampMs;
    this.#seed = [
      view.getInt32(0, true),
      view.getInt32(4, true),
      view.getInt32(8, true),
      view.getInt32(12, true),
    ];
  }

  /** From here on SQLite's own generator gives what belongs to this statement of the entry. */
  beginStatement(number: number): void {
    this.#internal = null;
    this.#statement = number;
  }

  /** SQLite's own generator has asked for its seed since the statement began. */
  get hasSeeded(): boolean {
    return this.#internal !== null;
  }

  /** What SQL's `random()` gives: any 64-bit integer but the least, whose `abs` would overflow. */
  randomInteger(): bigint {
    const stream = this.#drawn();
    const high = BigInt(stream.next());
    const low = BigInt(stream.next() >>> 0);
    return withoutLeast((high << 32n) | low);
  }

  /** What SQL's `randomblob()` gives. */
  fillRandom(bytes: Uint8Array): void {
    this.#drawn().fill(bytes);
  }

  fillInternal(bytes: Uint8Array): void {
    const [a, b, c, counter] = this.#seed;
    this.#internal ??= new SmallFastCounter(a ^ INTERNAL_STREAM, b ^ this.#statement, c, counter);
    this.#internal.fill(bytes);
  }

  #drawn(): SmallFastCounter {
    this.#stream ??= new SmallFastCounter(...this.#seed);
    return this.#stream;
  }
}

const LEAST_INTEGER = -(2n ** 63n);

export function withoutLeast(value: bigint): bigint {
  return value === LEAST_INTEGER ? 0n : value;
}
