/** The database of this page: opened once, with its tables made. */

import { inviteIn, open, type Database, type ResqliteError } from 'resqlite';

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

/** `onNewerSchema` is called where another tab runs a newer version of this page. */
export async function openDatabase(
  onNewerSchema: (error: ResqliteError) => void,
): Promise<Database> {
  const cluster = inviteIn(location.href);
  const database = await open({ cluster, signalling: {}, migrations, onNewerSchema });
  // An invite is a key, which need not be seen or kept; a reload opens the same cluster.
  if (cluster !== null) history.replaceState(null, '', `#c=${database.clusterId}`);
  return database;
}
