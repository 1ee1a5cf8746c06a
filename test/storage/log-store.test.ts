/** The log store's contract on media in memory: the reference, each copy alone, and the pair. */

import type { LogStore } from '../../src/node/ports.ts';
import type { LogRecord } from '../../src/raft/types.ts';
import { IndexedDbCopy } from '../../src/storage/indexeddb-copy.ts';
import { JournalCopy } from '../../src/storage/journal-copy.ts';
import type { CopyName, LogCopy } from '../../src/storage/log-copy.ts';
import { openCopies } from '../../src/storage/log-pair.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FakeDisk, FILES } from './fake-disk.ts';
import { describeLogStore, type AppendAnswer, type LogHarness } from './log-store-contract.ts';
import { MemoryLog } from './memory-log-store.ts';
import { IDENTITY, plainLog } from './records.ts';

type Opened = { store: LogStore; log: Parameters<typeof plainLog>[0] } | 'absent';
type Wanted = LogRecord | null | 'open';

/** What the harnesses in memory share: the disk is somebody else's, the process is a variable. */
abstract class MemoryHarness implements LogHarness {
  #store: LogStore | null = null;

  protected abstract openStore(wanted: Wanted): Promise<Opened>;
  abstract kill(): Promise<void>;
  abstract failNextWrite(): Promise<void>;
  abstract damage(number: number): Promise<void>;
  abstract wipe(): Promise<void>;
  abstract storedBytes(): Promise<number>;

  async create(first: LogRecord | null) {
    const log = await this.#open(first);
    if (log === 'absent') throw new Error('absent after its making');
    return log;
  }

  open() {
    return this.#open('open');
  }

  append(records: readonly LogRecord[]): Promise<AppendAnswer[]> {
    const store = this.#store;
    if (store === null) throw new Error('not open');
    return new Promise((resolve) => {
      const answers: AppendAnswer[] = [];
      let isLater = false;
      for (const [number, record] of records.entries()) {
        store.append(record, (error) => {
          answers.push({ number, error, isLater });
          if (answers.length === records.length) resolve(answers);
        });
      }
      isLater = true;
    });
  }

  async appendAndKill(record: LogRecord): Promise<void> {
    this.#store?.append(record, () => {});
    await this.kill();
  }

  async openElsewhere() {
    return await this.openStore('open');
  }

  async dispose() {}

  async #open(wanted: Wanted) {
    const opened = await this.openStore(wanted);
    if (opened === 'absent') return 'absent' as const;
    this.#store = opened.store;
    return plainLog(opened.log);
  }
}

class ReferenceHarness extends MemoryHarness {
  readonly #log = new MemoryLog();

  protected async openStore(wanted: Wanted) {
    return this.#log.open(wanted);
  }

  async kill() {
    this.#log.owner = null;
    this.#log.failNextWrite = false;
  }

  async failNextWrite() {
    this.#log.failNextWrite = true;
  }

  async damage() {
    this.#log.isCorrupt = true;
  }

  async wipe() {
    this.#log.records = null;
  }

  async storedBytes() {
    const entries = this.#log.records?.flatMap((record) => record.entries) ?? [];
    return entries.reduce((sum, e) => sum + (e.type === 'command' ? e.data.length : 0), 0);
  }
}

class CopiesHarness extends MemoryHarness {
  readonly #disk = new FakeDisk();
  readonly #names: readonly CopyName[];

  constructor(names: readonly CopyName[]) {
    super();
    this.#names = names;
  }

  protected async openStore(wanted: Wanted) {
    const copies = this.#names.map((name): LogCopy => {
      if (name === 'journal') return new JournalCopy(this.#disk.openFiles());
      return new IndexedDbCopy(this.#disk.openTable());
    });
    try {
      const opened = await openCopies(IDENTITY, copies, wanted, () => {});
      if (opened === 'absent') for (const copy of copies) copy.close();
      return opened;
    } catch (error) {
      for (const copy of copies) copy.close();
      throw error instanceof StorageError ? new Error(`${error.code}: ${error.message}`) : error;
    }
  }

  async kill() {
    this.#disk.restart('kill', () => 0);
  }

  async failNextWrite() {
    const error = new Error('QuotaExceededError');
    if (this.#names.at(-1) === 'journal') this.#disk.fileError = error;
    else this.#disk.tableError = error;
  }

  async damage(number: number) {
    if (this.#names.includes('indexeddb')) {
      const row = this.#disk.rows.get(number);
      if (!(row instanceof Uint8Array)) throw new Error('no such record');
      flipBit(row, row.length - 20);
    }
    if (this.#names.includes('journal')) {
      damageJournal(this.#disk, number);
    }
  }

  async wipe() {
    this.#disk.rows.clear();
    for (const file of FILES) this.#disk.setFileBytes(file, new Uint8Array(0));
  }

  async storedBytes() {
    const rows = [...this.#disk.rows.values()];
    const table = rows.reduce<number>((sum, row) => sum + (row as Uint8Array).length, 0);
    const files = FILES.map((file) => this.#disk.fileBytes(file).length);
    return Math.max(
      table,
      files.reduce((sum, bytes) => sum + bytes, 0),
    );
  }
}

/** Every frame tells its length at byte 8 and its number at byte 12. */
function damageJournal(disk: FakeDisk, number: number): void {
  for (const file of FILES) {
    const bytes = disk.fileBytes(file).slice();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += view.getUint32(at + 8, true)) {
      if (view.getFloat64(at + 12, true) !== number) continue;
      flipBit(bytes, at + view.getUint32(at + 8, true) - 20);
      disk.setFileBytes(file, bytes);
      return;
    }
  }
  throw new Error('no such record');
}

function flipBit(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 4;
}

describeLogStore('reference in memory', async () => new ReferenceHarness(), { isFence: true });
describeLogStore('IndexedDB alone', async () => new CopiesHarness(['indexeddb']), {
  isFence: false,
});
describeLogStore('journal alone', async () => new CopiesHarness(['journal']), { isFence: true });
describeLogStore('pair', async () => new CopiesHarness(['indexeddb', 'journal']), {
  isFence: true,
});
