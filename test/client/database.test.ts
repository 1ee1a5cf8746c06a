/** The library's face over fake workers: what is asked of whom, and every error's code and effect. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { formatBookmark } from '../../src/client/bookmark.ts';
import type { Cursor } from '../../src/client/cursor.ts';
import { parseInviteLink } from '../../src/client/invite-link.ts';
import type { InviteTerms } from '../../src/client/protocol.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import type { ScriptReport } from '../../src/client/script-report.ts';
import { failure } from '../../src/node/errors.ts';
import type { Administration } from '../../src/node/messages.ts';
import type { ReadLevel, StateRequest } from '../../src/node/sql.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { errorOfCall, openFake, verdict } from './fake-database.ts';
import {
  CLUSTER_ID,
  errorOf,
  NODE_ID,
  READS,
  resultOf,
  statementsOf,
  statusOf,
  WRITES,
} from './fake-workers.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const never = (): Promise<never> => new Promise(() => undefined);
const alone = async (): Promise<never> => {
  throw new RpcFailure(failure('NoQuorum', 'no', 'no quorum'));
};

describe('transaction', () => {
  test('runs in the SQL worker behind a barrier, and is one log entry', async () => {
    const { db, tab } = await openFake();
    const request: StateRequest[] = [];
    const { execute } = tab.nodeMethods;
    tab.nodeMethods.execute = async (asked, timeoutMs) => {
      request.push(asked);
      return execute(asked, timeoutMs);
    };
    const seed = new Uint8Array(16);
    const asked = { mode: 'transaction', statements: [], stampMs: 1, seed, digests: [] } as const;
    tab.readerMethods.finishTransaction = async () => asked;
    const result = await db.transaction((tx) => tx.execute('insert into t values (1)'));
    expect(result).toEqual(resultOf().result);
    expect(request).toEqual([asked]);
    expect(tab.calls).toEqual([
      'node readIndex',
      'sql beginTransaction',
      'sql runInTransaction',
      'sql finishTransaction',
      'node execute',
    ]);
  });

  test('rejects what it cannot run with', async () => {
    const { db } = await openFake();
    expect(await verdict(db.transaction(null as never))).toBe('InvalidArgument no');
    await db.close();
    expect(await verdict(db.transaction(async () => 1))).toBe('Closed no');
  });
});

describe('query', () => {
  test.each([
    ['none', ['sql query'], 3, true],
    ['weak', ['node readIndex', 'sql query'], 5, true],
    ['linearizable', ['node readIndex', 'sql query'], 5, false],
    ['strong', ['node readIndex', 'sql query'], 5, false],
  ] as const)('at level %s asks %j', async (level, calls, appliedIndex, mayBeStale) => {
    const { db, tab } = await openFake();
    const answer = await db.query('select 1', [], { level });
    expect(tab.calls).toEqual(calls);
    const bookmark = formatBookmark(CLUSTER_ID, appliedIndex as LogIndex);
    const rows = [[1]];
    expect(answer).toEqual({ columns: ['x'], rows, level, appliedIndex, bookmark, mayBeStale });
  });

  test('is linearizable where no level is given, and no other level exists', async () => {
    const { db } = await openFake();
    expect((await db.query('select 1')).level).toBe('linearizable');
    const wrong = db.query('select 1', [], { level: 'strongest' as ReadLevel });
    expect(await verdict(wrong)).toBe('InvalidArgument no');
  });

  test('hands over the index to wait for, the parameters and the time that is left', async () => {
    const { db, tab } = await openFake();
    const asked = vi.spyOn(tab.readerMethods, 'query');
    await db.query('select ?', [1n, 'x'], { timeoutMs: 700 });
    const [request] = asked.mock.calls[0] ?? [];
    expect(request).toMatchObject({ sql: 'select ?', params: [1n, 'x'], atLeast: 5 });
    expect(request?.timeoutMs).toBeGreaterThan(0);
    expect(request?.timeoutMs).toBeLessThanOrEqual(700);
  });

  test('without a quorum fails, but not at level none', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.readIndex = alone;
    expect(await verdict(db.query('select 1'))).toBe('NoQuorum no');
    expect((await db.query('select 1', [], { level: 'none' })).mayBeStale).toBe(true);
  });

  test('of bad arguments fails before anything is asked', async () => {
    const { db, tab } = await openFake();
    expect(await verdict(db.query(3 as never))).toBe('InvalidArgument no');
    expect(await verdict(db.query('select ?', [undefined as never]))).toBe('InvalidArgument no');
    expect(await verdict(db.query('select 1', [], { timeoutMs: 0 }))).toBe('InvalidArgument no');
    expect(tab.calls).toEqual([]);
  });

  test.each([2 ** 31, Number.MAX_VALUE])('may take %s ms', async (timeoutMs) => {
    const { db, tab } = await openFake();
    tab.readerMethods.query = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { columns: [], rows: [], appliedIndex: 1 as LogIndex };
    };
    expect(await db.query('select 1', [], { timeoutMs })).toMatchObject({ rows: [] });
  });

  test('ends with its signal', async () => {
    const { db, tab } = await openFake();
    const early = db.query('select 1', [], { signal: AbortSignal.abort() });
    expect(await verdict(early)).toBe('Aborted no');
    expect(tab.calls).toEqual([]);
    tab.nodeMethods.readIndex = never;
    const abort = new AbortController();
    const late = verdict(db.query('select 1', [], { signal: abort.signal }));
    abort.abort();
    expect(await late).toBe('Aborted no');
  });
});

describe('execute', () => {
  test('is one atomic entry', async () => {
    const { db, tab } = await openFake();
    const asked = vi.spyOn(tab.nodeMethods, 'execute');
    const answer = await db.execute(['a', { sql: 'b', params: [1] }]);
    const [request, timeoutMs] = asked.mock.calls[0] ?? [];
    expect(request).toMatchObject({
      statements: [{ sql: 'a' }, { sql: 'b', params: [1] }],
      mode: 'atomic',
      rows: true,
    });
    expect(timeoutMs).toBe(10_000);
    expect([answer.index, answer.term, answer.results.length]).toEqual([7, 2, 2]);
  });

  test('VACUUM alone is a request of its own, however it is sent', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.classify = async () => ({ ...WRITES, vacuum: true });
    const asked = vi.spyOn(tab.nodeMethods, 'execute');
    const modes = async (work: Promise<unknown>): Promise<unknown[]> => {
      asked.mockClear();
      await work;
      return asked.mock.calls.map(([request]) => request.mode);
    };
    expect(await modes(db.vacuum())).toEqual(['vacuum']);
    expect(await modes(db.execute('-- now\nVACUUM;'))).toEqual(['vacuum']);
    expect(await modes(db.execute({ sql: 'vacuum' }))).toEqual(['vacuum']);
    expect(await modes(db.sql`VACUUM`)).toEqual(['vacuum']);
    tab.readerMethods.classify = async () => WRITES;
    expect(await modes(db.execute("VACUUM INTO 'x'"))).toEqual(['atomic']);
    expect(await modes(db.execute(['VACUUM']))).toEqual(['atomic']);
  });

  test('VACUUM ends with its caller’s patience already while it is looked at', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.classify = never;
    const abort = new AbortController();
    const cut = verdict(db.execute('vacuum', { signal: abort.signal }));
    abort.abort();
    expect(await cut).toBe('Aborted no');
    expect(await verdict(db.execute('vacuum', { timeoutMs: 1 }))).toBe('Timeout no');
  });

  test('throws the statement that failed, and nothing was applied', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.execute = async () => ({
      index: 1 as LogIndex,
      term: 1 as never,
      response: { committed: false, outcomes: [resultOf(), errorOf('second')] },
    });
    const error = await errorOfCall(db.execute(['w', 'x']));
    const { code, applied, message, statement, resultCode } = error;
    expect([code, applied, message, statement, resultCode]).toEqual(['Sql', 'no', 'second', 1, 1]);
    // The answer of the first was too large to be kept, which is not why.
    const response = { committed: false, outcomes: [errorOf('too large'), errorOf('second')] };
    tab.nodeMethods.execute = async () => ({ index: 1 as LogIndex, term: 1 as never, response });
    expect((await errorOfCall(db.execute(['w', 'x']))).message).toBe('second');
  });

  test('of 20 MiB fails without being sent', async () => {
    const { db, tab } = await openFake();
    expect(await verdict(db.execute('x'.repeat(20 * 2 ** 20)))).toBe('TooLarge no');
    expect(tab.calls).toEqual([]);
  });

  test('that is aborted may have happened, unless it was never sent', async () => {
    const { db, tab } = await openFake();
    expect(await verdict(db.execute('x', { signal: AbortSignal.abort() }))).toBe('Aborted no');
    expect(tab.calls).toEqual([]);
    tab.nodeMethods.execute = never;
    const abort = new AbortController();
    const late = verdict(db.execute('x', { signal: abort.signal }));
    abort.abort();
    expect(await late).toBe('Aborted unknown');
  });

  test('whose worker does not answer ends all the same', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.execute = never;
    vi.useFakeTimers();
    const late = verdict(db.execute('x', { timeoutMs: 500 }));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await late).toBe('Timeout unknown');
  });
});

describe('sql', () => {
  test('reads by a linearizable query and gives objects', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.query = async ({ sql, params }) => ({
      columns: ['a', '__proto__', 'a'],
      rows: [[1, sql, JSON.stringify(params)]],
      appliedIndex: 1 as LogIndex,
    });
    const rows = await db.sql`select ${1}, ${'x'}`;
    expect(tab.calls).toEqual(['sql classify', 'node readIndex', 'sql query']);
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['a', '[1,"x"]'],
      ['__proto__', 'select ?, ?'],
    ]);
  });

  test('writes through the log and gives what is returned', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.execute = async (request) => {
      const [statement] = statementsOf(request);
      const result = { rowsAffected: 1, lastInsertRowId: 1, columns: ['id'], rows: [[4]] };
      expect(statement).toEqual({ sql: 'insert ? returning id', params: [5] });
      const response = { committed: true, outcomes: [{ type: 'result', result } as const] };
      return { index: 1 as LogIndex, term: 1 as never, response };
    };
    expect(await db.sql`insert ${5} returning id`).toEqual([{ id: 4 }]);
  });

  test('of a table that is not here yet asks again behind a barrier', async () => {
    const { db, tab } = await openFake();
    const asked: (number | null)[] = [];
    tab.readerMethods.classify = async (_, atLeast) => {
      asked.push(atLeast);
      return { ...READS, error: atLeast === null ? errorOf('no such table: t').error : null };
    };
    expect(await db.sql`select * from t`).toEqual([{ x: 1 }]);
    expect(asked).toEqual([null, 5]);
  });

  test('that does not compile is refused', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.classify = async () => ({ ...READS, error: errorOf('syntax error').error });
    const error = await errorOfCall(db.sql`selec 1`);
    expect([error.code, error.applied, error.message]).toEqual(['Sql', 'no', 'syntax error']);
  });
});

describe('a worker that fails', () => {
  test.each([
    ['node', 'error'],
    ['node', 'messageerror'],
    ['sql', 'error'],
    ['sql', 'messageerror'],
  ] as const)('(%s, %s) rejects what is pending and what comes later', async (who, type) => {
    const { db, tab } = await openFake();
    tab.nodeMethods.execute = never;
    tab.nodeMethods.readIndex = never;
    const seen: NodeStatus['state'][] = [];
    db.onStatus(({ state }) => seen.push(state));
    const write = verdict(db.execute('x'));
    const read = verdict(db.query('select 1'));
    tab[who].fail(type, 'boom');
    expect(await write).toBe('Internal unknown');
    expect(await read).toBe('Internal no');
    expect(await verdict(db.execute('x'))).toBe('Internal no');
    expect(await verdict(db.query('x', [], { level: 'none' }))).toBe('Internal no');
    expect([tab.node.terminated, tab.sql.terminated]).toEqual([true, true]);
    expect(seen).toEqual(['running', 'stopped']);
    expect((await db.status()).state).toBe('stopped');
  });

  test('by losing its storage stops the node; what is stored here can still be read', async () => {
    const { db, tab } = await openFake();
    const stopped = new Promise<NodeStatus>((resolve) => {
      db.onStatus((status) => {
        if (status.state === 'stopped') resolve(status);
      });
    });
    tab.events.push({
      type: 'stopped',
      code: 'StorageLost',
      reason: 'the disk is gone',
      keepsake: null,
    });
    expect(await stopped).toMatchObject({
      stoppedReason: 'the disk is gone',
      storage: { state: 'failed' },
    });
    expect(await verdict(db.execute('x'))).toBe('StorageLost no');
    expect((await db.query('select 1', [], { level: 'none' })).rows).toEqual([[1]]);
  });

  test('by faults.crash dies at once', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.execute = never;
    const write = verdict(db.execute('x'));
    db.faults.crash();
    expect(await write).toBe('Closed unknown');
    expect([tab.node.terminated, tab.sql.terminated]).toEqual([true, true]);
  });
});

describe('the rest', () => {
  test('status comes at once, with every change, and until told otherwise', async () => {
    const { db, tab } = await openFake();
    const terms: number[] = [];
    const stop = db.onStatus(({ term }) => terms.push(term));
    tab.events.push({ type: 'status', status: statusOf({ term: 2 as never }) });
    await db.hash();
    tab.nodeMethods.status = async () => statusOf({ term: 3 as never });
    expect((await db.status()).term).toBe(3);
    stop();
    await db.status();
    expect(terms).toEqual([1, 2, 3]);
  });

  test('how long a write took is told of every handle’s, and of none that failed', async () => {
    const { db, another, tab } = await openFake();
    const told: number[] = [];
    const stop = db.onWriteAnswered((ms) => told.push(ms));
    await db.execute('insert into t values (1)');
    await another().execute('insert into t values (2)');
    expect(told).toHaveLength(2);
    expect(told.every((ms) => ms >= 0)).toBe(true);
    const { execute } = tab.nodeMethods;
    tab.nodeMethods.execute = () => Promise.reject(new Error('boom'));
    expect(await verdict(db.execute('x'))).toContain('Internal');
    tab.nodeMethods.execute = execute;
    stop();
    await db.execute('insert into t values (3)');
    expect(told).toHaveLength(2);
  });

  test('who leads and who belongs is asked of the leader, and what it says comes back', async () => {
    const { tab, db } = await openFake();
    const asked: Administration[] = [];
    tab.nodeMethods.administer = async (administration) => {
      asked.push(administration);
      return { warning: 'two are left' };
    };
    await db.transferLeadership();
    await db.transferLeadership(NODE_ID);
    expect(await db.removeNode(NODE_ID)).toEqual({ warning: 'two are left' });
    expect(await db.leave()).toEqual({ warning: 'two are left' });
    expect(asked).toEqual([
      { type: 'transfer', nodeId: null },
      { type: 'transfer', nodeId: NODE_ID },
      { type: 'remove', nodeId: NODE_ID },
      { type: 'leave', nodeId: NODE_ID },
    ]);
    tab.nodeMethods.administer = async () => {
      throw new RpcFailure(failure('Refused', 'no', 'one copy would be left'));
    };
    expect(await verdict(db.leave())).toBe('Refused no');
    tab.nodeMethods.administer = never;
    expect(await verdict(db.leave({ timeoutMs: 20 }))).toBe('Timeout unknown');
  });

  test('an invite is a link of its own; it is listed and revoked by its id', async () => {
    vi.stubGlobal('location', { href: 'https://example.org/app/?code=secret#c=old' });
    const { tab, db } = await openFake();
    const terms: InviteTerms[] = [];
    const { invite } = tab.nodeMethods;
    tab.nodeMethods.invite = async (asked, timeoutMs) => {
      terms.push(asked);
      return invite(asked, timeoutMs);
    };
    const link = await db.invite();
    expect(link.startsWith('https://example.org/app/#c=')).toBe(true);
    expect(parseInviteLink(link)).toMatchObject({ clusterId: CLUSTER_ID, members: [NODE_ID] });
    const beside = await db.invite({ expiresInMs: 0.5, uses: 1, page: '/list?id=7#old' });
    expect(beside.startsWith('https://example.org/list?id=7#c=')).toBe(true);
    const page = new URL('https://other.example/?list');
    const elsewhere = await db.invite({ expiresInMs: null, uses: null, page });
    expect(elsewhere.startsWith('https://other.example/?list#c=')).toBe(true);
    const weekMs = 7 * 24 * 60 * 60 * 1_000;
    expect(terms).toEqual([
      { expiresInMs: weekMs, uses: null },
      { expiresInMs: 1, uses: 1 },
      { expiresInMs: null, uses: null },
    ]);
    const [open] = await db.invites();
    const asked: Administration[] = [];
    tab.nodeMethods.administer = async (administration) => {
      asked.push(administration);
      return { warning: '' };
    };
    const inviteId = open?.id ?? '';
    await db.revokeInvite(inviteId);
    expect(asked).toEqual([{ type: 'revoke-invite', inviteId }]);
    for (const wrong of [
      db.invite({ expiresInMs: 0 }),
      db.invite({ expiresInMs: Infinity }),
      db.invite({ uses: 0 }),
      db.invite({ uses: 1.5 }),
      db.invite({ uses: '1' as never }),
      db.invite({ page: 'https://' }),
      db.revokeInvite('hello'),
    ]) {
      expect(await verdict(wrong)).toBe('InvalidArgument no');
    }
    expect(asked).toHaveLength(1);
  });

  test('identity, hash, export and isolate', async () => {
    const { db, tab } = await openFake();
    expect([db.clusterId, db.nodeId]).toEqual([CLUSTER_ID, NODE_ID]);
    expect(await db.hash()).toEqual({ index: 3, hash: 'ab' });
    const file = await db.export();
    expect([file.type, file.size]).toEqual(['application/vnd.sqlite3', 3]);
    await db.faults.isolate(true);
    const files = ['sql openExport', 'sql readExport', 'sql closeExport'];
    expect(new Set(tab.calls)).toEqual(new Set(['sql hash', ...files, 'node isolate']));
  });

  test('a script goes through the same workers', async () => {
    const { db, tab } = await openFake();
    expect(await db.run('insert')).toMatchObject({ statements: 1, errors: 0, rowsAffected: 1 });
    expect(tab.calls).toEqual(['sql split', 'node execute']);
    expect(await verdict(db.run(3 as never))).toBe('InvalidArgument no');
  });

  test('a script may have cursors for its reads, which its caller closes', async () => {
    const { db, tab } = await openFake();
    tab.readerMethods.split = async () => [
      { sql: 'insert', kind: WRITES },
      { sql: 'select', kind: READS },
    ];
    const outcomes: ScriptReport<Cursor>['outcome'][] = [];
    const onResult = ({ outcome }: ScriptReport<Cursor>): void => void outcomes.push(outcome);
    await db.run('insert;select', { reads: 'cursor', onResult });
    const [written, read] = outcomes;
    if (written?.type !== 'executed' || read?.type !== 'rows') throw new Error('other outcomes');
    expect([read.answer.rowCount, await read.answer.read(3, 1)]).toEqual([5, [[3]]]);
    expect(tab.calls).not.toContain('sql closeCursor');
    await read.answer.close();
    expect(tab.calls.at(-1)).toBe('sql closeCursor');
  });

  test('a closed handle answers nothing, and closing again is harmless', async () => {
    const { db, tab } = await openFake();
    await db.close();
    await db.close();
    expect(tab.calls).toEqual(['node close']);
    expect(await verdict(db.query('select 1'))).toBe('Closed no');
    expect(await verdict(db.execute('x'))).toBe('Closed no');
  });

  test('a closed handle is told nothing more, whoever else has the node open', async () => {
    const { db, another } = await openFake();
    const handle = another();
    const told: string[] = [];
    handle.onStatus(() => told.push('closed'));
    db.onStatus(() => told.push('open'));
    await handle.close();
    expect(() => handle.onStatus(() => undefined)).toThrow('this database was closed');
    await db.status();
    expect(told).toEqual(['closed', 'open', 'open']);
    await db.close();
    expect(told.at(-1)).toBe('open');
    expect(told).toHaveLength(4);
  });

  test('closing does not wait for ever', async () => {
    const { db, tab } = await openFake();
    tab.nodeMethods.close = never;
    vi.useFakeTimers();
    const closed = db.close();
    await vi.advanceTimersByTimeAsync(5_000);
    await closed;
    expect(tab.node.terminated).toBe(true);
  });
});
