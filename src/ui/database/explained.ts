/** What shows how SQLite would run a statement. Pure. */

import { beginsWith } from '../../client/script-gap.ts';
import { statementAt } from '../shell/statement-at.ts';

const EXPLAIN = /explain\b/iy;

/** Explains the statement at `at`; null: there is none. */
export function explained(script: string, at: number): string | null {
  const sql = statementAt(script, at);
  if (sql === null) return null;
  return beginsWith(sql, EXPLAIN) ? sql : `explain query plan ${sql}`;
}
