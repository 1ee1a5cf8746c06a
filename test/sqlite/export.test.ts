/** The exported file: the user's data and nothing else, as any SQLite reads it. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlValue } from '../../src/node/sql.ts';
import { Connection } from '../../src/sqlite/connection.ts';
import { exportDatabase } from '../../src/sqlite/export.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { loadTestRuntime, TestNode } from './support.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await loadTestRuntime();
});

/** Reads a file with a connection that knows nothing of us. */
function open(bytes: Uint8Array): Connection {
  const callbacks = { authorize: () => 0, progress: () => 0 };
  const connection = new Connection(runtime, { vfs: null, path: ':memory:' }, callbacks);
  const { api } = connection;
  const data = api.sqlite3_malloc64(BigInt(bytes.length));
  runtime.heap().set(bytes, data);
  const { pointer } = connection.writeText('main');
  const size = BigInt(bytes.length);
  expect(api.sqlite3_deserialize(connection.pointer, pointer, data, size, size, 1)).toBe(0);
  return connection;
}

function all(connection: Connection, sql: string): SqlValue[][] {
  const statement = connection.prepare(sql);
  const rows: SqlValue[][] = [];
  while (statement.step()) rows.push(statement.row());
  statement.finalize();
  return rows;
}

describe('export', () => {
  it('is a sound file in rollback mode, with all rows under their row ids', () => {
    const node = new TestNode(runtime);
    node.run([
      'CREATE TABLE t(a)',
      "INSERT INTO t(rowid, a) VALUES(5, 'five'), (10, x'00'), (9007199254740993, 2.5)",
      'CREATE INDEX i ON t(a)',
      'CREATE VIRTUAL TABLE f USING fts5(x)',
      "INSERT INTO f VALUES('hello world')",
      'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT)',
      'INSERT INTO auto VALUES(41)',
      'PRAGMA user_version = 7',
      'ANALYZE',
      'CREATE VIEW v AS SELECT a FROM t',
    ]);
    const hash = hashDatabase(node.database);
    const bytes = exportDatabase(node.database);
    expect(new TextDecoder().decode(bytes.subarray(0, 15))).toBe('SQLite format 3');
    expect([...bytes.subarray(18, 20)]).toEqual([1, 1]);
    const copy = open(bytes);
    expect(all(copy, 'PRAGMA integrity_check')).toEqual([['ok']]);
    expect(all(copy, 'SELECT rowid, a FROM t ORDER BY rowid')).toEqual([
      [5, 'five'],
      [10, Uint8Array.of(0)],
      [9007199254740993n, 2.5],
    ]);
    expect(all(copy, "SELECT rowid FROM f('hello')")).toEqual([[1]]);
    expect(all(copy, 'SELECT seq FROM sqlite_sequence')).toEqual([[41]]);
    expect(all(copy, 'PRAGMA user_version')).toEqual([[7]]);
    expect(all(copy, "SELECT name FROM sqlite_schema WHERE name LIKE '%resqlite%'")).toEqual([]);
    expect(new TextDecoder('latin1').decode(bytes)).not.toContain('_resqlite_');
    copy.close();
    // The database itself goes on as it was.
    expect(hashDatabase(node.database)).toBe(hash);
    expect(node.run(['INSERT INTO t VALUES(1)']).committed).toBe(true);
    node.close();
  });

  it('of nothing is an empty database', () => {
    const node = new TestNode(runtime);
    const copy = open(exportDatabase(node.database));
    expect(all(copy, 'SELECT count(*) FROM sqlite_schema')).toEqual([[0]]);
    copy.close();
    node.close();
  });

  it('leaves nothing of the answers that the session table kept', () => {
    const node = new TestNode(runtime);
    node.run(["SELECT 'a secret that was only ever answered'"]);
    const text = new TextDecoder('latin1').decode(exportDatabase(node.database));
    expect(text).not.toContain('only ever answered');
    node.close();
  });
});
