/**
 * The small database that simulated clusters replicate, in place of SQLite: append-only lists and
 * registers, each under a small number, driven by the same commands and session rules.
 *
 * A list is kept as (length, digest), so that comparing two states of one costs nothing, and as its
 * newest values; every written value is unique in a run, so that a value found is a write found. The
 * model as a whole has a digest that every write moves on, so that checkers can compare states at
 * every index. It encodes itself, for snapshots, in a form that depends on the state alone.
 *
 * Bodies: u8 operation, u8 key, then
 *   1 append: u32 value. Response: u32 length after it.
 *   2 swap a register: u32 value. Response: u32 value before it.
 *   3 compare and set: u32 expected, u32 value. Response: u32 value before it; set where equal.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import { digestOf } from './digest.ts';

export type ModelWrite =
  | { readonly type: 'append'; readonly key: number; readonly value: number }
  | { readonly type: 'swap'; readonly key: number; readonly value: number }
  | {
      readonly type: 'compare-and-set';
      readonly key: number;
      readonly expected: number;
      readonly value: number;
    };

const APPEND = 1;
const SWAP = 2;
const COMPARE_AND_SET = 3;

export function encodeWrite(write: ModelWrite): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(write.type === 'append' ? APPEND : write.type === 'swap' ? SWAP : COMPARE_AND_SET);
  writer.u8(write.key);
  if (write.type === 'compare-and-set') writer.u32(write.expected);
  writer.u32(write.value);
  return writer.finish();
}

export function decodeWrite(body: Uint8Array): ModelWrite {
  const reader = new ByteReader(body);
  const operation = reader.u8();
  const key = reader.u8();
  switch (operation) {
    case APPEND:
      return { type: 'append', key, value: reader.u32() };
    case SWAP:
      return { type: 'swap', key, value: reader.u32() };
    case COMPARE_AND_SET:
      return { type: 'compare-and-set', key, expected: reader.u32(), value: reader.u32() };
    default:
      throw reader.error(`unknown operation ${operation}`);
  }
}

/** The answer to an applied write: the one number in it. */
export function decodeResponse(response: Uint8Array): number {
  return new ByteReader(response).u32();
}

/** A list as a reader sees it: two lists are equal where both numbers are. */
export interface ListState {
  readonly length: number;
  readonly digest: number;
}

export const EMPTY_LIST: ListState = { length: 0, digest: 0 };

/** What `value` makes of a list. */
export function appended(list: ListState, value: number): ListState {
  return { length: list.length + 1, digest: digestOf(list.digest, value) };
}

/** Values of a list that are kept; older ones are known by its digest alone. */
const VALUES_KEPT = 1_024;

interface List {
  state: ListState;
  values: number[];
}

export class Model {
  readonly #lists = new Map<number, List>();
  readonly #registers = new Map<number, number>();
  /** The digests of all keys, combined by exclusive or: 21 bits and 32 bits of it. */
  #digestHigh = 0;
  #digestLow = 0;

  /** Runs one body; empty bodies change nothing. */
  run(body: Uint8Array): Uint8Array {
    return body.length === 0 ? body : this.write(decodeWrite(body));
  }

  /** Runs a decoded body. */
  write(write: ModelWrite): Uint8Array {
    const writer = new ByteWriter(16);
    writer.u32(write.type === 'append' ? this.#append(write.key, write.value) : this.#set(write));
    return writer.finish();
  }

  list(key: number): ListState {
    return this.#lists.get(key)?.state ?? EMPTY_LIST;
  }

  /** The newest ones, in order. */
  values(key: number): readonly number[] {
    return this.#lists.get(key)?.values ?? [];
  }

  /** 0 where nothing was ever written. */
  register(key: number): number {
    return this.#registers.get(key) ?? 0;
  }

  /** Of everything in it. */
  get digest(): number {
    return this.#digestHigh * 0x1_0000_0000 + this.#digestLow;
  }

  /** A fault of the machine: what is stored under `key` is another now. */
  corrupt(key: number, bit: number): void {
    this.#toggle(key);
    const list = this.list(key);
    const { length } = list;
    const digest = digestOf(list.digest, bit);
    this.#lists.set(key, { state: { length, digest }, values: [...this.values(key)] });
    this.#registers.set(key, (this.register(key) ^ (1 << (bit & 15))) >>> 0);
    this.#toggle(key);
  }

  encode(writer: ByteWriter): void {
    writer.u32(this.#lists.size);
    for (const key of ascending(this.#lists)) {
      const { length, digest } = this.list(key);
      writer.u8(key);
      writer.u32(length);
      writer.integer(digest);
      writer.u32(this.values(key).length);
      for (const value of this.values(key)) writer.u32(value);
    }
    writer.u32(this.#registers.size);
    for (const key of ascending(this.#registers)) {
      writer.u8(key);
      writer.u32(this.register(key));
    }
  }

  static decode(reader: ByteReader): Model {
    const model = new Model();
    for (let count = reader.count(17); count > 0; count -= 1) {
      const key = reader.u8();
      const state = { length: reader.u32(), digest: reader.integer() };
      const values = Array.from({ length: reader.count(4) }, () => reader.u32());
      model.#lists.set(key, { state, values });
    }
    for (let count = reader.count(5); count > 0; count -= 1) {
      model.#registers.set(reader.u8(), reader.u32());
    }
    for (const key of new Set([...model.#lists.keys(), ...model.#registers.keys()])) {
      model.#toggle(key);
    }
    return model;
  }

  /** Takes the key's digest into the whole, or out of it. */
  #toggle(key: number): void {
    const list = this.#lists.get(key)?.state;
    const register = this.#registers.get(key);
    if (list === undefined && register === undefined) return;
    const { length, digest: content } = list ?? EMPTY_LIST;
    const digest = digestOf(key, length, content, register ?? 0);
    this.#digestHigh ^= Math.floor(digest / 0x1_0000_0000);
    this.#digestLow = (this.#digestLow ^ (digest | 0)) >>> 0;
  }

  #append(key: number, value: number): number {
    this.#toggle(key);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = { state: EMPTY_LIST, values: [] };
      this.#lists.set(key, list);
    }
    list.values.push(value);
    // Rarely, and then many at once: the bytes of a state must not depend on when it was encoded.
    if (list.values.length === 2 * VALUES_KEPT) list.values.splice(0, VALUES_KEPT);
    list.state = appended(list.state, value);
    this.#toggle(key);
    return list.state.length;
  }

  #set(write: ModelWrite & { type: 'swap' | 'compare-and-set' }): number {
    const before = this.register(write.key);
    if (write.type === 'swap' || before === write.expected) {
      this.#toggle(write.key);
      this.#registers.set(write.key, write.value);
      this.#toggle(write.key);
    }
    return before;
  }
}

function ascending(map: ReadonlyMap<number, unknown>): number[] {
  return [...map.keys()].toSorted((a, b) => a - b);
}
