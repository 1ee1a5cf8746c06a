/** What the schema's tree knows, by the query the page really follows. */

import { expect, test } from 'vitest';
import { runQuery } from '../../../src/sqlite/query.ts';
import { schemaOf, SCHEMA_QUERY } from '../../../src/ui/database/schema-list.ts';
import { columnFacts } from '../../../src/ui/database/schema-words.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

test('tables, views and virtual tables with all their parts, and nothing of ours or SQLite’s', async () => {
  const node = new TestNode(await loadTestRuntime());
  node.run([
    'create table author (id integer primary key autoincrement, name text not null unique)',
    `create table Book (
      id integer primary key, author integer references author(id), "a b" real default 9.5,
      twice as (id * 2), parent references Book)`,
    'create index by_author on book(author, lower("a b"))',
    'create trigger named after insert on book begin select 1; end',
    'create view cheap as select id, "a b" as price from book',
    'create virtual table search using fts5(body)',
    // They would take the place of the functions of these names.
    'create table pragma_table_xinfo (x)',
    'create table pragma_index_info (x)',
    'analyze',
  ]);
  const deadlineMs = Number.POSITIVE_INFINITY;
  const query = { sql: SCHEMA_QUERY, params: [], deadlineMs };
  const { rows } = runQuery(node.database, node.applier.appliedIndex, query);
  const tables = schemaOf(rows);
  expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
    ['author', 'table'],
    ['Book', 'table'],
    ['cheap', 'view'],
    ['pragma_index_info', 'table'],
    ['pragma_table_xinfo', 'table'],
    ['search', 'virtual'],
  ]);
  const [author, book, cheap, , , search] = tables;
  expect(author?.columns.map((column) => [column.name, ...columnFacts(column)])).toEqual([
    ['id', 'primary key'],
    ['name', 'not null'],
  ]);
  expect(author?.indexes).toMatchObject([{ columns: 'name', isUnique: true, sql: null }]);
  expect(book?.columns.map((column) => [column.name, column.type, ...columnFacts(column)])).toEqual(
    [
      ['id', 'INTEGER', 'primary key'],
      ['author', 'INTEGER', 'refers to author(id)'],
      ['a b', 'REAL', 'default 9.5'],
      ['twice', '', 'generated'],
      ['parent', '', 'refers to Book'],
    ],
  );
  expect(book?.indexes).toMatchObject([
    { name: 'by_author', columns: 'author, an expression', isUnique: false },
  ]);
  expect(book?.triggers.map(({ name }) => name)).toEqual(['named']);
  expect(book?.sql).toContain('CREATE TABLE Book');
  expect(cheap?.columns.map(({ name }) => name)).toEqual(['id', 'price']);
  expect(search?.columns.map(({ name }) => name)).toEqual(['body']);
  node.close();
});
