/** Importing a file where nodes die: whatever is left of it, each goes on as if nothing had happened. */

import { describe, expect, it, vi } from 'vitest';
import { SqlDatabase } from '../../src/sqlite/database.ts';
import { SqlState } from '../../src/sqlite/sql-state.ts';
import { memoryFiles, StateFiles } from '../../src/sqlite/state-files.ts';
import { Vfs, VfsFile } from '../../src/sqlite/vfs.ts';
import { contentsOfFile, makeFile } from './files.ts';
import { told } from './import-log.ts';
import { AFTERWARDS, logOfImport, Machine, SCHEMA } from './import-machine.ts';
import { loadTestRuntime } from './support.ts';

const runtime = await loadTestRuntime();
const file = makeFile(runtime, SCHEMA);

/** What a process does to files, step by step; it dies before one of them. */
const STEPS = [
  [Vfs.prototype, ['open', 'delete']],
  [VfsFile.prototype, ['write', 'sync', 'close']],
  [SqlDatabase.prototype, ['begin', 'commit', 'execute', 'checkpoint', 'makeDurable', 'close']],
  [StateFiles.prototype, ['create', 'removeTwin']],
] as const;

class Death extends Error {}

/** Runs `work` until its step number `dieAt`; whether it got that far. */
function dying(dieAt: number, work: () => void): boolean {
  let steps = 0;
  const spies = STEPS.flatMap(([prototype, names]) =>
    names.map((name) => {
      const methods = prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
      const original = methods[name];
      if (original === undefined) throw new Error(`there is no ${name}`);
      return vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...args) {
        steps += 1;
        if (steps > dieAt) throw new Death();
        return original.apply(this, args);
      });
    }),
  );
  try {
    work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return steps > dieAt;
}

describe('a node that dies in the midst of the last request', () => {
  it.each([
    ['its process', false],
    ['its machine', true],
  ])('comes to what the others come to (%s)', (_what, losesLog) => {
    const log = logOfImport(file, 30_000);
    const finish = log.entries.length;
    log.addAll(AFTERWARDS.slice(0, 1));
    const undisturbed = new Machine(runtime);
    undisturbed.apply(log.entries.slice(0, finish - 1));
    const formerly = undisturbed.contents;
    undisturbed.apply(log.entries.slice(finish - 1));
    const imported = contentsOfFile(runtime, file);
    const ends = new Map([
      [finish - 1, 0],
      [finish, 0],
    ]);
    for (let [step, reached] = [0, true]; reached; step += 1) {
      const machine = new Machine(runtime);
      machine.apply(log.entries.slice(0, finish - 1));
      reached = dying(step, () => machine.state.apply(log.entries.slice(finish - 1, finish)));
      if (losesLog && !loseLog(machine)) continue;
      machine.crash();
      const applied = machine.state.appliedIndex;
      ends.set(applied, (ends.get(applied) ?? 0) + 1);
      expect(machine.contents).toEqual(applied === finish ? imported : formerly);
      machine.apply(log.entries);
      expect(machine.hash).toBe(undisturbed.hash);
      expect(machine.twins).toHaveLength(1);
    }
    // At several steps each, and nowhere else.
    expect([...ends.keys()]).toEqual([finish - 1, finish]);
    for (const count of ends.values()) expect(count).toBeGreaterThan(2);
  });
});

describe('a file that pretends to be a database of ours, far ahead', () => {
  it.each([1, 99])('is none at any moment (its format is %i)', (format) => {
    const log = logOfImport(
      makeFile(runtime, [
        'CREATE TABLE _resqlite_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID',
        `INSERT INTO _resqlite_meta VALUES('format', ${format}), ('applied_index', 1000000)`,
      ]),
    );
    const finish = log.entries.length;
    for (let [step, reached] = [0, true]; reached; step += 1) {
      const machine = new Machine(runtime);
      machine.apply(log.entries.slice(0, finish - 1));
      reached = dying(step, () => machine.state.apply(log.entries.slice(finish - 1)));
      machine.crash();
      expect(machine.state.appliedIndex).toBeLessThanOrEqual(finish);
      expect(told(machine.apply(log.entries).at(-1))).toMatch(/reserved/);
      expect(machine.twins).toHaveLength(1);
    }
  });
});

/** Of the database that was being made, or just was, its write-ahead log is lost. False: there is none. */
function loseLog(machine: Machine): boolean {
  const files = memoryFiles(runtime, machine.name);
  if (!files.twins(0).includes(1)) return false;
  const vfs = new Vfs(runtime, null);
  const path = `${files.location(0, 1).path}-wal`;
  vfs.delete(path);
  vfs.open(path, 'wal').close();
  return true;
}

describe('opening the only copy there is', () => {
  const open = (name: string): SqlState => {
    return new SqlState(memoryFiles(runtime, name), 0, {}, 'only-copy');
  };

  it('finds the database under either name, and touches nothing where both are damaged', () => {
    const log = logOfImport(file);
    const machine = new Machine(runtime);
    machine.apply(log.entries);
    machine.state.close();
    expect(machine.twins).toEqual([1]);
    const state = open(machine.name);
    expect(state.appliedIndex).toBe(log.entries.length);
    state.close();
    // The former one is back, as if it had not been deleted yet: the one that is ahead counts.
    const former = new Machine(runtime);
    former.apply(log.entries.slice(0, 5));
    former.state.close();
    const files = memoryFiles(runtime, machine.name);
    const vfs = new Vfs(runtime, null);
    const [from, to] = [vfs.open(`/${former.name}-database-0`, 'database'), files.create(0, 0)];
    to.write(0, from.read(0, from.sizeBytes()));
    for (const one of [from, to]) one.close();
    expect(machine.twins).toEqual([0, 1]);
    const again = open(machine.name);
    expect(again.appliedIndex).toBe(log.entries.length);
    again.close();
    expect(machine.twins).toEqual([1]);
    for (const damaged of [files.create(0, 0), vfs.open(files.location(0, 1).path, 'database')]) {
      damaged.write(0, new Uint8Array(100));
      damaged.close();
    }
    expect(() => open(machine.name)).toThrow(/damaged, and nobody else has the data/);
    expect(machine.twins).toEqual([0, 1]);
    expect(new SqlState(files, 0).appliedIndex).toBe(0);
  });
});
