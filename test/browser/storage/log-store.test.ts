/** The log store's contract on the browser's storage: each copy alone, and the pair. */

import type { LoadedLog } from '../../../src/node/ports.ts';
import type { LogRecord } from '../../../src/raft/types.ts';
import type { CopyName } from '../../../src/storage/log-copy.ts';
import { JOURNAL_FILES, logDatabase, nodeDirectory } from '../../../src/storage/names.ts';
import { describeLogStore, type LogHarness } from '../../storage/log-store-contract.ts';
import { IDENTITY } from '../../storage/records.ts';
import {
  changeFile,
  changeValue,
  deleteDatabase,
  deleteJournal,
  endOfRecord,
  flipBit,
  journalFile,
  newRoot,
  sizeOf,
  sizeOfValues,
  StorageProcess,
} from './storage-process.ts';
import type { LogPlace } from './storage-worker.ts';

class BrowserHarness implements LogHarness {
  readonly #place: LogPlace;
  #process = new StorageProcess();

  constructor(copies: readonly CopyName[]) {
    this.#place = { root: newRoot(), identity: IDENTITY, copies, waitMs: 3_000 };
  }

  async create(first: LogRecord | null): Promise<LoadedLog> {
    const opened = await this.#process.call('openLog', this.#place, first);
    if (opened === 'absent') throw new Error('absent after its making');
    return opened.log;
  }

  async open() {
    const opened = await this.#process.call('openLog', this.#place, 'open');
    return opened === 'absent' ? 'absent' : opened.log;
  }

  append(records: readonly LogRecord[]) {
    return this.#process.call('append', records);
  }

  async appendAndKill(record: LogRecord) {
    await this.#process.call('beginAppend', record);
    await this.kill();
  }

  async kill() {
    this.#process.kill();
    this.#process = new StorageProcess();
  }

  async openElsewhere() {
    const other = new StorageProcess();
    try {
      return await other.call('openLog', { ...this.#place, waitMs: 200 }, 'open');
    } finally {
      other.kill();
    }
  }

  async failNextWrite() {
    await this.#process.call('failNextWrite', this.#place.copies.at(-1) ?? 'journal');
  }

  async damage(number: number) {
    const { root, identity, copies } = this.#place;
    if (copies.includes('indexeddb')) {
      await changeValue(logDatabase(root, identity), number, (value) => {
        if (!(value instanceof Uint8Array)) throw new Error('no such record');
        flipBit(value, value.length - 20);
        return value;
      });
    }
    if (copies.includes('journal')) {
      const directory = nodeDirectory(root, identity);
      await changeFile(directory, await journalFile(directory), (bytes) => {
        flipBit(bytes, endOfRecord(bytes, number) - 20);
        return bytes;
      });
    }
  }

  async storedBytes() {
    const { root, identity, copies } = this.#place;
    const sizes = [0];
    if (copies.includes('indexeddb')) {
      sizes.push(await sizeOfValues(logDatabase(root, identity)));
    }
    if (copies.includes('journal')) {
      const directory = nodeDirectory(root, identity);
      const [a, b] = JOURNAL_FILES;
      sizes.push((await sizeOf(directory, a)) + (await sizeOf(directory, b)));
    }
    return Math.max(...sizes);
  }

  async wipe() {
    const { root, identity, copies } = this.#place;
    if (copies.includes('indexeddb')) await deleteDatabase(logDatabase(root, identity));
    if (copies.includes('journal')) await deleteJournal(nodeDirectory(root, identity));
  }

  async dispose() {
    this.#process.kill();
  }
}

describeLogStore('IndexedDB alone', async () => new BrowserHarness(['indexeddb']), {
  isFence: false,
});
describeLogStore('journal alone', async () => new BrowserHarness(['journal']), { isFence: true });
describeLogStore('pair', async () => new BrowserHarness(['indexeddb', 'journal']), {
  isFence: true,
});
