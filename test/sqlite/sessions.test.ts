/** Exactly once: the session table's rules, and that they survive in the database. */

import { describe, expect, it } from 'vitest';
import { encodeCommand, type SessionRequest } from '../../src/node/command.ts';
import { MAX_DURABLE_SESSIONS, MAX_PENDING_REQUESTS } from '../../src/node/limits.ts';
import { SessionTable } from '../../src/node/sessions.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { RESPONSES, SESSIONS } from '../../src/sqlite/database.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { commandEntry, executeEntry, registration, requestOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
const index = (number: number): LogIndex => number as LogIndex;

function request(sequence: number, lowestUnanswered = 1, sessionId = 1): SessionRequest {
  return { sessionId: index(sessionId), sequence, lowestUnanswered };
}

const PLAIN = { type: 'register-session', nonce: 5, durable: false } as const;
const DURABLE = { ...PLAIN, durable: true };

const answer = (number: number): Uint8Array => Uint8Array.of(number);

describe('session table', () => {
  it('runs the number after the last one, and answers it again from memory', () => {
    const table = new SessionTable();
    table.register(index(1), PLAIN);
    expect(table.admit(request(1), index(2))).toBeNull();
    const outcome = table.finish(request(1), answer(7));
    expect(outcome).toEqual({ type: 'executed', sessionId: 1, sequence: 1, response: answer(7) });
    expect(table.admit(request(1), index(3))).toEqual(outcome);
  });

  it('lets nothing skip a number', () => {
    const table = new SessionTable();
    table.register(index(1), PLAIN);
    expect(table.admit(request(2), index(2))).toMatchObject({ type: 'out-of-order', sequence: 2 });
    expect(table.admit(request(1), index(3))).toBeNull();
    expect(() => table.finish(request(2), answer(1))).toThrow('not admitted');
  });

  it('never makes an unknown session', () => {
    const table = new SessionTable();
    expect(table.admit(request(1), index(5))).toMatchObject({ type: 'unknown-session' });
    expect(table.get(index(1))).toBeUndefined();
  });

  it('drops answers below the lowest one still waited for', () => {
    const table = new SessionTable();
    table.register(index(1), PLAIN);
    for (const sequence of [1, 2, 3]) {
      table.admit(request(sequence), index(sequence + 1));
      table.finish(request(sequence), answer(sequence));
    }
    expect(table.admit(request(3, 3), index(9))).toMatchObject({ type: 'executed' });
    expect(table.admit(request(2, 3), index(10))).toMatchObject({ type: 'forgotten' });
  });

  it('keeps no more answers than a node can wait for', () => {
    const table = new SessionTable();
    table.register(index(1), PLAIN);
    for (let sequence = 1; sequence <= MAX_PENDING_REQUESTS + 2; sequence += 1) {
      table.admit(request(sequence), index(sequence + 1));
      table.finish(request(sequence), answer(0));
    }
    expect(table.get(index(1))?.responses.size).toBe(MAX_PENDING_REQUESTS);
    expect(table.recall(request(2))).toMatchObject({ type: 'forgotten' });
    expect(table.recall(request(3))).toMatchObject({ type: 'executed' });
  });

  it('evicts the session that no entry has named for longest', () => {
    const table = new SessionTable(2);
    table.register(index(1), PLAIN);
    table.register(index(2), PLAIN);
    table.admit(request(5, 1, 1), index(3));
    table.register(index(4), PLAIN);
    expect([...table.ids()]).toEqual([1, 4]);
    expect(table.takeChanged().toSorted()).toEqual([1, 2, 4]);
    expect(table.takeChanged()).toEqual([]);
  });
});

describe('durable sessions', () => {
  it('outlive any number of others, and keep their answers, until they are closed', () => {
    const table = new SessionTable(2);
    table.register(index(1), DURABLE);
    expect(table.admit(request(1), index(2))).toBeNull();
    const outcome = table.finish(request(1), answer(7));
    for (const at of [3, 4, 5, 6]) table.register(index(at), PLAIN);
    expect([...table.ids()]).toEqual([1, 5, 6]);
    expect(table.recall(request(1))).toEqual(outcome);
    table.takeChanged();
    const close = { type: 'close-session', sessionId: index(1) } as const;
    expect(table.close(close)).toEqual({ type: 'session-closed', sessionId: 1 });
    expect(table.takeChanged()).toEqual([1]);
    expect(table.admit(request(2), index(8))).toMatchObject({ type: 'unknown-session' });
    expect(table.close(close)).toEqual({ type: 'session-closed', sessionId: 1 });
    expect(table.takeChanged()).toEqual([]);
  });

  it('beyond their bound make the idlest of them go, and no other', () => {
    const table = new SessionTable(2);
    const nonced = (nonce: number) => ({ ...DURABLE, nonce });
    const register = (at: number): string => table.register(index(at), nonced(at)).type;
    for (let at = 1; at <= MAX_DURABLE_SESSIONS; at += 1) expect(register(at)).toBe('registered');
    const [plain, used, next] = [1, 2, 3].map((more) => index(MAX_DURABLE_SESSIONS + more));
    if (plain === undefined || used === undefined || next === undefined) throw new Error('none');
    table.register(plain, PLAIN);
    expect(table.admit(request(1), used)).toBeNull();
    table.finish(request(1), answer(7));
    table.takeChanged();
    expect(register(next)).toBe('registered');
    expect(table.takeChanged().toSorted((a, b) => a - b)).toEqual([2, next]);
    expect(table.recallRegistration(index(2), nonced(2)).type).toBe('session-refused');
    expect(table.admit({ ...request(1), sessionId: index(2) }, index(next + 1))).toMatchObject({
      type: 'unknown-session',
    });
    expect(table.recall(request(1))).toMatchObject({ type: 'executed' });
    expect([...table.ids()]).toContain(plain);
    expect([...table.ids()]).toHaveLength(MAX_DURABLE_SESSIONS + 1);
  });
});

describe('durable sessions', () => {
  it('are registered once, however often they are asked for by the same nonce', () => {
    const table = new SessionTable();
    const registered = { type: 'registered', sessionId: 1, nonce: 5 };
    expect(table.register(index(1), DURABLE)).toEqual(registered);
    table.register(index(2), PLAIN);
    table.takeChanged();
    expect(table.register(index(3), DURABLE)).toEqual(registered);
    expect(table.recallRegistration(index(3), DURABLE)).toEqual(registered);
    expect(table.takeChanged()).toEqual([]);
    expect([...table.ids()]).toEqual([1, 2]);
    // A nonce is not one session's for ever: closed, it is registered anew.
    table.close({ type: 'close-session', sessionId: index(1) });
    expect(table.register(index(4), DURABLE)).toMatchObject({ sessionId: 4 });
  });
});

describe('sessions in the database', () => {
  it('answers a retry after a restart without running it again', () => {
    const node = new TestNode(runtime);
    const body = encodeRequest(requestOf(['CREATE TABLE t(a)', 'INSERT INTO t VALUES(random())']));
    const [registered, first] = node.apply([
      registration(),
      executeEntry(2, { sequence: 1, body }),
    ]);
    expect(registered).toEqual({ type: 'registered', sessionId: 1, nonce: 77 });
    node.reopen();
    const [again] = node.apply([executeEntry(3, { sequence: 1, body })]);
    expect(again).toEqual(first);
    expect(node.get('SELECT count(*) FROM t')).toEqual([1]);
    node.close();
  });

  it('stores what is left at the end of a batch, and nothing of what was dropped', () => {
    const node = new TestNode(runtime);
    const empty = new Uint8Array(0);
    node.apply([
      registration(),
      executeEntry(2, { sequence: 1, lowestUnanswered: 1, body: empty }),
      executeEntry(3, { sequence: 2, lowestUnanswered: 1, body: empty }),
      executeEntry(4, { sequence: 3, lowestUnanswered: 2, body: empty }),
    ]);
    expect(node.all(`SELECT * FROM ${SESSIONS}`)).toEqual([[1, 3, 4, 0]]);
    expect(node.all(`SELECT session, sequence FROM ${RESPONSES}`)).toEqual([
      [1, 2],
      [1, 3],
    ]);
    node.apply([executeEntry(5, { sequence: 4, lowestUnanswered: 4, body: empty })]);
    expect(node.all(`SELECT session, sequence FROM ${RESPONSES}`)).toEqual([[1, 4]]);
    node.close();
  });

  it('takes the number of a request without a body and does nothing else', () => {
    const node = new TestNode(runtime);
    const outcomes = node.apply([
      registration(),
      executeEntry(2, { sequence: 1, body: new Uint8Array(0) }),
      executeEntry(3, { sequence: 1, body: encodeRequest(requestOf(['CREATE TABLE t(a)'])) }),
    ]);
    const response = new Uint8Array(0);
    expect(outcomes[1]).toEqual({ type: 'executed', sessionId: 1, sequence: 1, response });
    expect(outcomes[2]).toEqual(outcomes[1]);
    expect(node.all("SELECT * FROM sqlite_schema WHERE name = 't'")).toEqual([]);
    node.close();
  });

  it('keeps durable ones over restarts and snapshots, and hashes them as such', () => {
    const open = commandEntry(1, encodeCommand({ ...DURABLE, nonce: 77 }));
    const body = encodeRequest(requestOf(['SELECT random()']));
    const [node, plain] = [new TestNode(runtime, { maxSessions: 2 }), new TestNode(runtime)];
    const log = [open, executeEntry(2, { sequence: 1, body })];
    const [, first] = node.apply(log);
    plain.apply([registration(), ...log.slice(1)]);
    expect(hashDatabase(node.database)).not.toBe(hashDatabase(plain.database));
    node.restore();
    node.apply([3, 4, 5].map((at) => registration(at)));
    expect(node.all(`SELECT id, durable FROM ${SESSIONS}`)).toEqual([
      [1, 78],
      [4, 0],
      [5, 0],
    ]);
    node.reopen();
    expect(node.apply([executeEntry(6, { sequence: 1, body })])).toEqual([first]);
    const again = commandEntry(7, encodeCommand({ ...DURABLE, nonce: 77 }));
    expect(node.apply([again])).toEqual([{ type: 'registered', sessionId: 1, nonce: 77 }]);
    const close = encodeCommand({ type: 'close-session', sessionId: index(1) });
    node.apply([commandEntry(8, close)]);
    expect(node.all(`SELECT id FROM ${SESSIONS}`)).toEqual([[4], [5]]);
    expect(node.all(`SELECT * FROM ${RESPONSES}`)).toEqual([]);
    expect(node.apply([commandEntry(9, close)])).toEqual([
      { type: 'session-closed', sessionId: 1 },
    ]);
    plain.close();
    node.close();
  });

  it('opens a database of a build that knew no durable ones', () => {
    const node = new TestNode(runtime);
    const body = encodeRequest(requestOf(['SELECT random()']));
    const [, first] = node.apply([registration(), executeEntry(2, { sequence: 1, body })]);
    const hash = hashDatabase(node.database);
    node.database.connection.run(`ALTER TABLE ${SESSIONS} DROP COLUMN durable`);
    node.reopen();
    expect(hashDatabase(node.database)).toBe(hash);
    expect(node.apply([executeEntry(3, { sequence: 1, body })])).toEqual([first]);
    node.close();
  });

  it('forgets an evicted session with its answers', () => {
    const node = new TestNode(runtime, { maxSessions: 2 });
    const body = new Uint8Array(0);
    const outcomes = node.apply([
      registration(1),
      executeEntry(2, { sequence: 1, body }),
      registration(3),
      registration(4),
      executeEntry(5, { sequence: 2, body }),
    ]);
    expect(outcomes.at(-1)).toEqual({ type: 'unknown-session', sessionId: 1, sequence: 2 });
    expect(node.all(`SELECT id FROM ${SESSIONS}`)).toEqual([[3], [4]]);
    expect(node.all(`SELECT * FROM ${RESPONSES}`)).toEqual([]);
    node.close();
  });
});
