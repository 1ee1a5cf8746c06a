/** SM10: what the log says of builds stands in the data, and the checks behind it go over everything. */

import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../src/node/command.ts';
import { MAX_BUILD_CHARACTERS } from '../../src/node/limits.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { adoptedBuild } from '../../src/sqlite/adoption.ts';
import { ownBuild } from '../../src/sqlite/build.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { checkEntry, commandEntry, logOf, noopEntry, requestOf, STAMP_MS } from './log.ts';
import { copy, MACHINES, resultOf, type TestMachine } from './machine.ts';
import { loadTestRuntime, newName, TestNode } from './support.ts';

const BUILD = '0007 2033-01-02 03:04:05 abcdef';

const runtime = await loadTestRuntime();

function adoption(index: number, build = BUILD): Entry {
  return commandEntry(index, encodeCommand({ type: 'adopt-build', stampMs: STAMP_MS, build }));
}

const LOG = logOf([
  requestOf(['CREATE TABLE t(a)', 'INSERT INTO t VALUES(hex(randomblob(900)))']),
  ...Array.from({ length: 5 }, () =>
    requestOf(['INSERT INTO t SELECT hex(randomblob(900)) FROM t']),
  ),
]);

describe('the name of this build', () => {
  it('tells the rules and SQLite’s sources, and fits everywhere', () => {
    const name = ownBuild(runtime);
    const node = new TestNode(runtime);
    const [sourceId] = node.get('SELECT sqlite_source_id()');
    node.close();
    expect(name).toBe(`0003 ${String(sourceId)}`);
    expect(name).toMatch(/^\d{4} 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d [\da-z]+$/);
    expect(name.length).toBeLessThanOrEqual(MAX_BUILD_CHARACTERS);
  });

  it('and the adopted one are told when the database is opened', async () => {
    const name = newName();
    const service = new SqlService(async () => memoryFiles(runtime, name));
    const own = ownBuild(runtime);
    const none = { build: '', goesOn: false };
    expect((await service.open(name, 0)).build).toEqual({ own, adopted: none });
    await service.close();
  });
});

describe('an adopted build', () => {
  it('begins a round of checks at the first slice, up to the last one, and changes no hash', () => {
    const options = { sliceBytes: 20_000 };
    const node = new TestNode(runtime, options);
    const other = new TestNode(runtime, options);
    for (const one of [node, other]) one.apply(LOG);
    const at = LOG.length;
    expect(adoptedBuild(node.database)).toEqual({ build: '', goesOn: false });
    const first = node.apply([checkEntry(at + 1), checkEntry(at + 2)])[0];
    other.apply([noopEntry(at + 1), noopEntry(at + 2)]);
    const before = hashDatabase(node.database);
    expect(node.apply([adoption(at + 3)])).toEqual([{ type: 'build-adopted', build: BUILD }]);
    other.apply([adoption(at + 3)]);
    expect(hashDatabase(node.database)).toBe(before);
    expect(adoptedBuild(node.database)).toEqual({ build: BUILD, goesOn: true });

    // One of them is opened anew in the midst of it.
    const rounds = [node, other].map((one) => {
      const outcomes = [];
      for (let index = at + 4; ; index += 1) {
        const [outcome] = one.apply([checkEntry(index)]);
        if (outcome?.type !== 'checked') throw new Error('not checked');
        outcomes.push(outcome);
        if (!outcome.goesOn) return outcomes;
        if (one === other) one.reopen();
      }
    });
    const [round = [], otherRound = []] = rounds;
    expect(round.length).toBeGreaterThan(3);
    expect(otherRound).toEqual(round);
    expect(round[0]).toEqual({ ...first, goesOn: true });
    expect(adoptedBuild(node.database)).toEqual({ build: BUILD, goesOn: false });
    for (const one of [node, other]) one.close();
  });

  it('is answered again where the entry comes again, and another takes its place', () => {
    const node = new TestNode(runtime);
    node.apply(LOG);
    const at = LOG.length;
    const entries = [adoption(at + 1), adoption(at + 2, 'earlier'), checkEntry(at + 3)];
    const outcomes = node.apply(entries);
    expect(outcomes.map((one) => ('build' in one ? one.build : one.type))).toEqual([
      BUILD,
      'earlier',
      'checked',
    ]);
    node.reopen();
    expect(node.apply(entries)).toEqual(outcomes);
    expect(adoptedBuild(node.database)).toEqual({ build: 'earlier', goesOn: false });
    node.close();
  });

  it.each(MACHINES)('is part of a snapshot: %s', async (_, open) => {
    const adopted = async (machine: TestMachine) =>
      new Promise((resolve) => {
        machine.port.adoptedBuild((outcome) => resolve(resultOf(outcome)));
      });
    const [from, to] = [await open(runtime, newName(), 0), await open(runtime, newName(), 0)];
    await from.machine.apply([...LOG, adoption(LOG.length + 1)]);
    expect(await adopted(to.machine)).toEqual({ build: '', goesOn: false });
    const snapshot = resultOf(await from.machine.openSnapshot());
    await copy(from.machine, snapshot, to.machine, 1);
    resultOf(await to.machine.finishStage());
    expect(resultOf(await to.machine.restore(1))).toBe((LOG.length + 1) as LogIndex);
    expect(await adopted(to.machine)).toEqual({ build: BUILD, goesOn: true });
  });
});
