/**
 * The log's copy in IndexedDB: one value a record, under the record's number as its key.
 *
 * A record is written by one transaction of strict durability and is durable when that has
 * completed; so nothing torn can be seen here. What can: a database that is gone as a whole (the
 * browser wipes all of an origin's databases when it finds one of its own files damaged), a value
 * that cannot be read, a key that is missing between others.
 */

import { NO_HASH, readFrame, sameBytes, type Frame } from './frame.ts';
import { CopyScan, type CopyContents, type LogCopy } from './log-copy.ts';
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
  delete(keys: readonly unknown[]): Promise<void>;
  close(): void;
}

const READ_RECORDS = 128;
const MEND_BYTES = 4 * 1_024 * 1_024;

export class IndexedDbCopy implements LogCopy {
  readonly name = 'indexeddb';
  readonly #table: RecordTable;
  readonly #mendBytes: number;
  #keys: readonly unknown[] = [];
  #good: ReadonlyMap<number, Frame> = new Map();

  /** `mendBytes`: how much one transaction of mending takes, unless a record is larger. */
  constructor(table: RecordTable, mendBytes = MEND_BYTES) {
    this.#table = table;
    this.#mendBytes = mendBytes;
  }

  async load(): Promise<CopyContents> {
    const scan = new CopyScan();
    this.#keys = await this.#table.keys();
    const numbers = this.#keys.filter(isRecordNumber);
    if (numbers.length < this.#keys.length) scan.addDamage('it holds a key that is no number');
    for (let i = 0; i < numbers.length; i += READ_RECORDS) {
      const batch = numbers.slice(i, i + READ_RECORDS);
      const [first, last] = [batch[0] ?? 0, batch.at(-1) ?? 0];
      const values = await this.#table.values(first, last);
      if (values.length !== batch.length) throw new Error('keys and values are not as many');
      for (const [at, number] of batch.entries()) addValue(scan, number, values[at]);
    }
    checkChain(scan);
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
    const surplus = this.#keys.filter((key) => !isRecordNumber(key) || key >= chain.length);
    if (surplus.length > 0) await this.#table.delete(surplus);
    this.#good = new Map();
    this.#keys = [];
  }

  append(frame: Frame, done: (error: string | null) => void): void {
    void this.#write(frame, done);
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

function addValue(scan: CopyScan, number: number, value: unknown): void {
  scan.addTrace(number);
  if (!(value instanceof Uint8Array)) {
    scan.addDamage(`record ${number} cannot be read`);
    return;
  }
  const found = readFrame(LOG_FORMAT, value, 0);
  if (found.type !== 'good') {
    scan.addDamage(`record ${number} does not match its hash`);
  } else if (found.frame.sequence !== number || found.frame.bytes.length !== value.length) {
    scan.addDamage(`record ${number} is another one`);
  } else {
    scan.addRecord(found.frame);
  }
}

function checkChain(scan: CopyScan): void {
  let previousHash = NO_HASH;
  for (let number = 0; number <= scan.lastTrace; number += 1) {
    const frame = scan.recordByNumber.get(number);
    if (frame === undefined) {
      scan.addDamage(`record ${number} is missing`);
      return;
    }
    if (!sameBytes(frame.previousHash, previousHash)) {
      scan.addDamage(`record ${number} does not follow the one before it`);
      return;
    }
    previousHash = frame.hash;
  }
}
