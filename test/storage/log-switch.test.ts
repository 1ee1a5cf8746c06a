/**
 * Compaction, exhaustively: a whole record is written and the process dies before any operation of
 * it, and again in the next start; what a power failure leaves is drawn; then any of the media are
 * lost. Whatever is then found must be the log with everything acknowledged, or be said to be lost.
 */

import { describe, expect, test } from 'vitest';

import type { LogRecord } from '../../src/raft/types.ts';
import { IndexedDbCopy } from '../../src/storage/indexeddb-copy.ts';
import { JournalCopy } from '../../src/storage/journal-copy.ts';
import { openCopies, type OpenedLog } from '../../src/storage/log-pair.ts';
import type { NodeIdentity } from '../../src/storage/names.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FakeDisk, FILES, randomOf, type CrashKind } from './fake-disk.ts';
import {
  command,
  effectOf,
  IDENTITY,
  nodeId,
  noop,
  plainLog,
  record,
  wholeRecord,
} from './records.ts';

const BEFORE: readonly LogRecord[] = [1, 2, 3, 4, 5].map((n) => {
  return record(n, [command(n, n, new Uint8Array(30).fill(n))]);
});
const WHOLE = wholeRecord(4, 6, [command(5, 5, new Uint8Array(30).fill(5))]);
const BEHIND = record(7, [noop(6, 7)]);

async function open(
  disk: FakeDisk,
  wanted: LogRecord | null | 'open' = 'open',
  identity: NodeIdentity = IDENTITY,
): Promise<OpenedLog | 'absent'> {
  const table = new IndexedDbCopy(disk.openTable(), 100, 2);
  return await openCopies(identity, [table, new JournalCopy(disk.openFiles())], wanted, () => {});
}

async function openWhole(disk: FakeDisk, wanted: LogRecord | null | 'open' = 'open') {
  const opened = await open(disk, wanted);
  if (opened === 'absent') throw new Error('absent');
  return opened;
}

function append({ store }: OpenedLog, given: LogRecord): Promise<string | null> {
  return new Promise((resolve) => {
    store.append(given, resolve);
  });
}

/** A disk whose log was compacted as often as `rounds` tells, and has the records `BEFORE` on top. */
async function writtenDisk(rounds = 0): Promise<{ disk: FakeDisk; opened: OpenedLog }> {
  const disk = new FakeDisk();
  const opened = await openWhole(disk, null);
  for (let round = 0; round < rounds; round += 1) await append(opened, wholeRecord(0, 0));
  for (const each of BEFORE) expect(await append(opened, each)).toBeNull();
  return { disk, opened };
}

type Shown = 'absent' | 'Corrupt' | 'before' | 'whole' | 'behind' | 'other';

async function show(disk: FakeDisk): Promise<Shown> {
  try {
    const opened = await open(disk);
    if (opened === 'absent') return 'absent';
    const { hardState, entries } = plainLog(opened.log);
    const shown = JSON.stringify({ hardState, entries });
    const isLike = (records: readonly LogRecord[]): boolean => {
      const { hardState: state, entries: wanted } = effectOf(records);
      return shown === JSON.stringify({ hardState: state, entries: wanted });
    };
    if (opened.log.snapshot?.index !== WHOLE.snapshot?.index) {
      return isLike(BEFORE) ? 'before' : 'other';
    }
    if (isLike([WHOLE])) return 'whole';
    return isLike([WHOLE, BEHIND]) ? 'behind' : 'other';
  } catch (error) {
    if (disk.isDead) return 'other';
    if (error instanceof StorageError && error.code === 'Corrupt') return 'Corrupt';
    throw error;
  }
}

/** Which media are lost: every subset of table and files. */
const LOSSES = Array.from({ length: 8 }, (_, bits) => bits);

/** What is lost after the first process died, and after the second one. */
const DOUBLE_LOSSES = [
  [0, 0],
  [0, 3],
  [0, 4],
  [0, 5],
  [0, 6],
  [1, 4],
  [2, 4],
  [4, 1],
  [4, 2],
  [4, 3],
] as const;

function lose(disk: FakeDisk, bits: number): void {
  if ((bits & 4) !== 0) disk.rows.clear();
  for (const file of FILES) {
    if ((bits & (1 << file)) !== 0) disk.setFileBytes(file, new Uint8Array(0));
  }
}

/** The whole record is given on a disk that dies; what was acknowledged by then. */
async function dyingAppend(rounds: number, diesAt: number) {
  const { disk, opened } = await writtenDisk(rounds);
  disk.operationsLeft = diesAt;
  const error = await append(opened, WHOLE);
  const acknowledged: Shown = error === null ? 'whole' : 'before';
  return { disk, acknowledged };
}

async function dyingStart(disk: FakeDisk, diesAt: number): Promise<Shown> {
  disk.operationsLeft = diesAt;
  const shown = await show(disk);
  return disk.isDead ? 'other' : shown;
}

/** Enough for every operation of an append that compacts, and of a start. */
const OPERATIONS = Array.from({ length: 16 }, (_, i) => i);
const KINDS: readonly CrashKind[] = ['kill', 'power-failure'];

function allowed(acknowledged: Shown): Shown[] {
  return acknowledged === 'before' ? ['before', 'whole'] : ['whole'];
}

describe('a process that dies while it compacts', () => {
  for (const rounds of [0, 1, 2]) {
    test(`loses nothing, and bears the loss of a copy (${rounds} compactions before)`, async () => {
      const seen = new Set<Shown>();
      for (const diesAt of OPERATIONS) {
        for (const kind of KINDS) {
          for (let seed = 1; seed <= 6; seed += 1) {
            for (const lost of LOSSES) {
              const { disk, acknowledged } = await dyingAppend(rounds, diesAt);
              disk.restart(kind, randomOf(seed * 7_919 + diesAt));
              lose(disk, lost);
              const shown = await show(disk);
              // A power failure may leave one copy in doubt; then the other one is needed.
              const isSafe = lost === 0 || (lost <= 4 && kind === 'kill');
              const ends: Shown[] = isSafe ? [] : ['absent', 'Corrupt'];
              expect([...ends, ...allowed(acknowledged)], `${diesAt} ${kind} ${lost}`).toContain(
                shown,
              );
              seen.add(shown);
            }
          }
        }
      }
      expect([...seen].toSorted()).toEqual(['Corrupt', 'absent', 'before', 'whole']);
    });
  }

  test('and again in the next start, and loses all kinds of media: nothing silently', async () => {
    const seen = new Set<Shown>();
    for (const diesAt of OPERATIONS.slice(0, 12)) {
      for (const diesAgainAt of OPERATIONS.slice(0, 12)) {
        for (const kind of KINDS) {
          for (const [first, second] of DOUBLE_LOSSES) {
            const { disk, acknowledged } = await dyingAppend(0, diesAt);
            const random = randomOf(diesAt * 104_729 + diesAgainAt * 31 + second + 1);
            disk.restart(kind, random);
            lose(disk, first);
            const started = await dyingStart(disk, diesAgainAt);
            const known = started === 'whole' ? 'whole' : acknowledged;
            disk.restart(kind, random);
            lose(disk, second);
            const shown = await show(disk);
            const isSafe = kind === 'kill' && first === 0 && second <= 4;
            const ends: Shown[] = isSafe ? [] : ['absent', 'Corrupt'];
            expect([...ends, ...allowed(known)]).toContain(shown);
            seen.add(shown);
          }
        }
      }
    }
    expect([...seen].toSorted()).toEqual(['Corrupt', 'absent', 'before', 'whole']);
  });

  test('loses nothing of a power failure that falls into the emptying of a file', async () => {
    const seen = new Set<Shown>();
    for (const diesAt of OPERATIONS) {
      for (let seed = 1; seed <= 60; seed += 1) {
        const { disk, acknowledged } = await dyingAppend(0, diesAt);
        disk.restart('power-failure', randomOf(seed * 7_919));
        // Only the file that was to be emptied is left.
        lose(disk, 4 + 2);
        const shown = await show(disk);
        expect(['absent', 'Corrupt', ...allowed(acknowledged)]).toContain(shown);
        seen.add(shown);
      }
    }
    expect([...seen].toSorted()).toEqual(['Corrupt', 'absent', 'before']);
  });
});

describe('a compacted log', () => {
  /** The log `WHOLE, BEHIND`, all else deleted. */
  async function compacted(): Promise<FakeDisk> {
    const { disk, opened } = await writtenDisk();
    await append(opened, WHOLE);
    await append(opened, BEHIND);
    opened.store.close();
    disk.restart('kill', () => 0);
    await openWhole(disk);
    disk.restart('kill', () => 0);
    return disk;
  }

  test('tells what it takes', async () => {
    const { disk, opened } = await writtenDisk();
    const before = opened.store.sizeBytes;
    expect(before).toBe(disk.fileBytes(0).length);
    await append(opened, WHOLE);
    expect(disk.fileBytes(0).length).toBe(0);
    expect(opened.store.sizeBytes).toBe(disk.fileBytes(1).length);
    await append(opened, BEHIND);
    expect(opened.store.sizeBytes).toBe(disk.fileBytes(1).length);
    expect(opened.store.sizeBytes).toBeLessThan(before);
    await append(opened, WHOLE);
    expect(disk.fileBytes(1).length).toBe(0);
    expect(opened.store.sizeBytes).toBe(disk.fileBytes(0).length);
  });

  test('deletes beside later appends, a few records at a time', async () => {
    const { disk, opened } = await writtenDisk();
    await append(opened, WHOLE);
    // The head is gone, and most of what followed it is not.
    expect(disk.rows.has(0)).toBe(false);
    expect(disk.rows.size).toBeGreaterThan(3);
    await append(opened, BEHIND);
    await expect.poll(() => [...disk.rows.keys()]).toEqual([6, 7]);
  });

  test('is repaired in either copy from the other', async () => {
    for (const lost of [4, 3]) {
      const disk = await compacted();
      lose(disk, lost);
      const opened = await openWhole(disk);
      expect(opened.repaired).toBe(lost === 4 ? 'indexeddb' : 'journal');
      expect(plainLog(opened.log)).toEqual(effectOf([WHOLE, BEHIND]));
      disk.restart('kill', () => 0);
      lose(disk, 7 - lost);
      expect(await show(disk)).toBe('behind');
    }
  });

  test('with a changed bit anywhere in its file', async () => {
    const disk = await compacted();
    const length = disk.fileBytes(disk.usedFile).length;
    for (let at = 0; at < length; at += 1) {
      flip(disk, at);
      expect((await openWhole(disk)).repaired).toBe('journal');
      disk.restart('kill', () => 0);
    }
    flip(disk, 50);
    disk.rows.clear();
    expect(await show(disk)).toBe('Corrupt');
  });

  test('whose whole record cannot be read from any copy is corrupt, and left as it is', async () => {
    const disk = await compacted();
    flip(disk, 50);
    disk.rows.set(6, undefined);
    const files = FILES.map((file) => disk.fileBytes(file));
    expect(await show(disk)).toBe('Corrupt');
    expect(FILES.map((file) => disk.fileBytes(file))).toEqual(files);
    expect([...disk.rows.keys()]).toEqual([6, 7]);
  });

  test('damage before the whole record is none', async () => {
    const { disk, opened } = await writtenDisk();
    const before = disk.fileBytes(0);
    const rows = [...disk.rows];
    await append(opened, WHOLE);
    opened.store.close();
    disk.restart('kill', () => 0);
    // As a process that died while it cleaned up leaves it, and then some.
    for (const [key, value] of rows.slice(2)) disk.rows.set(key, key === 3 ? undefined : value);
    disk.setFileBytes(0, before.fill(0, 0, 44));
    const found = await openWhole(disk);
    expect(found.repaired).toBe('none');
    expect(plainLog(found.log)).toEqual(effectOf([WHOLE]));
    expect([...disk.rows.keys()]).toEqual([6]);
    expect(disk.fileBytes(0).length).toBe(0);
  });

  test("that is another node's is refused", async () => {
    const disk = await compacted();
    const other = { ...IDENTITY, nodeId: nodeId('anothernodeaaaaa') };
    await expect(open(disk, 'open', other)).rejects.toThrow(/moved or copied/);
  });

  test('with another past than the other copy has, is refused', async () => {
    const disk = await compacted();
    const stranger = await writtenDisk(1);
    for (const [key, value] of stranger.disk.rows) disk.rows.set(key, value);
    await expect(open(disk)).rejects.toThrow(/different histories from record 6/);
  });

  test('whose next entries do not follow the snapshot is corrupt', async () => {
    for (const index of [4, 7]) {
      const { disk, opened } = await writtenDisk();
      await append(opened, WHOLE);
      await append(opened, record(7, [noop(index, 7)]));
      opened.store.close();
      disk.restart('kill', () => 0);
      await expect(open(disk)).rejects.toThrow(/does not follow/);
    }
  });
});

function flip(disk: FakeDisk, at: number): void {
  const bytes = disk.fileBytes(disk.usedFile).slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  disk.setFileBytes(disk.usedFile, bytes);
}
