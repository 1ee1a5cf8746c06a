/** Queries: their answers, and their bounds. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { QueryResult, SqlParams } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { MAX_RESULT_ROWS } from '../../src/sqlite/limits.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { loadTestRuntime, TestNode } from './support.ts';
import { failureOf } from './transaction.ts';

let node: TestNode;

beforeAll(async () => {
  node = new TestNode(await loadTestRuntime());
  node.run(['CREATE TABLE t(a, b)', "INSERT INTO t VALUES(1, 'x'), (2, 'y')"]);
});

function query(sql: string, params: SqlParams = [], timeoutMs = 10_000): QueryResult {
  const deadlineMs = performance.now() + timeoutMs;
  return runQuery(node.database, 7 as LogIndex, { sql, params, deadlineMs });
}

const NUMBERS = 'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT';

describe('a query', () => {
  it('answers columns, rows and the index', () => {
    expect(query('SELECT a, b AS name, 1 FROM t ORDER BY a')).toEqual({
      columns: ['a', 'name', '1'],
      rows: [
        [1, 'x', 1],
        [2, 'y', 1],
      ],
      appliedIndex: 7,
    });
    expect(query('SELECT a FROM t WHERE 0')).toEqual({ columns: ['a'], rows: [], appliedIndex: 7 });
  });

  it('gives integers beyond the safe ones as bigint, and copies of blobs', () => {
    const sql =
      "SELECT 9007199254740991, 9007199254740992, -9223372036854775808, 1e300, x'0102', ''";
    const [row] = query(sql).rows;
    const expected = [
      9007199254740991,
      9007199254740992n,
      -(2n ** 63n),
      1e300,
      Uint8Array.of(1, 2),
      '',
    ];
    expect(row).toEqual(expected);
    query("SELECT hex(zeroblob(100000)), x'ffff'");
    expect(row).toEqual(expected);
  });

  it('takes parameters by position and by name', () => {
    expect(query('SELECT b FROM t WHERE a = ?', [2]).rows).toEqual([['y']]);
    expect(query('SELECT b FROM t WHERE a = $a', { a: 1n }).rows).toEqual([['x']]);
    expect(failureOf(() => query('SELECT ?', []))).toMatchObject({ code: 'Sql' });
  });

  it.each([[undefined], [2n ** 63n], [{}], [new Date(0)]])('refuses the value %s', (value) => {
    expect(failureOf(() => query('SELECT ?', [value as never]))).toMatchObject({
      code: 'InvalidArgument',
      applied: 'no',
    });
    expect(query('SELECT 1').rows).toEqual([[1]]);
  });

  it('reads text that is no UTF-8, and a byte order mark', () => {
    expect(
      query("SELECT CAST(x'61ff62' AS TEXT), CAST(x'efbbbf61' AS TEXT), 'a' || char(0) || 'b'")
        .rows,
    ).toEqual([['a\uFFFDb', '\uFEFFa', 'a\u0000b']]);
  });

  it('tells what is wrong with a statement, and that nothing changed', () => {
    expect(failureOf(() => query('SELECT nowhere FROM t'))).toEqual({
      code: 'Sql',
      applied: 'no',
      message: 'no such column: nowhere',
      sqlite: { resultCode: 1, offset: 7, statement: 0 },
    });
    expect(failureOf(() => query(''))).toMatchObject({
      code: 'Sql',
      message: 'the statement is empty',
    });
    expect(failureOf(() => query('SELECT 1; SELECT 2'))).toMatchObject({
      message: 'one statement at a time',
    });
  });

  it('ends when its time is over, and leaves the database usable', () => {
    const failure = failureOf(() => query(`${NUMBERS} max(i) FROM n`, [1e12], 30));
    expect(failure).toMatchObject({ code: 'Timeout', applied: 'no' });
    expect(query('SELECT count(*) FROM t').rows).toEqual([[2]]);
  });

  it('answers no more rows and bytes than it may', () => {
    expect(query(`${NUMBERS} i FROM n`, [MAX_RESULT_ROWS]).rows).toHaveLength(MAX_RESULT_ROWS);
    const rows = failureOf(() => query(`${NUMBERS} i FROM n`, [MAX_RESULT_ROWS + 1]));
    expect(rows).toMatchObject({
      code: 'TooLarge',
      message: expect.stringContaining('db.iterate'),
    });
    const bytes = failureOf(() => query(`${NUMBERS} zeroblob(1000000) FROM n`, [20]));
    expect(bytes).toMatchObject({ code: 'TooLarge', message: expect.stringContaining('16 MiB') });
  });

  it('is refused where the database has failed', () => {
    node.database.brokenReason = 'the disk is gone';
    expect(failureOf(() => query('SELECT 1'))).toMatchObject({
      code: 'StorageLost',
      message: expect.stringContaining('the disk is gone'),
    });
    node.database.brokenReason = null;
  });
});
