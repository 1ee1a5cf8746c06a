/**
 * What a live query has come to, in the form that user interfaces take: something to subscribe to, and a
 * snapshot that stays the same object until there is another result. The query runs while anybody subscribes.
 */

import type { Database, ResqliteError, Row, SqlParams } from '../client/resqlite.ts';

/** A live query's last result. */
export interface LiveResult<R extends object = Row> {
  /** The rows of the newest state that this tab has; undefined until the first result came. */
  readonly rows: readonly R[] | undefined;
  /** Why there is no newer result; undefined where there is one. */
  readonly error: ResqliteError | undefined;
}

const NOTHING_YET: LiveResult<never> = { rows: undefined, error: undefined };

export class LiveResultStore<R extends object = Row> {
  readonly #open: (tell: (result: LiveResult<R>) => void) => () => void;
  readonly #listeners = new Set<() => void>();
  #result: LiveResult<R> = NOTHING_YET;
  #end: () => void = () => undefined;

  /** Without a database (it is being opened) there is no result. */
  constructor(database: Database | null | undefined, sql: string, params: SqlParams) {
    this.#open = (tell) =>
      database?.live<R>(
        sql,
        params,
        (rows) => tell({ rows, error: undefined }),
        (error) => tell({ rows: this.#result.rows, error }),
      ) ?? (() => undefined);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#end = this.#open((result) => this.#tell(result));
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#end();
    };
  };

  readonly snapshot = (): LiveResult<R> => this.#result;

  #tell(result: LiveResult<R>): void {
    this.#result = result;
    for (const listener of this.#listeners) listener();
  }
}
