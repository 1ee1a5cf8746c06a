/**
 * Statements of somebody else's that stay compiled between two uses, which must not show: an entry comes
 * to the same on a node that has its statement here and on one that was started just now. So there is
 * nothing here but what compiling anew would make again:
 *
 * - Nothing outlives a change of the schema, of the statistics or of what a connection enforces, and
 *   nothing is kept while what is in memory is not as it is behind an opening (database.ts).
 * - What SQLite asked its authorizer about when it compiled a statement is known and told again.
 * - A statement that draws on chance when it is compiled is not kept, nor one of which compiling alone
 *   counts as steps, nor one that uses a virtual table or a view. Whoever keeps it has to see to that.
 * - Between two uses a statement gives its values back, and begins to count its steps anew: SQLite asks
 *   whether it is to be interrupted by that count.
 */

import type { GuardAction } from './authorizer.ts';
import { MAX_CACHED_SQL_CHARACTERS } from './limits.ts';
import type { Statement } from './statement.ts';

export interface CachedStatement {
  readonly statement: Statement;
  /** Its first word. */
  readonly keyword: string;
  /** The names of its result's columns; of statements of entries none, whose names may be drawn. */
  readonly columns: readonly string[];
  /** What it asked for leave to write when it was compiled. */
  readonly writes: readonly GuardAction[];
}

/** Rules differ by who runs a statement, so nobody gets another one's. */
export type CacheUse = 'entry' | 'read';

export class StatementCache {
  readonly #maxStatements: number;
  /** The one that was used last is last. */
  readonly #bySql: Readonly<Record<CacheUse, Map<string, CachedStatement>>> = {
    entry: new Map(),
    read: new Map(),
  };
  #isSuspended = true;

  /** Of each use. */
  constructor(maxStatements: number) {
    this.#maxStatements = maxStatements;
  }

  /** It is to be given back by `rewind` when it has run. */
  get(use: CacheUse, sql: string): CachedStatement | null {
    const cached = this.#bySql[use].get(sql);
    if (cached === undefined) return null;
    this.#bySql[use].delete(sql);
    this.#bySql[use].set(sql, cached);
    return cached;
  }

  /** False: it is the caller's to finalize. A statement that has run to its end, or was left. */
  keep(use: CacheUse, sql: string, cached: CachedStatement): boolean {
    if (this.#isSuspended || sql.length > MAX_CACHED_SQL_CHARACTERS) return false;
    const bySql = this.#bySql[use];
    if (bySql.has(sql) || this.#maxStatements === 0) return false;
    cached.statement.rewind();
    bySql.set(sql, cached);
    if (bySql.size <= this.#maxStatements) return true;
    for (const [oldest, { statement }] of bySql) {
      statement.finalize();
      bySql.delete(oldest);
      break;
    }
    return true;
  }

  /** No statement of it may be running. */
  clear(): void {
    for (const bySql of Object.values(this.#bySql)) {
      for (const { statement } of bySql.values()) statement.finalize();
      bySql.clear();
    }
  }

  /** It is empty until it is resumed. */
  suspend(): void {
    this.clear();
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
  }
}
