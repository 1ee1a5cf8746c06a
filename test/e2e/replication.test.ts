/** What is written in one tab is read in every tab, and is the same there to the last byte. */

import { expect } from 'vitest';

import { hashesAtOneIndex, leaderOf, test } from './harness.ts';
import { PageError, type Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const FRESH_TIMEOUT_MS = 10_000;

test('a row inserted through a follower is read linearizably in every tab', async ({ cluster }) => {
  const { tabs } = cluster;
  const { followers } = await leaderOf(tabs);
  await tabs[0]?.db((db) => db.execute('create table t (id integer primary key, name text)'));
  const inserted = await followers[0]?.db((db) =>
    db.execute({ sql: 'insert into t (name) values (?) returning id', params: ['Ada'] }),
  );
  expect(inserted?.results).toEqual([
    { rowsAffected: 1, lastInsertRowId: 1, columns: ['id'], rows: [[1]] },
  ]);
  for (const tab of tabs) expect(await tab.rows('select id, name from t')).toEqual([[1, 'Ada']]);

  // Locally, too, behind the bookmark of the last of many writes; and where every tab is up to date.
  const bookmark = await followers[0]?.db(async (db) => {
    const writes = Array.from({ length: 50 }, () =>
      db.execute("insert into t (name) values ('x')"),
    );
    return (await Promise.all(writes)).at(-1)?.bookmark ?? '';
  });
  for (const tab of tabs) {
    const behind = await tab.db(async (db, atLeast) => {
      const { rows } = await db.query('select count(*) from t', [], { level: 'none', atLeast });
      return rows;
    }, bookmark ?? '');
    expect(behind).toEqual([[51]]);
    expect(await freshCount(tab)).toEqual([[51]]);
  }
});

/** A node that a busy machine did not run for a while refuses one read, and asks the leader. */
async function freshCount(tab: Tab): Promise<unknown> {
  return waitFor('a fresh read', FRESH_TIMEOUT_MS, () => {
    const rows = tab.db(async (db) => {
      const level = 'none';
      return (await db.query('select count(*) from t', [], { level, freshnessMs: 5_000 })).rows;
    });
    return rows.catch((error: unknown) => {
      if (error instanceof PageError && error.code === 'Stale') return false as const;
      throw error;
    });
  });
}

test('randomness and time are the same in every tab', async ({ cluster }) => {
  const { tabs } = cluster;
  await tabs[0]?.db((db) =>
    db.execute('create table r (number, blob, at, made text default current_timestamp)'),
  );
  for (const tab of tabs) {
    await tab.db((db) =>
      db.execute(
        "insert into r (number, blob, at) values (random(), randomblob(16), datetime('now'))",
      ),
    );
  }
  const all = 'select number, blob, at, made from r order by rowid';
  const [first, ...others] = await Promise.all(tabs.map((tab) => tab.rows(all)));
  expect(first).toHaveLength(3);
  expect(new Set(first?.map(([number]) => number)).size).toBe(3);
  for (const rows of others) expect(rows).toEqual(first);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
});
