/**
 * Asking the browser to keep this site's data: whenever the person wants it, and once by itself, after
 * the first write in the console, since some browsers ask the person, who is not to be asked for nothing.
 */

import { effect } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { keep, kept } from './browser-memory.ts';
import { consoleOf } from './console-store.ts';
import { queryId } from './database/tab-store.ts';
import { database } from './store.ts';

const ASKED_KEY = 'resqlite:asked-to-keep';

/** Whether the browser has promised to; null: it could not be asked. */
export async function askToKeep(database: Database | null): Promise<boolean | null> {
  // Of a node that has just stopped nobody needs to be told.
  return (await database?.persist().catch(() => null)) ?? null;
}

effect(() => {
  const { value: last } = consoleOf(queryId.value).run;
  const hasWritten = last?.end?.type === 'done' && last.counts.rowsAffected > 0;
  if (!hasWritten || kept(ASKED_KEY) === true) return;
  keep(ASKED_KEY, true);
  void askToKeep(database.peek());
});
