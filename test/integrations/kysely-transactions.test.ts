/** Kysely's transactions, and those that are run again, over real SQLite. */

import {
  CamelCasePlugin,
  Kysely,
  sql,
  type CompiledQuery,
  type Generated,
  type Transaction,
} from 'kysely';
import { expect, test, vi } from 'vitest';

import { ResqliteError } from '../../src/client/resqlite.ts';
import {
  ResqliteDialect,
  retryTransaction,
  type ResqliteDialectConfig,
} from '../../src/integrations/kysely.ts';
import { LocalDatabase } from '../apps/local-database.ts';

interface Schema {
  counter: { id: Generated<number>; value: number };
}

async function openCounter(
  config: Partial<ResqliteDialectConfig> = {},
): Promise<{ local: LocalDatabase; kysely: Kysely<Schema> }> {
  const local = await LocalDatabase.open();
  await local.db.execute([
    'create table counter (id integer primary key, value integer not null unique)',
    'insert into counter values (1, 0)',
  ]);
  return { local, kysely: kyselyOn({ database: local.db, ...config }) };
}

function kyselyOn(config: ResqliteDialectConfig): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new ResqliteDialect(config) });
}

async function errorOf(work: Promise<unknown>): Promise<ResqliteError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof ResqliteError) return error;
  throw new Error(`not a ResqliteError: ${String(error)}`);
}

async function increment(kysely: Kysely<Schema>): Promise<void> {
  const value = await valueOf(kysely);
  await kysely
    .updateTable('counter')
    .set({ value: value + 1 })
    .where('id', '=', 1)
    .execute();
}

async function valueOf(kysely: Kysely<Schema>): Promise<number> {
  const row = kysely.selectFrom('counter').select('value').where('id', '=', 1);
  return (await row.executeTakeFirstOrThrow()).value;
}

test('a transaction is one log entry, and sees what it does', async () => {
  const { local, kysely } = await openCounter();
  const before = local.applied;
  const value = await kysely
    .transaction()
    .setIsolationLevel('serializable')
    .execute(async (trx) => {
      await increment(trx);
      await increment(trx);
      expect(await valueOf(kysely)).toBe(0);
      return valueOf(trx);
    });
  expect(value).toBe(2);
  expect(await valueOf(kysely)).toBe(2);
  expect(local.applied).toBe(before + 1);
});

test('what a transaction throws undoes it; a statement that fails does nothing', async () => {
  const { local, kysely } = await openCounter();
  const before = local.applied;
  const work = kysely.transaction().execute(async (trx) => {
    await increment(trx);
    throw new Error('never mind');
  });
  await expect(work).rejects.toThrow('never mind');
  expect(local.applied).toBe(before);
  await kysely.transaction().execute(async (trx) => {
    await increment(trx);
    const taken = await errorOf(trx.insertInto('counter').values({ value: 1 }).execute());
    expect([taken.code, taken.applied]).toEqual(['Sql', 'no']);
  });
  expect(await valueOf(kysely)).toBe(1);
});

test('a transaction that meets others rejects with Conflict, and nothing of it is done', async () => {
  const { local, kysely } = await openCounter();
  const other = kyselyOn({ database: local.another() });
  const atCommit = await errorOf(
    kysely.transaction().execute(async (trx) => {
      await increment(trx);
      await increment(other);
    }),
  );
  expect([atCommit.code, atCommit.applied]).toEqual(['Conflict', 'no']);
  const meanwhile = await errorOf(
    kysely.transaction().execute(async (trx) => {
      await increment(trx);
      await increment(other);
      await valueOf(trx);
    }),
  );
  expect([meanwhile.code, meanwhile.applied]).toEqual(['Conflict', 'no']);
  expect(await valueOf(kysely)).toBe(2);
});

test('one that is run again takes effect once for each call', async () => {
  const { local, kysely } = await openCounter();
  const other = kyselyOn({ database: local.another() });
  const onRetry = vi.fn<(attempts: number) => void>();
  let runs = 0;
  const work = async (trx: Transaction<Schema>): Promise<number> => {
    runs += 1;
    await increment(trx);
    if (runs === 1) await increment(other);
    // Whatever it makes of the conflict, the transaction is run again.
    return valueOf(trx).catch(() => {
      throw new Error('wrapped');
    });
  };
  expect(await retryTransaction(kysely, work, { onRetry })).toBe(2);
  expect(onRetry.mock.calls).toEqual([[1]]);
  const rivals = [kysely, other, kysely, other].map((one) =>
    retryTransaction(one, increment, { maxAttempts: 1_000 }),
  );
  await Promise.all(rivals);
  expect(await valueOf(kysely)).toBe(6);
  const never = await errorOf(
    retryTransaction(
      kysely,
      async (trx) => {
        await increment(trx);
        await increment(other);
      },
      { maxAttempts: 2 },
    ),
  );
  expect([never.code, never.applied]).toEqual(['Conflict', 'no']);
});

test('plugins and the log of Kysely hold in one that is run again', async () => {
  const { local } = await openCounter();
  const logged: string[] = [];
  const kysely = new Kysely<{ counter: { theValue: number } }>({
    dialect: new ResqliteDialect({ database: local.db }),
    plugins: [new CamelCasePlugin()],
    log: ({ query }) => void logged.push(query.sql),
  });
  await local.db.execute('alter table counter rename value to the_value');
  const row = await retryTransaction(kysely, (trx) =>
    trx.selectFrom('counter').select('theValue').executeTakeFirst(),
  );
  expect(row).toEqual({ theValue: 0 });
  expect(logged).toEqual(['select "the_value" from "counter"']);
});

test('one that is run again ends with what it throws, its signal, and its time', async () => {
  const { kysely } = await openCounter();
  const thrown = retryTransaction(kysely, async (trx) => {
    await increment(trx);
    throw new Error('never mind');
  });
  await expect(thrown).rejects.toThrow('never mind');
  const hanging = async (trx: Transaction<Schema>): Promise<never> => {
    await increment(trx);
    return new Promise(() => undefined);
  };
  const late = await errorOf(retryTransaction(kysely, hanging, { timeoutMs: 50 }));
  expect([late.code, late.applied]).toEqual(['Timeout', 'no']);
  const signal = AbortSignal.timeout(50);
  const aborted = await errorOf(retryTransaction(kysely, hanging, { signal }));
  expect([aborted.code, aborted.applied]).toEqual(['Aborted', 'no']);
  expect(await valueOf(kysely)).toBe(0);
});

test('a read-only transaction refuses what writes', async () => {
  const { kysely } = await openCounter();
  const readOnly = () => kysely.transaction().setAccessMode('read only');
  expect(await readOnly().execute(valueOf)).toBe(0);
  const refused = await errorOf(readOnly().execute(increment));
  expect([refused.code, refused.applied]).toEqual(['InvalidArgument', 'no']);
  expect(await valueOf(kysely)).toBe(0);
});

test('controlled transactions commit and roll back', async () => {
  const { local, kysely } = await openCounter();
  const committed = await kysely.startTransaction().execute();
  await increment(committed);
  await committed.commit().execute();
  expect(committed.isCommitted).toBe(true);
  const undone = await kysely.startTransaction().execute();
  await increment(undone);
  await undone.rollback().execute();
  expect(await valueOf(kysely)).toBe(1);
  const conflicting = await kysely.startTransaction().execute();
  await increment(conflicting);
  await increment(kyselyOn({ database: local.another() }));
  const conflict = await errorOf(conflicting.commit().execute());
  expect([conflict.code, conflict.applied]).toEqual(['Conflict', 'no']);
  await conflicting.rollback().execute();
  expect(await valueOf(kysely)).toBe(2);
});

test('a commit tells whether it has happened', async () => {
  const { local, kysely } = await openCounter();
  local.mishaps.push('lost');
  const lost = await errorOf(kysely.transaction().execute(increment));
  expect([lost.code, lost.applied]).toEqual(['NoQuorum', 'no']);
  local.mishaps.push('answer-lost');
  const unknown = await errorOf(kysely.transaction().execute(increment));
  expect([unknown.code, unknown.applied]).toEqual(['Timeout', 'unknown']);
  expect(await valueOf(kysely)).toBe(1);
});

test('a signal ends a query of a transaction, which goes on', async () => {
  const { local, kysely } = await openCounter();
  const driver = new ResqliteDialect({ database: local.db }).createDriver();
  await driver.init();
  const connection = await driver.acquireConnection();
  await driver.beginTransaction(connection, {});
  const read = kysely.selectFrom('counter').selectAll().compile();
  const write = kysely.updateTable('counter').set({ value: 7 }).compile();
  for (const [query, applied] of [
    [read, 'no'],
    [write, 'unknown'],
  ] as const) {
    const leaving = new AbortController();
    const args = [query, { signal: leaving.signal }] as unknown as [CompiledQuery];
    const running = errorOf(connection.executeQuery(...args));
    leaving.abort();
    expect(await running).toMatchObject({ code: 'Aborted', applied });
    const late = await errorOf(connection.executeQuery(...args));
    expect([late.code, late.applied]).toEqual(['Aborted', 'no']);
  }
  const { signal } = new AbortController();
  const args = [read, { signal }] as unknown as [CompiledQuery];
  expect((await connection.executeQuery(...args)).rows).toEqual([{ id: 1, value: 7 }]);
  await driver.commitTransaction(connection);
  await driver.releaseConnection(connection);
  expect(await valueOf(kysely)).toBe(7);
});

test('savepoints are refused, and the transaction goes on', async () => {
  const { kysely } = await openCounter();
  const trx = await kysely.startTransaction().execute();
  await increment(trx);
  const refused = await errorOf(trx.savepoint('here').execute());
  expect([refused.code, refused.applied]).toEqual(['InvalidArgument', 'no']);
  const plain = await errorOf(sql`savepoint here`.execute(trx));
  expect(plain.code).toBe('NotReplicable');
  await trx.commit().execute();
  expect(await valueOf(kysely)).toBe(1);
});

test('a transaction that is forgotten is over when its time is up', async () => {
  const { local, kysely } = await openCounter({ transactionTimeoutMs: 50 });
  const forgotten = await kysely.startTransaction().execute();
  await increment(forgotten);
  await vi.waitFor(async () => {
    expect((await errorOf(increment(forgotten))).code).toBe('Timeout');
  });
  const late = await errorOf(forgotten.commit().execute());
  expect([late.code, late.applied]).toEqual(['Timeout', 'no']);
  expect(await valueOf(kyselyOn({ database: local.db }))).toBe(0);
});

test('destroying Kysely undoes what is not committed', async () => {
  const { local, kysely } = await openCounter();
  const trx = await kysely.startTransaction().execute();
  await increment(trx);
  await kysely.destroy();
  const closed = await errorOf(increment(trx));
  expect([closed.code, closed.applied]).toEqual(['Closed', 'no']);
  const late = await errorOf(trx.commit().execute());
  expect([late.code, late.applied]).toEqual(['Closed', 'no']);
  await expect(valueOf(kysely)).rejects.toThrow('destroyed');
  expect(await valueOf(kyselyOn({ database: local.db }))).toBe(0);
});

test('Kysely works on a transaction of the database', async () => {
  const { local } = await openCounter();
  const before = local.applied;
  const value = await local.db.transaction(async (tx) => {
    const kysely = kyselyOn({ database: tx });
    await increment(kysely);
    const nested = await errorOf(kysely.transaction().execute(increment));
    expect(nested.code).toBe('InvalidArgument');
    expect((await errorOf(retryTransaction(kysely, increment))).code).toBe('InvalidArgument');
    return valueOf(kysely);
  });
  expect(value).toBe(1);
  expect(local.applied).toBe(before + 1);
});

test('only transactions of this dialect are run again, and only outside of others', async () => {
  const { kysely } = await openCounter();
  const within = await errorOf(
    kysely.transaction().execute((trx) => retryTransaction(trx, increment)),
  );
  expect(within.code).toBe('InvalidArgument');
});
