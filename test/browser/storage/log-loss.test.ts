/** Losing a copy of the log, in the browser's own storage: before a start, and under a running one. */

import { expect, test, vi } from 'vitest';

import { JOURNAL_FILE, logDatabase, nodeDirectory } from '../../../src/storage/names.ts';
import { effectOf, IDENTITY, numberedRecord } from '../../storage/records.ts';
import {
  changeFile,
  deleteDatabase,
  deleteEntry,
  endOfRecord,
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
async function writtenLog(bytes = 1_000): Promise<Setting> {
  const root = newRoot();
  const place = {
    root,
    identity: IDENTITY,
    copies: ['indexeddb', 'journal'],
    waitMs: 3_000,
  } as const;
  const writer = new StorageProcess();
  await writer.call('openLog', place, null);
  const records = Array.from({ length: RECORDS }, (_, i) => numberedRecord(i + 1, bytes));
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
  await deleteEntry(directory, JOURNAL_FILE);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'journal' });
  await deleteDatabase(database);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'indexeddb' });
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'none' });
});

test('IndexedDB deleted: repaired from the journal, and then enough by itself', async () => {
  const { place, database, directory } = await writtenLog(200_000);
  await deleteDatabase(database);
  expect(shown(await openOnce(place))).toEqual({ terms: RECORDS, by: 'indexeddb' });
  await deleteEntry(directory, JOURNAL_FILE);
  const opened = await openOnce(place);
  expect(shown(opened)).toEqual({ terms: RECORDS, by: 'journal' });
  expect(opened === 'absent' ? 0 : opened.sizeBytes).toBeGreaterThan(RECORDS * 100_000);
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
    await changeFile(directory, JOURNAL_FILE, damage);
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
  await deleteEntry(directory, JOURNAL_FILE);
  expect(await openOnce(place)).toBe('absent');
  expect(await listNames(directory)).toEqual([JOURNAL_FILE]);
  expect(await openOnce(place)).toBe('absent');
});

test('LS4 IndexedDB deleted under the open log: it fails, once, and writes nothing more', async () => {
  const { place, database } = await writtenLog();
  const owner = new StorageProcess();
  await owner.call('openLog', place, 'open');
  await deleteDatabase(database);
  await vi.waitFor(async () => expect(await owner.call('failures')).toHaveLength(1));
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
  await changeFile(nodeDirectory(place.root, other.identity), JOURNAL_FILE, (bytes) => {
    stolen = bytes;
    return bytes;
  });
  await changeFile(directory, JOURNAL_FILE, () => stolen);
  await expect(openOnce(place)).rejects.toThrow(/^Corrupt: .*different histories/);
});
