/** Full-text search, and what is kept of the disk in memory, by the library over real SQLite. */

import { expect, test } from 'vitest';
import { LocalDatabase } from '../apps/local-database.ts';

test('words are found with FTS5, best first, and not any more when their row is gone', async () => {
  const { db } = await LocalDatabase.open();
  await db.execute([
    'create virtual table note using fts5(title, body)',
    {
      sql: 'insert into note values (?, ?), (?, ?), (?, ?)',
      params: [
        'Elections',
        'a leader is elected by a majority',
        'The leader',
        'the leader sends what the leader has: the log of the leader',
        'Snapshots',
        'keep the log short',
      ],
    },
  ]);
  const found = async (words: string) => {
    const sql = 'select title from note where note match ? order by rank';
    return (await db.query(sql, [words])).rows.flat();
  };
  expect(await found('leader')).toEqual(['The leader', 'Elections']);
  expect(await found('log NOT leader')).toEqual(['Snapshots']);
  expect(await found('elect*')).toEqual(['Elections']);
  await db.execute("delete from note where title = 'The leader'");
  expect(await found('leader')).toEqual(['Elections']);
});

test('16 MiB of pages are kept in memory', async () => {
  const { db } = await LocalDatabase.open();
  expect((await db.query('pragma cache_size')).rows).toEqual([[-16_384]]);
});
