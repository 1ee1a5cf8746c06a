/**
 * The LogStore port over a simulated disk that outlives its server's crashes.
 *
 * A record takes a while to become durable and a further while until the server is told. A crash
 * before the first moment loses the record, one in between keeps it although nobody was told, and a
 * torn record is one that the next load does not show (LS2): so a crash in the middle of a write is
 * one or the other. What was reported durable is never lost (LS1). A failing disk reports an error,
 * keeps the record or not, and refuses everything after it until it is opened again (LS4).
 *
 * It refuses what no server may ask of it: two records at once, a gap in the log, a write by a server
 * that has crashed.
 */

import type { LoadedLog, LogStore } from '../node/ports.ts';
import type { Entry, HardState, LogIndex, LogRecord, Term } from '../raft/types.ts';
import { deepFreeze } from './deep-freeze.ts';
import { chainDigest } from './entry-digest.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue, ScheduledEvent } from './event-queue.ts';
import { MILLION, type Random } from './random.ts';

/** How a disk behaves now; faults change it. */
export interface DiskConditions {
  readonly writeMinUs: number;
  readonly writeMaxUs: number;
}

export const GOOD_DISK: DiskConditions = { writeMinUs: 200, writeMaxUs: 3_000 };

interface Write {
  readonly record: LogRecord;
  readonly commit: ScheduledEvent;
}

export class Disk {
  conditions: DiskConditions = GOOD_DISK;
  /** The next write fails, and the disk until it is opened again. */
  failNext = false;
  /** Called when a record has become durable, whoever knows of it. */
  onDurable: (record: LogRecord) => void = () => {};
  readonly #queue: EventQueue;
  readonly #random: Random;
  #hardState: HardState = { term: 0 as Term, votedFor: null };
  readonly #entries: Entry[] = [];
  /** The digest of the log up to and with the entry at the same place. */
  readonly #chain: number[] = [];
  #loop: EventLoop | null = null;
  #write: Write | null = null;
  #failed = false;

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get lastIndex(): LogIndex {
    return this.#entries.length as LogIndex;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** The digest of the durable log up to `index`; null beyond its end. */
  chainAt(index: LogIndex): number | null {
    return index === 0 ? 0 : (this.#chain[index - 1] ?? null);
  }

  /** Loads the log for a server whose process is `loop`. The one before must have crashed. */
  open(loop: EventLoop): { readonly log: LoadedLog; readonly store: LogStore } {
    if (this.#loop !== null && !this.#loop.ended) throw new Error('two servers on one disk (LS6)');
    this.#loop = loop;
    this.#write = null;
    this.#failed = false;
    return {
      log: { hardState: this.#hardState, entries: [...this.#entries] },
      store: { append: (record, done) => this.#append(loop, record, done) },
    };
  }

  /** Writes before any server runs: how a cluster is founded. */
  format(record: LogRecord): void {
    if (this.#loop !== null) throw new Error('formatted under a server');
    this.#commit(deepFreeze(record));
  }

  /** The server's process died. */
  crash(): void {
    const write = this.#write;
    this.#write = null;
    if (write !== null) this.#queue.cancel(write.commit);
  }

  #append(loop: EventLoop, record: LogRecord, done: (error: string | null) => void): void {
    if (loop.ended || loop !== this.#loop) throw new Error('a write by a crashed server');
    if (this.#write !== null) throw new Error('two records in flight');
    this.#checkContiguous(record);
    deepFreeze(record);
    const lastsUs = this.#random.between(this.conditions.writeMinUs, this.conditions.writeMaxUs);
    const durableAfterUs = this.#random.between(0, lastsUs);
    const fails = this.#failed || this.failNext;
    const keeps = !this.#failed && (!fails || this.#random.chance(MILLION / 2));
    this.failNext = false;
    this.#failed = fails;
    const commit = this.#queue.schedule(durableAfterUs, () => {
      if (keeps) this.#commit(record);
    });
    const write: Write = { record, commit };
    this.#write = write;
    this.#queue.schedule(lastsUs, () => {
      if (this.#write !== write) return;
      this.#write = null;
      loop.post('storage', () => done(fails ? 'simulated disk failure' : null));
    });
  }

  #checkContiguous(record: LogRecord): void {
    const first = record.entries[0];
    if (first === undefined) return;
    let expected: number = first.index;
    if (expected < 1 || expected > this.#entries.length + 1) {
      throw new Error(`record begins at ${expected}, log ends at ${this.#entries.length}`);
    }
    for (const entry of record.entries) {
      if (entry.index !== expected) throw new Error(`record has ${entry.index} at ${expected}`);
      expected += 1;
    }
  }

  #commit(record: LogRecord): void {
    if (record.hardState !== null) this.#hardState = record.hardState;
    const first = record.entries[0];
    if (first !== undefined) {
      this.#entries.length = first.index - 1;
      this.#chain.length = first.index - 1;
    }
    for (const entry of record.entries) {
      this.#chain.push(chainDigest(this.#chain.at(-1) ?? 0, entry));
      this.#entries.push(entry);
    }
    this.onDurable(record);
  }
}
