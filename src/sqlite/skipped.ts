/**
 * Entries that were not applied, since no node could: remembered with the data for good, so that the
 * `skip` behind each finds out whether this state is that of the others.
 */

import type { LogIndex } from '../raft/types.ts';
import type { SqlDatabase } from './database.ts';
import { answerOf } from './entry-answers.ts';
import { getMeta, setMeta } from './meta.ts';
import { SQLITE_ABORT } from './raw-api.ts';
import { statementError } from './statement-run.ts';

/** What names such an entry, before its index. */
const PREFIX = 'skipped_';

export function wasSkipped(database: SqlDatabase, index: LogIndex): boolean {
  return getMeta(database, `${PREFIX}${index}`) !== null;
}

/** Within the transaction that applies the entry as skipped. */
export function noteSkipped(database: SqlDatabase, index: LogIndex): void {
  setMeta(database, `${PREFIX}${index}`, 1);
}

export function skippedResponse(): Uint8Array {
  const message = 'no node could apply the log entry, and an operator had it skipped';
  return answerOf({ type: 'error', error: statementError('Skipped', message, SQLITE_ABORT, 0) });
}
