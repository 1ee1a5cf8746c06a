/** SM9: an entry that no node can apply is told from trouble with storage, and can be left out. */

import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../src/node/command.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { SqliteError } from '../../src/sqlite/sql-error.ts';
import { commandEntry, executeEntry, logOf, noopEntry, requestOf, responseOf } from './log.ts';
import { copy, openLocal, resultOf } from './machine.ts';
import { loadTestRuntime, newName, TestNode } from './support.ts';

const index = (number: number): LogIndex => number as LogIndex;
const INSERT = 'INSERT INTO t VALUES(1)';
const GOOD = encodeRequest(requestOf([INSERT]));
/** A request of a version that this build does not know. */
const NEWER = Uint8Array.of(99, 0, 0);
const BEFORE = logOf([requestOf(['CREATE TABLE t(a)']), requestOf([INSERT])]);
const POISON = BEFORE.length + 1;

const runtime = await loadTestRuntime();

function skipEntry(at: number, skipped: number): Entry {
  return commandEntry(at, encodeCommand({ type: 'skip', index: index(skipped) }));
}

describe('an entry that cannot be applied', () => {
  it.each([
    ['a request of a newer format', executeEntry(POISON, { sequence: 3, body: NEWER })],
    ['a command of a newer format', commandEntry(POISON, Uint8Array.of(99, 1, 2))],
  ])('is named, and has no effect: %s', (_what, poison) => {
    const node = new TestNode(runtime);
    const behind = executeEntry(POISON + 1, { sequence: 4, body: GOOD });
    const outcome = node.applier.apply([...BEFORE, poison, behind]);
    expect(outcome).toMatchObject({ type: 'stuck', index: POISON });
    node.crash();
    expect(node.applier.appliedIndex).toBeLessThan(POISON);
    // Alone it is met again; what stands before it can be applied by itself.
    expect(node.apply(BEFORE).at(-1)).toMatchObject({ type: 'executed', sequence: 2 });
    expect(node.applier.apply([poison])).toMatchObject({ type: 'stuck', index: POISON });
    expect(node.applier.appliedIndex).toBe(POISON - 1);
    node.close();
  });

  it.each([
    ['out of memory', new SqliteError(7, 'out of memory')],
    ['a trap', new WebAssembly.RuntimeError('unreachable')],
    ['the end of the stack', new RangeError('Maximum call stack size exceeded')],
  ])('is named: %s', (_what, error) => {
    const node = new TestNode(runtime);
    node.apply(BEFORE);
    const { connection } = node.database;
    const compile = connection.compile.bind(connection);
    connection.compile = (sql) => {
      if (sql === 'SELECT 7') throw error;
      return compile(sql);
    };
    const bad = encodeRequest(requestOf(['SELECT 7']));
    const entries = [noopEntry(POISON), executeEntry(POISON + 1, { sequence: 3, body: bad })];
    const outcome = node.applier.apply(entries);
    expect(outcome).toMatchObject({ type: 'stuck', index: POISON + 1 });
    // Nothing more is done with a module whose memory may be anything.
    expect(node.applier.apply(entries).type).toBe('failed');
    node.crash();
    expect(node.apply(entries)).toMatchObject([{ type: 'executed' }]);
    node.close();
  });
});

describe('an entry that is skipped', () => {
  const log = [
    ...BEFORE,
    executeEntry(POISON, { sequence: 3, body: NEWER }),
    executeEntry(POISON + 1, { sequence: 4, lowestUnanswered: 3, body: GOOD }),
    skipEntry(POISON + 2, POISON),
  ];

  it('takes its number and answers an error, now and later, the same on every node', () => {
    const [node, other] = [new TestNode(runtime), new TestNode(runtime)];
    const outcomes = [node, other].map((each, at) => {
      each.applier.skip(index(POISON));
      return at === 0 ? each.apply(log) : log.flatMap((entry) => each.apply([entry]));
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
    const [skipped, behind, seen] = outcomes[0]?.slice(-3) ?? [];
    const { committed, outcomes: answers } = responseOf(skipped);
    expect(committed).toBe(false);
    expect(answers).toMatchObject([{ type: 'error', error: { code: 'Skipped' } }]);
    expect(responseOf(behind).committed).toBe(true);
    expect(seen).toEqual({ type: 'skip-seen', index: POISON, agrees: true });
    expect(node.get('SELECT count(*) FROM t')).toEqual([2]);
    expect(hashDatabase(node.database)).toBe(hashDatabase(other.database));
    node.restore();
    expect(node.apply(log.slice(-3))).toEqual([skipped, behind, seen]);
    expect(node.apply([skipEntry(POISON + 3, POISON)])).toEqual([seen]);
    node.close();
    other.close();
  });

  it('that makes no sense at all does nothing', () => {
    const node = new TestNode(runtime);
    node.applier.skip(index(POISON));
    const strange = commandEntry(POISON, Uint8Array.of(99, 1, 2));
    expect(node.apply([...BEFORE, strange]).at(-1)).toEqual({ type: 'nothing' });
    expect(node.apply([strange])).toEqual([{ type: 'nothing' }]);
    node.close();
  });

  it('but was applied here before shows that this state is not that of the others', () => {
    const node = new TestNode(runtime);
    node.apply([...BEFORE, executeEntry(POISON, { sequence: 3, body: GOOD })]);
    const [seen] = node.apply([skipEntry(POISON + 1, POISON)]);
    expect(seen).toEqual({ type: 'skip-seen', index: POISON, agrees: false });
    node.close();
  });

  it('is so also where the state is replaced before it comes', async () => {
    const source = openLocal(runtime, newName(), 0);
    await source.machine.apply(BEFORE);
    const receiver = openLocal(runtime, newName(), 0);
    receiver.state.skip(index(POISON));
    const snapshot = resultOf(await source.machine.openSnapshot());
    await copy(source.machine, snapshot, receiver.machine, 1);
    resultOf(await receiver.machine.finishStage());
    resultOf(await receiver.machine.restore(1));
    const entries = [executeEntry(POISON, { sequence: 3, body: GOOD })];
    const [outcome] = await receiver.machine.apply([...entries, skipEntry(POISON + 1, POISON)]);
    expect(responseOf(outcome).outcomes).toMatchObject([{ error: { code: 'Skipped' } }]);
  });
});
