/** What is recorded of a list of migrations: equal hashes for what is equal to SQLite, and for that alone. */

import { expect, test } from 'vitest';
import type { Statement } from '../../src/node/sql.ts';
import { knownMigrations } from '../../src/client/migration-records.ts';
import { errorOfCall } from './fake-database.ts';

async function hashOf(params: unknown): Promise<string | undefined> {
  const statement = { sql: 'INSERT INTO t VALUES (?)', params } as Statement;
  const [known] = await knownMigrations([{ name: 'one', up: [statement] }]);
  return known?.hash;
}

test('values that differ have other hashes, those that SQLite cannot tell apart the same', async () => {
  const values = [null, 0, 1, 1n, 1.5, Infinity, -Infinity, 'Infinity', '1', new Uint8Array([1])];
  const hashes = await Promise.all(values.map(async (value) => hashOf([value])));
  expect(new Set(hashes).size).toBe(values.length);
  for (const [one, other] of [
    [Number.NaN, null],
    [true, 1],
    [false, 0],
    [-0, 0],
  ]) {
    expect(await hashOf([one])).toBe(await hashOf([other]));
    expect(await hashOf({ a: one })).toBe(await hashOf({ a: other }));
  }
});

test('a statement that cannot be one is refused, and the error says of which migration', async () => {
  const cloneable = { name: 'one', up: ['CREATE TABLE t (x)'] };
  const detached = new Uint8Array(8);
  structuredClone(detached, { transfer: [detached.buffer] });
  for (const value of [undefined, 2n ** 63n, revoked(), detached.buffer]) {
    const statement = { sql: 'INSERT INTO t VALUES (?)', params: [value] } as Statement;
    const error = await errorOfCall(knownMigrations([cloneable, { name: 'two', up: [statement] }]));
    expect(error).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
    expect(error.message).toMatch(/^migration 2: /);
  }
});

/** Bytes by their class, which cannot be cloned. */
function revoked(): Uint8Array {
  return new Proxy(new Uint8Array(1), {});
}
