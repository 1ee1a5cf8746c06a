/**
 * A server's log in memory as the checkers follow it: its entries by identity, and the chained
 * digest of every prefix. `sync` costs what has changed since the last call, found by comparing from
 * the end: logs change at their ends only.
 */

import type { Entry, LogIndex } from '../../raft/types.ts';
import { chainDigest } from '../entry-digest.ts';

/** A log that can be looked at. */
export interface LogView {
  readonly lastIndex: LogIndex;
  entryAt(index: LogIndex): Entry | null;
}

export class LogMirror {
  readonly #entries: Entry[] = [];
  readonly #chain: number[] = [];

  get lastIndex(): LogIndex {
    return this.#entries.length as LogIndex;
  }

  /** Null for an empty log. */
  get lastEntry(): Entry | null {
    return this.#entries.at(-1) ?? null;
  }

  /** The digest of the log up to `index`; null beyond its end. */
  chainAt(index: LogIndex): number | null {
    return index === 0 ? 0 : (this.#chain[index - 1] ?? null);
  }

  /**
   * Follows the log. Answers how much of what was known is still there, and the entries that are
   * new, in order.
   */
  sync(log: LogView): { readonly keptIndex: LogIndex; readonly added: readonly Entry[] } {
    let kept = Math.min(this.#entries.length, log.lastIndex);
    while (kept > 0 && this.#entries[kept - 1] !== log.entryAt(kept as LogIndex)) kept -= 1;
    this.#entries.length = kept;
    this.#chain.length = kept;
    const added: Entry[] = [];
    for (let index = kept + 1; index <= log.lastIndex; index += 1) {
      const entry = log.entryAt(index as LogIndex);
      if (entry === null) throw new Error(`a log with a hole at ${index}`);
      added.push(entry);
      this.#entries.push(entry);
      this.#chain.push(chainDigest(this.#chain.at(-1) ?? 0, entry));
    }
    return { keptIndex: kept as LogIndex, added };
  }
}
