/** A cursor over the rows that this tab's SQL worker keeps, read from there batch by batch. */

import type { SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { checkCount } from './arguments.ts';
import { aborted } from './call-limits.ts';
import type { Cursor, RowBatch, Rows } from './cursor.ts';
import { invalidArgument } from './errors.ts';
import type { OpenedCursor } from './protocol.ts';

/** How a cursor's rows are got and given back. */
export interface CursorPorts {
  /**
   * Fewer than `count` where a batch would become too large; none only at the end. Rejects with
   * `ResqliteError`.
   */
  read(cursor: number, from: number, count: number, signal: AbortSignal | null): Promise<Rows>;
  /** Never rejects. */
  close(cursor: number): Promise<void>;
}

/** Rows of a batch where the caller does not say: the page takes them up within milliseconds. */
const BATCH_ROWS = 1_000;

export class WorkerCursor implements Cursor {
  readonly columns: readonly string[];
  readonly rowCount: number;
  readonly appliedIndex: LogIndex;
  readonly bookmark: string;
  readonly #id: number;
  readonly #ports: CursorPorts;

  constructor(opened: OpenedCursor, bookmark: string, ports: CursorPorts) {
    this.columns = opened.columns;
    this.rowCount = opened.rowCount;
    this.appliedIndex = opened.appliedIndex;
    this.bookmark = bookmark;
    this.#id = opened.cursor;
    this.#ports = ports;
  }

  async read(from: number, count: number): Promise<Rows> {
    checkCount('from', from);
    checkCount('count', count);
    const end = Math.min(this.rowCount, from + count);
    const rows: (readonly SqlValue[])[] = [];
    while (from + rows.length < end) {
      const at = from + rows.length;
      const batch = await this.#ports.read(this.#id, at, end - at, null);
      for (const row of batch) rows.push(row);
    }
    return rows;
  }

  async close(): Promise<void> {
    await this.#ports.close(this.#id);
  }

  /** All rows in order, at least one batch; whoever takes them closes the cursor. */
  async *batches(batchRows: number, signal: AbortSignal | null): AsyncGenerator<RowBatch, void> {
    const { columns, rowCount } = this;
    if (rowCount === 0) yield { columns, rows: [] };
    const read = (from: number): Promise<Rows> =>
      this.#ports.read(this.#id, from, batchRows, signal);
    let next: Promise<Rows> | null = null;
    let from = 0;
    while (from < rowCount) {
      if (signal?.aborted === true) throw aborted('no');
      const rows: Rows = await (next ?? read(from));
      from += rows.length;
      // The worker gets the next batch while the caller works on this one, and may want no more.
      next = from < rowCount ? read(from) : null;
      next?.catch(() => undefined);
      yield { columns, rows };
    }
  }
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkBatchRows(batchRows: number = BATCH_ROWS): number {
  if (batchRows === 0) throw invalidArgument('batchRows must be at least 1');
  return checkCount('batchRows', batchRows);
}
