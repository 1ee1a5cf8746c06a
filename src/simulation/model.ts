/**
 * The small database that simulated clusters replicate, in place of SQLite: append-only lists and
 * registers, each under a small number, driven by the same commands and session rules.
 *
 * A list is kept as its values and as (length, digest), so that comparing two states of one costs
 * nothing; every written value is unique in a run, so that a value found is a write found.
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

export class Model {
  readonly #lists = new Map<number, { state: ListState; readonly values: number[] }>();
  readonly #registers = new Map<number, number>();

  /** Runs one body; empty bodies change nothing. */
  run(body: Uint8Array): Uint8Array {
    if (body.length === 0) return body;
    const write = decodeWrite(body);
    const writer = new ByteWriter(16);
    writer.u32(write.type === 'append' ? this.#append(write.key, write.value) : this.#set(write));
    return writer.finish();
  }

  list(key: number): ListState {
    return this.#lists.get(key)?.state ?? EMPTY_LIST;
  }

  values(key: number): readonly number[] {
    return this.#lists.get(key)?.values ?? [];
  }

  /** 0 where nothing was ever written. */
  register(key: number): number {
    return this.#registers.get(key) ?? 0;
  }

  #append(key: number, value: number): number {
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = { state: EMPTY_LIST, values: [] };
      this.#lists.set(key, list);
    }
    list.values.push(value);
    list.state = appended(list.state, value);
    return list.state.length;
  }

  #set(write: ModelWrite & { type: 'swap' | 'compare-and-set' }): number {
    const before = this.register(write.key);
    if (write.type === 'swap' || before === write.expected) {
      this.#registers.set(write.key, write.value);
    }
    return before;
  }
}
