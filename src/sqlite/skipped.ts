/**
 * Entries that were not applied, since no node could: remembered with the data for good, so that the
 * `skip` behind each finds out whether this state is that of the others.
 */

import type { LogIndex } from '../raft/types.ts';
import { META, type SqlDatabase } from './database.ts';
import { SQLITE_ABORT } from './raw-api.ts';
import { ResponseBuilder } from './response-builder.ts';
import { statementError } from './statement-run.ts';

/** What names such an entry, before its index. */
const PREFIX = 'skipped_';

export function wasSkipped(database: SqlDatabase, index: LogIndex): boolean {
  return database.query(`SELECT 1 FROM ${META} WHERE key = ?`, `${PREFIX}${index}`).length > 0;
}

/** Within the transaction that applies the entry as skipped. */
export function noteSkipped(database: SqlDatabase, index: LogIndex): void {
  database.execute(`INSERT OR IGNORE INTO ${META} VALUES(?, 1)`, `${PREFIX}${index}`);
}

export function skippedResponse(): Uint8Array {
  const response = new ResponseBuilder();
  const message = 'no node could apply the log entry, and an operator had it skipped';
  response.add({ type: 'error', error: statementError('Skipped', message, SQLITE_ABORT, 0) });
  return response.finish(false);
}
