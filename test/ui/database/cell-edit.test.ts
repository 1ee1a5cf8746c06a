/** One cell becomes another value: the UPDATE, run by SQLite itself, and what it must not touch. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlValue } from '../../../src/node/sql.ts';
import { runQuery } from '../../../src/sqlite/query.ts';
import {
  refusalOf,
  typedOf,
  updateOf,
  valueOf,
  type EditedCell,
} from '../../../src/ui/database/cell-edit.ts';
import { schemaOf, SCHEMA_QUERY } from '../../../src/ui/database/schema-list.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

let node: TestNode;

beforeAll(async () => {
  node = new TestNode(await loadTestRuntime());
  node.run([
    'create table "a ""b" (id integer primary key, "or 1" text, n as (id + 1), b blob)',
    `insert into "a ""b" values (1, 'one', null), (9007199254740993, null, x'00')`,
    'create table pair (x, y, z, primary key (x, y)) without rowid',
    `insert into pair values (1, 'p', 1.5), (1, 'q', 2.5)`,
    'create table loose (k text primary key, v)',
    `insert into loose values (null, 1), (null, 1), ('k', 1)`,
    'create table bare (x)',
    'insert into bare values (1)',
    'create view v as select * from bare',
  ]);
});

afterAll(() => node.close());

function rowsOf(sql: string): readonly (readonly SqlValue[])[] {
  const query = { sql, params: [], deadlineMs: Infinity };
  return runQuery(node.database, node.applier.appliedIndex, query).rows;
}

function cellOf(name: string, at: number, column: string): EditedCell {
  const table = schemaOf(rowsOf(SCHEMA_QUERY)).find((entry) => entry.name === name);
  if (table === undefined) throw new Error(`There is no ${name}.`);
  const row = rowsOf(`select * from "${name.replaceAll('"', '""')}"`)[at] ?? [];
  return { table, columns: table.columns.map((entry) => entry.name), row, column };
}

/** How many rows it changed. */
function write(cell: EditedCell, value: SqlValue): number | undefined {
  const { sql, params } = updateOf(cell, value);
  const [outcome] = node.run([{ sql, params }]).outcomes;
  if (outcome?.type !== 'result') throw new Error(JSON.stringify(outcome));
  return outcome.result.rowsAffected;
}

describe('the UPDATE', () => {
  test('finds the row by its key, however large it is, and changes it alone', () => {
    expect(write(cellOf('a "b', 1, 'or 1'), `'); drop table pair; --`)).toBe(1);
    expect(write(cellOf('pair', 1, 'z'), 7)).toBe(1);
    expect(rowsOf('select * from pair')).toEqual([
      [1, 'p', 1.5],
      [1, 'q', 7],
    ]);
    expect(rowsOf('select id, "or 1" from "a ""b"')).toEqual([
      [1, 'one'],
      [9_007_199_254_740_993n, `'); drop table pair; --`],
    ]);
  });

  test('writes nothing over what somebody else has written', () => {
    const cell = cellOf('pair', 0, 'z');
    node.run(["update pair set z = 3 where y = 'p'"]);
    expect(write(cell, 99)).toBe(0);
    expect(rowsOf("select z from pair where y = 'p'")).toEqual([[3]]);
  });

  test('may change the key itself, and write NULL', () => {
    expect(write(cellOf('a "b', 0, 'id'), 5)).toBe(1);
    expect(write(cellOf('a "b', 0, 'or 1'), null)).toBe(1);
    expect(rowsOf('select id, "or 1" from "a ""b" where id = 5')).toEqual([[5, null]]);
  });

  test('is shown as it could be typed', () => {
    const { text } = updateOf(cellOf('pair', 1, 'z'), "it's");
    expect(text).toBe(
      `update main."pair" as t set "z" = 'it''s' where t."x" is 1 and t."y" is 'q' and t."z" is 7`,
    );
    node.run([text]);
    expect(rowsOf("select z from pair where y = 'q'")).toEqual([["it's"]]);
  });
});

test('what cannot be edited says why', () => {
  const at = { row: 1, name: 'a "b' };
  expect(refusalOf(cellOf(at.name, at.row, 'or 1'))).toBeNull();
  expect(refusalOf(cellOf(at.name, at.row, 'n'))).toContain('generated');
  expect(refusalOf(cellOf(at.name, at.row, 'b'))).toContain('Blobs');
  expect(refusalOf(cellOf('bare', 0, 'x'))).toContain('no primary key');
  for (const column of ['k', 'v']) {
    expect(refusalOf(cellOf('loose', 0, column))).toContain('primary key is NULL');
  }
  expect(refusalOf(cellOf('loose', 2, 'v'))).toBeNull();
  expect(refusalOf(cellOf('v', 0, 'x'))).toContain('Only cells of tables');
});

test('a value is typed as what it is', () => {
  const { row: _, ...cell } = cellOf('pair', 0, 'z');
  const typed = (z: SqlValue) => typedOf({ ...cell, row: [1, 'p', z] });
  for (const value of ['', '5', 5, 2n ** 60n, 1.5, null]) {
    expect(valueOf(typed(value))).toEqual({ value });
  }
  expect(valueOf({ kind: 'number', text: 'five' })).toBeNull();
  expect(valueOf({ kind: 'number', text: '' })).toBeNull();
});
