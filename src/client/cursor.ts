/**
 * A query's whole result, kept by this tab's SQL worker and read in any order: what is true of one
 * state of the database, however large it is and whatever is written meanwhile. Types only.
 */

import type { SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';

/** Rows in order; of each its values, in the order of the columns. */
export type Rows = readonly (readonly SqlValue[])[];

/** One batch of a result's rows. */
export interface RowBatch {
  readonly columns: readonly string[];
  readonly rows: Rows;
}

/** A result that is kept to be read in any order. */
export interface Cursor {
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** How much of the log the rows reflect. */
  readonly appliedIndex: LogIndex;
  /** Stands for `appliedIndex` in a later read's `atLeast`. */
  readonly bookmark: string;

  /**
   * `count` rows, the first of them number `from`, counted from 0; fewer where the result ends.
   * Rejects with 'Closed' when the result is kept no more: it was closed, or nobody read it for ten
   * minutes.
   */
  read(from: number, count: number): Promise<Rows>;

  /** Gives the kept rows back. Never rejects, not even where they are gone already. */
  close(): Promise<void>;
}
