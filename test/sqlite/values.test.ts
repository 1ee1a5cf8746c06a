/** Values on all their ways: bound in an entry, stored, and read back by all that reads. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { SqlValue } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { KeptRows } from '../../src/sqlite/kept-rows.ts';
import { runQuery, streamQuery } from '../../src/sqlite/query.ts';
import { loadTestRuntime, TestNode } from './support.ts';

let node: TestNode;

beforeAll(async () => {
  node = new TestNode(await loadTestRuntime());
  node.run(['CREATE TABLE t(v)', 'CREATE TABLE r(v REAL)']);
});

/** The value as `RETURNING` gives it, then as a query and a kept result read it from the table. */
function roundTrip(value: SqlValue | boolean, table = 't'): unknown[] {
  const { outcomes } = node.run([
    `DELETE FROM ${table}`,
    { sql: `INSERT INTO ${table} VALUES(?) RETURNING v`, params: [value] },
  ]);
  const outcome = outcomes[1];
  if (outcome?.type !== 'result') throw new Error('the insert failed');
  return [outcome.result.rows[0]?.[0], ...readBack(`SELECT v FROM ${table}`)];
}

function readBack(sql: string): unknown[] {
  const query = { sql, params: [], deadlineMs: Infinity };
  const { rows } = runQuery(node.database, 1 as LogIndex, query);
  const kept = new KeptRows(1, () => expect.unreachable('it fits into memory'), {
    blockBytes: 64,
    memoryBytes: 2 ** 20,
    totalBytes: 2 ** 20,
  });
  streamQuery(node.database, query, (_, found) => {
    for (const row of found) kept.add(row);
  });
  kept.finish();
  return [rows[0]?.[0], kept.read(0, 1, Infinity)[0]?.[0]];
}

const SAME: readonly (readonly [what: string, value: SqlValue, type: string])[] = [
  ['null', null, 'null'],
  ['zero', 0, 'integer'],
  ['the largest safe integer', Number.MAX_SAFE_INTEGER, 'integer'],
  ['the least safe integer', Number.MIN_SAFE_INTEGER, 'integer'],
  ['the first unsafe integer', 2n ** 53n, 'integer'],
  ['one that is no double', -(2n ** 53n) - 1n, 'integer'],
  ['the largest integer', 2n ** 63n - 1n, 'integer'],
  ['the least integer', -(2n ** 63n), 'integer'],
  ['a fraction', 0.1, 'real'],
  ['an unsafe whole double', 2 ** 53, 'real'],
  ['the largest double', Number.MAX_VALUE, 'real'],
  ['the least double', -Number.MIN_VALUE, 'real'],
  ['infinity', Infinity, 'real'],
  ['minus infinity', -Infinity, 'real'],
  ['an empty text', '', 'text'],
  ['a text with NUL, a byte order mark and an astral character', 'a\0b\ufeffc😀', 'text'],
  ['a text that looks like a number', '007', 'text'],
  ['an empty blob', new Uint8Array(0), 'blob'],
  ['a blob of all bytes', Uint8Array.from({ length: 256 }, (_, at) => at), 'blob'],
];

describe('a value', () => {
  it.each(SAME)('comes back the same: %s', (_, value, type) => {
    const back = roundTrip(value);
    expect(back).toHaveLength(3);
    for (const read of back) {
      // Type, sign and all.
      expect(Object.is(read, value) || value instanceof Uint8Array).toBe(true);
      expect(read).toStrictEqual(value);
    }
    expect(node.get('SELECT typeof(v) FROM t')).toEqual([type]);
  });

  it.each([
    ['-0', -0, 0, 'integer'],
    ['NaN', Number.NaN, null, 'null'],
    ['true', true, 1, 'integer'],
    ['a small bigint', 5n, 5, 'integer'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb', 'text'],
  ] as const)('comes back as what SQLite has for it: %s', (_, value, expected, type) => {
    for (const read of roundTrip(value)) expect(Object.is(read, expected)).toBe(true);
    expect(node.get('SELECT typeof(v) FROM t')).toEqual([type]);
  });

  it('without a fraction is a real again in a column of reals', () => {
    expect(roundTrip(3, 'r')).toEqual([3, 3, 3]);
    expect(node.get('SELECT typeof(v) FROM r')).toEqual(['real']);
  });

  it('that SQLite computes is never -0, and not a number is NULL', () => {
    for (const read of readBack('SELECT -1 * 0.0')) expect(Object.is(read, 0)).toBe(true);
    for (const read of readBack('SELECT 9e999 - 9e999')) expect(read).toBe(null);
    for (const read of readBack('SELECT -9e999')) expect(read).toBe(-Infinity);
  });
});
