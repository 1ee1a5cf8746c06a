/**
 * Reads through one handle: every one is "an index to wait for", asked of the node worker, and then a
 * query of the SQL worker at or behind it. Rows never cross the network.
 *
 * A read never sees less than the last write that was answered through the same handle.
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { ReadLevel, SqlParams, SqlValue } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { checkParams, checkSql, checkTimeout } from './arguments.ts';
import type { CallOptions } from './call-limits.ts';
import { LONG_TIMEOUT_MS, type Calls } from './calls.ts';
import type { RowBatch } from './cursor.ts';
import { invalidArgument } from './errors.ts';
import type { OpenedCursor, QueryRequest } from './protocol.ts';
import { checkBatchRows, WorkerCursor, type CursorPorts } from './worker-cursor.ts';

/**
 * How a read is made.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type QueryOptions } from 'resqlite';
 *
 * const db = await open();
 * const { bookmark } = await db.execute('CREATE TABLE note (body TEXT)');
 *
 * // At once, but not before what was just written, by whichever tab.
 * const options: QueryOptions = { level: 'none', atLeast: bookmark };
 * (await db.query('SELECT count(*) FROM note', [], options)).rows; // => [[0]]
 *
 * // At once, if it is not older than 5 s.
 * const fresh: QueryOptions = { level: 'none', freshnessMs: 5_000 };
 * (await db.query('SELECT count(*) FROM note', [], fresh)).rows; // => [[0]]
 * ```
 */
export interface QueryOptions extends CallOptions {
  /** 'linearizable' where not given. */
  readonly level?: ReadLevel;
  /**
   * At level 'none' only: how old what this node knows may be. The read fails with 'Stale' unless this
   * node knew within that time what was committed (from the leader, or as the leader from a majority),
   * and it sees all of that. A node that slept is stale until it has asked the leader again, which the
   * first such read makes it do. A deposed leader is believed for at most a second.
   */
  readonly freshnessMs?: number;
  /**
   * The bookmark of an earlier answer, of this node or another: the read sees at least what that one
   * saw, at every level. It waits for it, and rejects with 'Timeout' where this node does not get that
   * far in time.
   */
  readonly atLeast?: string;
}

/**
 * How a result is read in batches.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type IterateOptions } from 'resqlite';
 *
 * const options: IterateOptions = { level: 'none', batchRows: 2 };
 * const sizes: number[] = [];
 * const db = await open();
 * for await (const { rows } of db.iterate('VALUES (1), (2), (3)', [], options)) {
 *   sizes.push(rows.length);
 * }
 * sizes; // => [2, 1]
 * ```
 */
export interface IterateOptions extends QueryOptions {
  /** Rows of a batch at most; batches of wide rows have fewer. 1,000 where not given. */
  readonly batchRows?: number;
}

/**
 * What a read saw, and how much of the log that was.
 *
 * @category Reads
 *
 * @example
 * ```ts
 * import { open, type QueryAnswer } from 'resqlite';
 *
 * const objects = ({ columns, rows }: QueryAnswer) =>
 *   rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
 *
 * const db = await open();
 * objects(await db.query("SELECT 1 AS id, 'milk' AS body")); // => [{ id: 1, body: 'milk' }]
 * ```
 */
export interface QueryAnswer {
  /** Their names. */
  readonly columns: readonly string[];
  /** Of each its values, in the order of the columns. */
  readonly rows: readonly (readonly SqlValue[])[];
  /** At which it was read. */
  readonly level: ReadLevel;
  /** How much of the log the rows reflect. */
  readonly appliedIndex: LogIndex;
  /** Stands for `appliedIndex` in a later read's `atLeast`. */
  readonly bookmark: string;
  /** The level does not rule out that newer data had been committed. */
  readonly mayBeStale: boolean;
}

export class Reads {
  readonly #calls: Calls;
  readonly #cursorPorts: CursorPorts;
  /** Open ones, by the worker's names for them. */
  readonly #cursors = new Set<number>();

  constructor(calls: Calls) {
    this.#calls = calls;
    const { node } = calls;
    this.#cursorPorts = {
      read: (cursor, from, count, signal) => {
        const limits = { timeoutMs: LONG_TIMEOUT_MS, signal: signal ?? undefined };
        return calls.reading(() => node.reader('readCursor', [cursor, from, count]), limits);
      },
      close: async (cursor) => {
        if (!this.#cursors.delete(cursor)) return;
        // Where it cannot be closed it is dropped in its time, or is gone with the worker.
        await calls.reading(() => node.reader('closeCursor', [cursor])).catch(() => undefined);
      },
    };
  }

  async query(sql: string, params: SqlParams, options: QueryOptions): Promise<QueryAnswer> {
    const { level = 'linearizable' } = options;
    const signal = options.signal ?? null;
    const answer = await this.#read(sql, params, options, REQUEST_TIMEOUT_MS, (request) =>
      this.#calls.node.reader('query', [request], [], signal),
    );
    const { columns, rows, appliedIndex } = answer;
    const bookmark = this.#calls.bookmark(appliedIndex);
    const mayBeStale = level === 'none' || level === 'weak';
    return { columns, rows, level, appliedIndex, bookmark, mayBeStale };
  }

  async cursor(sql: string, params: SqlParams, options: QueryOptions): Promise<WorkerCursor> {
    const signal = options.signal ?? null;
    return this.#open(sql, params, options, (request) =>
      this.#calls.node.reader('openCursor', [request], [], signal),
    );
  }

  /** The database as a script, at or behind everything that is committed now. */
  async dump(
    objects: readonly string[] | null,
    schemaOnly: boolean,
    options: CallOptions,
  ): Promise<WorkerCursor> {
    const signal = options.signal ?? null;
    return this.#open('', [], options, ({ atLeast, timeoutMs }) =>
      this.#calls.node.reader(
        'openDump',
        [{ objects, schemaOnly, atLeast, timeoutMs }],
        [],
        signal,
      ),
    );
  }

  /** Its handle is closed, and with it what the SQL worker keeps for it. */
  close(): void {
    for (const cursor of this.#cursors) this.#drop(cursor);
    this.#cursors.clear();
  }

  async #open(
    sql: string,
    params: SqlParams,
    options: QueryOptions,
    ask: (request: QueryRequest) => Promise<OpenedCursor>,
  ): Promise<WorkerCursor> {
    let isWanted = true;
    try {
      const opened = await this.#read(sql, params, options, LONG_TIMEOUT_MS, async (request) => {
        const { cursor, ...facts } = await ask(request);
        if (isWanted && !this.#calls.isClosed) this.#cursors.add(cursor);
        else this.#drop(cursor);
        return { cursor, ...facts };
      });
      const bookmark = this.#calls.bookmark(opened.appliedIndex);
      return new WorkerCursor(opened, bookmark, this.#cursorPorts);
    } catch (error) {
      isWanted = false;
      throw error;
    }
  }

  /** Nobody waits for it. */
  #drop(cursor: number): void {
    this.#calls.node.reader('closeCursor', [cursor]).catch(() => undefined);
  }

  async *iterate(
    sql: string,
    params: SqlParams,
    options: IterateOptions,
  ): AsyncGenerator<RowBatch, void> {
    const batchRows = checkBatchRows(options.batchRows);
    const cursor = await this.cursor(sql, params, options);
    try {
      yield* cursor.batches(batchRows, options.signal ?? null);
    } finally {
      await cursor.close();
    }
  }

  /** The index that the level asks for, then `ask`, which waits for it; both in the caller's time. */
  #read<T>(
    sql: string,
    params: SqlParams,
    options: QueryOptions,
    defaultTimeoutMs: number,
    ask: (request: QueryRequest) => Promise<T>,
  ): Promise<T> {
    const { level = 'linearizable', atLeast } = options;
    const freshnessMs = checkFreshness(level, options.freshnessMs);
    const timeoutMs = checkTimeout(options.timeoutMs ?? defaultTimeoutMs);
    const request = { sql: checkSql(sql), params: checkParams(params) };
    const bookmarked = atLeast === undefined ? 0 : this.#calls.indexOf(atLeast);
    const deadlineMs = performance.now() + timeoutMs;
    const work = async (): Promise<T> => {
      const index = await this.#readIndex(level, freshnessMs, timeoutMs);
      const leftMs = Math.max(1, deadlineMs - performance.now());
      const waitFor = Math.max(index ?? 0, bookmarked, this.#calls.ownIndex) as LogIndex;
      return ask({ ...request, atLeast: waitFor === 0 ? null : waitFor, timeoutMs: leftMs });
    };
    return this.#calls.reading(work, { ...options, timeoutMs });
  }

  async #readIndex(
    level: ReadLevel,
    freshnessMs: number | null,
    timeoutMs: number,
  ): Promise<LogIndex | null> {
    switch (level) {
      case 'none':
        return freshnessMs === null ? null : this.#calls.node.node('freshIndex', [freshnessMs]);
      case 'weak':
      case 'linearizable':
      case 'strong':
        return this.#calls.node.readIndexes.at(level, timeoutMs);
      default:
        throw invalidArgument(`there is no read level ${String(level satisfies never)}`);
    }
  }
}

function checkFreshness(level: ReadLevel, freshnessMs: unknown): number | null {
  if (freshnessMs === undefined) return null;
  if (level !== 'none') throw invalidArgument("freshnessMs goes with the level 'none' alone");
  if (typeof freshnessMs === 'number' && Number.isFinite(freshnessMs) && freshnessMs >= 0) {
    return freshnessMs;
  }
  throw invalidArgument('freshnessMs must be a finite number, not negative');
}
