/** What clients have written, read from the database as any query reads it. */

import type { SqlValue } from '../../node/sql.ts';
import { runQuery } from '../../sqlite/query.ts';
import type { SqlState } from '../../sqlite/sql-state.ts';
import { appended, EMPTY_LIST, type ListState } from '../model.ts';
import type { Contents } from '../simulated-database.ts';
import { LAST_OBJECT } from './statements.ts';

export class SqlContents implements Contents {
  readonly #state: SqlState;

  constructor(state: SqlState) {
    this.#state = state;
  }

  /** The tables are there. */
  get hasSchema(): boolean {
    const sql = 'SELECT 1 FROM sqlite_schema WHERE name = ?';
    return this.#state.database.query(sql, LAST_OBJECT).length > 0;
  }

  list(key: number): ListState {
    return this.values(key).reduce(appended, EMPTY_LIST);
  }

  values(key: number): readonly number[] {
    if (!this.hasSchema) return [];
    const rows = this.#query('SELECT value FROM lists WHERE key = ? ORDER BY position', key);
    return rows.map(([value]) => Number(value));
  }

  register(key: number): number {
    if (!this.hasSchema) return 0;
    const [row] = this.#query('SELECT value FROM registers WHERE key = ?', key);
    return Number(row?.[0] ?? 0);
  }

  #query(sql: string, param: SqlValue): readonly (readonly SqlValue[])[] {
    const { database, appliedIndex } = this.#state;
    // Without an end: how long a query takes is no part of a simulation.
    return runQuery(database, appliedIndex, { sql, params: [param], deadlineMs: Infinity }).rows;
  }
}
