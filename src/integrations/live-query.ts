/**
 * A live query and what it has come to, as a store. The query runs while anybody subscribes. Parameters are
 * copied: what their owner changes later makes another query.
 */

import { ResqliteError, type Database, type Row, type SqlParams } from '../client/resqlite.ts';
import { ExternalStore, nothing } from './external-store.ts';
import { isSameData } from './same-data.ts';

/**
 * A live query's newest result.
 *
 * While neither is there, the query has not answered yet: its database is being opened, or it has only just
 * been asked. Both are there where it has answered before and fails now: the rows are what they were then.
 *
 * @example
 * ```ts
 * import type { LiveResult } from 'resqlite/react';
 *
 * function describe({ rows, error }: LiveResult): string {
 *   if (error !== undefined) return rows === undefined ? error.message : 'may be out of date';
 *   return rows === undefined ? 'loading' : `${rows.length} rows`;
 * }
 *
 * describe({ rows: [{ id: 1 }, { id: 2 }], error: undefined }); // => '2 rows'
 * ```
 */
export interface LiveResult<R extends object = Row> {
  /** The rows of the newest result; undefined until there is one. The same array until there is another. */
  readonly rows: readonly R[] | undefined;
  /**
   * Why there is no newer result; undefined while nothing is wrong. It goes by itself where the query can
   * be answered again, as when a table that it misses is made ('Sql'), and stays where the query is
   * wrong ('InvalidArgument') or its node has ended ('Closed', 'Removed', 'StorageLost' and others).
   */
  readonly error: ResqliteError | undefined;
}

const NOTHING_YET: LiveResult<never> = { rows: undefined, error: undefined };

export class LiveQuery<R extends object = Row> {
  readonly result: ExternalStore<LiveResult<R>>;
  readonly #database: Database | null | undefined;
  readonly #sql: string;
  readonly #params: SqlParams;

  /** Without a database (it is being opened) there is no result. */
  constructor(database: Database | null | undefined, sql: string, params: SqlParams) {
    this.#database = database;
    this.#sql = sql;
    this.#params = withValues(params, ownValue);
    this.result = new ExternalStore<LiveResult<R>>(NOTHING_YET, (tell) => this.#run(tell));
  }

  /** Whether it is this query of this database, with the same parameters by value. */
  asks(database: Database | null | undefined, sql: string, params: SqlParams): boolean {
    const isSameText = database === this.#database && sql === this.#sql;
    return isSameText && isSameData(withValues(params, knownValue), this.#params);
  }

  #run(tell: (result: LiveResult<R>) => void): () => void {
    const fail = (error: ResqliteError): void => tell({ ...this.result.snapshot(), error });
    const show = (rows: readonly R[]): void => tell({ rows, error: undefined });
    try {
      return this.#database?.live<R>(this.#sql, this.#params, show, fail) ?? nothing;
    } catch (error) {
      if (!(error instanceof ResqliteError)) throw error;
      fail(error);
      return nothing;
    }
  }
}

/** What `live` refuses. One stands for all: written in place, each would be another query's at every look. */
const REFUSED = Object.freeze({});

function knownValue(value: unknown): unknown {
  const isValue = typeof value !== 'object' || value === null || value instanceof Uint8Array;
  return isValue && typeof value !== 'function' ? value : REFUSED;
}

function ownValue(value: unknown): unknown {
  return value instanceof Uint8Array ? value.slice() : knownValue(value);
}

function withValues(params: SqlParams, change: (value: unknown) => unknown): SqlParams {
  if (Array.isArray(params)) return params.map(change) as SqlParams;
  // What is neither is for `live` to refuse.
  if (knownValue(params) !== REFUSED || typeof params === 'function') return params;
  const entries = Object.entries(params).map(([name, value]) => [name, change(value)]);
  return Object.fromEntries(entries) as SqlParams;
}
