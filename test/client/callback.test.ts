/** Callbacks that throw: it is reported, and what calls them goes on as if they had not. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { openFake } from './fake-database.ts';
import { READS, resultOf, statusOf } from './fake-workers.ts';

let reported: unknown[];

beforeEach(() => {
  reported = [];
  vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const throwing = (): never => {
  throw new RangeError('mine');
};
const options = { onProgress: throwing };

const CALLS: Readonly<Record<string, (db: Database) => Promise<unknown>>> = {
  dump: (db) => db.dump(options),
  export: (db) => db.export(options),
  exportCsv: (db) => db.exportCsv('select 1', [], options),
  import: (db) => db.import(new Blob(['abc']), options),
  importCsv: (db) => db.importCsv('t', 'x\n', { ...options, columns: ['a'] }),
  run: (db) => db.run('insert', { ...options, onResult: throwing }),
};

test.for(Object.entries(CALLS))('of %s', async ([, call]) => {
  const { db, tab } = await openFake();
  tab.readerMethods.split = async () => [{ sql: 'insert', kind: READS }];
  tab.readerMethods.query = async () => ({
    columns: ['name', 'type'],
    rows: [['a', 'TEXT']],
    appliedIndex: 3 as never,
  });
  const { execute } = tab.nodeMethods;
  tab.nodeMethods.execute = async (request, timeoutMs) => {
    const answer = await execute(request, timeoutMs);
    if (!('hash' in request)) return answer;
    return { ...answer, response: { committed: true, outcomes: [resultOf({ rowsAffected: 3 })] } };
  };
  await call(db);
  expect(reported.length).toBeGreaterThan(0);
  expect(new Set(reported.map(String))).toEqual(new Set(['RangeError: mine']));
});

test('of onStatus: the others are told, and the node ends all the same', async () => {
  const { db, tab } = await openFake();
  const seen: string[] = [];
  const stop = db.onStatus(throwing);
  db.onStatus(({ state }) => seen.push(state));
  tab.nodeMethods.status = async () => statusOf({ state: 'stopped' });
  await db.status();
  stop();
  tab.nodeMethods.status = async () => statusOf();
  await db.status();
  db.onStatus(throwing);
  db.faults.crash();
  expect(seen).toEqual(['running', 'stopped', 'running', 'stopped']);
  expect(reported).toHaveLength(4);
});
