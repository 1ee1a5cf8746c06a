/** Which statement is explained, and what is said of its plan. */

import { describe, expect, test } from 'vitest';
import { runQuery } from '../../../src/sqlite/query.ts';
import { explained } from '../../../src/ui/database/explained.ts';
import { meaningOfStep } from '../../../src/ui/database/plan-words.ts';
import { statementAt } from '../../../src/ui/shell/statement-at.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

/** The bar is where the cursor is. */
function at(marked: string): string | null {
  return statementAt(marked.replace('|', ''), marked.indexOf('|'));
}

describe('the statement at the cursor', () => {
  test.each([
    ['sel|ect 1; select 2', 'select 1'],
    ['|  select 1; select 2', 'select 1'],
    ['select 1|; select 2', 'select 1'],
    ['select 1;| select 2', 'select 1'],
    ['select 1; |select 2', 'select 2'],
    ['select 1;|select 2', 'select 2'],
    ['select 1; select 2;\n\n|', 'select 2'],
    ["select ';|'; select 2", "select ';'"],
    ['create trigger t after insert on a begin select 1; sel|ect 2; end; x', null],
    ['select 1; -- do|ne', 'select 1'],
    ['-- first\nselect| 1', '-- first\nselect 1'],
    ['.mode box\nselect| 1;\n.tables', 'select 1'],
    ['select 1;\n.tab|les', null],
    ['select 1;\n.tables\n\n|', 'select 1'],
    ['|', null],
    [' -- nothing|', null],
  ])('%s', (marked, statement) => {
    const whole = 'create trigger t after insert on a begin select 1; select 2; end';
    expect(at(marked)).toBe(marked.startsWith('create') ? whole : statement);
  });
});

test('what explains already is left as it is', () => {
  expect(explained('select 1', 0)).toBe('explain query plan select 1');
  expect(explained('EXPLAIN select 1', 0)).toBe('EXPLAIN select 1');
  expect(explained('explain query plan select 1', 0)).toBe('explain query plan select 1');
  expect(explained('.tables', 0)).toBeNull();
});

test('what writes is explained as well: it is a read, and writes nothing', async () => {
  const node = new TestNode(await loadTestRuntime());
  node.run(['create table t (id integer primary key, a)', 'insert into t values (1, 2)']);
  const rowsOf = (sql: string) => {
    const query = { sql, params: [], deadlineMs: Infinity };
    return runQuery(node.database, node.applier.appliedIndex, query).rows;
  };
  const plan = rowsOf(explained('delete from t where a > 1', 0) ?? '');
  expect(plan.map((row) => row[3])).toEqual(['SCAN t']);
  expect(rowsOf('select count(*) from t')).toEqual([[1]]);
  node.close();
});

test('every step of SQLite’s plans is explained', async () => {
  const node = new TestNode(await loadTestRuntime());
  node.run([
    'create table t (id integer primary key, a, b)',
    'create table u (id integer primary key, t, x)',
    'create index t_a on t(a)',
    'create index t_ab on t(a, b)',
    'create index u_x on u(x)',
    'create virtual table f using fts5(body)',
  ]);
  const queries = [
    'select * from t',
    'select * from t where id = 1',
    'select * from t where a = 1',
    'select a from t',
    'select b from t where a = 1 or id = 3',
    'select * from t order by b',
    'select * from t order by a, b desc',
    'select b, count(*) from t group by b',
    'select distinct b from t',
    'select * from u join t on t.b = u.t where u.x > 3',
    'select (select max(x) from u where u.t = t.id), (select 1) from t',
    'select * from t where a in (select x from u)',
    'select a from t union select x from u',
    'select a from t union all select x from u order by 1',
    'with recursive c(n) as (select 1 union all select n + 1 from c limit 5) select * from c',
    "select * from f where f match 'x'",
    'select * from (select a, count(*) as n from t group by a) where n > 1',
    'select 1',
  ];
  const steps = new Set<string>();
  for (const sql of queries) {
    const query = { sql: `explain query plan ${sql}`, params: [], deadlineMs: Infinity };
    const { rows } = runQuery(node.database, node.applier.appliedIndex, query);
    for (const row of rows) steps.add(String(row[3]));
  }
  expect(steps.size).toBeGreaterThan(20);
  expect([...steps].filter((step) => meaningOfStep(step) === null)).toEqual([]);
  expect(meaningOfStep('SCAN t')).toContain('Every row is read');
  expect(meaningOfStep('SEARCH t USING INTEGER PRIMARY KEY (rowid=?)')).toContain('key at once');
  expect(meaningOfStep('USE TEMP B-TREE FOR ORDER BY')).toContain('sorted in temporary storage');
  expect(meaningOfStep('SOMETHING NEW')).toBeNull();
  node.close();
});
