/**
 * The LogStore port over a simulated disk that outlives its server's crashes: a log in two copies, as
 * in storage/.
 *
 * A record takes a while to become durable in each copy, each in its own time, and a further while
 * until the server is told; only what is in both counts as durable. A crash before the first moment
 * loses the record; one between the two leaves it in one copy, where the next start finds it; one
 * behind the second keeps it although nobody was told; and one in the middle may leave a torn record
 * in the journal (LS2). What was reported durable is never lost (LS1). A failing disk reports an
 * error, keeps the record in any of the copies or in none, and refuses everything after it until it is
 * opened again (LS4). A whole record makes those before it superfluous: once it is durable in both
 * copies, the head before it goes, and the rest some time later (LS7).
 *
 * It refuses what no server may ask of it: two records at once, a gap in the log, a write by a server
 * that has crashed.
 */

import type { LoadedLog, LogStore } from '../node/ports.ts';
import type { Entry, HardState, LogIndex, LogRecord } from '../raft/types.ts';
import { deepFreeze, freezeEntries } from './deep-freeze.ts';
import { DiskCopy, joinCopies, type CopyName, type StoredRecord } from './disk-copy.ts';
import { DurableLog, type CommittedChain } from './durable-log.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue, ScheduledEvent } from './event-queue.ts';
import { MILLION, type Random } from './random.ts';

/** How a disk behaves now; faults change it. */
export interface DiskConditions {
  readonly writeMinUs: number;
  readonly writeMaxUs: number;
}

export const GOOD_DISK: DiskConditions = { writeMinUs: 200, writeMaxUs: 3_000 };

/** How long after a whole record its copies may still hold what came before. */
const DROP_MAX_US = 1_000_000;
const RECORD_BYTES = 64;
const ENTRY_BYTES = 40;

interface Write {
  readonly stored: StoredRecord;
  /** For each copy, while it has not got the record. */
  readonly commits: Map<DiskCopy, ScheduledEvent>;
}

export interface DiskCounters {
  wholeRecords: number;
  tornRecords: number;
  /** Starts that found a record in one copy alone, or a copy lost or damaged. */
  recordsInOneCopy: number;
  copiesMended: number;
}

export class Disk {
  conditions: DiskConditions = GOOD_DISK;
  /** The next write fails, and the disk until it is opened again. */
  failNext = false;
  /** Called when a write begins that lasts this long. */
  onWriting: ((lastsUs: number) => void) | null = null;
  /** Called when a record has become durable, whoever knows of it. */
  onDurable: (record: LogRecord) => void = () => {};
  readonly counters: DiskCounters = {
    wholeRecords: 0,
    tornRecords: 0,
    recordsInOneCopy: 0,
    copiesMended: 0,
  };
  readonly journal = new DiskCopy('journal');
  readonly indexedDb = new DiskCopy('indexeddb');
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #committedChain: CommittedChain;
  #log: DurableLog;
  #nextNumber = 0;
  #loop: EventLoop | null = null;
  #write: Write | null = null;
  #failed = false;

  constructor(queue: EventQueue, random: Random, committedChain: CommittedChain = () => null) {
    this.#queue = queue;
    this.#random = random;
    this.#committedChain = committedChain;
    this.#log = new DurableLog(committedChain);
    const genesis = this.#stored(Object.freeze({ hardState: null, snapshot: null, entries: [] }));
    for (const copy of this.#copies) copy.write(genesis);
  }

  get hardState(): HardState {
    return this.#log.hardState;
  }

  get lastIndex(): LogIndex {
    return this.#log.lastIndex;
  }

  /** The last index that a snapshot stands in for. */
  get baseIndex(): LogIndex {
    return this.#log.baseIndex;
  }

  get entries(): readonly Entry[] {
    return this.#log.entries;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** The number of the database file that the log names. */
  get file(): number {
    return this.#log.snapshot?.state.file ?? 0;
  }

  entryAt(index: LogIndex): Entry | null {
    return this.#log.entryAt(index);
  }

  /** The digest of the durable log up to `index`; null beyond its end. */
  chainAt(index: LogIndex): number | null {
    return this.#log.chainAt(index);
  }

  /** Loads the log for a server whose process is `loop`. The one before must have crashed. */
  open(loop: EventLoop): { readonly log: LoadedLog; readonly store: LogStore } {
    if (this.#loop !== null && !this.#loop.ended) throw new Error('two servers on one disk (LS6)');
    this.#loop = loop;
    this.#write = null;
    this.#failed = false;
    this.#mend();
    return {
      log: this.#log.load(),
      store: { append: (record, done) => this.#append(loop, record, done) },
    };
  }

  /** Writes before any server runs: how a cluster is founded. */
  format(record: LogRecord): void {
    if (this.#loop !== null) throw new Error('formatted under a server');
    const stored = this.#stored(deepFreeze(record));
    for (const copy of this.#copies) copy.write(stored);
    this.#becomeDurable(stored);
  }

  /** The server's process died. */
  crash(): void {
    const write = this.#write;
    this.#write = null;
    if (write === null) return;
    for (const [copy, commit] of write.commits) {
      this.#queue.cancel(commit);
      if (copy !== this.journal || !this.#random.chance(MILLION / 4)) continue;
      copy.damage(write.stored.number);
      this.counters.tornRecords += 1;
    }
  }

  /** Of a disk whose server is down: one copy is lost as a whole; false where the other is not whole. */
  wipeCopy(name: CopyName): boolean {
    const [lost, other] = this.#pair(name);
    if (!other.isWhole) return false;
    lost.wipe();
    return true;
  }

  /** The same for one record of it. */
  corruptCopy(name: CopyName): boolean {
    const [hurt, other] = this.#pair(name);
    const numbers = hurt.numbers();
    if (!other.isWhole || numbers.length === 0) return false;
    hurt.damage(this.#random.pick(numbers));
    return true;
  }

  get #copies(): readonly DiskCopy[] {
    return [this.journal, this.indexedDb];
  }

  #pair(name: CopyName): readonly [DiskCopy, DiskCopy] {
    return name === 'journal' ? [this.journal, this.indexedDb] : [this.indexedDb, this.journal];
  }

  #stored(record: LogRecord): StoredRecord {
    let bytes = RECORD_BYTES;
    for (const entry of record.entries) {
      bytes += ENTRY_BYTES + (entry.type === 'command' ? entry.data.length : 0);
    }
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    return { number, record, bytes };
  }

  /** Makes both copies whole from what they hold together, and the log from that. */
  #mend(): void {
    const durableBefore = this.#nextNumber - 1;
    const chain = joinCopies(this.#copies);
    const last = chain.at(-1)?.number ?? -1;
    this.#log = new DurableLog(this.#committedChain);
    for (const { record } of chain) this.#log.apply(record);
    for (const copy of this.#copies) {
      if (!copy.isWhole && chain.length > 0) this.counters.copiesMended += 1;
      if (copy.lastTrace !== last) this.counters.recordsInOneCopy += 1;
      copy.settle(chain);
    }
    this.#nextNumber = last + 1;
    const newest = chain.at(-1);
    if (newest !== undefined && newest.number >= durableBefore) this.onDurable(newest.record);
  }

  #append(loop: EventLoop, record: LogRecord, done: (error: string | null) => void): void {
    if (loop.ended || loop !== this.#loop) throw new Error('a write by a crashed server');
    if (this.#write !== null) throw new Error('two records in flight');
    this.#log.check(record);
    freezeEntries(record.entries);
    deepFreeze(record.hardState);
    deepFreeze(record.snapshot);
    Object.freeze(record);
    const lastsUs = this.#random.between(this.conditions.writeMinUs, this.conditions.writeMaxUs);
    const fails = this.#failed || this.failNext;
    const stored = this.#failed ? null : this.#stored(record);
    this.failNext = false;
    this.#failed = fails;
    const write: Write = { stored: stored ?? { number: -1, record, bytes: 0 }, commits: new Map() };
    this.#write = write;
    if (stored !== null) for (const copy of this.#copies) this.#begin(write, copy, lastsUs, fails);
    this.onWriting?.(lastsUs);
    this.#queue.schedule(lastsUs, () => {
      if (this.#write !== write) return;
      this.#write = null;
      loop.post('storage', () => done(fails ? 'simulated disk failure' : null));
    });
  }

  #begin(write: Write, copy: DiskCopy, lastsUs: number, fails: boolean): void {
    if (fails && this.#random.chance(MILLION / 2)) return;
    const commit = this.#queue.schedule(this.#random.between(0, lastsUs), () => {
      write.commits.delete(copy);
      copy.write(write.stored);
      const other = copy === this.journal ? this.indexedDb : this.journal;
      if (other.record(write.stored.number) === write.stored) this.#becomeDurable(write.stored);
    });
    write.commits.set(copy, commit);
  }

  #becomeDurable(stored: StoredRecord): void {
    const { record, number } = stored;
    this.#log.apply(record);
    if (record.snapshot !== null) {
      this.counters.wholeRecords += 1;
      for (const copy of this.#copies) {
        copy.dropHeadsBefore(number);
        this.#queue.schedule(this.#random.between(0, DROP_MAX_US), () => copy.dropBefore(number));
      }
    }
    this.onDurable(record);
  }
}
