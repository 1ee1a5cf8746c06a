/**
 * What the SQL worker does for the node worker and the page, behind whatever carries the calls.
 * Every method rejects with `SqlFailure`; whatever else is thrown is a defect.
 *
 * Applying and reading take turns on one thread: a read sees the state between two batches.
 */

import { FormatError } from '../node/bytes.ts';
import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { QueryResult, SqlParams, StatementKind } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { decodeEntries, encodeApplyOutcome } from './apply-codec.ts';
import { Applier } from './apply.ts';
import { exportDatabase } from './export.ts';
import { hashDatabase } from './hash.ts';
import type { PooledDatabase } from './pool.ts';
import { reading, runQuery } from './query.ts';
import { classify, splitScript } from './script.ts';
import { refused, SqlFailure } from './sql-error.ts';

interface Opened {
  readonly pooled: PooledDatabase;
  readonly applier: Applier;
}

/** Somebody waits until the database is open, or until an index is applied. */
interface Waiter {
  readonly index: number;
  readonly resolve: () => void;
  readonly reject: (error: SqlFailure) => void;
}

export interface ReadRequest {
  readonly sql: string;
  readonly params: SqlParams;
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

/** The index of a database that is open, whatever it has applied. */
const OPEN = 0;
/** Longer timers end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class SqlService {
  readonly #openDatabase: (directory: string) => Promise<PooledDatabase>;
  #opening = false;
  #opened: Opened | null = null;
  /** Why there is no database any more, or will not be one. */
  #ended: SqlFailure | null = null;
  #waiters: Waiter[] = [];

  constructor(openDatabase: (directory: string) => Promise<PooledDatabase>) {
    this.#openDatabase = openDatabase;
  }

  /** Opens or creates the database in the OPFS directory; once. */
  async open(directory: string): Promise<{ appliedIndex: LogIndex }> {
    if (this.#opening) throw refused('InvalidArgument', 'the database was opened before');
    this.#opening = true;
    try {
      const pooled = await this.#openDatabase(directory);
      if (this.#ended !== null) {
        pooled.close();
        throw this.#ended;
      }
      const applier = new Applier(pooled.database);
      this.#opened = { pooled, applier };
      this.#wake();
      return { appliedIndex: applier.appliedIndex };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#end(error instanceof SqlFailure ? error : refused('Internal', message));
      throw error;
    }
  }

  /** Entries and outcome in the form of apply-codec.ts. */
  apply(entries: Uint8Array): Promise<Uint8Array> {
    return this.#whenOpen(({ applier }) => {
      try {
        return encodeApplyOutcome(applier.apply(decodeEntries(entries)));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        throw refused('Internal', `the entries cannot be read: ${error.message}`);
      } finally {
        this.#wake();
      }
    });
  }

  async close(): Promise<void> {
    this.#end(refused('Closed', 'the database is closed'));
    const opened = this.#opened;
    this.#opened = null;
    opened?.pooled.close();
  }

  async query(request: ReadRequest): Promise<QueryResult> {
    const { sql, params, atLeast, timeoutMs } = request;
    const deadlineMs = performance.now() + timeoutMs;
    const { pooled, applier } = await this.#waitFor(atLeast ?? OPEN, timeoutMs);
    return runQuery(pooled.database, applier.appliedIndex, { sql, params, deadlineMs });
  }

  async classify(sql: string, atLeast: LogIndex | null): Promise<StatementKind> {
    const { pooled } = await this.#waitFor(atLeast ?? OPEN, REQUEST_TIMEOUT_MS);
    return reading(pooled.database, () => classify(pooled.database, sql));
  }

  async split(script: string): Promise<{ sql: string; kind: StatementKind }[]> {
    const { pooled } = await this.#waitFor(OPEN, REQUEST_TIMEOUT_MS);
    return reading(pooled.database, () => splitScript(pooled.database, script));
  }

  async hash(): Promise<{ index: LogIndex; hash: string }> {
    const { pooled, applier } = await this.#waitFor(OPEN, REQUEST_TIMEOUT_MS);
    return { index: applier.appliedIndex, hash: hashDatabase(pooled.database) };
  }

  async export(): Promise<Uint8Array> {
    const { pooled } = await this.#waitFor(OPEN, REQUEST_TIMEOUT_MS);
    return exportDatabase(pooled.database);
  }

  async #whenOpen<T>(work: (opened: Opened) => T): Promise<T> {
    return work(this.#get());
  }

  /** Rejects with 'Timeout' where the index is not applied in time. */
  async #waitFor(index: number, timeoutMs: number): Promise<Opened> {
    if (this.#ended === null && !this.#hasReached(index)) await this.#wait(index, timeoutMs);
    return this.#get();
  }

  #get(): Opened {
    if (this.#ended !== null) throw this.#ended;
    if (this.#opened === null) throw refused('Closed', 'the database is not open yet');
    return this.#opened;
  }

  #end(reason: SqlFailure): void {
    this.#ended ??= reason;
    for (const waiter of this.#waiters) waiter.reject(this.#ended);
    this.#waiters = [];
  }

  #wait(index: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        const what =
          this.#opened === null ? 'the database was not open' : `${index} was not applied`;
        reject(refused('Timeout', `${what} in ${Math.round(timeoutMs)} ms`));
      };
      const timer = setTimeout(late, Math.min(timeoutMs, MAX_TIMER_MS));
      const waiter: Waiter = {
        index,
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #hasReached(index: number): boolean {
    return this.#opened !== null && this.#opened.applier.appliedIndex >= index;
  }

  #wake(): void {
    const reached = this.#waiters.filter((waiter) => this.#hasReached(waiter.index));
    this.#waiters = this.#waiters.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve();
  }
}
