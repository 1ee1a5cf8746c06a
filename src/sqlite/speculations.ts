/**
 * The interactive transactions of one tab (speculation.ts), by number, on a database that others use
 * too. At most one of them is live; it gives way to whoever needs the database. Callers are the tab's
 * own page; what they forget is dropped, so that nothing grows without a bound.
 *
 * The time that a transaction shows to its statements is this node's clock, never behind the log's.
 * Where the log's last entry says that this clock is far off, the clock is corrected by it; an entry
 * that was old when it was applied makes that wrong, until the transaction's own entry puts it right.
 */

import { SEED_BYTES } from '../node/command.ts';
import type { Statement, StatementOutcome, TransactionRequest } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import {
  MAX_TRANSACTION_MS,
  MAX_TRANSACTION_SKEW_MS,
  MAX_TRANSACTIONS,
  TRANSACTION_IDLE_MS,
} from './limits.ts';
import type { SqlService } from './service.ts';
import { Speculation } from './speculation.ts';
import { refused, SqlFailure } from './sql-error.ts';

interface Open {
  readonly speculation: Speculation;
  /** It must not see an older state. */
  readonly atLeast: LogIndex;
  /** By the monotone clock: when its caller gives up, and when nobody may go on with it. */
  readonly deadlineMs: number;
  readonly endMs: number;
  usedMs: number;
}

export interface TransactionClocks {
  /** Monotone: `performance.now()`. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
}

const PLATFORM_CLOCKS: TransactionClocks = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};
/** Nearer to the log's time than this the clock is right: entries take a while to arrive. */
const CLOCK_TOLERANCE_MS = MAX_TRANSACTION_SKEW_MS / 4;

export class Speculations {
  readonly #service: SqlService;
  readonly #clocks: TransactionClocks;
  readonly #openById = new Map<number, Open>();
  #nextId = 1;
  #live: Speculation | null = null;
  #lastStampMs = 0;
  #clockErrorMs = 0;

  constructor(service: SqlService, clocks: TransactionClocks = PLATFORM_CLOCKS) {
    this.#service = service;
    this.#clocks = clocks;
    service.listen({ giveWay: () => this.#park(), stateChanged: () => this.#noteTime() });
  }

  /**
   * Begins one on the state once it has applied `atLeast`; `timeoutMs` is all the time that the
   * caller has. Rejects with 'Overloaded' where too many are under way.
   */
  async beginTransaction(atLeast: LogIndex, timeoutMs: number): Promise<number> {
    const beganMs = this.#clocks.nowMs();
    await this.#service.whenTrusted(atLeast, timeoutMs);
    this.#dropForgotten();
    if (this.#openById.size >= MAX_TRANSACTIONS) {
      throw refused('Overloaded', `${MAX_TRANSACTIONS} transactions are under way in this tab`);
    }
    const seed = crypto.getRandomValues(new Uint8Array(SEED_BYTES));
    const speculation = new Speculation({ stampMs: this.#stampMs(), seed });
    const id = this.#nextId;
    this.#nextId += 1;
    const usedMs = this.#clocks.nowMs();
    const endMs = usedMs + MAX_TRANSACTION_MS;
    const deadlineMs = beganMs + timeoutMs;
    this.#openById.set(id, { speculation, atLeast, deadlineMs, endMs, usedMs });
    return id;
  }

  /**
   * The outcome of one statement. Rejects with 'InvalidArgument' where it was not run, and the
   * transaction goes on; with any other code the transaction is gone. `readsOnly`: it may not write.
   */
  async runInTransaction(
    id: number,
    statement: Statement,
    readsOnly: boolean,
  ): Promise<StatementOutcome> {
    const open = this.#use(id);
    try {
      const database = this.#databaseFor(open);
      const { speculation, deadlineMs } = open;
      return speculation.run(database, statement, readsOnly, deadlineMs);
    } catch (error) {
      const goesOn = error instanceof SqlFailure && error.failure.code === 'InvalidArgument';
      if (!goesOn) this.#drop(id);
      throw error;
    }
  }

  /** What has to be committed; null: nothing. The transaction is gone, whatever the answer. */
  async finishTransaction(id: number): Promise<TransactionRequest | null> {
    const open = this.#use(id);
    const { speculation, deadlineMs } = open;
    try {
      if (!speculation.hasWritten) return null;
      return speculation.finish(this.#databaseFor(open), deadlineMs);
    } finally {
      this.#drop(id);
    }
  }

  async discardTransaction(id: number): Promise<void> {
    this.#drop(id);
  }

  #use(id: number): Open {
    this.#dropForgotten();
    const open = this.#openById.get(id);
    if (open === undefined) {
      const bounds = `${TRANSACTION_IDLE_MS / 1_000} s unused, or ${MAX_TRANSACTION_MS / 1_000} s in all`;
      throw refused('Timeout', `the transaction is over: it may be ${bounds}`);
    }
    open.usedMs = this.#clocks.nowMs();
    return open;
  }

  #databaseFor({ speculation, atLeast }: Open): SqlDatabase {
    const { present } = this.#service;
    if (speculation.isLive && present !== null) return present.database;
    const { database, appliedIndex } = this.#service.take();
    if (appliedIndex < atLeast)
      throw refused('Conflict', 'an older state took the place of the data');
    this.#live = speculation;
    return database;
  }

  #park(): void {
    this.#live?.park();
    this.#live = null;
  }

  #drop(id: number): void {
    const open = this.#openById.get(id);
    this.#openById.delete(id);
    open?.speculation.park();
  }

  #dropForgotten(): void {
    const nowMs = this.#clocks.nowMs();
    for (const [id, { usedMs, endMs }] of this.#openById) {
      if (nowMs >= usedMs + TRANSACTION_IDLE_MS || nowMs >= endMs) this.#drop(id);
    }
  }

  #noteTime(): void {
    const stampMs = this.#service.present?.lastStampMs ?? 0;
    if (stampMs === this.#lastStampMs) return;
    this.#lastStampMs = stampMs;
    const errorMs = stampMs === 0 ? 0 : this.#clocks.wallMs() - stampMs;
    this.#clockErrorMs = Math.abs(errorMs) > CLOCK_TOLERANCE_MS ? errorMs : 0;
  }

  #stampMs(): number {
    return Math.max(this.#clocks.wallMs() - this.#clockErrorMs, this.#lastStampMs);
  }
}
