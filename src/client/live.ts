/**
 * Live queries as the page sees them. The SQL worker tells which ones are stale; here they are read
 * again at once, and what came of it is handed over in the next animation frame, which all of them
 * share. A query is read again no sooner than the frame behind its last read, so whatever is written,
 * and however fast, a query costs one read a frame, and its callback is called once a frame at most.
 * The first result waits for nothing.
 *
 * A result that is the same as the one before is not handed over: of a table's rows most changes are
 * none of the query's. Comparing ends at the first difference, and costs less than the copy that
 * brought the rows here.
 *
 * It may assume that it is the only one to open live queries in its worker. It must not let one
 * callback's exception reach another's.
 */

import type { Failure } from '../node/errors.ts';
import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { QueryResult, SqlParams, SqlValue } from '../node/sql.ts';
import { callBack } from './callback.ts';
import { ResqliteError, toReadError } from './errors.ts';
import { NextFrame } from './next-frame.ts';
import type { SqlReaderApi, SqlReaderEvent } from './protocol.ts';
import type { RpcClient } from './rpc.ts';

type CallReader = RpcClient<SqlReaderApi, SqlReaderEvent>['call'];

type Outcome =
  | { readonly type: 'result'; readonly result: QueryResult }
  | { readonly type: 'error'; readonly error: ResqliteError };

export interface LiveListener {
  onResult(result: QueryResult): void;
  onError(error: ResqliteError): void;
}

export class LiveQueries {
  readonly #call: CallReader;
  readonly #all = new Set<LiveQuery>();
  readonly #frame = new NextFrame(() => this.#onFrame());

  constructor(call: CallReader) {
    this.#call = call;
  }

  /** The answer unsubscribes; nothing is called back from then on. */
  subscribe(sql: string, params: SqlParams, listener: LiveListener): () => void {
    const query = new LiveQuery(this.#call, this.#frame, listener);
    this.#all.add(query);
    void this.#open(query, sql, params);
    return () => {
      query.end();
      this.#all.delete(query);
    };
  }

  /** These may have other results than when they were last read. */
  told(lives: readonly number[]): void {
    const numbers = new Set(lives);
    for (const query of this.#all) {
      if (query.number !== null && numbers.has(query.number)) query.becomeStale();
    }
  }

  /** There is nothing to read from any more: all are told, and end. */
  fail(reason: Failure): void {
    this.#frame.cancel();
    const queries = [...this.#all];
    this.#all.clear();
    for (const query of queries) query.fail(new ResqliteError({ ...reason, applied: 'no' }));
  }

  async #open(query: LiveQuery, sql: string, params: SqlParams): Promise<void> {
    const isOpen = await query.open(sql, params);
    if (!isOpen) this.#all.delete(query);
  }

  #onFrame(): void {
    for (const query of this.#all) query.onFrame();
  }
}

class LiveQuery {
  /** The worker's name for it; null: it is not open yet. */
  number: number | null = null;
  readonly #call: CallReader;
  readonly #frame: NextFrame;
  readonly #listener: LiveListener;
  #isStale = true;
  /** Being read, or read since the last frame. */
  #isBusy = false;
  #isReading = false;
  #isEnded = false;
  /** Waits for the frame. */
  #next: Outcome | null = null;
  /** Was handed over last. */
  #last: Outcome | null = null;

  constructor(call: CallReader, frame: NextFrame, listener: LiveListener) {
    this.#call = call;
    this.#frame = frame;
    this.#listener = listener;
  }

  /** False: it could not be opened, which the listener was told, or was ended meanwhile. */
  async open(sql: string, params: SqlParams): Promise<boolean> {
    try {
      this.number = await this.#call('openLive', [sql, params]);
    } catch (error) {
      this.fail(toReadError(error));
      return false;
    }
    if (this.#isEnded) this.#close(this.number);
    else this.#readIfStale();
    return !this.#isEnded;
  }

  becomeStale(): void {
    this.#isStale = true;
    this.#readIfStale();
  }

  onFrame(): void {
    if (this.#isEnded || this.#isReading) return;
    this.#isBusy = false;
    this.#deliver();
    this.#readIfStale();
  }

  fail(error: ResqliteError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#tell({ type: 'error', error });
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (this.number !== null) this.#close(this.number);
  }

  #readIfStale(): void {
    if (!this.#isStale || this.#isBusy || this.#isEnded || this.number === null) return;
    this.#isStale = false;
    this.#isBusy = true;
    this.#isReading = true;
    void this.#read(this.number);
  }

  async #read(live: number): Promise<void> {
    let outcome: Outcome;
    try {
      const result = await this.#call('readLive', [live, REQUEST_TIMEOUT_MS]);
      outcome = { type: 'result', result };
    } catch (error) {
      outcome = { type: 'error', error: toReadError(error) };
    }
    if (this.#isEnded) return;
    this.#isReading = false;
    this.#frame.request();
    if (isUnasked(outcome)) {
      this.#isStale = true;
      return;
    }
    if (this.#last !== null && isSame(this.#last, outcome)) return;
    this.#next = outcome;
    if (this.#last === null) this.#deliver();
  }

  #deliver(): void {
    const outcome = this.#next;
    if (outcome === null) return;
    this.#next = null;
    this.#last = outcome;
    this.#tell(outcome);
  }

  #tell(outcome: Outcome): void {
    callBack(() => {
      if (outcome.type === 'result') this.#listener.onResult(outcome.result);
      else this.#listener.onError(outcome.error);
    });
  }

  #close(live: number): void {
    // Where the worker is gone, so is the query.
    this.#call('closeLive', [live]).catch(() => undefined);
  }
}

/** The question never reached the worker, which therefore tells of no change either. */
function isUnasked(outcome: Outcome): boolean {
  return outcome.type === 'error' && outcome.error.code === 'Overloaded';
}

function isSame(one: Outcome, other: Outcome): boolean {
  if (one.type === 'error') {
    if (other.type !== 'error') return false;
    return one.error.code === other.error.code && one.error.message === other.error.message;
  }
  if (other.type !== 'result') return false;
  const { columns, rows } = one.result;
  return (
    areSame(columns, other.result.columns, Object.is) &&
    areSame(rows, other.result.rows, (row, otherRow) => areSame(row, otherRow, isSameValue))
  );
}

function areSame<Item>(
  some: readonly Item[],
  others: readonly Item[],
  isSameItem: (one: Item, other: Item) => boolean,
): boolean {
  if (some.length !== others.length) return false;
  // Lengths are equal, so there is another one for each.
  return some.every((one, at) => isSameItem(one, others[at] as Item));
}

function isSameValue(one: SqlValue, other: SqlValue): boolean {
  if (!(one instanceof Uint8Array) || !(other instanceof Uint8Array)) return Object.is(one, other);
  if (one.length !== other.length) return false;
  return one.every((byte, at) => byte === other[at]);
}
