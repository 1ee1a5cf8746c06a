/** Loading the sample: over nobody's own tables, and whole or told. */

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/client/database.ts';
import { ResqliteError } from '../../../src/client/errors.ts';
import { failure } from '../../../src/node/errors.ts';
import { runQuery } from '../../../src/sqlite/query.ts';
import type { Runtime } from '../../../src/sqlite/runtime.ts';
import { isSampleThere, loadSample, sample } from '../../../src/ui/sample/sample-store.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

let runtime: Runtime;
let node: TestNode;
/** How many statements are answered before the quorum is gone. */
let answered: number;

const database = {
  execute: async (sql: string) => {
    if (answered === 0) throw new ResqliteError(failure('NoQuorum', 'no', 'no majority is there'));
    answered -= 1;
    node.run([sql]);
  },
  query: async (sql: string, params: never[] = []) => {
    const { appliedIndex } = node.applier;
    return runQuery(node.database, appliedIndex, { sql, params, deadlineMs: Infinity });
  },
} as unknown as Pick<Database, 'query' | 'execute'>;

beforeAll(async () => {
  runtime = await loadTestRuntime();
});

beforeEach(() => {
  node = new TestNode(runtime);
  answered = Infinity;
  sample.value = { type: 'idle' };
});

afterEach(() => node.close());

describe('the sample', () => {
  test('is loaded, and known by others to be', async () => {
    expect(await isSampleThere(database)).toBe(false);
    await loadSample(database);
    expect(sample.value).toEqual({ type: 'loaded', rows: 15_607 });
    expect(await isSampleThere(database)).toBe(true);
  });

  test('that broke off says so, and is complete after the next try', async () => {
    answered = 20;
    await loadSample(database);
    const message = 'No majority is there. What is there stays; try again.';
    expect(sample.value).toEqual({ type: 'failed', message });
    expect(await isSampleThere(database)).toBe(false);
    answered = Infinity;
    await loadSample(database);
    expect(sample.value).toEqual({ type: 'loaded', rows: 15_607 });
  });

  test.each(['Genre', 'genre'])('is not put into somebody’s own table %s', async (name) => {
    node.run([`create table ${name} (id integer primary key, name text)`]);
    await loadSample(database);
    const message = `There are tables of these names already: ${name}.`;
    expect(sample.value).toEqual({ type: 'failed', message });
    const { rows } = await database.query(`select count(*) from ${name}`);
    expect(rows).toEqual([[0]]);
  });
});
