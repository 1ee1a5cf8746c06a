/** Writes that may be queued, as the library's face has them, over fake workers. */

import { describe, expect, test } from 'vitest';
import { formatBookmark } from '../../src/client/bookmark.ts';
import { mayBeQueued } from '../../src/client/queueing.ts';
import type { Executed } from '../../src/client/protocol.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import type { ScriptReport } from '../../src/client/script-report.ts';
import { failure } from '../../src/node/errors.ts';
import type { QueuedWrite } from '../../src/node/queued-write.ts';
import type { ExecuteRequest } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { openFake, verdict } from './fake-database.ts';
import { CLUSTER_ID, errorOf, READS, resultOf, WRITES } from './fake-workers.ts';

const QUEUE = { offline: 'queue' } as const;
const WRITE: QueuedWrite = {
  id: 'abc',
  sql: 'insert',
  statements: 1,
  queuedAtMs: 7,
  state: 'pending',
  outcome: null,
};

describe('execute with offline: queue', () => {
  test('is answered when the write has committed, and is its caller’s own write then', async () => {
    const { db, tab } = await openFake();
    const asked: [ExecuteRequest, number | null, boolean][] = [];
    let commit: (executed: Executed) => void = () => undefined;
    tab.nodeMethods.executeOrQueue = async (...args) => {
      asked.push(args);
      return new Promise((resolve) => {
        commit = resolve;
      });
    };
    const writing = db.execute(['insert a', { sql: 'insert ?', params: [1] }], QUEUE);
    await expect.poll(() => asked.length).toBe(1);
    expect(asked[0]?.[0]).toMatchObject({
      mode: 'atomic',
      statements: [{ sql: 'insert a' }, { sql: 'insert ?', params: [1] }],
    });
    expect(asked[0]?.slice(1, 3)).toEqual([10_000, true]);
    const response = { committed: true, outcomes: [resultOf(), resultOf()] };
    commit({ index: 40 as LogIndex, term: 3 as Term, response });
    const { bookmark, results } = await writing;
    expect(bookmark).toBe(formatBookmark(CLUSTER_ID, 40 as LogIndex));
    expect(results).toHaveLength(2);
    const { appliedIndex } = await db.query('select 1', [], { level: 'none' });
    expect(appliedIndex).toBe(40);
  });

  test('rejects as the outbox says, and with what the statement failed with', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.executeOrQueue = async () => {
      throw new RpcFailure(failure('Cancelled', 'no', 'it was cancelled'));
    };
    expect(await verdict(db.execute('insert', QUEUE))).toBe('Cancelled no');
    const response = { committed: false, outcomes: [errorOf('a constraint')] };
    tab.nodeMethods.executeOrQueue = async () => ({
      index: 4 as LogIndex,
      term: 1 as Term,
      response,
    });
    expect(await verdict(db.execute('insert', QUEUE))).toBe('Sql no');
  });

  test('refuses what only reads, and what is no such option, before anything is sent', async () => {
    const { db, tab } = await openFake();
    expect(await verdict(db.execute(['insert', 'select 1'], QUEUE))).toBe('InvalidArgument no');
    expect(await verdict(db.execute('insert', { offline: 'later' as never }))).toBe(
      'InvalidArgument no',
    );
    expect(await verdict(db.run('insert;', { offline: true as never }))).toBe('InvalidArgument no');
    expect(tab.calls.every((call) => call === 'sql classify')).toBe(true);
    await db.close();
    expect(await verdict(db.execute('insert', QUEUE))).toBe('Closed no');
  });

  test('waits without a time limit, until its signal fires', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.executeOrQueue = () => new Promise(() => undefined);
    const abort = new AbortController();
    const writing = verdict(db.execute('insert', { ...QUEUE, signal: abort.signal }));
    await expect.poll(() => tab.calls).toContain('node executeOrQueue');
    abort.abort();
    expect(await writing).toBe('Aborted unknown');
    const { signal } = abort;
    expect(await verdict(db.execute('insert', { ...QUEUE, signal }))).toBe('Aborted no');
  });
});

test('what may be queued is what writes, also where its table is yet to come', () => {
  expect(mayBeQueued('insert', WRITES)).toBe(true);
  expect(mayBeQueued('select', READS)).toBe(false);
  expect(mayBeQueued('begin', { ...WRITES, transaction: 'begin' })).toBe(false);
  expect(mayBeQueued('vacuum', { ...WRITES, vacuum: true })).toBe(false);
  expect(mayBeQueued('pragma', { ...WRITES, foreignKeys: true })).toBe(false);
  const { error: missing } = errorOf('no such table: t');
  const { error: garbled } = errorOf('near "inser": syntax error');
  expect(mayBeQueued('insert into t', { ...READS, error: missing })).toBe(true);
  expect(mayBeQueued(' SELECT * from t', { ...READS, error: missing })).toBe(false);
  expect(mayBeQueued('-- all\n/* t */ SELECT * from t', { ...READS, error: missing })).toBe(false);
  expect(mayBeQueued('with a as (select 1) insert into t', { ...READS, error: missing })).toBe(
    true,
  );
  expect(mayBeQueued('inser', { ...READS, error: garbled })).toBe(false);
});

test('a script goes on without waiting for what it queued', async () => {
  const { db, tab } = await openFake();
  const scripts: string[] = [];
  tab.nodeMethods.executeOrQueue = async ({ statements, mode }, _, isAwaited) => {
    scripts.push(`${mode} ${statements.map(({ sql }) => sql).join(' ')} ${isAwaited}`);
    return { queuedAs: 'abc' };
  };
  tab.nodeMethods.readIndex = async () => {
    throw new RpcFailure(failure('NoQuorum', 'no', 'alone'));
  };
  const kinds = (sql: string) =>
    sql.includes('later') ? { ...WRITES, error: errorOf('no such table: later').error } : WRITES;
  tab.readerMethods.split = async (script) =>
    (script.match(/[^;]+;/gu) ?? []).map((sql) => ({ sql: sql.trim(), kind: kinds(sql) }));
  const outcomes: string[] = [];
  const onResult = ({ outcome }: ScriptReport<unknown>): unknown => outcomes.push(outcome.type);
  const { statements, errors } = await db.run('insert a; with x insert later; update b;', {
    ...QUEUE,
    onResult,
  });
  expect([statements, errors]).toEqual([3, 0]);
  expect(outcomes).toEqual(['queued', 'queued', 'queued']);
  expect(scripts).toContain('each with x insert later; false');
  expect(scripts.every((script) => script.startsWith('each ') && script.endsWith(' false'))).toBe(
    true,
  );
});

test('the outbox is listed, followed, and changed by id', async () => {
  const { db, tab, another } = await openFake();
  const seen: string[] = [];
  const end = db.onOutbox((writes) => seen.push(writes.map(({ state }) => state).join()));
  tab.nodeMethods.outbox = async () => [WRITE];
  tab.nodeMethods.cancelQueued = async (id) => {
    throw new RpcFailure(failure('Refused', 'no', `${id} was sent`));
  };
  expect(await db.outbox()).toEqual([WRITE]);
  expect(await verdict(db.cancelQueued('abc'))).toBe('Refused no');
  expect(await verdict(db.cancelQueued(7 as never))).toBe('InvalidArgument no');
  await db.dismissQueued('abc');
  expect(tab.calls).toContain('node dismissQueued');
  tab.events.push({ type: 'outbox', writes: [WRITE] });
  await expect.poll(() => seen).toEqual(['pending']);
  // Whoever comes later is told at once.
  const late: number[] = [];
  const other = another();
  other.onOutbox((writes) => late.push(writes.length));
  expect(late).toEqual([1]);
  end();
  tab.events.push({ type: 'outbox', writes: [] });
  await expect.poll(() => late).toEqual([1, 0]);
  expect(seen).toEqual(['pending']);
});
