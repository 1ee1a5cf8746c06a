/** The lock of Kysely's migrations, over real SQLite. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Database } from '../../src/client/resqlite.ts';
import { MigrationLock } from '../../src/integrations/kysely-migration-lock.ts';
import { LocalDatabase } from '../apps/local-database.ts';

const TABLE = 'kysely_migration_lock';
const ID = 'migration_lock';

let local: LocalDatabase;

beforeEach(async () => {
  local = await LocalDatabase.open();
  await local.db.execute([
    `create table ${TABLE} (id text primary key, is_locked integer not null default 0)`,
    `insert into ${TABLE} (id) values ('${ID}')`,
  ]);
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(() => void vi.useRealTimers());

const acquire = (database: Database): Promise<MigrationLock> =>
  MigrationLock.acquire(database, TABLE, ID);

async function number(): Promise<number> {
  const { rows } = await local.db.query(`select is_locked from ${TABLE}`, [], { level: 'none' });
  return Number(rows[0]?.[0]);
}

/** Lets the clock run until it holds. */
async function passUntil(holds: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 1_000; turns += 1) {
    if (await holds()) return;
    await vi.advanceTimersByTimeAsync(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it never held');
}

test('it is held where only the answer was lost, and given back', async () => {
  local.mishaps.push('answer-lost');
  const acquiring = acquire(local.db);
  let lock: MigrationLock | null = null;
  void acquiring.then((acquired) => (lock = acquired));
  await passUntil(async () => lock !== null);
  expect(await number()).toBeGreaterThan(0);
  await (await acquiring).release();
  expect(await number()).toBe(0);
});

test.each(['lost', 'answer-lost'] as const)(
  'a renewal whose fate is not known (%s) is none that loses it',
  async (mishap) => {
    const lock = await acquire(local.db);
    const first = await number();
    local.mishaps.push(mishap);
    await passUntil(async () => local.mishaps.length === 0 && (await number()) !== first);
    const second = await number();
    await passUntil(async () => (await number()) !== second);
    await lock.release();
    expect(await number()).toBe(0);
  },
);

test('what was lost to another is left to that one', async () => {
  const lock = await acquire(local.db);
  await local.db.execute(`update ${TABLE} set is_locked = 7`);
  await lock.release();
  expect(await number()).toBe(7);
});

test('without a majority nothing is said to be applied', async () => {
  local.mishaps.push('lost');
  await expect(acquire(local.db)).rejects.toMatchObject({ code: 'NoQuorum', applied: 'no' });
});

test('a row that is missing is told', async () => {
  await local.db.execute(`delete from ${TABLE}`);
  await expect(acquire(local.db)).rejects.toMatchObject({
    code: 'InvalidArgument',
    applied: 'no',
    message: `"${TABLE}" has no row '${ID}'`,
  });
});

test('who never gets it ends, though it is changed all the time', async () => {
  const ended = vi.fn<(error: { code?: string; applied?: string }) => void>();
  acquire(local.another()).then(() => undefined, ended);
  let turns = 1;
  const began = performance.now();
  await passUntil(async () => {
    turns += 1;
    await local.db.execute(`update ${TABLE} set is_locked = ${turns}`);
    await vi.advanceTimersByTimeAsync(2_000);
    return ended.mock.calls.length > 0;
  });
  expect(ended.mock.calls[0]?.[0]).toMatchObject({ code: 'Timeout', applied: 'no' });
  expect(performance.now() - began).toBeGreaterThanOrEqual(120_000);
});
