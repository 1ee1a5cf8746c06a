/** Clients in SQLocal's form for tests, over the library's own database. */

import { onTestFinished } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { SQLocal, type ClientConfig } from '../../src/integrations/sqlocal.ts';
import { LocalDatabase } from '../apps/local-database.ts';

export interface Plant {
  id: number;
  name: string;
}

/** A client of its own over a database; ended with the test. */
export function clientOf(database: Database, config: Partial<ClientConfig> = {}): SQLocal {
  const client = new SQLocal({ databasePath: 'garden/plants.sqlite3', database, ...config });
  onTestFinished(() => client.destroy());
  return client;
}

/** Another tab's, beside it. */
export async function openClient(config: Partial<ClientConfig> = {}) {
  const local = await LocalDatabase.open();
  await local.db.execute('create table plants (id integer primary key, name text unique)');
  return { local, client: clientOf(local.another(), config), other: clientOf(local.another()) };
}

/** As Drizzle's queries look from outside. */
export function drizzleQuery(sql: string, rows: object[]) {
  return {
    _: { dialect: 'sqlite', result: rows } as const,
    toSQL: () => ({ sql, params: [] }),
    all: async () => rows,
  };
}
