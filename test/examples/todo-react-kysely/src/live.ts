/** A Kysely query that is live: its rows, now and whenever somebody has changed them, in whatever tab. */

import type { Compilable } from 'kysely';
import type { Database, SqlParams } from 'resqlite';
import { useLiveQuery, type LiveResult } from 'resqlite/react';

export function useLive<R extends object>(database: Database, query: Compilable<R>): LiveResult<R> {
  const { sql, parameters } = query.compile();
  return useLiveQuery<R>(database, sql, parameters as SqlParams);
}
