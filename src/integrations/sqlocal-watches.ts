/**
 * The live queries beneath a client's reactive ones. They stop when the browser puts the page aside, which ends
 * its node, and begin again on the next database when it comes back.
 */

import type { Database, ResqliteError, Row } from '../client/resqlite.ts';
import type { PlainStatement, ReadRows } from './sqlocal-statements.ts';

/** `read` reads them again, from the same copy. */
type OnRows = (rows: unknown[], read: ReadRows) => void;
type OnError = (error: ResqliteError) => void;

export class Watches {
  readonly #open: () => Promise<Database>;
  readonly #all = new Set<Watch>();

  /** `open` gives the database that is to be watched from now on. */
  constructor(open: () => Promise<Database>) {
    this.#open = open;
  }

  /** The answer ends it, and nothing is called back from then on. */
  add(statement: PlainStatement, onRows: OnRows, onError: OnError): () => void {
    const watch = new Watch(this.#open, statement, { onRows, onError });
    this.#all.add(watch);
    watch.begin();
    return () => {
      this.#all.delete(watch);
      watch.stop();
    };
  }

  begin(): void {
    for (const watch of this.#all) watch.begin();
  }

  /** Until they are begun again. */
  stop(): void {
    for (const watch of this.#all) watch.stop();
  }

  end(): void {
    this.stop();
    this.#all.clear();
  }
}

class Watch {
  readonly #open: () => Promise<Database>;
  readonly #statement: PlainStatement;
  readonly #listener: { readonly onRows: OnRows; readonly onError: OnError };
  /** Counts its beginnings and ends; what an earlier one leads to is late. */
  #turn = 0;
  #endLive: (() => void) | null = null;

  constructor(
    open: () => Promise<Database>,
    statement: PlainStatement,
    listener: { readonly onRows: OnRows; readonly onError: OnError },
  ) {
    this.#open = open;
    this.#statement = statement;
    this.#listener = listener;
  }

  begin(): void {
    this.stop();
    const turn = this.#turn;
    this.#begin(turn).catch((error: ResqliteError) => {
      if (turn === this.#turn) this.#listener.onError(error);
    });
  }

  stop(): void {
    this.#turn += 1;
    this.#endLive?.();
    this.#endLive = null;
  }

  async #begin(turn: number): Promise<void> {
    const database = await this.#open();
    if (turn !== this.#turn) return;
    const { sql, params } = this.#statement;
    const { onRows, onError } = this.#listener;
    const read: ReadRows = async () => (await database.query(sql, params, { level: 'none' })).rows;
    this.#endLive = database.live<Row>(sql, params, (rows) => onRows(rows, read), onError);
  }
}
