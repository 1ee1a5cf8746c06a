/** The interface of SQLocal over the library's own database. */

import { describe, expect, test, vi } from 'vitest';
import { SQLocal, type ClientConfig } from '../../src/integrations/sqlocal.ts';
import { errorOfCall, openFake, verdict } from '../client/fake-database.ts';
import { LocalDatabase } from '../apps/local-database.ts';
import { errorOf, FakeTab, resultOf } from '../client/fake-workers.ts';
import { clientOf, drizzleQuery, openClient, type Plant } from './sqlocal-clients.ts';

describe('sql', () => {
  test('takes templates, and texts with values', async () => {
    const { sql } = (await openClient()).client;
    await sql`insert into plants (name) values (${'fern'})`;
    expect(await sql('insert into plants (name) values (?) returning id', 'moss')).toEqual([
      { id: 2 },
    ]);
    await sql('insert into plants (name) values (?), (?)', ['rose', 'sage']);
    const rows = await sql<Plant>`select id, name from plants where id > ${1} order by id`;
    expect(rows.map(({ name }) => name)).toEqual(['moss', 'rose', 'sage']);
  });

  test('binds what SQLite’s own JavaScript binds', async () => {
    const { sql } = (await openClient()).client;
    const bytes = new Uint8Array([0, 200, 7]);
    const values = [undefined, true, 2n ** 60n, bytes.buffer, new Int8Array(bytes.buffer, 1, 1)];
    expect(await sql('select ? as a, ? as b, ? as c, ? as d, ? as e', ...values)).toEqual([
      { a: null, b: 1, c: 2n ** 60n, d: bytes, e: new Uint8Array([200]) },
    ]);
  });

  test('rejects with what the database says', async () => {
    const { sql } = (await openClient()).client;
    await sql`insert into plants values (1, ${'fern'})`;
    const failed = await errorOfCall(sql`insert into plants values (2, ${'fern'})`);
    expect([failed.code, failed.applied, failed.resultCode]).toEqual(['Sql', 'no', 2067]);
    expect(await verdict(sql('select 1; select 2'))).toBe('Sql no');
    expect(await verdict(sql('begin'))).toBe('NotReplicable no');
    expect(await verdict(sql`select ${{ a: 1 }}`)).toBe('InvalidArgument no');
    expect(await verdict(sql`select \u{x}`)).toBe('InvalidArgument no');
    expect(await verdict(sql(1 as never))).toBe('InvalidArgument no');
    expect(await sql`pragma foreign_keys = on`).toEqual([]);
  });
});

describe('batch', () => {
  test('runs all or nothing, and gives the rows of each', async () => {
    const { batch, sql } = (await openClient()).client;
    const answers = await batch((sql) => [
      sql`insert into plants (name) values (${'fern'}) returning name`,
      sql('insert into plants (name) values (?)', 'moss'),
      sql`select count(*) as count from plants`,
    ]);
    expect(answers).toEqual([[{ name: 'fern' }], [], [{ count: 2 }]]);
    const failing = batch((sql) => [
      sql`delete from plants`,
      sql`insert into plants (name) values ('a'), ('a')`,
    ]);
    expect((await errorOfCall(failing)).statement).toBe(1);
    expect(await sql`select count(*) as count from plants`).toEqual([{ count: 2 }]);
    expect(await batch(() => [])).toEqual([]);
  });
});

describe('transaction', () => {
  test('gives what its function gives, and is undone by what that throws', async () => {
    const { transaction, sql } = (await openClient()).client;
    const id = await transaction(async (tx) => {
      await tx.sql`insert into plants (name) values (${'fern'})`;
      const [row] = await tx.query<Plant>((sql) => sql`select * from plants`);
      await tx.query({ sql: 'update plants set name = ?', params: ['lily'] });
      await tx.query({ sql: 'insert into plants (name) values (?)', parameters: ['moss'] });
      return row?.id;
    });
    expect(id).toBe(1);
    const thrown = transaction(async (tx) => {
      await tx.batch((sql) => [sql`delete from plants`]);
      throw new RangeError('enough');
    });
    await expect(thrown).rejects.toThrow(RangeError);
    expect(await sql`select name from plants`).toEqual([{ name: 'lily' }, { name: 'moss' }]);
  });

  test('a batch that fails undoes it, also where that is caught', async () => {
    const { transaction, sql } = (await openClient()).client;
    const caught: unknown[] = [];
    const work = transaction(async (tx) => {
      const failing = tx.batch((sql) => [
        sql`insert into plants (name) values ('a')`,
        sql`insert into plants (name) values ('a')`,
      ]);
      await failing.catch((error: unknown) => caught.push(error));
    });
    expect(await verdict(work)).toBe('Sql no');
    expect(caught).toHaveLength(1);
    expect(await sql`select * from plants`).toEqual([]);
    // A statement alone may fail.
    await transaction(async (tx) => {
      await tx.sql`insert into plants (name) values ('a')`;
      await tx.sql`insert into plants (name) values ('a')`.catch(() => undefined);
    });
    expect(await sql`select name from plants`).toEqual([{ name: 'a' }]);
  });

  test('begins anew where another tab was faster', async () => {
    const { client, other } = await openClient();
    await client.sql`insert into plants values (1, '0')`;
    let attempts = 0;
    await client.transaction(async (tx) => {
      attempts += 1;
      const [row] = await tx.sql<Plant>`select name from plants`;
      if (attempts === 1) await other.sql`update plants set name = '10'`;
      await tx.sql`update plants set name = ${Number(row?.name) + 1}`;
    });
    expect(attempts).toBe(2);
    expect(await other.sql`select name from plants`).toEqual([{ name: '11' }]);
    const once = client.transaction(
      async (tx) => {
        await tx.sql`select name from plants`;
        await other.sql`update plants set name = name || '!'`;
        await tx.sql`delete from plants`;
      },
      { maxAttempts: 1 },
    );
    expect(await verdict(once)).toBe('Conflict no');
  });

  test('refuses Drizzle’s queries, which have other names for columns', async () => {
    const { client } = await openClient();
    const drizzle = drizzleQuery('select 1 as one', []);
    const work = client.transaction((tx) => tx.query(drizzle));
    expect((await errorOfCall(work)).message).toContain('resqlite/drizzle');
  });
});

describe('onInit and onConnect', () => {
  test('come before everything else', async () => {
    const local = await LocalDatabase.open();
    const heard: string[] = [];
    const client = clientOf(local.db, {
      onInit: (sql) => {
        heard.push('onInit');
        return [
          sql`pragma foreign_keys = on`,
          sql`create table if not exists t (x)`,
          sql('insert into t values (?)', 1),
        ];
      },
      onConnect: (reason) => heard.push(reason),
    });
    expect(await client.sql`select x from t`).toEqual([{ x: 1 }]);
    expect(await client.sql`select x from t`).toEqual([{ x: 1 }]);
    expect(heard).toEqual(['onInit', 'initial']);
  });

  test('what fails is told to whoever calls, and tried again with the next call', async () => {
    const local = await LocalDatabase.open();
    local.mishaps.push('lost');
    const heard: string[] = [];
    const client = clientOf(local.db, {
      onInit: (sql) => [sql`create table if not exists t (x)`],
      onConnect: (reason) => heard.push(reason),
    });
    const told: unknown[] = [];
    client
      .reactiveQuery((sql) => sql`select count(*) as n from sqlite_schema where name = 't'`)
      .subscribe((rows) => told.push(rows));
    expect(await verdict(client.database())).toBe('NoQuorum no');
    // It needs no majority.
    await vi.waitFor(() => expect(told).toEqual([[{ n: 0 }]]));
    local.mishaps.push('answer-lost');
    const failed = await errorOfCall(client.sql`insert into t values (1)`);
    // Of the call that is, which has not been sent.
    expect([failed.code, failed.applied]).toEqual(['Timeout', 'no']);
    expect(failed.message).toContain('onInit');
    expect(heard).toEqual([]);
    expect(await client.sql`select * from t`).toEqual([]);
    expect(heard).toEqual(['initial']);
  });
});

describe('files', () => {
  /** What the worker was given to import. */
  async function openWithFiles(config: Partial<ClientConfig> = {}) {
    const tab = new FakeTab();
    const imported: Promise<string>[] = [];
    const { openImport } = tab.readerMethods;
    const { execute } = tab.nodeMethods;
    tab.nodeMethods.execute = async (request, timeoutMs) => {
      const executed = await execute(request, timeoutMs);
      if ('statements' in request) return executed;
      // So many bytes have arrived.
      const outcomes = [resultOf({ rowsAffected: 3 })];
      return { ...executed, response: { committed: true, outcomes } };
    };
    tab.readerMethods.openImport = (file) => {
      imported.push(file.text());
      return openImport(file);
    };
    const { db } = await openFake(tab);
    return { tab, imported, client: clientOf(db, config) };
  }

  test('a file is named as the database is', async () => {
    const { client } = await openWithFiles();
    const file = await client.getDatabaseFile();
    expect([file.name, file.size]).toEqual(['plants.sqlite3', 3]);
  });

  test('a file is taken in every form', async () => {
    const { client, imported } = await openWithFiles();
    const bytes = new TextEncoder().encode('abc');
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set(bytes);
    const stream = new Blob(['abc']).stream();
    const forms = [new Blob([bytes]), new File([bytes], 'x'), bytes, bytes.buffer, shared, stream];
    for (const file of forms) await client.overwriteDatabaseFile(file);
    expect(await Promise.all(imported)).toEqual(forms.map(() => 'abc'));
    const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.error(new Error('cut off')),
    });
    const failed = await errorOfCall(client.overwriteDatabaseFile(broken));
    expect([failed.code, failed.applied]).toEqual(['InvalidArgument', 'no']);
    expect(failed.message).toContain('cut off');
    expect(await verdict(client.overwriteDatabaseFile('abc' as never))).toBe('InvalidArgument no');
  });

  test('behind it come onInit, what the caller does, and onConnect', async () => {
    const heard: string[] = [];
    const { client, tab } = await openWithFiles({
      onInit: (sql) => [sql`create table if not exists t (x)`],
      onConnect: (reason) => heard.push(reason),
    });
    const { execute } = tab.nodeMethods;
    tab.nodeMethods.execute = (request, timeoutMs) => {
      heard.push(request.mode);
      return execute(request, timeoutMs);
    };
    await client.sql`select 1`;
    await client.overwriteDatabaseFile(new Blob(['abc']), async () => {
      heard.push('caller');
    });
    const after = ['import-begin', 'import-finish', 'atomic', 'caller', 'overwrite'];
    expect(heard).toEqual(['atomic', 'initial', ...after]);
  });

  test('where only onInit fails on it, the file is the database all the same', async () => {
    const { client, tab } = await openWithFiles({ onInit: (sql) => [sql`create table t (x)`] });
    await client.database();
    const { execute } = tab.nodeMethods;
    tab.nodeMethods.execute = async (request, timeoutMs) => {
      const executed = await execute(request, timeoutMs);
      if (request.mode !== 'atomic') return executed;
      const outcomes = [errorOf('table t already exists')];
      return { ...executed, response: { committed: false, outcomes } };
    };
    const failed = await errorOfCall(client.overwriteDatabaseFile(new Blob(['abc'])));
    expect([failed.code, failed.applied]).toEqual(['Sql', 'yes']);
    expect(failed.message).toContain('table t already exists');
  });

  test('what is known of this copy is told', async () => {
    const { local, client } = await openClient();
    const info = await client.getDatabaseInfo();
    const { rows } = await local.db.query('pragma page_count');
    const { rows: sizes } = await local.db.query('pragma page_size');
    expect(info).toEqual({
      databasePath: 'garden/plants.sqlite3',
      databaseSizeBytes: Number(rows[0]?.[0]) * Number(sizes[0]?.[0]),
      storageType: 'opfs',
      persisted: true,
    });
  });
});

test('a client that only reads', async () => {
  const { client, other } = await openClient({ readOnly: true });
  await other.sql`insert into plants (name) values ('fern')`;
  expect(await client.sql('select name from plants')).toEqual([{ name: 'fern' }]);
  expect(await client.batch((sql) => [sql`select 1 as a`, sql`select 2 as b`])).toEqual([
    [{ a: 1 }],
    [{ b: 2 }],
  ]);
  const writes = [
    client.sql`delete from plants`,
    client.batch((sql) => [sql`delete from plants`]),
    client.transaction((tx) => tx.sql`delete from plants`),
    client.overwriteDatabaseFile(new Blob(['abc'])),
  ];
  expect(await Promise.all(writes.map(verdict))).toEqual(writes.map(() => 'InvalidArgument no'));
  expect(await client.sql('select name from plants')).toEqual([{ name: 'fern' }]);
  const onInit = () => [{ sql: 'delete from plants', params: [] }];
  const eager = clientOf(await other.database(), { readOnly: true, onInit });
  expect(await verdict(eager.sql('select 1'))).toBe('InvalidArgument no');
});

test('what cannot be is refused, and says what to do instead', async () => {
  const { client } = await openClient();
  const func = { step: () => undefined, final: () => 1, value: () => 1, inverse: () => undefined };
  const refused = await Promise.all([
    errorOfCall(client.createCallbackFunction('f', () => undefined)),
    errorOfCall(client.createScalarFunction('f', (text: string) => text.length)),
    errorOfCall(client.createAggregateFunction('f', func)),
    errorOfCall(client.createWindowFunction('f', func)),
    errorOfCall(client.deleteDatabaseFile()),
  ]);
  expect(refused.map(({ code, applied }) => `${code} ${applied}`)).toEqual([
    ...Array.from({ length: 4 }, () => 'NotReplicable no'),
    'Refused no',
  ]);
  const instead = [
    /reactiveQuery/,
    /parameter/,
    /aggregate in SQL/,
    /window functions/,
    /leave\(\)/,
  ];
  for (const [at, { message }] of refused.entries()) expect(message).toMatch(instead[at] ?? /^$/);
});

describe('what a client is made with', () => {
  const codeOf = (make: () => unknown): string => {
    try {
      make();
      return 'none';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };

  test('is checked at once', () => {
    const faulty: unknown[] = [
      ':memory:',
      'local',
      ':localStorage:',
      'session',
      ':sessionStorage:',
      '',
      null,
      {},
      { databasePath: 'x', processor: {} },
      { databasePath: 'x', onInit: 1 },
      { databasePath: 'x', onConnect: 'x' },
      { databasePath: 'x', onInit: () => [1] },
    ];
    for (const config of faulty) {
      expect(codeOf(() => new SQLocal(config as string))).toBe('InvalidArgument');
    }
  });

  test('two names of one page are not two databases', async () => {
    const first = new SQLocal('a.sqlite3');
    const same = new SQLocal({ databasePath: 'a.sqlite3', reactive: true, verbose: true });
    expect(codeOf(() => new SQLocal('b.sqlite3'))).toBe('InvalidArgument');
    const uninvited = { databasePath: 'b.sqlite3', cluster: null };
    expect(codeOf(() => new SQLocal(uninvited))).toBe('InvalidArgument');
    const elsewhere = new SQLocal({ databasePath: 'b.sqlite3', cluster: 'abcdefghijklmnop' });
    await Promise.all([first.destroy(), elsewhere.destroy()]);
    expect(codeOf(() => new SQLocal('b.sqlite3'))).toBe('InvalidArgument');
    await same.destroy();
    await same.destroy();
    const second = new SQLocal('b.sqlite3');
    await second.destroy();
  });

  test('where there is no browser it does nothing until it is asked', async () => {
    const client = new SQLocal('a.sqlite3');
    expect(await verdict(client.sql`select 1`)).toBe('Unsupported no');
    expect(await verdict(client.database())).toBe('Unsupported no');
    await client.destroy();
    expect(await verdict(client.sql`select 1`)).toBe('Closed no');
  });

  test('a database that was open before stays open', async () => {
    const local = await LocalDatabase.open();
    const database = local.another();
    const client = new SQLocal({ databasePath: 'x', database });
    expect(await client.database()).toBe(database);
    await client[Symbol.asyncDispose]();
    expect(await verdict(client.database())).toBe('Closed no');
    expect((await database.query('select 1')).rows).toEqual([[1]]);
    const another = new SQLocal({ databasePath: 'x', database });
    another[Symbol.dispose]();
    expect(await verdict(another.database())).toBe('Closed no');
  });
});
