/**
 * Rows that are kept to be read in any order: encoded, in blocks of many rows each, the first ones in
 * memory and what is beyond its share in a scratch file. Of each block its first row is known, so any
 * row is found by one look into one block.
 *
 * A row is its values in the form of value-codec.ts; that it has as many as there are columns is its
 * user's business. Rows are only added until `finish`, and only read behind it.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { SqlValue } from '../node/sql.ts';
import { refused, SqliteError } from './sql-error.ts';
import type { ScratchFile } from './state-files.ts';
import { readValue, writeValue } from './value-codec.ts';

export interface KeptRowsLimits {
  /** A block ends with the row that makes it this long. */
  readonly blockBytes: number;
  /** What stays in memory. */
  readonly memoryBytes: number;
  readonly totalBytes: number;
}

interface Block {
  /** Counted from 0. */
  readonly firstRow: number;
  readonly lengthBytes: number;
  readonly at: { readonly bytes: Uint8Array } | { readonly offset: number };
}

export class KeptRows {
  readonly #columnCount: number;
  readonly #createScratch: () => ScratchFile;
  readonly #limits: KeptRowsLimits;
  readonly #blocks: Block[] = [];
  #scratch: ScratchFile | null = null;
  #memoryBytes = 0;
  #scratchBytes = 0;
  #rowCount = 0;
  /** The block being filled. */
  #writer: ByteWriter;
  #firstRow = 0;

  constructor(columnCount: number, createScratch: () => ScratchFile, limits: KeptRowsLimits) {
    this.#columnCount = columnCount;
    this.#createScratch = createScratch;
    this.#limits = limits;
    this.#writer = this.#newWriter();
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Throws `SqlFailure`: 'TooLarge', 'Overloaded', or 'StorageDenied' where there is no room. */
  add(row: readonly SqlValue[]): void {
    for (const value of row) writeValue(this.#writer, value);
    this.#rowCount += 1;
    if (this.#writer.length >= this.#limits.blockBytes) this.#endBlock();
  }

  /** No row comes any more. Throws as `add` does. */
  finish(): void {
    if (this.#rowCount > this.#firstRow) this.#endBlock();
  }

  /**
   * Rows `from` and behind: `count` of them, or fewer where they end or where one more would make it
   * more than `maxBytes` encoded; but at least one, if there is one.
   */
  read(from: number, count: number, maxBytes: number): SqlValue[][] {
    const rows: SqlValue[][] = [];
    const end = Math.min(this.#rowCount, from + count);
    let bytes = 0;
    for (let at = this.#blockOf(from); from + rows.length < end; at += 1) {
      const block = this.#blocks[at];
      if (block === undefined) throw new Error(`row ${from + rows.length} is in no block`);
      const reader = new ByteReader(this.#bytesOf(block));
      for (let row = block.firstRow; row < end && reader.remaining > 0; row += 1) {
        const before = reader.remaining;
        const values = this.#readRow(reader);
        if (row < from) continue;
        bytes += before - reader.remaining;
        if (bytes > maxBytes && rows.length > 0) return rows;
        rows.push(values);
      }
    }
    return rows;
  }

  /** Gives everything back; nothing may be called afterwards. */
  drop(): void {
    this.#blocks.length = 0;
    const scratch = this.#scratch;
    this.#scratch = null;
    if (scratch === null) return;
    scratch.file.close();
    scratch.remove();
  }

  #newWriter(): ByteWriter {
    return new ByteWriter(this.#limits.blockBytes + this.#limits.blockBytes / 4);
  }

  #endBlock(): void {
    const { memoryBytes, totalBytes } = this.#limits;
    const bytes = this.#writer.finish();
    const lengthBytes = bytes.length;
    if (this.#memoryBytes + this.#scratchBytes + lengthBytes > totalBytes) {
      const limit = `${Math.floor(totalBytes / 2 ** 20)} MiB`;
      throw refused('TooLarge', `the result takes more than ${limit}: read it in parts`);
    }
    const firstRow = this.#firstRow;
    if (this.#memoryBytes + lengthBytes <= memoryBytes) {
      this.#blocks.push({ firstRow, lengthBytes, at: { bytes: bytes.slice() } });
      this.#memoryBytes += lengthBytes;
    } else {
      const offset = this.#scratchBytes;
      this.#write(offset, bytes);
      this.#blocks.push({ firstRow, lengthBytes, at: { offset } });
      this.#scratchBytes += lengthBytes;
    }
    this.#firstRow = this.#rowCount;
    this.#writer = this.#newWriter();
  }

  #write(offset: number, bytes: Uint8Array): void {
    try {
      this.#scratch ??= this.#createScratch();
      this.#scratch.file.write(offset, bytes);
    } catch (error) {
      throw noRoom(error);
    }
  }

  /** The last block that begins at or before the row. */
  #blockOf(row: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const { firstRow = Infinity } = this.#blocks[middle] ?? {};
      if (firstRow <= row) low = middle;
      else high = middle;
    }
    return low;
  }

  #bytesOf({ at, lengthBytes }: Block): Uint8Array {
    if ('bytes' in at) return at.bytes;
    if (this.#scratch === null) throw new Error('the rows were dropped');
    try {
      return this.#scratch.file.read(at.offset, lengthBytes);
    } catch (error) {
      throw noRoom(error);
    }
  }

  #readRow(reader: ByteReader): SqlValue[] {
    const values: SqlValue[] = [];
    for (let at = 0; at < this.#columnCount; at += 1) values.push(readValue(reader));
    return values;
  }
}

/** Only the scratch file failed: the database is not concerned. */
function noRoom(error: unknown): unknown {
  if (!(error instanceof SqliteError)) return error;
  return refused('StorageDenied', `a large result could not be kept: ${error.message}`);
}
