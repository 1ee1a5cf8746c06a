/**
 * A server's log in memory as the checkers follow it: its entries by identity, and the chained
 * digest of every prefix. `sync` costs what has changed since the last call, found by comparing from
 * the end: logs change at their ends, and where they are compacted.
 *
 * What a snapshot stands in for is committed: there the log is, by definition, the committed one. That
 * it may stand there is for the snapshot checker to say.
 */

import type { Entry, LogIndex } from '../../raft/types.ts';
import type { CommittedChain } from '../durable-log.ts';
import { chainDigest } from '../entry-digest.ts';

/** A log that can be looked at. */
export interface LogView {
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  entryAt(index: LogIndex): Entry | null;
}

export class LogMirror {
  readonly #committedChain: CommittedChain;
  #baseIndex = 0;
  #baseChain = 0;
  readonly #entries: Entry[] = [];
  readonly #chain: number[] = [];

  constructor(committedChain: CommittedChain) {
    this.#committedChain = committedChain;
  }

  get baseIndex(): LogIndex {
    return this.#baseIndex as LogIndex;
  }

  get lastIndex(): LogIndex {
    return (this.#baseIndex + this.#entries.length) as LogIndex;
  }

  /** Null for a log without entries. */
  get lastEntry(): Entry | null {
    return this.#entries.at(-1) ?? null;
  }

  /** The digest of the log up to `index`; null beyond its end. */
  chainAt(index: LogIndex): number | null {
    if (index === this.#baseIndex) return this.#baseChain;
    if (index < this.#baseIndex) return this.#committedChain(index);
    return this.#chain[index - this.#baseIndex - 1] ?? null;
  }

  /**
   * Follows the log. Answers how much of what was known is still there, and the entries that are
   * new, in order.
   */
  sync(log: LogView): { readonly keptIndex: LogIndex; readonly added: readonly Entry[] } {
    const base = log.firstIndex - 1;
    if (base !== this.#baseIndex) this.#rebase(base);
    let kept = Math.min(this.lastIndex, log.lastIndex);
    while (kept > base && this.#entries[kept - base - 1] !== log.entryAt(kept as LogIndex)) {
      kept -= 1;
    }
    this.#entries.length = kept - base;
    this.#chain.length = kept - base;
    const added: Entry[] = [];
    for (let index = kept + 1; index <= log.lastIndex; index += 1) {
      const entry = log.entryAt(index as LogIndex);
      if (entry === null) throw new Error(`a log with a hole at ${index}`);
      added.push(entry);
      this.#entries.push(entry);
      this.#chain.push(chainDigest(this.#chain.at(-1) ?? this.#baseChain, entry));
    }
    return { keptIndex: kept as LogIndex, added };
  }

  /** The log begins elsewhere now. What stood behind stays known only if it followed the same. */
  #rebase(base: number): void {
    if (base < this.#baseIndex) throw new Error(`a log that grew backwards to ${base}`);
    const own = this.chainAt(base as LogIndex);
    const chain = this.#committedChain(base as LogIndex) ?? own;
    if (chain === null) throw new Error(`a log that begins at ${base}, which nobody applied`);
    const dropped = own === chain ? base - this.#baseIndex : this.#entries.length;
    this.#entries.splice(0, dropped);
    this.#chain.splice(0, dropped);
    this.#baseIndex = base;
    this.#baseChain = chain;
  }
}
