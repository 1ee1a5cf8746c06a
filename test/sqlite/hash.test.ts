/** The logical hash: equal for equal data, different for anything a statement could see. */

import { describe, expect, it } from 'vitest';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { executeEntry, logOf, requestOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();

/** Of a database in which these statements ran, in one entry. */
function hashOf(...statements: string[]): string {
  const node = new TestNode(runtime);
  node.apply(logOf([requestOf(statements)]));
  const hash = hashDatabase(node.database);
  node.close();
  return hash;
}

const TABLE = 'CREATE TABLE t(a, b)';

describe('the hash', () => {
  it('is 64 hexadecimal digits and survives a restart', () => {
    const node = new TestNode(runtime);
    node.run([TABLE, "INSERT INTO t VALUES(1, 'x'), (2.5, x'00ff'), (NULL, 9223372036854775807)"]);
    const hash = hashDatabase(node.database);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    node.reopen();
    expect(hashDatabase(node.database)).toBe(hash);
    node.close();
  });

  it('does not depend on the pages', () => {
    const node = new TestNode(runtime);
    node.run([TABLE, 'INSERT INTO t VALUES(1, 2)']);
    const { connection } = node.database;
    const before = hashDatabase(node.database);
    connection.run(`WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO t SELECT i, hex(zeroblob(900)) FROM n`);
    expect(hashDatabase(node.database)).not.toBe(before);
    connection.run('DELETE FROM t WHERE a > 1');
    expect(connection.run('PRAGMA freelist_count')[0]).toBeGreaterThan(50);
    expect(hashDatabase(node.database)).toBe(before);
    // Copying the database attaches another one.
    connection.limit(7, 1);
    connection.run('VACUUM');
    expect(connection.run('PRAGMA freelist_count')).toEqual([0]);
    expect(hashDatabase(node.database)).toBe(before);
    node.close();
  });

  it.each([
    ['a value', 'INSERT INTO t VALUES(1, 2)', 'INSERT INTO t VALUES(1, 3)'],
    ['integer and real', 'INSERT INTO t VALUES(1, 2)', 'INSERT INTO t VALUES(1, 2.0)'],
    ['integer and text', 'INSERT INTO t VALUES(1, 2)', "INSERT INTO t VALUES(1, '2')"],
    ['text and blob', "INSERT INTO t VALUES(1, '2')", "INSERT INTO t VALUES(1, x'32')"],
    ['NULL and empty', "INSERT INTO t VALUES(1, '')", 'INSERT INTO t VALUES(1, NULL)'],
    ['a row id', 'INSERT INTO t(rowid) VALUES(1)', 'INSERT INTO t(rowid) VALUES(2)'],
    ['where values end', "INSERT INTO t VALUES('a', 'bc')", "INSERT INTO t VALUES('ab', 'c')"],
    ['the schema', 'CREATE INDEX i ON t(a)', 'CREATE INDEX i ON t(b)'],
    ['a name', 'CREATE INDEX i ON t(a)', 'CREATE INDEX j ON t(a)'],
    ['the user version', 'PRAGMA user_version = 1', 'PRAGMA user_version = 2'],
    ['the application id', 'PRAGMA application_id = 1', 'PRAGMA application_id = 2'],
  ])('tells %s', (_what, one, other) => {
    // Both entries have as many statements, and answers that are equal.
    const [first, second] = [one, other].map((sql) => hashOf(TABLE, sql, 'SELECT 1'));
    expect(first).not.toBe(second);
  });

  it('covers counters, statistics, shadow tables and tables without row ids', () => {
    const node = new TestNode(runtime);
    node.run([
      'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT)',
      'CREATE TABLE w(k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID',
      'CREATE TABLE hidden(rowid, _rowid_, oid)',
      'CREATE TABLE partly(rowid, x)',
      "CREATE VIRTUAL TABLE f USING fts5(x, content='')",
      "INSERT INTO w VALUES('b', 1), ('A', 2)",
      'INSERT INTO hidden VALUES(1, 2, 3)',
      'INSERT INTO partly VALUES(1, 2)',
      "INSERT INTO f VALUES('a')",
      'INSERT INTO auto VALUES(5)',
      'ANALYZE',
      'CREATE INDEX covering ON w(v DESC, k)',
    ]);
    const seen = new Set([hashDatabase(node.database)]);
    const changes = [
      'UPDATE sqlite_sequence SET seq = 6',
      "UPDATE sqlite_stat1 SET stat = '9' WHERE tbl = 'auto'",
      "INSERT INTO f VALUES('a')",
      "UPDATE w SET v = 3 WHERE k = 'a'",
      'UPDATE hidden SET _rowid_ = 5',
      'UPDATE partly SET _rowid_ = 5',
    ];
    for (const sql of changes) {
      // Straight into the table, so that the session table stays as it is.
      node.database.connection.run(sql);
      seen.add(hashDatabase(node.database));
    }
    expect(seen.size).toBe(changes.length + 1);
    node.close();
  });

  it('can be taken of what cannot be read', () => {
    const node = new TestNode(runtime);
    node.run([
      'CREATE TABLE t(a, c AS (a || 1) STORED)',
      "INSERT INTO t VALUES('no json')",
      'ALTER TABLE t ADD COLUMN b AS (json(a))',
      'CREATE VIEW broken AS SELECT * FROM nowhere',
    ]);
    const hash = hashDatabase(node.database);
    expect(() => node.get('SELECT b FROM t')).toThrow('malformed JSON');
    node.database.connection.run("UPDATE t SET a = '1'");
    expect(hashDatabase(node.database)).not.toBe(hash);
    node.close();
  });

  it('covers the session table', () => {
    const body = encodeRequest(requestOf([TABLE]));
    const empty = new Uint8Array(0);
    const nodes = [
      [executeEntry(3, { sequence: 2, lowestUnanswered: 1, body: empty })],
      [executeEntry(3, { sequence: 2, lowestUnanswered: 2, body: empty })],
      [executeEntry(3, { sequence: 1, lowestUnanswered: 1, body })],
    ].map((more) => {
      const node = new TestNode(runtime);
      node.apply([...logOf([requestOf([TABLE])]), ...more]);
      return node;
    });
    expect(new Set(nodes.map(({ database }) => hashDatabase(database))).size).toBe(3);
    for (const node of nodes) node.close();
  });

  it('does not change with entries that change nothing', () => {
    const node = new TestNode(runtime);
    node.run([TABLE]);
    const before = hashDatabase(node.database);
    const index = (node.applier.appliedIndex + 1) as never;
    node.apply([{ type: 'noop', index, term: 2 as never }]);
    expect(node.applier.appliedIndex).toBe(index);
    expect(hashDatabase(node.database)).toBe(before);
    node.close();
  });
});
