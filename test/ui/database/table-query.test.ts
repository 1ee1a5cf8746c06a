/** The queries of the table browser, run by SQLite itself, with names and values meant to break them. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlValue } from '../../../src/node/sql.ts';
import { runQuery } from '../../../src/sqlite/query.ts';
import {
  browseQuery,
  countSql,
  isIdle,
  nextSort,
  probeQuery,
  sqlName,
  type BrowsedTable,
  type TableFilter,
  type TableQuery,
} from '../../../src/ui/database/table-query.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

const HOSTILE = `t"; drop table "keep" --`;
const COLUMN = `a" = 1 or "1`;
const MANY: BrowsedTable = {
  name: HOSTILE,
  kind: 'table',
  columns: [
    { name: COLUMN, type: 'integer' },
    { name: 'select', type: 'VARCHAR(10)' },
    { name: '?', type: '' },
  ],
};

let node: TestNode;

beforeAll(async () => {
  node = new TestNode(await loadTestRuntime());
  const table = `"${HOSTILE.replaceAll('"', '""')}"`;
  node.run([
    'create table keep (x)',
    'create table bare (x)',
    `insert into bare values ('100'), (100), (7)`,
    `create view made as select char(96 + rowid) as id,
      case rowid when 1 then '100' else 'x' || rowid end as text, 101 - rowid as number, x from bare`,
    `create table ${table} ("${COLUMN.replaceAll('"', '""')}" integer, "select" varchar(10), "?")`,
    `insert into ${table} values
      (1, '007', 7), (2, '7', '7'), (9007199254740993, '50%', x'00'), (null, 'a_b', 1.5),
      (5, 'O''Brien', null)`,
  ]);
});

afterAll(() => node.close());

function rowsOf({ sql, params }: TableQuery): readonly (readonly SqlValue[])[] {
  const deadlineMs = Number.POSITIVE_INFINITY;
  const { appliedIndex } = node.applier;
  return runQuery(node.database, appliedIndex, { sql, params, deadlineMs }).rows;
}

function found(column: string | null, operator: TableFilter['operator'], value = ''): SqlValue[] {
  const rows = rowsOf(browseQuery(MANY, { column, operator, value }, null));
  return rows.map(([, name]) => name ?? null);
}

describe('browsing', () => {
  test('reads all rows, sorted by any column', () => {
    const sorted = (column: string, direction: 'asc' | 'desc') =>
      rowsOf(browseQuery(MANY, null, { column, direction })).map(([, name]) => name);
    expect(rowsOf(browseQuery(MANY, null, null))).toHaveLength(5);
    expect(sorted(COLUMN, 'asc')).toEqual(['a_b', '007', '7', "O'Brien", '50%']);
    expect(sorted(COLUMN, 'desc')).toEqual(['50%', "O'Brien", '7', '007', 'a_b']);
    expect(sorted('select', 'asc')).toEqual(['007', '50%', '7', "O'Brien", 'a_b']);
  });

  test('filters by text, in which nothing is a wildcard', () => {
    expect(found('select', 'contains', '%')).toEqual(['50%']);
    expect(found('select', 'contains', '_')).toEqual(['a_b']);
    expect(found('select', 'contains', '\\')).toEqual([]);
    expect(found('select', 'contains', "o'b")).toEqual(["O'Brien"]);
    expect(found('select', 'begins with', '7')).toEqual(['7']);
    expect(found(null, 'contains', '7')).toEqual(['007', '7', '50%']);
  });

  test('compares as the column does: texts with texts, numbers with numbers', () => {
    expect(found('select', '=', '7')).toEqual(['7']);
    expect(found('select', '=', '007')).toEqual(['007']);
    expect(found(COLUMN, '=', ' 2 ')).toEqual(['7']);
    expect(found(COLUMN, '=', '9007199254740993')).toEqual(['50%']);
    expect(found(COLUMN, '>', '2')).toEqual(['50%', "O'Brien"]);
    // Where values are as they were written, a text that looks like a number is found, too.
    expect(found('?', '=', '7')).toEqual(['007', '7']);
    expect(found('?', '<>', '7')).toEqual(['50%', 'a_b']);
    expect(found('?', '>=', '7')).toEqual(['007', '7', '50%']);
    expect(found('?', '<', '8')).toEqual(['007', '7', 'a_b']);
    expect(found('?', '<=', '1.5e0')).toEqual(['a_b']);
    expect(found('select', '<>', '7')).toHaveLength(4);
    expect(found(COLUMN, 'is null')).toEqual(['a_b']);
    expect(found('?', 'is not null')).toHaveLength(4);
  });

  test('compares what a view makes as it is, whatever its column is called', () => {
    const view: BrowsedTable = {
      name: 'made',
      kind: 'view',
      columns: ['text', 'number', 'x'].map((name) => ({ name, type: 'NUM' })),
    };
    const foundIn = (column: string, operator: TableFilter['operator'], value: string) =>
      rowsOf(browseQuery(view, { column, operator, value }, null)).map(([id]) => id);
    expect(foundIn('text', '=', '100')).toEqual(['a']);
    expect(foundIn('text', '<>', '100')).toEqual(['b', 'c']);
    expect(foundIn('number', '=', '100')).toEqual(['a']);
    expect(foundIn('number', '<', '100')).toEqual(['b', 'c']);
    expect(foundIn('x', '=', '100')).toEqual(['a', 'b']);
  });

  test('takes what is typed for a value, whatever it is', () => {
    const value = `' or 1 = 1; drop table "keep"; --`;
    for (const operator of ['contains', '=', '>'] as const) found('select', operator, value);
    expect(found('select', '=', value)).toEqual([]);
    expect(rowsOf({ sql: countSql('keep'), params: [] })).toEqual([[0]]);
    expect(rowsOf({ sql: countSql(HOSTILE), params: [] })).toEqual([[5]]);
  });

  test('says so where a column is there no more', () => {
    expect(() => found('gone', '=', '1')).toThrow('no such column: t.gone');
    const sort = { column: 'gone', direction: 'asc' } as const;
    expect(() => rowsOf(browseQuery(MANY, null, sort))).toThrow('no such column: t.gone');
  });

  test('without a value there is nothing to filter by', () => {
    const filter = { column: null, operator: '=', value: '' } as const;
    expect(isIdle(filter)).toBe(true);
    expect(browseQuery(MANY, filter, null)).toEqual(browseQuery(MANY, null, null));
    expect(isIdle({ ...filter, operator: 'is null' })).toBe(false);
  });

  test('a view without columns that are known has no row that matches any of them', () => {
    const filter = { column: null, operator: '=', value: '1' } as const;
    const view = { name: HOSTILE, kind: 'view', columns: [] } as const;
    expect(rowsOf(browseQuery(view, filter, null))).toEqual([]);
  });
});

test('the probe has another result each time, and reads no row', () => {
  const [one, two] = [rowsOf(probeQuery(HOSTILE)), rowsOf(probeQuery(HOSTILE))];
  expect(one[0]?.[0]).not.toBe(two[0]?.[0]);
  expect(one[0]?.[1]).toBeNull();
  expect(() => rowsOf(probeQuery('gone'))).toThrow('no such table: main.gone');
});

test('a column is sorted upwards, downwards, and no more', () => {
  const up = nextSort(null, 'a');
  const down = nextSort(up, 'a');
  expect([up, down]).toEqual([
    { column: 'a', direction: 'asc' },
    { column: 'a', direction: 'desc' },
  ]);
  expect(nextSort(down, 'a')).toBeNull();
  expect(nextSort(down, 'b')).toEqual({ column: 'b', direction: 'asc' });
});

test.each([
  ['book', 'book'],
  ['a1_b', 'a1_b'],
  ['order', '"order"'],
  ['A', '"A"'],
  ['a b', '"a b"'],
  ['a"b', '"a""b"'],
])('%s is written %s', (name, written) => {
  expect(sqlName(name)).toBe(written);
});
