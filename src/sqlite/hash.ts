/**
 * The logical hash of the database: SHA-256 over everything that statements can see, and over the
 * session table. Equal states have equal hashes, whatever became of pages, free space and caches.
 *
 * Hashed in this order, every text behind its length: `user_version` and `application_id`; of every
 * schema object but our own, by type and name: type, name, table, SQL; of every table in the order
 * of names: its name, then its rows in the order of their keys, each value behind its type (so 1,
 * 1.0, '1' and x'31' differ), row ids first where a table has them, then the number of rows; at last
 * our session tables likewise, and what is staged of a file that is being imported.
 *
 * Virtual tables have no rows of their own: what FTS5 and R-Tree store is in ordinary tables, which
 * statements may read and which are hashed as they are. They are equal on every node because every
 * entry has a savepoint, at which FTS5 writes out what it holds in memory.
 *
 * Where the next state check begins (state-check.ts) is left out: it is nothing a statement can see,
 * and whoever is elsewhere with it hashes another slice, which shows at once.
 */

import type { SqlDatabase } from './database.ts';
import { reading } from './query.ts';
import { RowHash } from './row-hash.ts';
import { walkState } from './state-walk.ts';

/** 64 hexadecimal digits. Throws `SqlFailure`. */
export function hashDatabase(database: SqlDatabase): string {
  return reading(database, () => {
    const hash = new RowHash(database.connection);
    walkState(database, hash, null, Infinity);
    return hash.finish();
  });
}
