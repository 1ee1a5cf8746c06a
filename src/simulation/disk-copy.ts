/**
 * One of the two copies that a log is kept in, and what a node may believe of both together. This is
 * the meaning of storage/log-merge.ts, where the argument stands, without its bytes: records by
 * number, damage where a record cannot be read, and the highest number of which there is any trace.
 *
 * A log begins with a head: its genesis, number 0, or a whole record.
 */

import type { LogRecord } from '../raft/types.ts';

/** A browser loses IndexedDB as a whole; the journal can end in a torn record. */
export type CopyName = 'journal' | 'indexeddb';

export interface StoredRecord {
  /** Counted from 0. */
  readonly number: number;
  readonly record: LogRecord;
  readonly bytes: number;
}

export class DiskCopy {
  readonly name: CopyName;
  readonly #records = new Map<number, StoredRecord>();
  readonly #damaged = new Set<number>();
  #bytes = 0;

  constructor(name: CopyName) {
    this.name = name;
  }

  /** What it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The highest number of which there is a trace; -1: none. */
  get lastTrace(): number {
    return Math.max(-1, ...this.#records.keys(), ...this.#damaged);
  }

  /** The number of the latest head that can be read; -1: none. */
  get head(): number {
    let head = -1;
    for (const stored of this.#records.values()) {
      if (isHead(stored) && stored.number > head) head = stored.number;
    }
    return head;
  }

  /** It has a head, and from there on everything. */
  get isWhole(): boolean {
    const { head, lastTrace } = this;
    if (head < 0) return false;
    for (let number = head; number <= lastTrace; number += 1) {
      if (!this.#records.has(number)) return false;
    }
    return true;
  }

  numbers(): number[] {
    return [...this.#records.keys()];
  }

  record(number: number): StoredRecord | null {
    return this.#records.get(number) ?? null;
  }

  write(stored: StoredRecord): void {
    if (!this.#records.has(stored.number)) this.#bytes += stored.bytes;
    this.#damaged.delete(stored.number);
    this.#records.set(stored.number, stored);
  }

  /** From now on the log cannot begin before record `number`. */
  dropHeadsBefore(number: number): void {
    for (const stored of this.#records.values()) {
      if (stored.number >= number || !isHead(stored)) continue;
      this.#bytes -= stored.bytes;
      this.#records.delete(stored.number);
    }
  }

  /** Gives back the space of everything before record `number`. */
  dropBefore(number: number): void {
    for (const [other, { bytes }] of this.#records) {
      if (other >= number) continue;
      this.#bytes -= bytes;
      this.#records.delete(other);
    }
    for (const other of this.#damaged) if (other < number) this.#damaged.delete(other);
  }

  /** Something of record `number` is there, but not the record. */
  damage(number: number): void {
    this.#bytes -= this.#records.get(number)?.bytes ?? 0;
    this.#records.delete(number);
    this.#damaged.add(number);
  }

  wipe(): void {
    this.#records.clear();
    this.#damaged.clear();
    this.#bytes = 0;
  }

  /** Holds exactly `chain`. */
  settle(chain: readonly StoredRecord[]): void {
    this.wipe();
    for (const stored of chain) this.write(stored);
  }
}

function isHead({ number, record }: StoredRecord): boolean {
  return number === 0 || record.snapshot !== null;
}

/**
 * The records that make up the log, its head first; empty: there is no log. Throws where acknowledged
 * records may be lost.
 */
export function joinCopies(copies: readonly DiskCopy[]): StoredRecord[] {
  const first = Math.max(...copies.map((copy) => copy.head));
  const chain: StoredRecord[] = [];
  let next = first < 0 ? null : recordNumbered(copies, first);
  for (; next !== null; next = recordNumbered(copies, next.number + 1)) chain.push(next);
  const end = Math.max(first, 0) + chain.length;
  const lastTrace = Math.max(...copies.map((copy) => copy.lastTrace));
  if (lastTrace < end) return chain;
  const wholeEnds = copies.filter((copy) => copy.isWhole).map((copy) => copy.lastTrace);
  if (lastTrace > Math.max(-2, ...wholeEnds) + 1) {
    throw new Error(`records ${end} to ${lastTrace} cannot be read from any copy`);
  }
  return chain;
}

function recordNumbered(copies: readonly DiskCopy[], number: number): StoredRecord | null {
  for (const copy of copies) {
    const stored = copy.record(number);
    if (stored !== null) return stored;
  }
  return null;
}
