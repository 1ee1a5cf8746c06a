/**
 * The log's copy in IndexedDB: one value a record, under the record's number as its key.
 *
 * A record is written by one transaction of strict durability and is durable when that has
 * completed; so nothing torn can be seen here. What can: a database that is gone as a whole (the
 * browser wipes all of an origin's databases when it finds one of its own files damaged), a value
 * that cannot be read, a key that is missing between others.
 *
 * When a whole record has made earlier ones superfluous, their head is deleted first, in a
 * transaction of its own, and the others from the first on, a bounded number at a time: appends
 * stand in line behind one such transaction, never behind all of them.
 */

import { readFrame, sameBytes, type Frame } from './frame.ts';
import { CopyScan, latestHead, type CopyContents, type LogCopy } from './log-copy.ts';
import { LOG_FORMAT } from './record-codec.ts';
import { describeError } from './storage-error.ts';

/** A table in IndexedDB. Every method rejects when the database cannot be used any more. */
export interface RecordTable {
  /** In ascending order; numbers before everything else. */
  keys(): Promise<readonly unknown[]>;
  /** The values of the keys from `first` to `last`, in order; undefined for one that cannot be read. */
  values(first: number, last: number): Promise<readonly unknown[]>;
  /** One transaction; started before it returns, durable when the promise resolves. */
  put(records: readonly (readonly [number, Uint8Array])[]): Promise<void>;
  /** One transaction each, in the same way. */
  delete(keys: readonly unknown[]): Promise<void>;
  deleteRange(first: number, last: number): Promise<void>;
  close(): void;
}

const READ_RECORDS = 128;
const MEND_BYTES = 4 * 1_024 * 1_024;
/** Records that one transaction deletes. */
const DROP_RECORDS = 256;

export class IndexedDbCopy implements LogCopy {
  readonly name = 'indexeddb';
  readonly #table: RecordTable;
  readonly #mendBytes: number;
  readonly #dropRecords: number;
  #keys: readonly unknown[] = [];
  #good: ReadonlyMap<number, Frame> = new Map();
  /** The record that the log here begins with. */
  #head = 0;
  /** No number below this one is a key. */
  #first = 0;

  /**
   * `mendBytes`: how much one transaction of mending takes, unless a record is larger;
   * `dropRecords`: how many one of deleting.
   */
  constructor(table: RecordTable, mendBytes = MEND_BYTES, dropRecords = DROP_RECORDS) {
    this.#table = table;
    this.#mendBytes = mendBytes;
    this.#dropRecords = dropRecords;
  }

  async load(): Promise<CopyContents> {
    const scan = new CopyScan();
    this.#keys = await this.#table.keys();
    const numbers = this.#keys.filter(isRecordNumber);
    if (numbers.length < this.#keys.length) scan.addDamage('it holds a key that is no number');
    const damageByNumber = new Map<number, string>();
    for (let i = 0; i < numbers.length; i += READ_RECORDS) {
      const batch = numbers.slice(i, i + READ_RECORDS);
      const [first, last] = [batch[0] ?? 0, batch.at(-1) ?? 0];
      const values = await this.#table.values(first, last);
      if (values.length !== batch.length) throw new Error('keys and values are not as many');
      for (const [at, number] of batch.entries()) {
        const damage = addValue(scan, number, values[at]);
        if (damage !== null) damageByNumber.set(number, `record ${number} ${damage}`);
      }
    }
    checkChain(scan, damageByNumber);
    this.#good = scan.recordByNumber;
    return scan;
  }

  async settle(chain: readonly Frame[]): Promise<void> {
    const missing = chain.filter((frame) => !this.#good.has(frame.sequence)).toReversed();
    for (let next = 0; next < missing.length;) {
      const batch: [number, Uint8Array][] = [];
      for (let bytes = 0; bytes < this.#mendBytes && next < missing.length; next += 1) {
        const frame = missing[next];
        if (frame === undefined) break;
        batch.push([frame.sequence, ownBytes(frame.bytes)]);
        bytes += frame.bytes.length;
      }
      await this.#table.put(batch);
    }
    const [first, end] = [chain[0]?.sequence ?? 0, (chain.at(-1)?.sequence ?? -1) + 1];
    const surplus = this.#keys.filter((key) => !isRecordNumber(key) || key < first || key >= end);
    for (let i = 0; i < surplus.length; i += this.#dropRecords) {
      await this.#table.delete(surplus.slice(i, i + this.#dropRecords));
    }
    this.#head = first;
    this.#first = first;
    this.#good = new Map();
    this.#keys = [];
  }

  append(frame: Frame, done: (error: string | null) => void): void {
    void this.#write(frame, done);
  }

  async drop(head: number): Promise<boolean> {
    if (this.#head < head) {
      const superseded = this.#head;
      this.#head = head;
      await this.#table.delete([superseded]);
    } else if (this.#first < head) {
      const first = this.#first;
      this.#first = Math.min(first + this.#dropRecords, head);
      await this.#table.deleteRange(first, this.#first - 1);
    }
    return this.#first < head;
  }

  close(): void {
    this.#table.close();
  }

  async #write(frame: Frame, done: (error: string | null) => void): Promise<void> {
    let error: string | null = null;
    try {
      await this.#table.put([[frame.sequence, ownBytes(frame.bytes)]]);
    } catch (cause) {
      error = describeError(cause);
    }
    done(error);
  }
}

function isRecordNumber(key: unknown): key is number {
  return typeof key === 'number' && Number.isSafeInteger(key) && key >= 0;
}

/** The structured clone of a view is that of its whole buffer. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

/** What is wrong with the value; null: it is the record of this number. */
function addValue(scan: CopyScan, number: number, value: unknown): string | null {
  scan.addTrace(number);
  if (!(value instanceof Uint8Array)) return 'cannot be read';
  const found = readFrame(LOG_FORMAT, value, 0);
  if (found.type !== 'good') return 'does not match its hash';
  const { sequence, bytes } = found.frame;
  if (sequence !== number || bytes.length !== value.length) return 'is another one';
  scan.addRecord(found.frame);
  return null;
}

/** From the latest head to the last trace every record must be there and follow the one before. */
function checkChain(scan: CopyScan, damageByNumber: ReadonlyMap<number, string>): void {
  let previous = latestHead(scan.recordByNumber.values());
  if (previous === null) {
    const [damage = 'it has no beginning'] = damageByNumber.values();
    if (scan.lastTrace >= 0) scan.addDamage(damage);
    return;
  }
  for (let number = previous.sequence + 1; number <= scan.lastTrace; number += 1) {
    const frame = scan.recordByNumber.get(number);
    if (frame === undefined) {
      scan.addDamage(damageByNumber.get(number) ?? `record ${number} is missing`);
      return;
    }
    if (!sameBytes(frame.previousHash, previous.hash)) {
      scan.addDamage(`record ${number} does not follow the one before it`);
      return;
    }
    previous = frame;
  }
}
