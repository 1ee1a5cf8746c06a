/**
 * How long a leader's entries take from its log to being committed, while somebody looks. Entries are
 * seen once per input, so what was appended together is timed together, in whole milliseconds.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import type { CommitTimes } from './inspection.ts';

/** Entries up to `lastIndex`, behind those of the batch before. */
interface Batch {
  readonly firstIndex: number;
  readonly lastIndex: LogIndex;
  readonly atMs: number;
}

/** Batches that wait; what is appended beyond is not timed. */
const MAX_WAITING = 1_024;
/** Whatever takes longer counts as this long, which bounds how many times are told apart. */
const MAX_MS = 10_000;

export class CommitWatch {
  readonly #raft: Pick<Raft, 'role' | 'term' | 'lastIndex' | 'commitIndex'>;
  #waiting: Batch[] = [];
  /** The term led, and the end of the log as last seen in it; null: nobody looks, or another leads. */
  #seen: { readonly term: Term; lastIndex: LogIndex } | null = null;
  /** How many entries took so many milliseconds. */
  readonly #countByMs = new Map<number, number>();

  constructor(raft: Pick<Raft, 'role' | 'term' | 'lastIndex' | 'commitIndex'>) {
    this.#raft = raft;
  }

  /** To be called after every input while somebody looks. */
  observe(nowMs: number): void {
    const { role, term, lastIndex, commitIndex } = this.#raft;
    if (role !== 'leader') {
      this.reset();
      return;
    }
    if (this.#seen?.term !== term) {
      this.#seen = { term, lastIndex };
      this.#waiting = [];
      return;
    }
    const { lastIndex: seenIndex } = this.#seen;
    if (lastIndex > seenIndex && this.#waiting.length < MAX_WAITING) {
      this.#waiting.push({ firstIndex: seenIndex + 1, lastIndex, atMs: nowMs });
    }
    this.#seen.lastIndex = lastIndex;
    this.#settle(commitIndex, nowMs);
  }

  /** Nobody looks any more, or this node does not lead. What was timed stays to be told. */
  reset(): void {
    this.#seen = null;
    if (this.#waiting.length > 0) this.#waiting = [];
  }

  #settle(commitIndex: LogIndex, nowMs: number): void {
    const settled = this.#waiting.findIndex(({ lastIndex }) => lastIndex > commitIndex);
    const batches = this.#waiting.splice(0, settled < 0 ? this.#waiting.length : settled);
    for (const { firstIndex, lastIndex, atMs } of batches) {
      const ms = Math.min(nowMs - atMs, MAX_MS);
      const count = lastIndex - firstIndex + 1;
      this.#countByMs.set(ms, (this.#countByMs.get(ms) ?? 0) + count);
    }
  }

  /** Of those that were committed since the last call. */
  take(): CommitTimes {
    const times = [...this.#countByMs].toSorted(([one], [other]) => one - other);
    this.#countByMs.clear();
    const count = times.reduce((sum, [, entries]) => sum + entries, 0);
    return { count, p50Ms: percentile(times, count / 2), p99Ms: percentile(times, count * 0.99) };
  }
}

/** The time within which so many of the entries were committed. */
function percentile(
  times: readonly (readonly [ms: number, count: number])[],
  atLeast: number,
): number | null {
  let seen = 0;
  for (const [ms, count] of times) {
    seen += count;
    if (seen >= atLeast) return ms;
  }
  return null;
}
