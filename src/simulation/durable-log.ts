/**
 * A log as records make it (ports.ts, LS1 and LS7): the hard state of the newest record that has
 * one, the snapshot of the newest whole record, and the entries behind it. With it goes the chained
 * digest of every prefix, so that two logs can be compared at any index that both still have.
 *
 * What stands before a snapshot is known by the digest that the committed log has there: whoever
 * makes one of these says where to ask.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { Entry, HardState, LogIndex, LogRecord, Snapshot, Term } from '../raft/types.ts';
import { chainDigest } from './entry-digest.ts';

/** The chained digest of the committed log up to an index; null where nobody has applied it. */
export type CommittedChain = (index: LogIndex) => number | null;

export class DurableLog {
  readonly #committedChain: CommittedChain;
  #hardState: HardState = { term: 0 as Term, votedFor: null };
  #snapshot: Snapshot | null = null;
  #baseChain: number | null = 0;
  #entries: Entry[] = [];
  /** The digest of the log up to and with the entry at the same place; null: unknown. */
  #chain: (number | null)[] = [];

  constructor(committedChain: CommittedChain) {
    this.#committedChain = committedChain;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  get baseIndex(): LogIndex {
    return this.#snapshot?.index ?? (0 as LogIndex);
  }

  get lastIndex(): LogIndex {
    return (this.baseIndex + this.#entries.length) as LogIndex;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  entryAt(index: LogIndex): Entry | null {
    return this.#entries[index - this.baseIndex - 1] ?? null;
  }

  /** The digest of the log up to `index`; null beyond its end. */
  chainAt(index: LogIndex): number | null {
    const { baseIndex } = this;
    if (index === baseIndex) return this.#baseChain;
    if (index < baseIndex) return this.#committedChain(index);
    return this.#chain[index - baseIndex - 1] ?? null;
  }

  load(): LoadedLog {
    return {
      hardState: this.#hardState,
      snapshot: this.#snapshot,
      entries: [...this.#entries],
    };
  }

  /** Throws where the record does not follow what is there. */
  check(record: LogRecord): void {
    const { snapshot } = record;
    if (snapshot !== null) {
      if (record.hardState === null) throw new Error('a whole record without a hard state');
      if (snapshot.index < this.baseIndex) {
        throw new Error(`snapshot at ${snapshot.index} behind that at ${this.baseIndex}`);
      }
    }
    const first = record.entries[0];
    if (first === undefined) return;
    let expected: number = first.index;
    const lowest = (snapshot?.index ?? this.baseIndex) + 1;
    const highest = snapshot === null ? this.lastIndex + 1 : lowest;
    if (expected < lowest || expected > highest) {
      throw new Error(`record begins at ${expected}, not between ${lowest} and ${highest}`);
    }
    for (const entry of record.entries) {
      if (entry.index !== expected) throw new Error(`record has ${entry.index} at ${expected}`);
      expected += 1;
    }
  }

  apply(record: LogRecord): void {
    const { hardState, snapshot, entries } = record;
    if (hardState !== null) this.#hardState = hardState;
    if (snapshot !== null) {
      this.#baseChain = this.#committedChain(snapshot.index) ?? this.chainAt(snapshot.index);
      this.#snapshot = snapshot;
      this.#entries = [];
      this.#chain = [];
    }
    const first = entries[0];
    if (first !== undefined) {
      this.#entries.length = first.index - this.baseIndex - 1;
      this.#chain.length = this.#entries.length;
    }
    for (const entry of entries) {
      const before = this.#chain.length === 0 ? this.#baseChain : (this.#chain.at(-1) ?? null);
      this.#chain.push(before === null ? null : chainDigest(before, entry));
      this.#entries.push(entry);
    }
  }
}
