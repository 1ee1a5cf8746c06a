/** Values by name in our own table, which are part of the replicated data and of no hash. */

import type { SqlValue } from '../node/sql.ts';
import { META, type SqlDatabase } from './database.ts';

/** Null where there is none. */
export function getMeta(database: SqlDatabase, key: string): SqlValue {
  return database.query(`SELECT value FROM ${META} WHERE key = ?`, key)[0] ?? null;
}

/** Within a transaction, as `deleteMeta`. */
export function setMeta(database: SqlDatabase, key: string, value: SqlValue): void {
  const sql = `INSERT INTO ${META} VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value`;
  database.execute(sql, key, value);
}

export function deleteMeta(database: SqlDatabase, key: string): void {
  database.execute(`DELETE FROM ${META} WHERE key = ?`, key);
}
