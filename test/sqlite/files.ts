/** SQLite files as other programs make and read them, in the module's memory. */

import { createHash } from 'node:crypto';
import type { SqlValue } from '../../src/node/sql.ts';
import { Connection } from '../../src/sqlite/connection.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { Vfs } from '../../src/sqlite/vfs.ts';
import { newPath } from './support.ts';

const CALLBACKS = { authorize: () => 0, progress: () => 0 };

/** The bytes of a file that has run the statements. */
export function makeFile(runtime: Runtime, statements: readonly string[]): Uint8Array {
  const path = newPath();
  const connection = new Connection(runtime, { vfs: null, path }, CALLBACKS);
  for (const sql of statements) connection.run(sql);
  connection.close();
  const vfs = new Vfs(runtime, null);
  const file = vfs.open(path, 'database');
  const bytes = file.read(0, file.sizeBytes());
  file.close();
  vfs.delete(path);
  return bytes;
}

/** Runs `read` with a connection that knows nothing of us. */
export function withFile<T>(
  runtime: Runtime,
  bytes: Uint8Array,
  read: (connection: Connection) => T,
): T {
  const path = newPath();
  const vfs = new Vfs(runtime, null);
  const file = vfs.open(path, 'database');
  file.write(0, bytes);
  file.close();
  const connection = new Connection(runtime, { vfs: null, path }, CALLBACKS);
  try {
    return read(connection);
  } finally {
    connection.close();
    vfs.delete(path);
  }
}

export function all(connection: Connection, sql: string): SqlValue[][] {
  const statement = connection.prepare(sql);
  try {
    const rows: SqlValue[][] = [];
    while (statement.step()) rows.push(statement.row());
    return rows;
  } finally {
    statement.finalize();
  }
}

const OURS = "name LIKE '\\_resqlite\\_%' ESCAPE '\\'";

/** Everything a user can see: schema, rows with their row ids, the header's numbers. */
export function contentsOf(connection: Connection): unknown {
  const schema = `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE NOT ${OURS} ORDER BY 1, 2`;
  const tables = all(
    connection,
    `SELECT name FROM pragma_table_list
      WHERE schema = 'main' AND type IN ('table', 'shadow') AND NOT ${OURS} AND NOT wr
        AND name <> 'sqlite_schema' ORDER BY name`,
  );
  return {
    schema: all(connection, schema),
    rows: tables.map(([name]) => [
      name,
      all(connection, `SELECT rowid, * FROM "${String(name)}" ORDER BY rowid`).map((row) =>
        row.map((value) => (value instanceof Uint8Array ? digestOf(value) : value)),
      ),
    ]),
    numbers: ['user_version', 'application_id'].map((one) => connection.run(`PRAGMA ${one}`)),
  };
}

/** Large arrays take long to be compared. */
export function digestOf(bytes: Uint8Array): string {
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex')}`;
}

export function contentsOfFile(runtime: Runtime, bytes: Uint8Array): unknown {
  return withFile(runtime, bytes, contentsOf);
}
