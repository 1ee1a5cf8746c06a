/** The database that the apps are tested on does what the real one does. */

import { expect, test } from 'vitest';
import { verdict } from '../client/fake-database.ts';
import { LocalDatabase } from './local-database.ts';

test('writes, reads, transactions and live queries are SQLite’s', async () => {
  const local = await LocalDatabase.open();
  const { db } = local;
  await db.execute('create table t (id integer primary key, at)');
  const results: unknown[] = [];
  let seen: () => void = () => undefined;
  const two = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const end = db.live('select id from t', [], (rows) => {
    results.push(rows);
    if (rows.length === 2) seen();
  });
  await db.execute("insert into t (at) values (unixepoch('subsec'))");
  local.stampMs += 2_500;
  await db.execute("update t set at = unixepoch('subsec') - at");
  await db.transaction(async (tx) => {
    await tx.sql`insert into t (at) values (0)`;
  });
  await two;
  end();
  const { rows } = await db.query('select max(at) from t');
  expect(rows).toEqual([[2.5]]);
  expect(await verdict(db.execute('insert into t (id) values (1)'))).toBe('Sql no');
  expect(results.at(-1)).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a write, or its answer, is lost where the test says so', async () => {
  const local = await LocalDatabase.open();
  await local.db.execute('create table t (a)');
  local.mishaps.push('lost', 'answer-lost');
  expect(await verdict(local.db.execute('insert into t values (1)'))).toBe('NoQuorum no');
  expect(await verdict(local.db.execute('insert into t values (2)'))).toBe('Timeout unknown');
  expect((await local.db.query('select a from t')).rows).toEqual([[2]]);
});
