/** What the pair makes of two copies, case by case, and how it fails. */

import { describe, expect, test } from 'vitest';

import type { LogRecord } from '../../src/raft/types.ts';
import { sealFrame } from '../../src/storage/frame.ts';
import { IndexedDbCopy } from '../../src/storage/indexeddb-copy.ts';
import { JournalCopy } from '../../src/storage/journal-copy.ts';
import type { CopyName } from '../../src/storage/log-copy.ts';
import { openCopies, type LogPair, type OpenedLog } from '../../src/storage/log-pair.ts';
import type { NodeIdentity } from '../../src/storage/names.ts';
import { encodeGenesis, encodeRecord } from '../../src/storage/record-codec.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FakeDisk, FILES, randomOf } from './fake-disk.ts';
import { effectOf, IDENTITY, nodeId, numberedRecord, plainLog } from './records.ts';

const RECORDS = 6;

type Wanted = LogRecord | null | 'open';

async function open(
  disk: FakeDisk,
  wanted: Wanted = 'open',
  onFailed: (reason: string) => void = () => {},
  identity: NodeIdentity = IDENTITY,
): Promise<OpenedLog | 'absent'> {
  disk.restart('kill', () => 0);
  const copies = [new IndexedDbCopy(disk.openTable()), new JournalCopy(disk.openFiles())];
  return await openCopies(identity, copies, wanted, onFailed);
}

async function openWhole(disk: FakeDisk, wanted: Wanted = 'open'): Promise<OpenedLog> {
  const opened = await open(disk, wanted);
  if (opened === 'absent') throw new Error('absent');
  return opened;
}

function append(store: LogPair, record: LogRecord): Promise<string | null> {
  return new Promise((resolve) => {
    store.append(record, resolve);
  });
}

/** A disk with a log of `count` records, and where in the file each record ends. */
async function diskWith(count: number): Promise<{ disk: FakeDisk; ends: number[] }> {
  const disk = new FakeDisk();
  const { store } = await openWhole(disk, null);
  const ends = [disk.fileBytes(0).length];
  for (let number = 1; number <= count; number += 1) {
    expect(await append(store, numberedRecord(number))).toBeNull();
    ends.push(disk.fileBytes(0).length);
  }
  store.close();
  return { disk, ends };
}

function flipFile(disk: FakeDisk, at: number): void {
  const bytes = disk.fileBytes(disk.usedFile).slice();
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  disk.setFileBytes(disk.usedFile, bytes);
}

function flipRow(disk: FakeDisk, number: number): void {
  const row = disk.rows.get(number);
  if (!(row instanceof Uint8Array)) throw new Error('no such row');
  row[row.length - 20] = (row[row.length - 20] ?? 0) ^ 1;
}

function loseCopy(disk: FakeDisk, name: CopyName): void {
  if (name === 'journal') loseFiles(disk);
  else disk.rows.clear();
}

function loseFiles(disk: FakeDisk): void {
  for (const file of FILES) disk.setFileBytes(file, new Uint8Array(0));
}

/** What the disk holds, as text: quickly compared. Which of the two files is empty is all the same. */
function stateOf(disk: FakeDisk): unknown {
  const rows = [...disk.rows].map(([key, value]) => [String(key), hex(value)]);
  return {
    files: FILES.map((file) => hex(disk.fileBytes(file))).toSorted(),
    rows: Object.fromEntries(rows),
  };
}

function hex(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

/** What opening a log shows, what it leaves on the disk, and what the next opening repairs. */
async function reopen(disk: FakeDisk): Promise<unknown> {
  const { log, repaired, store } = await openWhole(disk);
  const shown = { log: plainLog(log), repaired, sizeBytes: store.sizeBytes, state: stateOf(disk) };
  return { ...shown, repairedNext: (await openWhole(disk)).repaired };
}

/** What `reopen` answers when all is well in the end. */
async function whole(repaired: OpenedLog['repaired'], count = RECORDS): Promise<unknown> {
  const { disk } = await diskWith(count);
  const log = effectOf(Array.from({ length: count }, (_, i) => numberedRecord(i + 1)));
  const sizeBytes = disk.fileBytes(0).length;
  return { log, repaired, sizeBytes, state: stateOf(disk), repairedNext: 'none' };
}

/** What the next start shows when the copy that was mended is all there is. */
async function aftermath(lost: CopyName, diesAt: number, seed: number): Promise<unknown> {
  const { disk } = await diskWith(RECORDS);
  loseCopy(disk, lost);
  disk.restart('kill', () => 0);
  const table = new IndexedDbCopy(disk.openTable(), 200);
  disk.operationsLeft = diesAt;
  try {
    await openCopies(IDENTITY, [table, new JournalCopy(disk.openFiles())], 'open', () => {});
  } catch (error) {
    if (!disk.isDead) throw error;
  }
  disk.restart('power-failure', randomOf(seed));
  loseCopy(disk, lost === 'journal' ? 'indexeddb' : 'journal');
  try {
    const opened = await open(disk);
    return opened === 'absent' ? 'absent' : plainLog(opened.log);
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

describe('one copy is repaired from the other', () => {
  test('nothing to repair', async () => {
    const { disk } = await diskWith(RECORDS);
    expect(await reopen(disk)).toEqual(await whole('none'));
  });

  test('the database is gone', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.clear();
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
  });

  test('the journal is gone', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.setFileBytes(0, new Uint8Array(0));
    expect(await reopen(disk)).toEqual(await whole('journal'));
  });

  test('after either repair, the repaired copy alone is enough', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.clear();
    await openWhole(disk);
    disk.setFileBytes(0, new Uint8Array(0));
    expect(await reopen(disk)).toEqual(await whole('journal'));
    disk.rows.clear();
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
  });

  test('the database lacks the last record', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.delete(RECORDS);
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
  });

  test('the journal lacks the last record', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    disk.setFileBytes(0, disk.fileBytes(0).slice(0, ends[RECORDS - 1]));
    expect(await reopen(disk)).toEqual(await whole('journal'));
  });

  test('the journal ends in a torn record that the database has', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.setFileBytes(0, disk.fileBytes(0).slice(0, -1));
    expect(await reopen(disk)).toEqual(await whole('journal'));
  });

  test('a value cannot be read, is of another record, or is missing between others', async () => {
    for (const value of [undefined, 'rubbish', new Uint8Array(0)]) {
      const { disk } = await diskWith(RECORDS);
      disk.rows.set(3, value);
      expect(await reopen(disk)).toEqual(await whole('indexeddb'));
    }
    const { disk } = await diskWith(RECORDS);
    disk.rows.set(3, disk.rows.get(4));
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
    disk.rows.delete(0);
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
  });

  test('a key that is no record is removed', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.set('rubbish', 1);
    expect(await reopen(disk)).toEqual(await whole('indexeddb'));
  });

  test('a changed bit at any place of the journal', async () => {
    const { disk } = await diskWith(RECORDS);
    const wanted = await whole('journal');
    const state = stateOf(disk);
    for (let at = 0; at < disk.fileBytes(0).length; at += 1) {
      flipFile(disk, at);
      expect(stateOf(disk)).not.toEqual(state);
      expect(await reopen(disk)).toEqual(wanted);
    }
  });

  test('bytes behind the end, or in between', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    disk.setFileBytes(0, new Uint8Array([...disk.fileBytes(0), ...new Uint8Array(500)]));
    expect(await reopen(disk)).toEqual(await whole('journal'));
    const at = ends[2] ?? 0;
    disk.setFileBytes(
      0,
      new Uint8Array([...disk.fileBytes(0).slice(0, at), 1, 2, 3, ...disk.fileBytes(0).slice(at)]),
    );
    expect(await reopen(disk)).toEqual(await whole('journal'));
  });

  test('a large log is mended in several transactions', async () => {
    const disk = new FakeDisk();
    const { store } = await openWhole(disk, null);
    for (let number = 1; number <= 5; number += 1) {
      await append(store, numberedRecord(number, 2 * 1_024 * 1_024));
    }
    const state = stateOf(disk);
    disk.rows.clear();
    expect((await openWhole(disk)).repaired).toBe('indexeddb');
    expect(stateOf(disk)).toEqual(state);
  });
});

describe('a mending that is cut off', () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  test('leaves nothing that is taken for a whole, shorter log', async () => {
    const log = effectOf(Array.from({ length: RECORDS }, (_, i) => numberedRecord(i + 1)));
    const shown = new Set<string>();
    for (const lost of ['journal', 'indexeddb'] as const) {
      for (let diesAt = 0; diesAt < 14; diesAt += 1) {
        for (const seed of seeds) {
          const what = await aftermath(lost, diesAt, seed);
          expect(['absent', 'Corrupt', log]).toContainEqual(what);
          shown.add(typeof what === 'string' ? what : 'log');
        }
      }
    }
    expect([...shown].toSorted()).toEqual(['Corrupt', 'absent', 'log']);
  });
});

describe('both copies are damaged', () => {
  test('in different records: each has what the other lacks', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    flipRow(disk, 2);
    flipFile(disk, (ends[4] ?? 0) - 1);
    expect(await reopen(disk)).toEqual(await whole('both'));
  });

  test('the whole one lacks the record that was being written', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.delete(RECORDS);
    flipFile(disk, 3);
    expect(await reopen(disk)).toEqual(await whole('both'));
  });

  test('in the same record: corrupt, and nothing is changed', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    flipRow(disk, 4);
    flipFile(disk, (ends[4] ?? 0) - 1);
    const before = stateOf(disk);
    await expect(open(disk)).rejects.toThrow('Records 4 to 6 of the log cannot be read');
    expect(stateOf(disk)).toEqual(before);
  });

  test('one is damaged and the other gone: corrupt', async () => {
    const { disk } = await diskWith(RECORDS);
    flipFile(disk, 3);
    disk.rows.clear();
    await expect(open(disk)).rejects.toMatchObject({ code: 'Corrupt' });
  });
});

describe('the last record', () => {
  test('torn in the journal and not in the database: it was never acknowledged', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.delete(RECORDS);
    disk.setFileBytes(0, disk.fileBytes(0).slice(0, -1));
    expect(await reopen(disk)).toEqual(await whole('none', RECORDS - 1));
  });

  test('filled with zeros and not in the database: it was never acknowledged', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    disk.rows.delete(RECORDS);
    disk.setFileBytes(
      0,
      disk
        .fileBytes(0)
        .slice()
        .fill(0, ends[RECORDS - 1]),
    );
    expect(await reopen(disk)).toEqual(await whole('journal', RECORDS - 1));
  });

  test('the same with the database gone: it may have been acknowledged', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    disk.rows.clear();
    disk.setFileBytes(
      0,
      disk
        .fileBytes(0)
        .slice()
        .fill(0, ends[RECORDS - 1]),
    );
    await expect(open(disk)).rejects.toMatchObject({ code: 'Corrupt' });
  });

  test('two beyond the end of a whole copy: that copy has lost something', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    disk.rows.delete(RECORDS);
    disk.rows.delete(RECORDS - 1);
    flipFile(disk, (ends[RECORDS - 1] ?? 0) - 1);
    await expect(open(disk)).rejects.toMatchObject({ code: 'Corrupt' });
  });
});

describe('what is not this log', () => {
  test('two histories: nothing is chosen', async () => {
    const { disk } = await diskWith(RECORDS);
    const genesis = encodeGenesis(IDENTITY);
    disk.rows.set(1, encodeRecord(numberedRecord(2), genesis, IDENTITY).bytes);
    await expect(open(disk)).rejects.toThrow(/different histories from record 1/);
  });

  test('a copy that goes on from another past', async () => {
    const { disk } = await diskWith(2);
    const stranger = { ...encodeGenesis(IDENTITY), sequence: 2, hash: new Uint8Array(16).fill(7) };
    disk.rows.set(3, encodeRecord(numberedRecord(3), stranger, IDENTITY).bytes);
    await expect(open(disk)).rejects.toThrow(/different histories from record 3/);
  });

  test("another node's log", async () => {
    const { disk } = await diskWith(RECORDS);
    const other = { ...IDENTITY, nodeId: nodeId('anothernodeaaaaa') };
    await expect(open(disk, 'open', () => {}, other)).rejects.toThrow(/moved or copied/);
    await expect(open(disk, null, () => {}, other)).rejects.toMatchObject({ code: 'Corrupt' });
  });

  test('records of a newer version are left as they are', async () => {
    const { disk } = await diskWith(1);
    const newer = sealFrame({ kind: 'log', version: 4 }, 2, new Uint8Array(16), new Uint8Array(5));
    disk.setFileBytes(0, new Uint8Array([...disk.fileBytes(0), ...newer.bytes]));
    const before = stateOf(disk);
    await expect(open(disk)).rejects.toThrow(/newer version/);
    expect(stateOf(disk)).toEqual(before);
  });

  test('entries that do not follow', async () => {
    for (const number of [2, 5]) {
      const disk = new FakeDisk();
      const { store } = await openWhole(disk, null);
      expect(await append(store, numberedRecord(number))).toBeNull();
      await expect(open(disk)).rejects.toThrow(/does not follow/);
    }
  });
});

describe('making a log', () => {
  const first = numberedRecord(1);

  test('a making that was cut off anywhere is completed', async () => {
    const disk = new FakeDisk();
    await openWhole(disk, first);
    for (let length = 0; length <= disk.fileBytes(0).length; length += 1) {
      for (const rows of [[], [0], [1], [0, 1]]) {
        const half = new FakeDisk();
        half.setFileBytes(0, disk.fileBytes(0).slice(0, length));
        for (const row of rows) half.rows.set(row, disk.rows.get(row));
        expect(plainLog((await openWhole(half, first)).log)).toEqual(effectOf([first]));
        expect(stateOf(half)).toEqual(stateOf(disk));
      }
    }
  });

  test('what a power failure left of it is overwritten', async () => {
    const disk = new FakeDisk();
    disk.setFileBytes(0, new Uint8Array(200));
    await expect(open(disk)).rejects.toMatchObject({ code: 'Corrupt' });
    expect(plainLog((await openWhole(disk, first)).log)).toEqual(effectOf([first]));
  });

  test('a log with another beginning is not overwritten', async () => {
    const { disk } = await diskWith(RECORDS);
    const before = stateOf(disk);
    await expect(open(disk, numberedRecord(2))).rejects.toMatchObject({ code: 'Corrupt' });
    expect(stateOf(disk)).toEqual(before);
  });

  test('a log that lost records is not made anew', async () => {
    const { disk, ends } = await diskWith(RECORDS);
    flipFile(disk, (ends[1] ?? 0) - 1);
    disk.rows.clear();
    await expect(open(disk, null)).rejects.toMatchObject({ code: 'Corrupt' });
  });
});

describe('failing', () => {
  test('LS4 a copy that fails fails the store, whichever it is, and it is told once', async () => {
    for (const copy of ['fileError', 'tableError'] as const) {
      const disk = new FakeDisk();
      const reasons: string[] = [];
      const opened = await open(disk, null, (reason) => reasons.push(reason));
      if (opened === 'absent') throw new Error('absent');
      disk[copy] = new Error('no space left');
      const error = await append(opened.store, numberedRecord(1));
      expect(error).toMatch(/no space left/);
      disk[copy] = null;
      const before = stateOf(disk);
      expect(await append(opened.store, numberedRecord(1))).toBe(error);
      opened.store.fail('once more');
      opened.store.close();
      expect(reasons).toEqual([error]);
      expect(stateOf(disk)).toEqual(before);
    }
  });

  test('LS4 word that the storage is gone fails what is being written and what waits', async () => {
    const reasons: string[] = [];
    const opened = await open(new FakeDisk(), null, (reason) => reasons.push(reason));
    if (opened === 'absent') throw new Error('absent');
    const { store } = opened;
    const answers = Promise.all([1, 2, 3].map((n) => append(store, numberedRecord(n))));
    store.fail('the site data was cleared');
    expect(await answers).toEqual(Array.from({ length: 3 }, () => 'the site data was cleared'));
    expect(reasons).toEqual(['the site data was cleared']);
  });

  test('a closed store fails what is given to it, and that is no failure of the storage', async () => {
    const reasons: string[] = [];
    const opened = await open(new FakeDisk(), null, (reason) => reasons.push(reason));
    if (opened === 'absent') throw new Error('absent');
    const waiting = append(opened.store, numberedRecord(1));
    opened.store.close();
    expect(await waiting).toBe('the log is closed');
    expect(await append(opened.store, numberedRecord(1))).toBe('the log is closed');
    expect(reasons).toEqual([]);
  });

  test('a mending that fails fails the opening', async () => {
    const { disk } = await diskWith(RECORDS);
    disk.rows.clear();
    disk.restart('kill', () => 0);
    const copies = [new IndexedDbCopy(disk.openTable()), new JournalCopy(disk.openFiles())];
    disk.tableError = new Error('no space left');
    const opening = openCopies(IDENTITY, copies, 'open', () => {});
    await expect(opening).rejects.toThrow('no space left');
  });
});
