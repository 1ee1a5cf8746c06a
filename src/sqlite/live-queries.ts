/**
 * Live queries in the SQL worker: which of them may have another result than when they were last
 * read. What a query reads is found out anew every time it runs; what entries write is asked of the
 * database behind every batch (table-use.ts tells how both are known, and what they leave out).
 *
 * A live query is fresh from a read to the first change that touches it. That change is told, and no
 * other until it is read again, so that one whom nobody reads costs nothing however much is written.
 * One that fails is fresh as well: it failed for what it had read by then, or for the schema.
 *
 * Nothing runs by itself: reading is the business of whoever opened it. Nothing stays open between
 * two reads, so there is nothing to give way with.
 */

import type { QueryResult, SqlParams } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import { MAX_LIVE_QUERIES } from './limits.ts';
import { reading, runQuery } from './query.ts';
import type { ServiceListener, SqlService } from './service.ts';
import { refused } from './sql-error.ts';
import type { SqlState } from './sql-state.ts';
import { ReadTables } from './table-use.ts';

interface LiveQuery {
  readonly sql: string;
  readonly params: SqlParams;
  /** What it read when it was last read, and when that was; null: it is to be read anew. */
  fresh: { readonly reads: ReadTables; readonly index: LogIndex } | null;
}

export class LiveQueries implements ServiceListener {
  readonly #service: SqlService;
  readonly #onStale: (lives: readonly number[]) => void;
  readonly #byNumber = new Map<number, LiveQuery>();
  #lastNumber = 0;
  /** The one whose changes were looked at last. */
  #database: SqlDatabase | null;

  /** `onStale` is told which ones are stale now; it must not call back. */
  constructor(service: SqlService, onStale: (lives: readonly number[]) => void) {
    this.#service = service;
    this.#onStale = onStale;
    this.#database = service.present?.databaseAsIs ?? null;
    service.listen(this);
  }

  /** Nothing is compiled yet: the table it reads may come later. */
  async openLive(sql: string, params: SqlParams): Promise<number> {
    if (this.#byNumber.size >= MAX_LIVE_QUERIES) {
      throw refused('Overloaded', `there are ${MAX_LIVE_QUERIES} live queries already`);
    }
    this.#lastNumber += 1;
    this.#byNumber.set(this.#lastNumber, { sql, params, fresh: null });
    return this.#lastNumber;
  }

  async readLive(live: number, timeoutMs: number): Promise<QueryResult> {
    const query = this.#get(live);
    const deadlineMs = performance.now() + timeoutMs;
    const reads = new ReadTables();
    let index = 0 as LogIndex;
    try {
      const state = await this.#service.whenTrusted(index, timeoutMs);
      index = state.appliedIndex;
      return run(state, query, deadlineMs, reads);
    } finally {
      query.fresh = { reads, index };
    }
  }

  async closeLive(live: number): Promise<void> {
    this.#byNumber.delete(live);
  }

  stateChanged(): void {
    const state = this.#service.present;
    if (state === null) return;
    const { databaseAsIs: database, appliedIndex } = state;
    const written = database.guard.written.take();
    const changes = { ...written, all: written.all || database !== this.#database };
    this.#database = database;
    if (this.#byNumber.size === 0) return;
    const stale: number[] = [];
    for (const [number, query] of this.#byNumber) {
      const { fresh } = query;
      if (fresh === null) continue;
      const { reads, index } = fresh;
      const seesEntries = reads.everything && appliedIndex !== index;
      if (!seesEntries && !reads.isTouchedBy(changes)) continue;
      query.fresh = null;
      stale.push(number);
    }
    if (stale.length > 0) this.#onStale(stale);
  }

  #get(live: number): LiveQuery {
    const query = this.#byNumber.get(live);
    if (query === undefined) throw refused('InvalidArgument', 'there is no such live query');
    return query;
  }
}

function run(
  { database, appliedIndex }: SqlState,
  { sql, params }: LiveQuery,
  deadlineMs: number,
  reads: ReadTables,
): QueryResult {
  return reading(database, () => {
    // What a virtual table reads is told when it compiles that, once for as long as it is connected.
    database.settle();
    database.guard.reads = reads;
    try {
      return runQuery(database, appliedIndex, { sql, params, deadlineMs });
    } finally {
      database.guard.reads = null;
      reads.noteVirtualTables(database.guard.virtualTables);
    }
  });
}
