/** The database beneath a client in SQLocal's form. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { OpenOptions } from '../../src/client/resqlite.ts';
import { Connection } from '../../src/integrations/sqlocal-connection.ts';
import { plainStatement } from '../../src/integrations/sqlocal-statements.ts';
import { verdict } from '../client/fake-database.ts';
import { LocalDatabase } from '../apps/local-database.ts';

const page = new EventTarget();
/** What the library was asked to open. */
const opened: OpenOptions[] = [];
let local: LocalDatabase;

beforeEach(async () => {
  opened.length = 0;
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  local = await LocalDatabase.open();
});
afterEach(() => vi.unstubAllGlobals());

const open = async (options: OpenOptions = {}) => {
  opened.push(options);
  return local.another();
};

function happens(type: 'pagehide' | 'pageshow', persisted: boolean): void {
  page.dispatchEvent(Object.assign(new Event(type), { persisted }));
}

test('what is not the client’s own is told to the library', async () => {
  const onInit = () => undefined;
  const own = { databasePath: 'x', reactive: true, readOnly: false, verbose: true, onInit };
  const client = new Connection(own, open);
  await client.ready();
  await client.destroy();
  const cluster = 'abcdefghijklmnop';
  const rest = { cluster, signalling: { host: 'example.org' }, autopilot: { maxVoters: 3 } };
  const another = new Connection({ ...own, ...rest }, open);
  await another.ready();
  await another.destroy();
  const unsaid = new Connection({ ...own, signalling: undefined as never }, open);
  await unsaid.ready();
  await unsaid.destroy();
  expect(opened).toEqual([{ signalling: {} }, rest, { signalling: {} }]);
});

test('it is opened once for all calls, and again where that failed', async () => {
  let failures = 1;
  const client = new Connection({ databasePath: 'x' }, async (options) => {
    if (failures > 0) {
      failures -= 1;
      await open(options);
      throw new RangeError('not yet');
    }
    return open(options);
  });
  await expect(client.ready()).rejects.toThrow('not yet');
  const [first, second] = await Promise.all([client.ready(), client.open()]);
  expect(first).toBe(second);
  expect(opened).toHaveLength(2);
  await client.destroy();
  expect(await verdict(first.query('select 1'))).toBe('Closed no');
});

test('a page that comes back opens it anew, and goes on to watch', async () => {
  const reasons: string[] = [];
  const onConnect = (reason: string) => reasons.push(reason);
  const onInit = () => [{ sql: 'create table if not exists t (x)', params: [] }];
  const client = new Connection({ databasePath: 'x', onInit, onConnect }, open);
  const before = await client.ready();
  const told: unknown[] = [];
  const count = plainStatement({ sql: 'select count(*) as n from t', params: [] });
  client.watches.add(
    count,
    (rows) => told.push(...rows),
    (error) => told.push(error.code),
  );
  await vi.waitFor(() => expect(told).toEqual([{ n: 0 }]));
  happens('pagehide', true);
  // The node ends with it; nobody is told.
  await before.close();
  await local.db.execute('insert into t values (1)');
  happens('pageshow', true);
  await vi.waitFor(() => expect(told).toEqual([{ n: 0 }, { n: 1 }]));
  expect(await client.ready()).not.toBe(before);
  expect(opened).toHaveLength(2);
  await local.db.execute('insert into t values (2)');
  await vi.waitFor(() => expect(told.at(-1)).toEqual({ n: 2 }));
  // As every page that is loaded.
  happens('pageshow', false);
  expect(reasons).toEqual(['initial']);
  await client.destroy();
  happens('pageshow', true);
  expect(opened).toHaveLength(2);
});
