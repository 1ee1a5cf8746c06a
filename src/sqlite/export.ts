/**
 * The user's data as a standard SQLite file: the pages as they are, so that row ids are kept (VACUUM
 * renumbers them), without our own tables, in a journal mode that any program opens.
 *
 * The copy is made in the module's memory, where a second connection drops what is ours; what was
 * there is overwritten with zeros.
 */

import { RESPONSES, SESSIONS, META, type SqlDatabase } from './database.ts';
import { Connection } from './connection.ts';
import { MAX_EXPORT_BYTES } from './limits.ts';
import { reading } from './query.ts';
import { SQLITE_OK, type Pointer } from './raw-api.ts';
import { refused } from './sql-error.ts';

const SERIALIZE_NO_COPY = 1;
const FREE_ON_CLOSE = 1;
const RESIZEABLE = 2;
/** The bytes of the file's header that tell the journal mode; 1 is a rollback journal. */
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;
const ROLLBACK_JOURNAL = 1;
const NO_CALLBACKS = { authorize: () => 0, progress: () => 0 };

/** Throws `SqlFailure`. */
export function exportDatabase(database: SqlDatabase): Uint8Array {
  return reading(database, () => {
    const [pages] = database.connection.run('PRAGMA page_count');
    const [pageBytes] = database.connection.run('PRAGMA page_size');
    if (Number(pages) * Number(pageBytes) > MAX_EXPORT_BYTES) {
      const limit = MAX_EXPORT_BYTES / 2 ** 20;
      throw refused('TooLarge', `a database of more than ${limit} MiB cannot be exported at once`);
    }
    const copy = new Connection(database.runtime, { vfs: null, path: ':memory:' }, NO_CALLBACKS);
    try {
      move(database.connection, copy);
      copy.run('PRAGMA secure_delete = ON');
      for (const table of [RESPONSES, SESSIONS, META]) copy.run(`DROP TABLE ${table}`);
      return bytesOf(copy);
    } finally {
      copy.close();
    }
  });
}

/** Fills `to` with a copy of `from`. */
function move(from: Connection, to: Connection): void {
  const { bytes, pointer } = serialize(from, 0);
  const heap = from.runtime.heap();
  heap[pointer + WRITE_VERSION_AT] = ROLLBACK_JOURNAL;
  heap[pointer + READ_VERSION_AT] = ROLLBACK_JOURNAL;
  const schema = to.writeText('main').pointer;
  const size = BigInt(bytes);
  const flags = FREE_ON_CLOSE | RESIZEABLE;
  const result = to.api.sqlite3_deserialize(to.pointer, schema, pointer, size, size, flags);
  if (result !== SQLITE_OK) throw to.lastError(result);
}

function bytesOf(connection: Connection): Uint8Array {
  const { bytes, pointer } = serialize(connection, SERIALIZE_NO_COPY);
  return connection.runtime.heap().slice(pointer, pointer + bytes);
}

function serialize(
  connection: Connection,
  flags: number,
): { readonly pointer: Pointer; readonly bytes: number } {
  const { api, out } = connection;
  const schema = connection.writeText('main').pointer;
  const pointer = api.sqlite3_serialize(connection.pointer, schema, out, flags);
  const bytes = Number(connection.runtime.view().getBigInt64(out, true));
  if (pointer === 0) throw refused('TooLarge', 'there is not enough memory for a copy');
  return { pointer, bytes };
}
