/**
 * Reads through the library's face over the real SQL service of two nodes, one of which lags: what was
 * committed is seen, or waited for, wherever a level or a bookmark promises it.
 */

import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import type { Executed, SqlReaderApi } from '../../src/client/protocol.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { Cursors } from '../../src/sqlite/cursors.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { logOf, requestOf } from '../sqlite/log.ts';
import { loadTestRuntime, newName } from '../sqlite/support.ts';
import { errorOfCall, openFake } from './fake-database.ts';
import { FakeTab, resultOf } from './fake-workers.ts';

let runtime: Runtime;

beforeAll(async () => {
  runtime = await loadTestRuntime();
});

const LOG = logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['INSERT INTO t VALUES(1)'])]);
const LAST = LOG.length as LogIndex;

interface TestNode {
  readonly db: Database;
  readonly tab: FakeTab;
  /** Applies the whole log. */
  catchUp(): Promise<unknown>;
}

/** A node that has applied nothing; the cluster has committed all of the log. */
async function laggingNode(): Promise<TestNode> {
  const service = new SqlService(async () => memoryFiles(runtime, newName()));
  await service.open('x', 0);
  const tab = new FakeTab();
  onTestFinished(() => service.close());
  const cursors = new Cursors(service);
  const passed = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw error instanceof SqlFailure ? new RpcFailure(error.failure) : error;
    }
  };
  const reader: Partial<SqlReaderApi> = {
    query: (request) => passed(service.query(request)),
    classify: (sql, atLeast) => passed(service.classify(sql, atLeast)),
    split: (script) => passed(service.split(script)),
    openCursor: (request) => passed(cursors.openCursor(request)),
    readCursor: (cursor, from, count) => passed(cursors.readCursor(cursor, from, count)),
    closeCursor: (cursor) => passed(cursors.closeCursor(cursor)),
  };
  Object.assign(tab.readerMethods, reader);
  tab.nodeMethods.readIndex = async () => LAST;
  const { db } = await openFake(tab);
  return { db, tab, catchUp: () => service.apply(encodeEntries(LOG)) };
}

/** It catches up when it has been asked and cannot answer yet. */
async function behind<T>({ tab, catchUp }: TestNode, work: Promise<T>): Promise<T> {
  while (!tab.calls.some((call) => call === 'node readIndex')) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  await catchUp();
  return work;
}

describe('a statement that does not compile here yet', () => {
  test.each(['weak', 'linearizable', 'strong'] as const)(
    'is compiled behind a barrier by a query at level %s',
    async (level) => {
      const node = await laggingNode();
      const answer = await behind(node, node.db.query('SELECT a FROM t', [], { level }));
      expect(answer.rows).toEqual([[1]]);
    },
  );

  test('is what it is at level none', async () => {
    const { db } = await laggingNode();
    const error = await errorOfCall(db.query('SELECT a FROM t', [], { level: 'none' }));
    expect([error.code, error.message]).toEqual(['Sql', 'no such table: t']);
  });

  test('is prepared again behind a barrier by sql', async () => {
    const node = await laggingNode();
    expect(await behind(node, node.db.sql`SELECT a FROM t`)).toEqual([{ a: 1 }]);
  });

  test('is prepared again behind a barrier by run, also where it turns out to write', async () => {
    const node = await laggingNode();
    node.tab.nodeMethods.execute = async (): Promise<Executed> => ({
      index: LAST,
      term: 1 as Term,
      response: { committed: true, outcomes: [resultOf()] },
    });
    const seen: string[] = [];
    const script = 'SELECT a FROM t; WITH x AS (SELECT a FROM t) INSERT INTO t SELECT a FROM x;';
    const run = node.db.run(script, {
      onResult: ({ outcome }) => {
        const rows = outcome.type === 'rows' ? JSON.stringify(outcome.answer.rows) : '';
        seen.push(`${outcome.type} ${rows}`);
      },
    });
    expect(await behind(node, run)).toMatchObject({ statements: 2, errors: 0 });
    expect(seen).toEqual(['rows [[1]]', 'executed ']);
  });

  test('is refused when it compiles behind the barrier no better', async () => {
    const node = await laggingNode();
    const error = await errorOfCall(behind(node, node.db.sql`SELECT b FROM t`));
    expect([error.code, error.message]).toEqual(['Sql', 'no such column: b']);
  });
});

describe('a bookmark of one node', () => {
  test('makes a read of another one wait until it is that far', async () => {
    const [ahead, lagging] = [await laggingNode(), await laggingNode()];
    await ahead.catchUp();
    const { bookmark, rows } = await ahead.db.query('SELECT a FROM t', [], { level: 'none' });
    expect(rows).toEqual([[1]]);
    const options = { level: 'none', atLeast: bookmark } as const;
    const late = lagging.db.query('SELECT a FROM t', [], { ...options, timeoutMs: 30 });
    expect(await errorOfCall(late)).toMatchObject({ code: 'Timeout', applied: 'no' });
    const query = lagging.db.query('SELECT a FROM t', [], options);
    const cursor = lagging.db.cursor('SELECT a FROM t', [], options);
    await lagging.catchUp();
    expect((await query).rows).toEqual([[1]]);
    expect(await (await cursor).read(0, 5)).toEqual([[1]]);
  });
});
