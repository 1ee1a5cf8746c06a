/** SM5 to SM8 of the StateMachine port on SQLite, on the same thread and as over a worker. */

import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { OpenedSnapshot, StagedSnapshot } from '../../src/node/ports.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { hashBetween, hashNow, hashPieces, PIECE_BYTES } from '../../src/sqlite/piece-hash.ts';
import { Vfs, VfsFile } from '../../src/sqlite/vfs.ts';
import { logOf, requestOf } from './log.ts';
import { copy, MACHINES, openLocal, resultOf, type TestMachine } from './machine.ts';
import { loadTestRuntime, newName, TestNode } from './support.ts';

const runtime = await loadTestRuntime();

const INSERT = 'INSERT INTO t(x) VALUES(hex(randomblob(900))), (random())';
const LOG = logOf([
  requestOf(['CREATE TABLE t(id INTEGER PRIMARY KEY, x)', 'CREATE INDEX i ON t(x)']),
  requestOf(["CREATE VIRTUAL TABLE f USING fts5(y, content='')", "INSERT INTO f VALUES('ant')"]),
  ...Array.from({ length: 200 }, () => requestOf([INSERT])),
]);
const HALF = 100;
const refused = (reason: RegExp) => ({
  type: 'refused',
  reason: expect.stringMatching(reason) as string,
});

/** What a node that applied the log up to the index comes to. */
function expectedHash(index: number): string {
  const node = new TestNode(runtime);
  node.apply(LOG.slice(0, index));
  const hash = hashDatabase(node.database);
  node.close();
  return hash;
}

function hashNowOf(name: string, file: number): { index: number; hash: string } {
  const { state } = openLocal(runtime, name, file);
  const result = { index: state.appliedIndex, hash: hashDatabase(state.database) };
  state.close();
  return result;
}

describe('the hash of a snapshot', () => {
  it('is that of the hashes of its pieces', () => {
    const bytes = new Uint8Array(2 * PIECE_BYTES + 5).map((_byte, at) => at % 251);
    const pieces = [0, 1, 2].map((at) => bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES));
    const hashes = pieces.map((piece) => createHash('sha256').update(piece).digest());
    const expected = createHash('sha256').update(Buffer.concat(hashes)).digest('hex');
    expect(hashOf(bytes)).toBe(expected);
    expect(hashOf(new Uint8Array(0))).toBe(createHash('sha256').digest('hex'));
  });

  it('is the same taken at once and between other work', async () => {
    const bytes = new Uint8Array(3 * PIECE_BYTES).fill(7);
    const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    expect(await hashBetween(hashPieces(bytes.length, read))).toBe(hashOf(bytes));
  });
});

describe('the write-ahead log of a machine with an open snapshot', () => {
  it('ends the snapshot when it is too long, and only then is moved', async () => {
    const options = { checkpointBytes: 50_000, heldBytes: 400_000 };
    const { machine, state } = openLocal(runtime, newName(), 0, options);
    await machine.apply(LOG.slice(0, HALF));
    const opened = resultOf(await machine.openSnapshot());
    let applied = HALF;
    while ((await machine.read(0, 1)).type === 'done') {
      expect(state.database.file().sizeBytes()).toBe(opened.sizeBytes);
      await machine.apply(LOG.slice(applied, applied + 1));
      applied += 1;
    }
    expect(applied).toBeGreaterThan(HALF + 5);
    expect(state.database.file().sizeBytes()).toBeGreaterThan(opened.sizeBytes);
    expect(await machine.read(0, 1)).toEqual(refused(/too much was written/));
    expect(await machine.checkpoint()).toEqual({ type: 'done', result: applied });
    expect(resultOf(await machine.openSnapshot()).index).toBe(applied);
    state.close();
  });

  it('ends one that is still being hashed', () => {
    const options = { checkpointBytes: 50_000, heldBytes: 400_000 };
    const { state } = openLocal(runtime, newName(), 0, options);
    state.apply(LOG.slice(0, HALF));
    const opening = state.openSnapshot();
    const piece = opening.next();
    state.apply(LOG.slice(HALF));
    expect(opening.next(new Uint8Array(32))).toEqual({
      done: true,
      value: refused(/too much was written/),
    });
    expect(piece.done).toBe(false);
    state.close();
  });
});

describe.each(MACHINES)('the state machine %s', (_where, open) => {
  const start = async (file = 0, name = newName()) => ({
    ...(await open(runtime, name, file)),
    name,
  });
  const startWith = async (count: number) => {
    const opened = await start();
    await opened.machine.apply(LOG.slice(0, count));
    return opened;
  };
  /** A machine with a snapshot that is open. */
  const source = async (
    count = HALF,
  ): Promise<{ machine: TestMachine; opened: OpenedSnapshot }> => {
    const { machine } = await startWith(count);
    return { machine, opened: resultOf(await machine.openSnapshot()) };
  };
  const staged = (opened: OpenedSnapshot, file = 1): StagedSnapshot => ({ ...opened, file });

  it('applies as a database by itself does', async () => {
    const { machine } = await start();
    const node = new TestNode(runtime);
    expect(await machine.apply(LOG)).toEqual(node.apply(LOG));
    node.close();
  });

  it('SM5: what a checkpoint answered with is in the file alone, flushed', async () => {
    const { machine, name } = await startWith(HALF);
    const sync = vi.spyOn(VfsFile.prototype, 'sync');
    expect(await machine.checkpoint()).toEqual({ type: 'done', result: HALF });
    expect(sync).toHaveBeenCalledTimes(1);
    sync.mockRestore();
    await machine.apply(LOG.slice(HALF, HALF + 1));
    // The machine dies, and all that was not flushed is gone with it: the write-ahead log.
    const other = newName();
    const [lived, left] = [databaseFile(name), databaseFile(other)];
    left.write(0, lived.read(0, lived.sizeBytes()));
    for (const file of [lived, left]) file.close();
    expect(hashNowOf(other, 0)).toEqual({ index: HALF, hash: expectedHash(HALF) });
  });

  it('SM5: no checkpoint while a snapshot is open', async () => {
    const { machine } = await source();
    expect(await machine.checkpoint()).toEqual(refused(/a snapshot is open/));
    machine.port.closeSnapshot();
    expect(await machine.checkpoint()).toEqual({ type: 'done', result: HALF });
  });

  it('SM6: an open snapshot does not change, and is what another machine restores', async () => {
    const { machine, opened } = await source();
    const other = await startWith(3);
    expect(opened).toMatchObject({ index: HALF, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await copy(machine, opened, other.machine, 1, async (chunk) => {
      const from = HALF + chunk;
      if (from < LOG.length) await machine.apply(LOG.slice(from, from + 1));
    });
    expect(resultOf(await other.machine.finishStage())).toBeNull();
    expect(resultOf(await other.machine.restore(1))).toBe(HALF);
    expect(hashNowOf(other.name, 1)).toEqual({ index: HALF, hash: expectedHash(HALF) });
  });

  it('SM6: after a restore both go on, and come to the same', async () => {
    const { machine, opened } = await source();
    const other = await start();
    await copy(machine, opened, other.machine, 1);
    resultOf(await other.machine.finishStage());
    resultOf(await other.machine.restore(1));
    machine.port.closeSnapshot();
    await machine.apply(LOG.slice(HALF));
    for (let at = HALF; at < LOG.length; at += 7) {
      await other.machine.apply(LOG.slice(at, at + 7));
    }
    expect(await other.machine.checkpoint()).toEqual({ type: 'done', result: LOG.length });
    const hash = expectedHash(LOG.length);
    expect(hashNowOf(other.name, 1)).toEqual({ index: LOG.length, hash });
  });

  it('SM6: at most one is open, and none after it was closed', async () => {
    const { machine, opened } = await source();
    expect(await machine.openSnapshot()).toEqual(refused(/open already/));
    expect(resultOf(await machine.read(opened.sizeBytes - 5, 100)).length).toBe(5);
    expect(await machine.read(opened.sizeBytes, 100)).toEqual({
      type: 'done',
      result: new Uint8Array(0),
    });
    expect(await machine.read(opened.sizeBytes + 1, 1)).toEqual(refused(/behind its end/));
    machine.port.closeSnapshot();
    expect(await machine.read(0, 100)).toEqual(refused(/closed/));
    expect(resultOf(await machine.openSnapshot())).toEqual(opened);
  });

  it('SM6: the hash follows the bytes', async () => {
    const { machine, opened } = await source();
    machine.port.closeSnapshot();
    await machine.apply(LOG.slice(HALF, HALF + 1));
    const later = resultOf(await machine.openSnapshot());
    expect(later.index).toBe(HALF + 1);
    expect(later.hash).not.toBe(opened.hash);
  });

  it('SM7: takes bytes in order only, and no more than there are', async () => {
    const { opened } = await source();
    const { machine } = await start();
    expect(await machine.writeStage(0, new Uint8Array(1))).toEqual(refused(/nothing is staged/));
    expect(await machine.finishStage()).toEqual(refused(/nothing is staged/));
    resultOf(await machine.beginStage(staged(opened)));
    expect(await machine.writeStage(1, new Uint8Array(1))).toEqual(refused(/byte 0 comes next/));
    resultOf(await machine.writeStage(0, new Uint8Array(10)));
    expect(await machine.writeStage(0, new Uint8Array(10))).toEqual(refused(/byte 10 comes next/));
    expect(await machine.writeStage(10, new Uint8Array(opened.sizeBytes))).toEqual(
      refused(/too long/),
    );
    expect(await machine.writeStage(10, new Uint8Array(1))).toEqual(refused(/discarded/));
  });

  it('SM7: what is incomplete or changed on the way is refused, and the state goes on', async () => {
    const { machine, opened } = await source();
    const { machine: other, name } = await startWith(5);
    await copy(machine, opened, other, 1);
    resultOf(await other.finishStage());
    for (const at of [0, opened.sizeBytes >> 1, opened.sizeBytes - 1]) {
      resultOf(await other.beginStage(staged(opened, 2)));
      const bytes = resultOf(await machine.read(0, opened.sizeBytes));
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      resultOf(await other.writeStage(0, bytes));
      expect(await other.finishStage()).toEqual(refused(/not those that were sent/));
      expect(await other.restore(2)).toEqual(refused(/no finished stage/));
    }
    resultOf(await other.beginStage(staged(opened, 3)));
    expect(await other.finishStage()).toEqual(refused(/0 of its \d+ bytes/));
    // Staging another one has discarded the one that was whole.
    expect(await other.restore(1)).toEqual(refused(/no finished stage/));
    await other.apply(LOG.slice(5, 6));
    expect(resultOf(await other.checkpoint())).toBe(6);
    expect(hashNowOf(name, 0)).toEqual({ index: 6, hash: expectedHash(6) });
  });

  it('SM7: what is no database of that index is refused', async () => {
    const { machine, opened } = await source();
    const { machine: other, name } = await startWith(5);
    const index = (HALF + 1) as LogIndex;
    await copy(machine, { ...opened, index }, other, 1);
    expect(await other.finishStage()).toEqual(refused(/of entry 100, not 101/));
    expect(await other.beginStage(staged(opened, 0))).toEqual(refused(/the one that is served/));
    const text = new TextEncoder().encode('no database at all, whatever its hash may be');
    const hash = hashOf(text);
    resultOf(
      await other.beginStage({ file: 1, index: opened.index, sizeBytes: text.length, hash }),
    );
    resultOf(await other.writeStage(0, text));
    expect(await other.finishStage()).toEqual(refused(/not a database/));
    expect(hashNowOf(name, 0)).toEqual({ index: 5, hash: expectedHash(5) });
  });

  it('SM7: a stage can be discarded at any time, also while it is checked', async () => {
    const { machine, opened } = await source();
    const { machine: other } = await start();
    await copy(machine, opened, other, 1);
    const finishing = other.finishStage();
    other.port.discardStage();
    const outcome = await finishing;
    // On one thread it is finished in the call.
    if (outcome.type !== 'done') expect(outcome).toEqual(refused(/discarded/));
    expect(await other.restore(1)).toEqual(refused(/no finished stage/));
    await copy(machine, opened, other, 1);
    resultOf(await other.finishStage());
    expect(resultOf(await other.restore(1))).toBe(HALF);
  });

  it('SM8: whichever file the log names counts when it is opened, and no other is left', async () => {
    const { machine, opened } = await source();
    for (const restores of [false, true]) {
      for (const named of [0, 1]) {
        const { machine: other, name } = await startWith(5);
        await copy(machine, opened, other, 1);
        resultOf(await other.finishStage());
        if (restores && named === 1) resultOf(await other.restore(1));
        // Its process dies here.
        const again = await start(named, name);
        expect(again.appliedIndex).toBe(named === 0 ? 5 : HALF);
        expect(again.quarantined).toBe(false);
        const unnamed = await start(1 - named, name);
        expect(unnamed.appliedIndex).toBe(0);
      }
    }
  });

  it('SM8: a finished stage outlives an orderly end, since the log may name it', async () => {
    const from = openLocal(runtime, newName(), 0);
    await from.machine.apply(LOG.slice(0, HALF));
    const opened = resultOf(await from.machine.openSnapshot());
    const name = newName();
    const other = openLocal(runtime, name, 0);
    await copy(from.machine, opened, other.machine, 1);
    resultOf(await other.machine.finishStage());
    other.state.close();
    expect((await start(1, name)).appliedIndex).toBe(HALF);
  });

  it('a file that is gone is begun anew, whatever its number', async () => {
    const { machine, appliedIndex } = await start(7);
    expect(appliedIndex).toBe(0);
    await machine.apply(LOG.slice(0, 9));
    expect(await machine.checkpoint()).toEqual({ type: 'done', result: 9 });
  });

  it('a quarantine is told by every opening until a restore, and gives no snapshot', async () => {
    const { machine, opened } = await source();
    const { machine: other, name } = await startWith(5);
    resultOf(await other.openSnapshot());
    expect(await other.quarantine()).toEqual({ type: 'done', result: null });
    expect(await other.read(0, 1)).toEqual(refused(/quarantined/));
    expect(await other.openSnapshot()).toEqual(refused(/quarantined/));
    const again = await start(0, name);
    expect(again).toMatchObject({ quarantined: true, appliedIndex: 5 });
    await copy(machine, opened, again.machine, 1);
    resultOf(await again.machine.finishStage());
    resultOf(await again.machine.restore(1));
    expect(resultOf(await again.machine.openSnapshot()).index).toBe(HALF);
    expect(await start(1, name)).toMatchObject({ quarantined: false, appliedIndex: HALF });
  });

  it('a snapshot ends when another state takes its place', async () => {
    const { machine, opened } = await source();
    const { machine: other } = await startWith(5);
    resultOf(await other.openSnapshot());
    await copy(machine, opened, other, 1);
    resultOf(await other.finishStage());
    resultOf(await other.restore(1));
    expect(await other.read(0, 1)).toEqual(refused(/no snapshot is open/));
    expect(resultOf(await other.openSnapshot()).index).toBe(HALF);
  });
});

function databaseFile(name: string): VfsFile {
  return new Vfs(runtime, null).open(`/${name}-database-0`, 'database');
}

function hashOf(bytes: Uint8Array): string {
  return hashNow(
    hashPieces(bytes.length, (offset, length) => bytes.subarray(offset, offset + length)),
  );
}
