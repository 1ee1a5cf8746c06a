/** Losing a copy of the log, in the browser's own storage: before a start, and under a running one. */

import { expect, test } from 'vitest';

import type { LogRecord } from '../../../src/raft/types.ts';
import { JOURNAL_FILES, logDatabase, nodeDirectory } from '../../../src/storage/names.ts';
import {
  compactingRecord,
  effectOf,
  IDENTITY,
  numberedRecord,
  plainLog,
} from '../../storage/records.ts';
import {
  changeFile,
  deleteDatabase,
  deleteJournal,
  endOfRecord,
  journalFile,
  listNames,
  newRoot,
  StorageProcess,
} from './storage-process.ts';
import type { LogPlace, ShownLog } from './storage-worker.ts';

const RECORDS = 20;
const LOG = effectOf(Array.from({ length: RECORDS }, (_, i) => numberedRecord(i + 1)));

interface Setting {
  readonly place: LogPlace;
  readonly database: string;
  readonly directory: readonly string[];
}

/** A log of some records, of which the process that wrote it was killed. */
async function writtenLog(bytes = 1_000, make = numberedRecord): Promise<Setting> {
  const root = newRoot();
  const place = {
    root,
    identity: IDENTITY,
    copies: ['indexeddb', 'journal'],
    waitMs: 3_000,
  } as const;
  const writer = new StorageProcess();
  await writer.call('openLog', place, null);
  const records = Array.from({ length: RECORDS }, (_, i) => make(i + 1, bytes));
  const answers = await writer.call('append', records);
  expect(answers.every(({ error }) => error === null)).toBe(true);
  writer.kill();
  const directory = nodeDirectory(root, IDENTITY);
  return { place, database: logDatabase(root, IDENTITY), directory };
}

/** Opens the log in a process of its own, which is killed thereafter. */
async function openOnce(place: LogPlace): Promise<ShownLog | 'absent'> {
  const reader = new StorageProcess();
  const opened = await reader.call('openLog', place, 'open');
  reader.kill();
  return opened;
}

function shown(opened: ShownLog | 'absent'): unknown {
  return opened === 'absent' ? opened : { terms: opened.log.hardState.term, by: opened.repaired };
}

test('the journal deleted: repaired from IndexedDB, and then enough by itself', async () => {
  const { place, database, directory } = await writtenLog();
  await deleteJournal(directory);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'journal' });
  await deleteDatabase(database);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'indexeddb' });
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
});

test('IndexedDB deleted: repaired from the journal, and then enough by itself', async () => {
  const { place, database, directory } = await writtenLog(200_000);
  await deleteDatabase(database);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'indexeddb' });
  await deleteJournal(directory);
  const opened = await openOnce(place);
  expect(shown(opened)).toEqual({ terms: RECORDS, by: 'journal' });
  expect(opened === 'absent' ? 0 : opened.sizeBytes).toBeGreaterThan(RECORDS * 100_000);
});

/** Every sixth is whole; so the last one of all is behind a whole one. */
function compacting(number: number, bytes = 1_000): LogRecord {
  return compactingRecord(number, 6, bytes);
}

const COMPACTED = effectOf(Array.from({ length: RECORDS }, (_, i) => compacting(i + 1)));

function plain(opened: ShownLog | 'absent'): unknown {
  return opened === 'absent' ? opened : plainLog(opened.log);
}

test('LS7 a compacted log, either copy deleted: repaired from the other', async () => {
  const { place, database, directory } = await writtenLog(1_000, compacting);
  await deleteDatabase(database);
  expect(plain(await openOnce(place))).toEqual(COMPACTED);
  await deleteJournal(directory);
  expect(plain(await openOnce(place))).toEqual(COMPACTED);
  await deleteDatabase(database);
  const last = await openOnce(place);
  expect(plain(last)).toEqual(COMPACTED);
  expect(shown(last)).toEqual({ terms: RECORDS, by: 'indexeddb' });
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
});

test('LS7 a compacted log, its journal torn or damaged: repaired each time', async () => {
  const { place, directory } = await writtenLog(1_000, compacting);
  const damages: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
    (bytes) => bytes.slice(0, -1),
    (bytes) => bytes.fill(0, 0, 44),
    (bytes) => bytes.fill(0, 60, 61),
    (bytes) => bytes.fill(0, endOfRecord(bytes, RECORDS - 1)),
    () => new Uint8Array(0),
  ];
  for (const damage of damages) {
    await changeFile(directory, await journalFile(directory), damage);
    const opened = await openOnce(place);
    expect(shown(opened)).toEqual({ terms: RECORDS, by: 'journal' });
    expect(plain(opened)).toEqual(COMPACTED);
    expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
  }
});

test('LS1 LS7 killed again and again while it compacts, the log has all it acknowledged', async () => {
  const { place } = await writtenLog(20_000, compacting);
  let last = RECORDS;
  for (let round = 0; round < 8; round += 1) {
    const writer = new StorageProcess();
    await writer.call('openLog', place, 'open');
    let acknowledged = last;
    const answers = Array.from({ length: 40 }, async (_, i) => {
      const number = last + 1 + i;
      const [answer] = await writer.call('append', [compacting(number, 20_000)]);
      expect(answer?.error).toBeNull();
      acknowledged = number;
    });
    // The others are being written when the process ends.
    await answers[round * 3];
    writer.kill();
    await Promise.allSettled(answers);
    const opened = await openOnce(place);
    if (opened === 'absent') throw new Error('absent');
    const found = opened.log.hardState.term;
    expect(found).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(last);
    const given = Array.from({ length: found }, (_, i) => compacting(i + 1, 20_000));
    expect(plain(opened)).toEqual(effectOf(given));
    last = found;
  }
});

test('the journal torn, damaged and overgrown: repaired each time', async () => {
  const { place, directory } = await writtenLog();
  const damages: ((bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>)[] = [
    (bytes) => bytes.slice(0, -1),
    (bytes) => bytes.slice(0, endOfRecord(bytes, 3)),
    (bytes) => bytes.fill(0, endOfRecord(bytes, 3), endOfRecord(bytes, 5)),
    (bytes) => bytes.fill(0, endOfRecord(bytes, RECORDS - 1)),
    (bytes) => new Uint8Array([...bytes, ...bytes.slice(0, 3_000)]),
  ];
  for (const damage of damages) {
    await changeFile(directory, await journalFile(directory), damage);
    expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'journal' });
    expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
  }
});

test('a value of IndexedDB unreadable: repaired from the journal', async () => {
  const { place } = await writtenLog();
  const reader = new StorageProcess();
  await reader.call('breakValue', 3);
  expect(shown(await reader.call('openLog', place, 'open'))).toEqual({
    terms: RECORDS,
    by: 'indexeddb',
  });
  reader.kill();
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
});

test('both deleted: absent', async () => {
  const { place, database, directory } = await writtenLog();
  await deleteDatabase(database);
  await deleteJournal(directory);
  expect(await openOnce(place)).toBe('absent');
  expect(await listNames(directory)).toEqual([...JOURNAL_FILES]);
  expect(await openOnce(place)).toBe('absent');
});

test('LS4 IndexedDB deleted under the open log: it fails, once, and writes nothing more', async () => {
  const { place, database } = await writtenLog();
  const owner = new StorageProcess();
  await owner.call('openLog', place, 'open');
  await deleteDatabase(database);
  await expect.poll(() => owner.call('failures')).toHaveLength(1);
  const [first] = await owner.call('append', [numberedRecord(RECORDS + 1)]);
  expect(first?.error).toMatch(/database is lost/);
  expect(await owner.call('failures')).toHaveLength(1);
  owner.kill();
  const opened = await openOnce(place);
  expect(opened === 'absent' ? opened : opened.log.hardState).toEqual(LOG.hardState);
});

test('LS4 a full disk in either copy fails the log', async () => {
  for (const copy of ['indexeddb', 'journal'] as const) {
    const { place } = await writtenLog();
    const owner = new StorageProcess();
    await owner.call('openLog', place, 'open');
    await owner.call('failNextWrite', copy);
    const [first] = await owner.call('append', [numberedRecord(RECORDS + 1)]);
    expect(first?.error).toMatch(new RegExp(`${copy}.*QuotaExceededError`));
    const [second] = await owner.call('append', [numberedRecord(RECORDS + 1)]);
    expect(second?.error).toBe(first?.error);
    expect(await owner.call('failures')).toEqual([first?.error]);
    owner.kill();
    const opened = await openOnce(place);
    // The copy that did not fail may have it; it was never acknowledged.
    expect([RECORDS, RECORDS + 1]).toContain(opened === 'absent' ? 0 : opened.log.hardState.term);
  }
});

test('a closed log is free at once for the next process', async () => {
  const { place } = await writtenLog();
  const [one, two] = [new StorageProcess(), new StorageProcess()];
  await one.call('openLog', place, 'open');
  await expect(two.call('openLog', { ...place, waitMs: 0 }, 'open')).rejects.toThrow(/in use/);
  await one.call('closeLog');
  const found = { terms: RECORDS, by: 'none' };
  expect(shown(await two.call('openLog', { ...place, waitMs: 0 }, 'open'))).toEqual(found);

  // A log that is still held is waited for.
  const three = new StorageProcess();
  const waiting = three.call('openLog', place, 'open');
  const impatient = three.call('openLog', { ...place, waitMs: 0 }, 'open');
  await expect(impatient).rejects.toThrow(/in use/);
  await two.call('closeLog');
  expect(shown(await waiting)).toEqual(found);
  for (const process of [one, two, three]) process.kill();
});

test("another node's journal in the place of this one's is refused", async () => {
  const { place, directory } = await writtenLog();
  const other = { ...place, identity: { ...IDENTITY, clusterId: 'othercluster' } };
  const writer = new StorageProcess();
  await writer.call('openLog', other, null);
  writer.kill();
  let stolen: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  await changeFile(nodeDirectory(place.root, other.identity), JOURNAL_FILES[0], (bytes) => {
    stolen = bytes;
    return bytes;
  });
  await changeFile(directory, JOURNAL_FILES[0], () => stolen);
  await expect(openOnce(place)).rejects.toThrow(/^Corrupt: .*different histories/);
});
