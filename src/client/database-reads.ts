/** What a database is read by. Types only. */

import type { SqlParams } from '../node/sql.ts';
import type { Cursor, RowBatch } from './cursor.ts';
import type { ResqliteError } from './errors.ts';
import type { IterateOptions, QueryAnswer, QueryOptions } from './reads.ts';
import type { Row } from './row.ts';

/**
 * Reads: rows at once, in batches, in any order, and again whenever they change. Every tab has all data, so
 * rows never cross the network; how much is asked of the others first is the read's level.
 *
 * @category Reads
 */
export interface DatabaseReads {
  /**
   * One statement that only reads. Its rows come at once, so they are bounded: 'TooLarge' beyond
   * 100,000 rows or 16 MiB, for which there is `iterate`. 'Sql' where SQLite refuses it,
   * 'InvalidArgument' where it writes, 'NoQuorum' and 'Timeout' where the level asks for others who do
   * not answer.
   *
   * A caller reads its own writes at every level, also at 'none': a write is answered when this node
   * has applied it, and a read waits for the last write that was answered through this handle, should
   * the node have gone back behind it (it may have got another's copy of the data meanwhile).
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute([
   *   'CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)',
   *   "INSERT INTO note (body) VALUES ('milk')",
   * ]);
   *
   * const { columns, rows } = await db.query('SELECT * FROM note WHERE id = ?', [1]);
   * columns; // => ['id', 'body']
   * rows; // => [[1, 'milk']]
   *
   * // What this tab has, without asking anybody.
   * const near = await db.query('SELECT count(*) FROM note', [], { level: 'none' });
   * near.rows; // => [[1]]
   * near.mayBeStale; // => true
   *
   * await db.query('DELETE FROM note'); // throws 'InvalidArgument'
   * ```
   */
  query(sql: string, params?: SqlParams, options?: QueryOptions): Promise<QueryAnswer>;

  /**
   * The same for results of any size, kept by this tab's worker to be read in any order. Close the
   * cursor: 32 results are kept at once, 8 of them above 2 MiB, with a file that is imported or exported
   * ('Overloaded'), each at most 1 GiB ('TooLarge'). The query runs to its end before this resolves; its
   * time limit is 2 minutes where not given.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const cursor = await db.cursor(
   *   `WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 200000)
   *    SELECT n FROM number`,
   * );
   * cursor.rowCount; // => 200000
   * await cursor.read(199_998, 10); // => [[199_999], [200_000]]
   * await cursor.close();
   * ```
   */
  cursor(sql: string, params?: SqlParams, options?: QueryOptions): Promise<Cursor>;

  /**
   * The rows of a result of any size, in batches, all of one state of the database; at least one
   * batch, so that the columns are told. However the loop ends, the kept result ends with it. The
   * signal is looked at before the query begins and between two batches. Rejects as `cursor` does.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const numbers = `WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 5000)
   *   SELECT n FROM number`;
   * let sum = 0;
   * for await (const { rows } of db.iterate(numbers, [], { batchRows: 500 })) {
   *   for (const [n] of rows) sum += Number(n);
   * }
   * sum; // => 12_502_500
   * ```
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
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)');
   *
   * let shown: string[] = [];
   * const stop = db.live<{ body: string }>('SELECT body FROM note ORDER BY id', [], (notes) => {
   *   shown = notes.map(({ body }) => body);
   * });
   * await db.sql`INSERT INTO note (body) VALUES (${'milk'}), (${'bread'})`;
   * shown; // soon => ['milk', 'bread']
   * stop();
   * ```
   */
  live<R extends object = Row>(
    sql: string,
    params: SqlParams,
    onRows: (rows: R[], answer: QueryAnswer) => void,
    onError?: (error: ResqliteError) => void,
  ): () => void;
}
