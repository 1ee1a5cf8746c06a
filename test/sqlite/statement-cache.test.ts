/** Statements that stay compiled: nothing an entry or a reader can see tells them from fresh ones. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Statement } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import type { DatabaseOptions } from '../../src/sqlite/database.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { MAX_CACHED_STATEMENTS, STEPS_PER_CHECK } from '../../src/sqlite/limits.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import type { RequestOptions } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
/** The first keeps statements, the second none. */
let nodes: [TestNode, TestNode];

function openNodes(options: Partial<DatabaseOptions> = {}): void {
  const [keeping, forgetting] = nodes ?? [];
  keeping?.close();
  forgetting?.close();
  nodes = [
    new TestNode(runtime, options),
    new TestNode(runtime, { ...options, maxCachedStatements: 0 }),
  ];
}

beforeEach(() => openNodes());

afterEach(() => {
  for (const node of nodes) expect(node.get('PRAGMA integrity_check')).toEqual(['ok']);
});

/** What both nodes answer. */
function run(statements: readonly (string | Statement)[], options: RequestOptions = {}): unknown {
  const [kept, fresh] = nodes.map((node) => node.run(statements, options));
  expect(kept).toEqual(fresh);
  expect(hashDatabase(nodes[0].database)).toBe(hashDatabase(nodes[1].database));
  return kept;
}

function rowsOf(answer: unknown): unknown {
  const { outcomes } = answer as { outcomes: { result: { rows: unknown } }[] };
  return outcomes.at(-1)?.result.rows;
}

/** How many statements the connection has, ours included. */
function statementCount({ database }: TestNode): number {
  return Number(database.connection.run('SELECT count(*) FROM sqlite_stmt')[0]);
}

function query(node: TestNode, sql: string, ...params: (number | string)[]): unknown {
  const deadlineMs = performance.now() + 10_000;
  return runQuery(node.database, 0 as LogIndex, { sql, params, deadlineMs }).rows;
}

describe('a statement of entries', () => {
  it('counts the same steps however often it ran before', () => {
    openNodes({ stepsPerEntry: 3 * STEPS_PER_CHECK });
    const sql =
      'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) ' +
      'SELECT count(*) FROM n';
    let low = 1;
    let high = 40_000;
    const fits = (i: number): boolean => {
      const answer = run([{ sql, params: [i] }]) as { committed: boolean };
      return answer.committed;
    };
    expect([fits(low), fits(high)]).toEqual([true, false]);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (fits(middle)) low = middle;
      else high = middle;
    }
    for (let i = low - 5; i < low + 6; i += 1) expect(fits(i)).toBe(i <= low);
    // What one of an entry's statements has used is missing to the next one.
    for (let i = 1; i < low; i += Math.floor(low / 50)) {
      const statements = [i, low - i].map((value) => ({ sql, params: [value] }));
      run(statements);
    }
  });

  it('draws the names of columns anew for every entry', () => {
    run(['CREATE TABLE t(a)', 'INSERT INTO t VALUES(1)']);
    const alike = 'SELECT * FROM (SELECT a, a, a, a, a, a, a, a FROM t)';
    const answers = [1, 2, 3].map(() => JSON.stringify(run([alike])));
    expect(new Set(answers).size).toBe(3);
  });

  it('sees the time and the chance of its own entry', () => {
    const sql = 'SELECT CAST(random() AS TEXT), hex(randomblob(4)), ?';
    const answers = [1, 2, 3].map(() => JSON.stringify(run([{ sql, params: ['x'] }])));
    expect(new Set(answers).size).toBe(3);
    run(['CREATE TABLE t(id INTEGER PRIMARY KEY, x)']);
    run(['INSERT INTO t VALUES(9223372036854775807, 0)']);
    for (let i = 0; i < 4; i += 1) run([{ sql: 'INSERT INTO t(x) VALUES(?)', params: [i] }]);
  });

  it('takes every value anew, and must be given all of them', () => {
    run(['CREATE TABLE t(a, b)']);
    const sql = 'INSERT INTO t VALUES(?, ?) RETURNING *';
    expect(rowsOf(run([{ sql, params: [1, 'x'] }]))).toEqual([[1, 'x']]);
    expect(rowsOf(run([{ sql, params: [null, new Uint8Array([1])] }]))).toEqual([
      [null, new Uint8Array([1])],
    ]);
    expect(run([{ sql, params: [1] }])).toMatchObject({ committed: false });
    expect(run([{ sql }])).toMatchObject({ committed: false });
    expect(rowsOf(run([{ sql, params: [true, 2 ** 40] }]))).toEqual([[1, 2 ** 40]]);
  });

  it('fails as it would for the first time, and goes on', () => {
    run(['CREATE TABLE t(a PRIMARY KEY ON CONFLICT ROLLBACK, b CHECK(b < 10))']);
    const sql = 'INSERT INTO t VALUES(?, ?)';
    for (const params of [
      [1, 1],
      [1, 1],
      [2, 20],
      [2, 2],
      [1, 2],
      [3, 3],
    ]) {
      run([{ sql, params }]);
      run([{ sql: 'SELECT changes(), last_insert_rowid(), ?', params: [1] }]);
    }
    expect(query(nodes[0], 'SELECT group_concat(a) FROM t')).toEqual([['1,2,3']]);
  });

  it('is compiled anew behind whatever may have changed what it means', () => {
    run(['CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)', 'CREATE TABLE log(x)']);
    const insert = { sql: 'INSERT INTO t(a, b) VALUES(?, ?)', params: [1, 2] };
    const select = 'SELECT * FROM t WHERE a = 1 AND b = 2 ORDER BY +a LIMIT 1';
    const changes: readonly string[][] = [
      ['CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES(new.id); END'],
      ['CREATE INDEX i ON t(a)', 'CREATE INDEX j ON t(b)'],
      ['ANALYZE'],
      ["UPDATE sqlite_stat1 SET stat = '100 1' WHERE idx = 'j'"],
      ['ALTER TABLE t ADD COLUMN c DEFAULT 7'],
      ['DROP TRIGGER tr', insert.sql.replace('?, ?', '3, 4'), 'NONSENSE'],
      ['CREATE VIRTUAL TABLE f USING fts5(x)', "INSERT INTO f VALUES('ant')"],
      ['DROP TABLE t', 'CREATE TABLE t(id INTEGER PRIMARY KEY, b, a UNIQUE)'],
    ];
    for (const change of changes) {
      for (let i = 0; i < 2; i += 1) run([insert, select, insert], { mode: 'each' });
      run(change, { mode: change.includes('NONSENSE') ? 'atomic' : 'each' });
    }
    for (let i = 0; i < 2; i += 1) run([insert, select], { mode: 'each' });
    expect(query(nodes[0], 'SELECT count(*) FROM log')).toEqual([[28]]);
  });

  it('enforces foreign keys where its entry does', () => {
    run(['CREATE TABLE p(id INTEGER PRIMARY KEY)', 'CREATE TABLE c(p REFERENCES p)']);
    const sql = 'INSERT INTO c VALUES(?)';
    for (const foreignKeys of [true, false, true, true, false]) {
      const answer = run([{ sql, params: [5] }], { foreignKeys });
      expect(answer).toMatchObject({ committed: !foreignKeys });
    }
  });

  it('uses tables of which it cannot be known yet that they are virtual', () => {
    const sql = 'INSERT INTO f VALUES(?)';
    const word = (x: string): Statement => ({ sql, params: [x] });
    run(['CREATE VIRTUAL TABLE f USING fts5(x)', word('ant'), word('bee')]);
    for (let i = 0; i < 3; i += 1) run([word(`ant ${i}`), word('bee')]);
    run(['DROP TABLE f', 'CREATE TABLE f(x)', word('a'), word('b')]);
    run([word('c')]);
  });

  it('is told to live queries whenever it runs', () => {
    run(['CREATE TABLE t(a)', 'CREATE TABLE u(a)', 'CREATE TABLE w(a)']);
    run(['CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO u VALUES(new.a); END']);
    const { written } = nodes[0].database.guard;
    for (let i = 0; i < 3; i += 1) {
      written.take();
      run([{ sql: 'INSERT INTO t VALUES(?)', params: [i] }]);
      const { all, tables } = written.take();
      expect([all, [...tables].toSorted()]).toEqual([false, ['t', 'u']]);
    }
  });

  it('is one of a bounded number', () => {
    // Our own statements are all there by then.
    run(['CREATE TABLE t(a)']);
    run(['INSERT INTO t VALUES(0)', 'CREATE TABLE s(a)', 'DELETE FROM t']);
    const before = statementCount(nodes[0]);
    for (let i = 0; i < 2 * MAX_CACHED_STATEMENTS; i += 1) {
      run([`INSERT INTO t VALUES(${i})`]);
      query(nodes[0], `SELECT ${i} FROM t`);
    }
    expect(statementCount(nodes[0]) - before).toBeLessThanOrEqual(2 * MAX_CACHED_STATEMENTS);
    expect(statementCount(nodes[0]) - before).toBeGreaterThanOrEqual(MAX_CACHED_STATEMENTS);
    run(['CREATE TABLE u(a)']);
    expect(statementCount(nodes[0])).toBe(before);
    expect(query(nodes[0], 'SELECT count(*) FROM t')).toEqual([[2 * MAX_CACHED_STATEMENTS]]);
  });
});

describe('a query', () => {
  it('sees what was written since, and what it is given', () => {
    const sql = 'SELECT a FROM t WHERE a > ?';
    run(['CREATE TABLE t(a)']);
    for (let i = 1; i < 4; i += 1) {
      run([`INSERT INTO t VALUES(${i})`]);
      expect(query(nodes[0], sql, i - 1)).toEqual([[i]]);
      expect(query(nodes[0], sql, i)).toEqual([]);
    }
    expect(() => query(nodes[0], sql)).toThrow(SqlFailure);
    run(['ALTER TABLE t RENAME COLUMN a TO b', 'CREATE TABLE u(a)']);
    expect(() => query(nodes[0], sql, 1)).toThrow('no such column: a');
  });

  it('that nobody read to its end leaves nothing open', () => {
    run(['CREATE TABLE t(a)', 'INSERT INTO t VALUES(1), (2), (3)']);
    const sql = 'SELECT abs(CASE a WHEN 2 THEN -9223372036854775808 ELSE a END) FROM t';
    for (let i = 0; i < 3; i += 1) expect(() => query(nodes[0], sql)).toThrow('integer overflow');
    run(['DELETE FROM t WHERE a = 2']);
    for (let i = 0; i < 2; i += 1) expect(query(nodes[0], sql)).toEqual([[1], [3]]);
    nodes[0].database.checkpoint();
    run(['DROP TABLE t']);
  });

  it('never runs by the leave that an entry has', () => {
    run(['CREATE TABLE t(a)']);
    for (let i = 0; i < 2; i += 1) run(['INSERT INTO t VALUES(1)']);
    expect(() => query(nodes[0], 'INSERT INTO t VALUES(1)')).toThrow('a query only reads');
    const schema = 'SELECT rootpage IS NULL FROM sqlite_schema LIMIT 1';
    for (let i = 0; i < 2; i += 1) {
      expect(query(nodes[0], schema)).toEqual([[0]]);
      expect(rowsOf(run([schema]))).toEqual([[1]]);
    }
  });
});
