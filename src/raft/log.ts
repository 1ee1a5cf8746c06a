/**
 * The log of one server (paper sections 5.3 and 7), in memory from the last snapshot on, and how much
 * of it is durable.
 *
 *     snapshot .. durableIndex .. handedIndex .. lastIndex
 *     compacted   on disk         in the record  not yet in any record
 *                                 in flight
 *
 * Invariants: entries are contiguous from the one behind the snapshot on (from index 1 without one)
 * and their terms do not decrease; durableIndex <= handedIndex <= lastIndex. Truncation pulls all
 * three back. Since at most one record is in flight and only a new record moves `handedIndex` forward,
 * what lies at or below `handedIndex` when the record in flight completes is exactly what the disk
 * holds: an entry that was replaced meanwhile, be it by one that looks the same, is above it (the ABA
 * problem).
 *
 * A snapshot moves the beginning, by compaction or because a leader sent it. The next record is then
 * a whole one, which makes everything before it superfluous.
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
  Snapshot,
  Term,
} from './types.ts';

/** What an entry is taken to weigh besides its payload. */
const ENTRY_OVERHEAD_BYTES = 32;
const MEMBER_BYTES = 24;
/** An id, a key or another text of a configuration besides, behind its length. */
const TEXT_OVERHEAD_BYTES = 4;
/** The times and uses of an invite. */
const INVITE_TERMS_BYTES = 32;

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
    case 'configuration':
      return ENTRY_OVERHEAD_BYTES + configurationBytes(entry.configuration);
  }
}

/** What is known of members, and of those that were, outweighs their names by far. */
function configurationBytes(configuration: Configuration): number {
  const { voters, outgoingVoters, learners, profiles, access } = configuration;
  const members = voters.length + outgoingVoters.length + learners.length;
  const texts = [
    ...Object.values(profiles),
    ...Object.values(access.keys),
    ...access.former.flatMap(({ nodeId, key }) => [nodeId, key]),
    ...access.removed,
    ...access.invites.flatMap(({ id, verifier }) => [id, verifier]),
  ];
  const ofTexts = texts.reduce((sum, text) => sum + TEXT_OVERHEAD_BYTES + text.length, 0);
  return MEMBER_BYTES * members + ofTexts + INVITE_TERMS_BYTES * access.invites.length;
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
  #snapshot: Snapshot | null;
  /** No record names the snapshot yet. */
  #isSnapshotNew = false;
  readonly #entries: Entry[] = [];
  /** For each entry the bytes of all entries up to and with it, counted from an arbitrary start. */
  readonly #bytesUpTo: number[] = [];
  #bytesBefore = 0;
  readonly #termStarts: TermStart[] = [];
  readonly #configurations: ConfigurationEntry[] = [];
  #handedIndex: LogIndex;
  #durableIndex: LogIndex;

  /** Both are durable. Throws `InvariantViolation` unless they are a log. */
  constructor(snapshot: Snapshot | null, entries: readonly Entry[]) {
    this.#snapshot = snapshot;
    this.#beginTerms();
    for (const entry of entries) this.append(entry);
    this.#handedIndex = this.lastIndex;
    this.#durableIndex = this.lastIndex;
  }

  /** What stands in for everything up to `baseIndex`; null: nothing was ever compacted. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** The last index that is compacted; 0 where none is. */
  get baseIndex(): LogIndex {
    return this.#snapshot?.index ?? (0 as LogIndex);
  }

  get firstIndex(): LogIndex {
    return (this.baseIndex + 1) as LogIndex;
  }

  /** `baseIndex` where there are no entries. */
  get lastIndex(): LogIndex {
    return (this.baseIndex + this.#entries.length) as LogIndex;
  }

  /** That of the snapshot where there are no entries, or 0. */
  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#baseTerm;
  }

  get #baseTerm(): Term {
    return this.#snapshot?.term ?? (0 as Term);
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
    return this.#configurations.at(-1)?.configuration ?? this.#baseConfiguration;
  }

  get #baseConfiguration(): Configuration {
    return this.#snapshot?.configuration ?? EMPTY_CONFIGURATION;
  }

  /**
   * The index of the entry that `configuration` comes from, or of the snapshot that covers it; 0
   * where there is none.
   */
  get configurationIndex(): LogIndex {
    return this.#configurations.at(-1)?.index ?? this.baseIndex;
  }

  /** The one that `configuration` replaced, where that is not compacted. */
  get previousConfiguration(): Configuration {
    return this.#configurations.at(-2)?.configuration ?? this.#baseConfiguration;
  }

  /** Where `previousConfiguration` comes from, as `configurationIndex`. */
  get previousConfigurationIndex(): LogIndex {
    return this.#configurations.at(-2)?.index ?? this.baseIndex;
  }

  /** The one in force at `index`, which is not compacted. */
  configurationAt(index: LogIndex): Configuration {
    const entry = this.#configurations.findLast((one) => one.index <= index);
    return entry?.configuration ?? this.#baseConfiguration;
  }

  /** Null where it is compacted, or beyond the log. */
  entryAt(index: LogIndex): Entry | null {
    return this.#entries[index - this.baseIndex - 1] ?? null;
  }

  /** Also of the last compacted index (0 for index 0); null before that, and beyond the log. */
  termAt(index: LogIndex): Term | null {
    return index === this.baseIndex ? this.#baseTerm : (this.entryAt(index)?.term ?? null);
  }

  /** What the entries behind `from` up to `to` weigh; both within the log. */
  bytesBetween(from: LogIndex, to: LogIndex): number {
    return this.#bytesTo(to) - this.#bytesTo(from);
  }

  #bytesTo(index: LogIndex): number {
    return this.#bytesUpTo[index - this.baseIndex - 1] ?? this.#bytesBefore;
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

  /**
   * Entries of one term that follow each other, in order, at most so many: the oldest are left out. The
   * first that is told begins at `firstIndex` at the earliest.
   */
  termRuns(atMost: number): { readonly term: Term; readonly firstIndex: LogIndex }[] {
    const runs: { readonly term: Term; readonly firstIndex: LogIndex }[] = [];
    let next = this.lastIndex + 1;
    for (let at = this.#termStarts.length - 1; at >= 0 && runs.length < atMost; at -= 1) {
      const start = this.#termStarts[at];
      if (start === undefined) continue;
      const firstIndex = Math.max(start.index, this.firstIndex) as LogIndex;
      // Of the snapshot's term there may be no entry.
      if (firstIndex < next) runs.push({ term: start.term, firstIndex });
      next = firstIndex;
    }
    return runs.toReversed();
  }

  /** The first index that is not compacted of the term at `index`, which has one. */
  firstIndexOfTermAt(index: LogIndex): LogIndex {
    const start = this.#termStarts[this.#startsUpTo(({ index: first }) => first <= index) - 1];
    assertInvariant(start !== undefined && index <= this.lastIndex, 'a term begins in the log');
    return start.index;
  }

  /** The last index at or before `index` whose term is at most `term`; 0 where none is known. */
  lastIndexOfTermUpTo(term: Term, index: LogIndex): LogIndex {
    const next = this.#termStarts[this.#startsUpTo((start) => start.term <= term)];
    const last = next === undefined ? this.lastIndex : next.index - 1;
    return Math.max(Math.min(last, index), 0) as LogIndex;
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
    assertInvariant(entry.index === this.lastIndex + 1, 'entries are appended in order');
    assertInvariant(entry.term >= lastTerm && entry.term > 0, 'terms in a log do not decrease');
    if (entry.term > lastTerm) this.#termStarts.push({ term: entry.term, index: entry.index });
    if (entry.type === 'configuration') this.#configurations.push(entry);
    this.#bytesUpTo.push(this.#bytesTo(this.lastIndex) + entryBytes(entry));
    this.#entries.push(entry);
  }

  /** Removes the entries from `index` on; the caller knows that none of them is committed. */
  truncateFrom(index: LogIndex): void {
    assertInvariant(index > this.baseIndex, 'what is compacted is committed');
    const last = (index - 1) as LogIndex;
    this.#entries.length = last - this.baseIndex;
    this.#bytesUpTo.length = this.#entries.length;
    if (this.#durableIndex > last) this.#durableIndex = last;
    if (this.#handedIndex > last) this.#handedIndex = last;
    while ((this.#termStarts.at(-1)?.index ?? 0) > last) this.#termStarts.pop();
    while ((this.#configurations.at(-1)?.index ?? 0) > last) this.#configurations.pop();
  }

  /** Drops the entries up to `snapshot.index`, which the log has, and are applied. */
  compact(snapshot: Snapshot): void {
    const { index, term } = snapshot;
    assertInvariant(index > this.baseIndex && this.matches(index, term), 'the log has its prefix');
    assertInvariant(index <= this.#durableIndex, 'what is compacted is durable');
    this.#cutTo(snapshot);
  }

  /**
   * The snapshot takes the place of everything up to its index (paper Figure 13, rules 5 to 7): what
   * follows the same entry is kept, any other log is dropped whole. `provenIndex`: up to where the
   * disk is known to hold what the cluster has committed; nothing beyond counts as durable where the
   * log is dropped, until the next record is.
   */
  restore(snapshot: Snapshot, provenIndex: LogIndex): void {
    const { index, term } = snapshot;
    assertInvariant(index >= this.baseIndex, 'a snapshot does not bring back what was compacted');
    if (this.matches(index, term)) {
      this.#cutTo(snapshot);
      return;
    }
    this.#entries.length = 0;
    this.#bytesUpTo.length = 0;
    this.#configurations.length = 0;
    this.#beginAt(snapshot);
    this.#handedIndex = Math.min(this.#handedIndex, provenIndex) as LogIndex;
    this.#durableIndex = Math.min(this.#durableIndex, provenIndex) as LogIndex;
  }

  #cutTo(snapshot: Snapshot): void {
    const dropped = snapshot.index - this.baseIndex;
    this.#bytesBefore = this.#bytesTo(snapshot.index);
    this.#entries.splice(0, dropped);
    this.#bytesUpTo.splice(0, dropped);
    this.#beginAt(snapshot);
  }

  #beginAt(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#isSnapshotNew = true;
    this.#beginTerms();
    while ((this.#configurations[0]?.index ?? Infinity) <= snapshot.index) {
      this.#configurations.shift();
    }
  }

  /** The table of terms begins with the snapshot's: it is known to be there at `baseIndex`. */
  #beginTerms(): void {
    const base = this.#snapshot;
    if (base === null) return;
    const { index, term } = base;
    const later = this.#termStarts.filter((start) => start.index > index && start.term > term);
    this.#termStarts.length = 0;
    this.#termStarts.push({ term, index }, ...(this.#entries.length === 0 ? [] : later));
  }

  /** Entries from `from` to at most `to`, within the limits, but at least one if there is one. */
  batch(from: LogIndex, to: LogIndex, maxEntries: number, maxBytes: number): Batch {
    const before = (from - 1) as LogIndex;
    const end = Math.min(to, this.lastIndex, before + maxEntries);
    let last = Math.min(from, end) as LogIndex;
    while (last < end && this.bytesBetween(before, (last + 1) as LogIndex) <= maxBytes) {
      last = (last + 1) as LogIndex;
    }
    const entries = this.#entries.slice(before - this.baseIndex, last - this.baseIndex);
    return { entries, bytes: this.bytesBetween(before, last) };
  }

  /** Whether a record is due: there are entries, or a snapshot, that none holds yet. */
  get isRecordDue(): boolean {
    return this.#isSnapshotNew || this.#handedIndex < this.lastIndex;
  }

  /**
   * What no record holds yet; the next record does. With a snapshot that no record names, it is
   * everything.
   */
  takeUnhanded(): { readonly snapshot: Snapshot | null; readonly entries: readonly Entry[] } {
    const snapshot = this.#isSnapshotNew ? this.#snapshot : null;
    const from = snapshot === null ? this.#handedIndex - this.baseIndex : 0;
    this.#isSnapshotNew = false;
    this.#handedIndex = this.lastIndex;
    return { snapshot, entries: this.#entries.slice(from) };
  }

  /** The record in flight is durable. */
  markHandedDurable(): void {
    this.#durableIndex = this.#handedIndex;
  }
}

/** Throws `InvariantViolation` where no server can have stored the two together. */
export function assertLoadable(hardState: HardState, log: Log, appliedIndex: LogIndex): void {
  assertInvariant(hardState.term >= log.lastTerm, 'no stored entry is newer than the stored term');
  assertInvariant(appliedIndex >= log.baseIndex, 'what is compacted is applied');
  assertInvariant(appliedIndex <= log.lastIndex, 'what is applied is in the durable log');
}
