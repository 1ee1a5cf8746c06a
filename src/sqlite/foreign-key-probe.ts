/**
 * Whether the present transaction's count of deferred foreign key violations is exactly zero, which is
 * what SQLite asks for at a commit.
 *
 * SQLite's own status tells only whether the count is above zero. Rows that already pointed to nothing,
 * which were written while foreign keys were off, can bring it below: a commit fails then, too, and
 * within a shared transaction one entry's deficit would hide another one's violation. So one more
 * violation is made, of tables of ours: it shows in the status unless there was a deficit. Then all of
 * it is undone, and `changes()` and `last_insert_rowid()` are what they were. The tables are temporary:
 * the count is the connection's, and the database's own schema is nobody's business but its users'.
 *
 * It assumes that foreign keys are enforced, that the status shows no violation, and that no statement
 * is running.
 */

import { INTERNAL_PREFIX } from './authorizer.ts';
import type { SqlDatabase } from './database.ts';

const KEYS = `${INTERNAL_PREFIX}keys`;
const REFERENCES = `${INTERNAL_PREFIX}references`;

/** Both stay empty for ever. What is temporary goes when `PRAGMA temp_store` is changed. */
export const CREATE_PROBE: readonly string[] = [
  `CREATE TEMP TABLE IF NOT EXISTS ${KEYS}(id INTEGER PRIMARY KEY)`,
  `CREATE TEMP TABLE IF NOT EXISTS ${REFERENCES}(id INTEGER PRIMARY KEY,
    key REFERENCES ${KEYS} DEFERRABLE INITIALLY DEFERRED)`,
];

const VIOLATE = `INSERT INTO ${REFERENCES}(key) VALUES(1)`;
const NOTHING = `DELETE FROM ${KEYS} WHERE 0`;
const SO_MANY = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
  INSERT INTO ${KEYS} SELECT NULL FROM n`;

/** True: resolving older violations has brought the count below zero. */
export function hasDeficit(database: SqlDatabase): boolean {
  const { api, pointer } = database.connection;
  const rowId = api.sqlite3_last_insert_rowid(pointer);
  const changes = Number(api.sqlite3_changes64(pointer));
  database.savepoint('probe');
  database.execute(VIOLATE);
  const deficit = !database.countsViolations;
  if (changes === 0) database.execute(NOTHING);
  else database.execute(SO_MANY, changes);
  database.undo('probe');
  api.sqlite3_set_last_insert_rowid(pointer, rowId);
  return deficit;
}
