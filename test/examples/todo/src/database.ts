/** The database of this page: its node, and its tables. */

import { open, ResqliteError, type Database, type ErrorCode } from 'resqlite';

/** The place in the list is the version of the schema: it only grows at its end. */
const migrations = [
  {
    name: 'the list',
    up: `create table todo (
      id integer primary key,
      title text not null check (title <> ''),
      done integer not null default 0 check (done in (0, 1))
    ) strict`,
  },
  {
    name: 'what to try first',
    up: `insert into todo (title) values
      ('Open this page in two more tabs'),
      ('Close or kill any one of them'),
      ('Tick this one off, wherever you are')`,
  },
];

const HOUR_MS = 3_600_000;
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['NoQuorum', 'Timeout']);

/** Resolves when the node runs. It may be waiting to be let in, as its status tells. */
export function openDatabase(cluster: string | null): Promise<Database> {
  return open({ cluster, signalling: {} });
}

/**
 * Resolves when the tables are there: at once where this browser has them, else as soon as a majority can be
 * reached. `onNewerSchema` is called where another tab runs a newer version of this page.
 */
export async function makeTables(
  { clusterId }: Database,
  onNewerSchema: (error: ResqliteError) => void,
): Promise<void> {
  // Another handle of the same node, which looks after the tables as long as the page is there.
  const options = { cluster: clusterId, signalling: {}, migrations, onNewerSchema };
  for (;;) {
    try {
      await open({ ...options, migrationTimeoutMs: HOUR_MS });
      return;
    } catch (error) {
      if (!(error instanceof ResqliteError && PASSING_CODES.has(error.code))) throw error;
    }
  }
}
