/**
 * The log of one server (paper section 5.3), whole in memory, and how much of it is durable.
 *
 *     1 .. durableIndex .. handedIndex .. lastIndex
 *          on disk         in the record  not yet in any record
 *                          in flight
 *
 * Invariants: entries are contiguous from index 1 and their terms do not decrease;
 * durableIndex <= handedIndex <= lastIndex. Truncation pulls all three back. Since at most one
 * record is in flight and only a new record moves `handedIndex` forward, what lies at or below
 * `handedIndex` when the record in flight completes is exactly what the disk holds: an entry that
 * was replaced meanwhile, be it by one that looks the same, is above it (the ABA problem).
 *
 * Nothing here walks the log: a table of where each term begins answers the questions of fast
 * backtracking, and a stack of configuration entries the one for the configuration in force.
 */

import { EMPTY_CONFIGURATION } from './configuration.ts';
import { assertInvariant } from './invariants.ts';
import type {
  Configuration,
  ConfigurationEntry,
  Entry,
  HardState,
  LogIndex,
  Term,
} from './types.ts';

/** What an entry is taken to weigh besides its payload. */
const ENTRY_OVERHEAD_BYTES = 32;
const MEMBER_BYTES = 24;

/** The bytes a command counts for in every bound, so that empty ones are bounded too. */
export function commandBytes(data: Uint8Array): number {
  return ENTRY_OVERHEAD_BYTES + data.length;
}

/** The bytes an entry counts for in every bound; about what it takes on the wire. */
export function entryBytes(entry: Entry): number {
  switch (entry.type) {
    case 'noop':
      return ENTRY_OVERHEAD_BYTES;
    case 'command':
      return commandBytes(entry.data);
    case 'configuration': {
      const { voters, outgoingVoters, learners } = entry.configuration;
      const members = voters.length + outgoingVoters.length + learners.length;
      return ENTRY_OVERHEAD_BYTES + MEMBER_BYTES * members;
    }
  }
}

/** Consecutive entries, and what they weigh together. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

/** Where the entries of one term begin. */
interface TermStart {
  readonly term: Term;
  readonly index: LogIndex;
}

export class Log {
  readonly #entries: Entry[] = [];
  readonly #termStarts: TermStart[] = [];
  readonly #configurations: ConfigurationEntry[] = [];
  #handedIndex = 0 as LogIndex;
  #durableIndex = 0 as LogIndex;

  /** `entries` are durable. Throws `InvariantViolation` unless they are a log. */
  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.append(entry);
    this.#handedIndex = this.lastIndex;
    this.#durableIndex = this.lastIndex;
  }

  get firstIndex(): LogIndex {
    return 1 as LogIndex;
  }

  /** 0 for an empty log. */
  get lastIndex(): LogIndex {
    return this.#entries.length as LogIndex;
  }

  /** 0 for an empty log. */
  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? (0 as Term);
  }

  /** The last index that the disk holds exactly as the log does. */
  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  /** The last index that is durable or in the record in flight. */
  get handedIndex(): LogIndex {
    return this.#handedIndex;
  }

  /** The latest in the log, committed or not (paper section 6). */
  get configuration(): Configuration {
    return this.#configurations.at(-1)?.configuration ?? EMPTY_CONFIGURATION;
  }

  /** The index of the entry that `configuration` comes from; 0 where there is none. */
  get configurationIndex(): LogIndex {
    return this.#configurations.at(-1)?.index ?? (0 as LogIndex);
  }

  /** The one that `configuration` replaced. */
  get previousConfiguration(): Configuration {
    return this.#configurations.at(-2)?.configuration ?? EMPTY_CONFIGURATION;
  }

  entryAt(index: LogIndex): Entry | null {
    return this.#entries[index - 1] ?? null;
  }

  /** 0 for index 0, null beyond the log. */
  termAt(index: LogIndex): Term | null {
    return index === 0 ? (0 as Term) : (this.#entries[index - 1]?.term ?? null);
  }

  /** Whether the log has an entry of `term` at `index`, and so all that precede it (5.3). */
  matches(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Whether a log that ends so is at least as up to date as this one (5.4.1). */
  isUpToDate(lastLogIndex: LogIndex, lastLogTerm: Term): boolean {
    const lastTerm = this.lastTerm;
    return lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= this.lastIndex);
  }

  /** The first index of the term that the entry at `index`, which exists, has. */
  firstIndexOfTermAt(index: LogIndex): LogIndex {
    const start = this.#termStarts[this.#startsUpTo(({ index: first }) => first <= index) - 1];
    assertInvariant(start !== undefined && index <= this.lastIndex, 'a term begins in the log');
    return start.index;
  }

  /** The last index at or before `index` whose term is at most `term`; 0 where there is none. */
  lastIndexOfTermUpTo(term: Term, index: LogIndex): LogIndex {
    const next = this.#termStarts[this.#startsUpTo((start) => start.term <= term)];
    const last = next === undefined ? this.lastIndex : next.index - 1;
    return Math.min(last, index) as LogIndex;
  }

  /** How many term starts satisfy `isBefore`, which holds for a prefix of them. */
  #startsUpTo(isBefore: (start: TermStart) => boolean): number {
    let low = 0;
    let high = this.#termStarts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = this.#termStarts[middle];
      if (start !== undefined && isBefore(start)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  append(entry: Entry): void {
    const lastTerm = this.lastTerm;
    assertInvariant(entry.index === this.#entries.length + 1, 'entries are appended in order');
    assertInvariant(entry.term >= lastTerm && entry.term > 0, 'terms in a log do not decrease');
    if (entry.term > lastTerm) this.#termStarts.push({ term: entry.term, index: entry.index });
    if (entry.type === 'configuration') this.#configurations.push(entry);
    this.#entries.push(entry);
  }

  /** Removes the entries from `index` on; the caller knows that none of them is committed. */
  truncateFrom(index: LogIndex): void {
    const last = (index - 1) as LogIndex;
    this.#entries.length = last;
    if (this.#durableIndex > last) this.#durableIndex = last;
    if (this.#handedIndex > last) this.#handedIndex = last;
    while ((this.#termStarts.at(-1)?.index ?? 0) > last) this.#termStarts.pop();
    while ((this.#configurations.at(-1)?.index ?? 0) > last) this.#configurations.pop();
  }

  /** Entries from `from` to at most `to`, within the limits, but at least one if there is one. */
  batch(from: LogIndex, to: LogIndex, maxEntries: number, maxBytes: number): Batch {
    const end = Math.min(to, this.lastIndex, from + maxEntries - 1);
    let bytes = 0;
    let last = from - 1;
    while (last < end) {
      const entry = this.#entries[last];
      const added = entry === undefined ? 0 : entryBytes(entry);
      if (bytes > 0 && bytes + added > maxBytes) break;
      bytes += added;
      last += 1;
    }
    return { entries: this.#entries.slice(from - 1, last), bytes };
  }

  /** The entries no record holds yet; the next record does. */
  takeUnhanded(): readonly Entry[] {
    const entries = this.#entries.slice(this.#handedIndex);
    this.#handedIndex = this.lastIndex;
    return entries;
  }

  /** The record in flight is durable. */
  markHandedDurable(): void {
    this.#durableIndex = this.#handedIndex;
  }
}

/** Throws `InvariantViolation` where no server can have stored the two together. */
export function assertLoadable(hardState: HardState, log: Log, appliedIndex: LogIndex): void {
  assertInvariant(hardState.term >= log.lastTerm, 'no stored entry is newer than the stored term');
  assertInvariant(appliedIndex >= 0, '0 <= appliedIndex');
  assertInvariant(appliedIndex <= log.lastIndex, 'what is applied is in the durable log');
}
