/**
 * A query's whole result, kept by this tab's SQL worker and read in any order: what is true of one
 * state of the database, however large it is and whatever is written meanwhile. Types only.
 */

import type { SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';

/**
 * Rows in order; of each its values, in the order of the columns.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type Rows } from 'resqlite';
 *
 * const firstColumn = (rows: Rows) => rows.map(([first]) => first);
 *
 * const db = await open();
 * const { rows } = await db.query("VALUES (1, 'milk'), (2, 'bread')");
 * firstColumn(rows); // => [1, 2]
 * ```
 */
export type Rows = readonly (readonly SqlValue[])[];

/**
 * One batch of a result's rows.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type RowBatch } from 'resqlite';
 *
 * const db = await open();
 * const batches: RowBatch[] = [];
 * for await (const batch of db.iterate('SELECT 1 AS one')) batches.push(batch);
 * batches; // => [{ columns: ['one'], rows: [[1]] }]
 * ```
 */
export interface RowBatch {
  /** Their names. */
  readonly columns: readonly string[];
  /** As many as were asked for at most; none where the result has none. */
  readonly rows: Rows;
}

/**
 * A result that is kept to be read in any order, whatever is written meanwhile.
 *
 * @category Reads
 */
export interface Cursor {
  /** Their names. */
  readonly columns: readonly string[];
  /** Of the whole result. */
  readonly rowCount: number;
  /** How much of the log the rows reflect. */
  readonly appliedIndex: LogIndex;
  /** Stands for `appliedIndex` in a later read's `atLeast`. */
  readonly bookmark: string;

  /**
   * `count` rows, the first of them number `from`, counted from 0; fewer where the result ends.
   * Rejects with 'Closed' when the result is kept no more: it was closed, or nobody read it for ten
   * minutes.
   *
   * @example
   * ```ts
   * import { open, type Cursor } from 'resqlite';
   *
   * const PAGE_ROWS = 2;
   * const page = (cursor: Cursor, number: number) => cursor.read(number * PAGE_ROWS, PAGE_ROWS);
   *
   * const db = await open();
   * const cursor = await db.cursor('VALUES (1), (2), (3)');
   * await page(cursor, 1); // => [[3]]
   * await page(cursor, 0); // => [[1], [2]]
   * await cursor.close();
   * ```
   */
  read(from: number, count: number): Promise<Rows>;

  /**
   * Gives the kept rows back. Never rejects, not even where they are gone already.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const cursor = await db.cursor('SELECT 1');
   * await cursor.close();
   * await cursor.read(0, 1); // throws 'Closed'
   * ```
   */
  close(): Promise<void>;
}
