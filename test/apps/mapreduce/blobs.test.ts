/** What is read back in pages, wherever they end. */

import { expect, test } from 'vitest';
import { readPacked } from '../../../src/apps/mapreduce/blobs.ts';
import { pack } from '../../../src/apps/mapreduce/packing.ts';
import { LocalDatabase } from '../local-database.ts';

const QUERY = `select task, part, data from piece where (task, part) > (?, ?)
  order by task, part limit ?`;

test.each([[[1]], [[64]], [[63, 2]], [[64, 64]], [[1, 130, 1, 70]]])(
  'groups of %j parts come back whole, in order',
  async (counts) => {
    const { db } = await LocalDatabase.open();
    await db.execute('create table piece (task, part, data, primary key (task, part))');
    const values = counts.map((count, task) => `${task} ${'x'.repeat(count)}`);
    const statements = [];
    for (const [task, count] of counts.entries()) {
      const packed = await pack(values[task]);
      for (let part = 0; part < count; part += 1) {
        const data = packed.subarray(part, part === count - 1 ? packed.length : part + 1);
        const sql = 'insert into piece values (?, ?, ?)';
        statements.push({ sql, params: [task * 3, part, data] });
      }
    }
    await db.execute(statements);
    expect(await readPacked(db, { sql: QUERY, params: [] })).toEqual(values);
  },
);

test('where there is nothing, nothing comes', async () => {
  const { db } = await LocalDatabase.open();
  await db.execute('create table piece (task, part, data, primary key (task, part))');
  expect(await readPacked(db, { sql: QUERY, params: [] })).toEqual([]);
});
