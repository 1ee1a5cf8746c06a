/**
 * A query that tells its observers of every new result, in SQLocal's form. It runs while anybody observes it.
 */

import type { PlainStatement, ReadRows } from './sqlocal-statements.ts';
import type { Watches } from './sqlocal-watches.ts';
import { invalidUse } from './targets.ts';

/** What ends a subscription. */
export interface Subscription {
  /**
   * Nothing is called back from then on.
   *
   * @example
   * ```ts
   * import { SQLocal, type Subscription } from 'resqlite/sqlocal';
   *
   * const { reactiveQuery, destroy } = new SQLocal('garden.sqlite3');
   * const names: string[] = [];
   * const subscription: Subscription = reactiveQuery<{ name: string }>(
   *   (sql) => sql`SELECT 'fern' AS name`,
   * ).subscribe((rows) => names.push(...rows.map(({ name }) => name)));
   * names; // soon => ['fern']
   * subscription.unsubscribe();
   * await destroy();
   * ```
   */
  unsubscribe: () => void;
}

/** A query whose newest result is at hand, and is told of to whoever subscribes. */
export interface ReactiveQuery<Result = unknown> {
  /** The rows of the last result; none before the first one, which is asked for by subscribing. */
  readonly value: Result[];
  /**
   * Calls `onData` with the rows now, and again whenever they have become others through what was committed,
   * in whatever tab. Errors go to `onError`, to the browser's `reportError` where there is none; the query
   * goes on where it can. Throws `ResqliteError` 'InvalidArgument' for what is no function.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { sql, reactiveQuery, destroy } = new SQLocal('garden.sqlite3');
   * let names: string[] = [];
   * let problem = '';
   * const { unsubscribe } = reactiveQuery<{ name: string }>((tag) => tag`SELECT name FROM plant`).subscribe(
   *   (rows) => {
   *     names = rows.map(({ name }) => name);
   *   },
   *   ({ message }) => {
   *     problem = message;
   *   },
   * );
   * problem; // soon => 'no such table: plant'
   *
   * // The query goes on.
   * await sql`CREATE TABLE plant (name TEXT)`;
   * await sql`INSERT INTO plant VALUES ('fern')`;
   * names; // soon => ['fern']
   * unsubscribe();
   * await destroy();
   * ```
   */
  subscribe: (
    onData: (results: Result[]) => void,
    onError?: (error: Error) => void,
  ) => Subscription;
}

interface Observer<Result> {
  readonly onData: (results: Result[]) => void;
  readonly onError: (error: Error) => void;
}

export function reactiveQuery<Result>(
  statement: PlainStatement,
  watches: Watches,
): ReactiveQuery<Result> {
  const query = new Observed<Result>(statement, watches);
  return {
    get value() {
      return query.value;
    },
    subscribe: (onData, onError = reportError) => query.subscribe({ onData, onError }),
  };
}

class Observed<Result> {
  value: Result[] = [];
  readonly #statement: PlainStatement;
  readonly #watches: Watches;
  readonly #observers = new Set<Observer<Result>>();
  #hasValue = false;
  /** How often its rows were found to be others; what an older finding led to is late. */
  #findings = 0;
  #end: () => void = () => undefined;

  constructor(statement: PlainStatement, watches: Watches) {
    this.#statement = statement;
    this.#watches = watches;
  }

  subscribe(observer: Observer<Result>): Subscription {
    for (const callback of [observer.onData, observer.onError]) {
      if (typeof callback !== 'function') throw invalidUse('subscribe takes functions');
    }
    this.#observers.add(observer);
    if (this.#observers.size === 1) this.#begin();
    else if (this.#hasValue) tell(observer.onData, this.value);
    return { unsubscribe: () => this.#unsubscribe(observer) };
  }

  #begin(): void {
    this.#end = this.#watches.add(
      this.#statement,
      (rows, read) => this.#found(rows, read),
      (error) => this.#failed(error),
    );
  }

  #unsubscribe(observer: Observer<Result>): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0) return;
    this.#findings += 1;
    this.#end();
  }

  #found(rows: unknown[], read: ReadRows): void {
    this.#findings += 1;
    const finding = this.#findings;
    const { drizzleRows } = this.#statement;
    if (drizzleRows === null) {
      this.#become(rows as Result[]);
      return;
    }
    const ifLatest =
      <Outcome>(take: (outcome: Outcome) => void) =>
      (outcome: Outcome): void => {
        if (finding === this.#findings) take(outcome);
      };
    drizzleRows(read).then(
      ifLatest((mapped) => this.#become(mapped as Result[])),
      ifLatest((error: unknown) => this.#failed(error)),
    );
  }

  #become(rows: Result[]): void {
    this.value = rows;
    this.#hasValue = true;
    this.#tellAll(({ onData }) => tell(onData, rows));
  }

  #failed(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.#tellAll(({ onError }) => tell(onError, error));
  }

  /** Those that observe now, but for who has unsubscribed until its turn comes. */
  #tellAll(tellOne: (observer: Observer<Result>) => void): void {
    const observers = [...this.#observers];
    for (const observer of observers) {
      if (this.#observers.has(observer)) tellOne(observer);
    }
  }
}

/** What a callback throws is its owner's matter, and keeps nothing from others. */
export function tell<Value>(callback: (value: Value) => void, value: Value): void {
  try {
    callback(value);
  } catch (error) {
    reportError(error);
  }
}
