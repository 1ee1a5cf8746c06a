/** What a database is read by. Types only. */

import type { SqlParams } from '../node/sql.ts';
import type { Cursor, RowBatch } from './cursor.ts';
import type { ResqliteError } from './errors.ts';
import type { IterateOptions, QueryAnswer, QueryOptions } from './reads.ts';
import type { Row } from './row.ts';

/** Reads: rows at once, in batches, in any order, and again whenever they change. */
export interface DatabaseReads {
  /**
   * One statement that only reads. Its rows come at once, so they are bounded: 'TooLarge' beyond
   * 100,000 rows or 16 MiB, for which there is `iterate`.
   *
   * A caller reads its own writes at every level, also at 'none': a write is answered when this node
   * has applied it, and a read waits for the last write that was answered through this handle, should
   * the node have gone back behind it (it may have got another's copy of the data meanwhile).
   */
  query(sql: string, params?: SqlParams, options?: QueryOptions): Promise<QueryAnswer>;

  /**
   * The same for results of any size, kept by this tab's worker to be read in any order. Close the
   * cursor: a few dozen results are kept at once ('Overloaded'), each at most 1 GiB ('TooLarge'). The
   * query runs to its end before this resolves; its time limit is 2 minutes where not given.
   */
  cursor(sql: string, params?: SqlParams, options?: QueryOptions): Promise<Cursor>;

  /**
   * The rows of a result of any size, in batches, all of one state of the database; at least one
   * batch, so that the columns are told. However the loop ends, the kept result ends with it. The
   * signal is looked at before the query begins and between two batches.
   */
  iterate(
    sql: string,
    params?: SqlParams,
    options?: IterateOptions,
  ): AsyncGenerator<RowBatch, void>;

  /**
   * Calls `onRows` with the query's result now, and again whenever it has become another one through
   * something that was committed, in whatever tab; the answer unsubscribes. It is run on this node's
   * data when an entry wrote to a table it reads, at most once per animation frame (in a hidden page a
   * few times a second at most), and the last result is always that of the newest state. What is
   * neither data nor schema, such as the time, does not make it run again.
   *
   * `answer` says how much of the log the rows reflect; results equal to the one before are left out.
   * An error goes to `onError`, to the browser's `reportError` where there is none, and the query goes
   * on: a table it misses may come. It ends with this handle, and with the node: then `onError` has the
   * last word. Throws 'InvalidArgument' and 'Closed' at once; `onError` has 'Overloaded', and the query
   * ends, where there are too many live queries.
   */
  live<R extends object = Row>(
    sql: string,
    params: SqlParams,
    onRows: (rows: R[], answer: QueryAnswer) => void,
    onError?: (error: ResqliteError) => void,
  ): () => void;
}
