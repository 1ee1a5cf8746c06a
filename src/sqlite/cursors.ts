/**
 * Results that are kept whole, each of one state of the database, for whoever reads them bit by bit
 * and in any order (`db.cursor`, `db.iterate`, dumps).
 *
 * The query runs at once and to its end, and its rows are kept outside of the database: a statement
 * left open would hold back the entries that are to be applied, or see some of them. So applying,
 * snapshots and even a restore leave a kept result as it is.
 *
 * Bounds: the number of results, each one's bytes, and the time that one is kept without being read.
 */

import type { SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { KeptRows } from './kept-rows.ts';
import {
  CURSOR_BATCH_BYTES,
  CURSOR_BATCH_ROWS,
  CURSOR_BLOCK_BYTES,
  CURSOR_IDLE_MS,
  CURSOR_MEMORY_BYTES,
  MAX_CURSOR_BYTES,
  MAX_CURSORS,
} from './limits.ts';
import { streamQuery } from './query.ts';
import { OPEN, type ReadRequest, type SqlService } from './service.ts';
import { refused } from './sql-error.ts';

export interface OpenedCursor {
  readonly cursor: number;
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly appliedIndex: LogIndex;
}

interface Kept {
  readonly rows: KeptRows;
  idleTimer: ReturnType<typeof setTimeout>;
}

const LIMITS = {
  blockBytes: CURSOR_BLOCK_BYTES,
  memoryBytes: CURSOR_MEMORY_BYTES,
  totalBytes: MAX_CURSOR_BYTES,
};

/** Every method fails with `SqlFailure`, always with applied 'no'. */
export class Cursors {
  readonly #service: SqlService;
  readonly #limits: typeof LIMITS;
  readonly #keptById = new Map<number, Kept>();
  #lastId = 0;

  /** Tests lower the limits. */
  constructor(service: SqlService, limits: Partial<typeof LIMITS> = {}) {
    this.#service = service;
    this.#limits = { ...LIMITS, ...limits };
    service.listen({ closing: () => this.#dropAll() });
  }

  async openCursor(request: ReadRequest, signal: AbortSignal | null = null): Promise<OpenedCursor> {
    const { sql, params, atLeast, timeoutMs } = request;
    const deadlineMs = performance.now() + timeoutMs;
    const state = await this.#service.whenTrusted(atLeast ?? OPEN, timeoutMs, signal);
    const { database, appliedIndex } = state;
    return streamQuery(database, { sql, params, deadlineMs }, (columns, rows) =>
      this.keep(columns, rows, appliedIndex),
    );
  }

  /**
   * Keeps rows that are of the state with this index; each has a value for each column. They are
   * taken at once, so they may come from a statement. 'Overloaded': too many are kept; 'TooLarge',
   * 'StorageDenied': these are too many.
   */
  keep(
    columns: readonly string[],
    rows: Iterable<readonly SqlValue[]>,
    appliedIndex: LogIndex,
  ): OpenedCursor {
    if (this.#keptById.size >= MAX_CURSORS) {
      const message = `${MAX_CURSORS} large results are being read: close one of their cursors`;
      throw refused('Overloaded', message);
    }
    const state = this.#service.present;
    if (state === null) throw refused('Closed', 'the database is closed');
    const kept = new KeptRows(columns.length, () => state.createScratch(), this.#limits);
    try {
      for (const row of rows) kept.add(row);
      kept.finish();
    } catch (error) {
      kept.drop();
      throw error;
    }
    this.#lastId += 1;
    const cursor = this.#lastId;
    this.#keptById.set(cursor, { rows: kept, idleTimer: this.#dropLater(cursor) });
    return { cursor, columns, rowCount: kept.rowCount, appliedIndex };
  }

  /**
   * Rows `from`, counted from 0, and those behind: `count` of them, or fewer where they end or where
   * the batch becomes too large; at least one where there is one. 'Closed': they are kept no more.
   */
  async readCursor(cursor: number, from: number, count: number): Promise<SqlValue[][]> {
    const kept = this.#keptById.get(cursor);
    if (kept === undefined) {
      const minutes = CURSOR_IDLE_MS / 60_000;
      const message = `the result is kept no more: it was closed, or not read for ${minutes} minutes`;
      throw refused('Closed', message);
    }
    clearTimeout(kept.idleTimer);
    kept.idleTimer = this.#dropLater(cursor);
    return kept.rows.read(from, Math.min(count, CURSOR_BATCH_ROWS), CURSOR_BATCH_BYTES);
  }

  /** Nothing happens where it is kept no more. */
  async closeCursor(cursor: number): Promise<void> {
    this.#drop(cursor);
  }

  #dropLater(cursor: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#drop(cursor), CURSOR_IDLE_MS);
  }

  #drop(cursor: number): void {
    const kept = this.#keptById.get(cursor);
    if (kept === undefined) return;
    this.#keptById.delete(cursor);
    clearTimeout(kept.idleTimer);
    kept.rows.drop();
  }

  #dropAll(): void {
    for (const cursor of this.#keptById.keys()) this.#drop(cursor);
  }
}
