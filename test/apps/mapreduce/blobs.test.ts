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
    expect(await readPacked(db, { sql: QUERY, params: [], bytesMax: 1_000 })).toEqual(values);
  },
);

test('more than there is room for is not read', async () => {
  const { db } = await LocalDatabase.open();
  await db.execute('create table piece (task, part, data, primary key (task, part))');
  // A megabyte that is deflated to a kilobyte, twice.
  const data = await pack('x'.repeat(1_000_000));
  expect(data.length).toBeLessThan(2_000);
  for (const task of [1, 2]) {
    await db.execute({ sql: 'insert into piece values (?, 0, ?)', params: [task, data] });
  }
  const query = { sql: QUERY, params: [] };
  await expect(readPacked(db, { ...query, bytesMax: 1_999_999 })).rejects.toThrow(RangeError);
  expect(await readPacked(db, { ...query, bytesMax: 2_000_004 })).toHaveLength(2);
});

test('where there is nothing, nothing comes', async () => {
  const { db } = await LocalDatabase.open();
  await db.execute('create table piece (task, part, data, primary key (task, part))');
  expect(await readPacked(db, { sql: QUERY, params: [], bytesMax: 1_000 })).toEqual([]);
});
