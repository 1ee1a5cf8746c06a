/**
 * Rows that are shown but not all held: a result kept by the SQL worker, of which the page has a few
 * blocks at a time, those last looked at. Whoever shows them says what is in sight and is told, by
 * the signal `version`, when more of it has come.
 */

import { signal } from '@preact/signals';
import { toReadError, type ResqliteError } from '../client/errors.ts';
import type { SqlValue } from '../node/sql.ts';

export type Row = readonly SqlValue[];

/** What `db.cursor` gives, as far as rows are concerned. */
export interface RowSource {
  readonly columns: readonly string[];
  readonly rowCount: number;
  read(from: number, count: number): Promise<readonly Row[]>;
  /** Never rejects. */
  close(): Promise<void>;
}

const MAX_BLOCKS = 24;

export class RowBlocks {
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** Rows from here and there: how wide columns are is decided by them. */
  readonly sample: readonly Row[];
  /** Changes whenever rows have come or a read has failed. */
  readonly version = signal(0);
  readonly #source: RowSource;
  readonly #blockRows: number;
  /** In the order of their last use. */
  readonly #blocks = new Map<number, readonly Row[]>();
  #wanted: readonly number[] = [];
  #isReading = false;
  #isClosed = false;
  #error: ResqliteError | null = null;

  /** `first`: the rows of the first block; the others are as long. */
  constructor(source: RowSource, first: readonly Row[], sample: readonly Row[]) {
    this.#source = source;
    this.#blockRows = first.length;
    this.columns = source.columns;
    this.rowCount = source.rowCount;
    this.sample = sample;
    this.#blocks.set(0, first);
  }

  /** Why no more rows come. */
  get error(): ResqliteError | null {
    return this.#error;
  }

  /** Null: not here (yet). */
  rowAt(at: number): Row | null {
    const block = Math.floor(at / this.#blockRows);
    return this.#blocks.get(block)?.[at - block * this.#blockRows] ?? null;
  }

  /** These rows are in sight, `end` not among them: what is missing of them is read. */
  show(from: number, end: number): void {
    const last = Math.floor(Math.max(from, end - 1) / this.#blockRows);
    const wanted: number[] = [];
    for (let block = Math.floor(from / this.#blockRows); block <= last; block += 1)
      wanted.push(block);
    this.#wanted = wanted;
    for (const block of wanted) this.#touch(block);
    void this.#readWanted();
  }

  /** Any of the rows, of which nothing is held; fewer where the result ends. Rejects with `ResqliteError`. */
  read(from: number, count: number): Promise<readonly Row[]> {
    return this.#source.read(from, count);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#source.close();
  }

  /** One at a time, so that a flick over a million rows reads what is in sight when it stops. */
  async #readWanted(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (;;) {
        const missing = this.#wanted.find((block) => !this.#blocks.has(block));
        if (missing === undefined || this.#isClosed) return;
        const rows = await this.#source.read(missing * this.#blockRows, this.#blockRows);
        this.#blocks.set(missing, rows);
        this.#forget();
        this.version.value += 1;
      }
    } catch (error) {
      this.#wanted = [];
      this.#error = toReadError(error);
      this.version.value += 1;
    } finally {
      this.#isReading = false;
    }
  }

  #touch(block: number): void {
    const rows = this.#blocks.get(block);
    if (rows === undefined) return;
    this.#blocks.delete(block);
    this.#blocks.set(block, rows);
  }

  #forget(): void {
    for (const block of this.#blocks.keys()) {
      if (this.#blocks.size <= MAX_BLOCKS) return;
      if (!this.#wanted.includes(block)) this.#blocks.delete(block);
    }
  }
}
