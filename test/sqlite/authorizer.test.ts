/** What SQL may not do in an entry, and in a query, and that it is said why. */

import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { LogIndex } from '../../src/raft/types.ts';
import { toBoolean } from '../../src/sqlite/authorizer.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { messagesOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
  node.run([
    'CREATE TABLE t(a INTEGER PRIMARY KEY, b)',
    'INSERT INTO t VALUES(1, 2)',
    'CREATE VIRTUAL TABLE f USING fts5(x)',
    'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  ]);
});

afterEach(() => node.close());

/** Each with a part of the reason. */
const NOT_REPLICABLE: readonly (readonly [sql: string, reason: string])[] = [
  ["ATTACH ':memory:' AS x", 'ATTACH: there is one replicated database'],
  ['DETACH main', 'DETACH'],
  ['VACUUM', 'VACUUM cannot be part of a transaction or of several statements: run it by itself'],
  ["VACUUM INTO '/x'", 'VACUUM INTO would write a file on one node only: call export() for a copy'],
  ['VACUUM temp', 'temporary objects exist on one node only'],
  ['EXPLAIN VACUUM', 'EXPLAIN shows addresses of one node'],
  ['BEGIN', 'BEGIN cannot stand in a log entry'],
  ['COMMIT', 'COMMIT cannot stand in a log entry'],
  ['END', 'COMMIT cannot stand in a log entry'],
  ['ROLLBACK', 'ROLLBACK cannot stand in a log entry'],
  ['SAVEPOINT entry', 'a savepoint cannot stand in a log entry'],
  ['RELEASE entry', 'send the statements together'],
  ['ROLLBACK TO entry', 'a savepoint cannot'],
  ['CREATE TEMP TABLE x(a)', 'temporary'],
  ['CREATE TABLE temp.x(a)', 'temporary'],
  ['CREATE TABLE TEMP.x AS SELECT 1', 'temporary'],
  ['CREATE TEMP VIEW x AS SELECT 1', 'temporary'],
  ['CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END', 'temporary'],
  ['CREATE VIRTUAL TABLE temp.x USING fts5(a)', 'temporary'],
  ['PRAGMA temp.user_version = 1', 'temporary'],
  ['PRAGMA journal_mode = DELETE', 'the same fixed settings: leave it out'],
  ['PRAGMA cache_size = 5', 'would change one node only'],
  ['PRAGMA case_sensitive_like = ON', 'would change one node only'],
  ['PRAGMA optimize', 'would change one node only'],
  ['PRAGMA reverse_unordered_selects = 1', 'would change one node only'],
  ['PRAGMA data_version', 'query it instead'],
  ['PRAGMA page_size', 'query it instead'],
  ['PRAGMA table_info(t)', 'query it instead'],
  [
    '/**/ PRAGMA -- x\n writable_schema = ON',
    'import the .sqlite file instead (import(), or .open',
  ],
  ['PRAGMA foreign_keys = OFF', 'belongs to a whole log entry'],
  ['SELECT total_changes()', 'use changes()'],
  ['INSERT INTO t(b) SELECT TOTAL_CHANGES()', 'use changes()'],
  ['SELECT sqlite_version()', 'different builds'],
  ['SELECT sqlite_source_id()', 'different builds'],
  ["SELECT sqlite_compileoption_used('x')", 'different builds'],
  ['SELECT sqlite_offset(b) FROM t', 'where a value lies'],
  ["SELECT sqlite_log(1, 'x')", 'log of one node'],
  ["INSERT INTO f VALUES(fts5_locale('en', 'x'))", 'locale'],
  ["SELECT fts5_insttoken('x')", 'every process'],
  ['INSERT INTO t(b) SELECT pageno FROM dbstat', "one node's file"],
  ['INSERT INTO t(b) SELECT pageno FROM DBSTAT', "one node's file"],
  ['SELECT count(*) FROM sqlite_dbpage', "one node's file"],
  ['SELECT 1 FROM sqlite_stmt', "one node's file"],
  ["SELECT * FROM bytecode('SELECT 1')", "one node's file"],
  ["SELECT * FROM tables_used('SELECT 1')", "one node's file"],
  ['INSERT INTO t(b) SELECT data_version FROM pragma_data_version', 'query it instead'],
  ['SELECT 1 WHERE EXISTS (SELECT 1 FROM PRAGMA_page_count)', 'query it instead'],
  ['CREATE VIRTUAL TABLE x USING dbstat', 'only fts5, fts5vocab, rtree and rtree_i32'],
  ['CREATE TABLE _resqlite_x(a)', 'reserved'],
  ['CREATE TABLE "_ReSQLite_x"(a)', 'reserved'],
  ['SELECT * FROM _resqlite_meta', 'reserved'],
  ['SELECT 1 FROM _RESQLITE_SESSIONS', 'reserved'],
  ['DELETE FROM _resqlite_responses', 'reserved'],
  ['UPDATE _resqlite_meta SET value = 1', 'reserved'],
  ["INSERT INTO _resqlite_meta VALUES('x', 1)", 'reserved'],
  ['DROP TABLE _resqlite_meta', 'reserved'],
  ['ALTER TABLE _resqlite_meta RENAME TO x', 'reserved'],
  ['ALTER TABLE t RENAME TO _resqlite_x', 'reserved'],
  ['CREATE INDEX x ON _resqlite_meta(value)', 'reserved'],
  ['CREATE TRIGGER x AFTER INSERT ON _resqlite_meta BEGIN SELECT 1; END', 'reserved'],
  ['CREATE TABLE x(a REFERENCES _resqlite_sessions)', 'reserved'],
  ['ALTER TABLE t ADD COLUMN c REFERENCES "_resqlite_sessions"', 'reserved'],
  ['EXPLAIN INSERT INTO t(b) VALUES(1)', 'EXPLAIN'],
  ['EXPLAIN QUERY PLAN SELECT 1', 'EXPLAIN'],
];

const REPLICABLE = [
  'PRAGMA user_version = 5',
  'PRAGMA user_version',
  'PRAGMA application_id = 5',
  'PRAGMA foreign_keys = ON',
  'PRAGMA foreign_keys = 1',
  'PRAGMA foreign_keys',
  'ANALYZE',
  'ANALYZE t',
  'ANALYZE sqlite_schema; -- as in dumps',
  'REINDEX',
  "INSERT INTO f VALUES('x')",
  "SELECT * FROM f WHERE f MATCH 'x'",
  'INSERT INTO r VALUES(1, 2, 3)',
  'SELECT * FROM r WHERE x0 > 1',
  'ALTER TABLE t RENAME COLUMN b TO c',
  'ALTER TABLE t ADD COLUMN d',
  'ALTER TABLE t RENAME TO u',
  'CREATE TABLE x AS SELECT 1 AS begin_, 2 AS temp',
  'DROP TABLE t',
  'DROP TABLE f',
  "SELECT value FROM json_each('[1]')",
  "INSERT INTO t(b) VALUES('_resqlite_meta')",
  'SELECT * FROM sqlite_schema',
  'WITH dbstat AS (SELECT 1 x) SELECT x FROM dbstat',
  'CREATE VIRTUAL TABLE v USING fts5vocab(f, row)',
];

describe('in an entry', () => {
  it.each(NOT_REPLICABLE)('%s is refused', (sql, reason) => {
    const before = node.all('SELECT * FROM sqlite_schema');
    const { outcomes, committed } = node.run([sql]);
    expect(outcomes).toEqual([
      {
        type: 'error',
        error: {
          code: 'NotReplicable',
          message: expect.stringContaining(reason),
          sqlite: { resultCode: 23, offset: null, statement: 0 },
        },
      },
    ]);
    expect(committed).toBe(false);
    expect(node.all('SELECT * FROM sqlite_schema')).toEqual(before);
    expect(messagesOf(node.run(['SELECT 1']))).toEqual([null]);
  });

  it.each(REPLICABLE)('%s is allowed', (sql) => {
    expect(messagesOf(node.run([sql]))).toEqual([null]);
  });

  it('what is refused is refused inside of views and triggers too', () => {
    node.run([
      'CREATE VIEW v AS SELECT total_changes() n',
      'CREATE VIEW w AS SELECT data_version FROM pragma_data_version',
      'CREATE TRIGGER tr AFTER DELETE ON t BEGIN INSERT INTO t(b) SELECT pageno FROM dbstat; END',
    ]);
    const response = node.run(['SELECT * FROM v', 'SELECT * FROM w', 'DELETE FROM t'], {
      mode: 'each',
    });
    expect(messagesOf(response)).toEqual([
      expect.stringContaining('total_changes()'),
      expect.stringContaining('pragma_data_version'),
      expect.stringContaining('dbstat'),
    ]);
  });

  it('the schema and shadow tables are not written by hand', () => {
    const statements = [
      "UPDATE sqlite_schema SET sql = 'x'",
      "INSERT INTO sqlite_schema(name) VALUES('x')",
      'DELETE FROM f_data',
    ];
    const response = node.run(statements, { mode: 'each' });
    expect(messagesOf(response)).toEqual([
      expect.stringContaining(
        'table sqlite_master may not be modified by hand: import the .sqlite',
      ),
      expect.stringContaining('table sqlite_master may not be modified by hand'),
      expect.stringContaining('table f_data may not be modified by hand: import the .sqlite file'),
    ]);
  });

  it('double quotes make no strings', () => {
    expect(messagesOf(node.run(['SELECT "x"']))).toEqual([
      'no such column: "x" - should this be a string literal in single-quotes?',
    ]);
  });

  it('where a table lies in the file reads NULL', () => {
    const [outcome] = node.run(["SELECT rootpage FROM sqlite_schema WHERE name = 't'"]).outcomes;
    expect(outcome).toMatchObject({ result: { rows: [[null]] } });
  });

  it('ANALYZE leaves our own tables out', () => {
    node.run(['ANALYZE']);
    expect(
      node.all("SELECT tbl FROM sqlite_stat1 WHERE tbl LIKE '\\_resqlite%' ESCAPE '\\'"),
    ).toEqual([]);
    expect(node.all("SELECT stat FROM sqlite_stat1 WHERE tbl = 't'")).toEqual([['1']]);
  });
});

describe('in a query', () => {
  const query = (sql: string): unknown => {
    const deadlineMs = performance.now() + 10_000;
    return runQuery(node.database, 1 as LogIndex, { sql, params: [], deadlineMs }).rows;
  };

  it.each([
    'SELECT sqlite_version(), total_changes()',
    "SELECT * FROM pragma_table_info('t')",
    'PRAGMA table_list',
    'PRAGMA table_info(t)',
    'PRAGMA index_list = t',
    'PRAGMA foreign_key_check',
    'PRAGMA integrity_check',
    'PRAGMA user_version',
    'PRAGMA page_count',
    'SELECT * FROM dbstat',
    "SELECT * FROM bytecode('SELECT 1')",
    'EXPLAIN INSERT INTO t VALUES(7, 7)',
    'EXPLAIN QUERY PLAN SELECT * FROM t',
    "SELECT rowid FROM f('x')",
    'SELECT rootpage FROM sqlite_schema WHERE rootpage > 0',
  ])('%s is answered', (sql) => {
    expect(query(sql)).toBeInstanceOf(Array);
  });

  it.each([
    ['INSERT INTO t(b) VALUES(1)', 'execute it'],
    ['CREATE TEMP TABLE x(a)', 'execute it'],
    ['WITH x AS (SELECT 1) DELETE FROM t', 'execute it'],
    ['PRAGMA user_version = 7', 'is a write: execute it'],
    ['PRAGMA journal_mode = DELETE', 'would change this node'],
    ['PRAGMA foreign_keys = OFF', 'would change this node'],
    ['EXPLAIN PRAGMA foreign_keys = OFF', 'would change this node'],
    ['PRAGMA wal_checkpoint', 'would change this node'],
    ['PRAGMA writable_schema = RESET', 'would change this node'],
    ["ATTACH ':memory:' AS x", 'ATTACH'],
    ['VACUUM', 'writes: execute it'],
    ['BEGIN', 'BEGIN'],
    ['SAVEPOINT x', 'savepoint'],
    ['SELECT * FROM _resqlite_sessions', 'reserved'],
    ['SELECT data FROM sqlite_dbpage', 'export'],
  ])('%s is refused', (sql, reason) => {
    const failure = { code: 'InvalidArgument', applied: 'no' };
    expect(() => query(sql)).toThrow(SqlFailure);
    expect(() => query(sql)).toThrow(
      expect.objectContaining({ failure: expect.objectContaining(failure) }),
    );
    expect(() => query(sql)).toThrow(reason);
    expect(node.get('PRAGMA user_version')).toEqual([0]);
    expect(node.get('PRAGMA foreign_keys')).toEqual([1]);
    expect(node.database.connection.autocommit).toBe(true);
    expect(node.get('SELECT count(*) FROM t')).toEqual([1]);
  });
});

describe('pragma booleans', () => {
  it.each([
    ['on', true],
    ['YES', true],
    ['true', true],
    ['1', true],
    ['42', true],
    ['256', true],
    ['2147483647', true],
    ['2147483648', false],
    ['99999999999', false],
    ['0x10', true],
    ['0xffffffff', false],
    ['0x100000000', false],
    ["'0x0'", false],
    ["'1abc'", true],
    ['0.5', false],
    ['1.5', true],
    ['-1', false],
    ['0', false],
    ['off', false],
    ['no', false],
    ['whatever', false],
  ])('%s is %s, as SQLite reads it', (text, expected) => {
    expect(toBoolean(text.replaceAll("'", ''))).toBe(expected);
    const { connection } = node.database;
    connection.run(`PRAGMA ignore_check_constraints = ${text}`);
    expect(connection.run('PRAGMA ignore_check_constraints')).toEqual([expected ? 1 : 0]);
  });
});
