/**
 * Linearizable reads are never stale (paper section 8, thesis section 6.4): a read of level
 * linearizable or strong shows every write that was acknowledged, and everything that such a read
 * showed, before it was invoked, on whichever server, deposed leaders included.
 *
 * Reads of level none and weak promise less: on one server the state only moves forward, and shows
 * the server's own acknowledged writes.
 *
 * States are compared by applied index, which is exact because everything goes through one log; the
 * linearizability checker looks at the values as well.
 */

import type { LogIndex } from '../../raft/types.ts';
import type { ReadLevel } from '../../node/sql.ts';
import { Violation } from './violation.ts';

export class ReadFreshness {
  #seenIndex = 0;
  readonly #seenByClient = new Map<number, number>();

  /** What a read invoked now has to show at least. */
  floor(level: ReadLevel, client: number): number {
    const own = this.#seenByClient.get(client) ?? 0;
    return level === 'linearizable' || level === 'strong' ? Math.max(own, this.#seenIndex) : own;
  }

  /** A write of `client` was acknowledged at `index`. */
  onAcknowledged(client: number, index: LogIndex): void {
    this.#seenIndex = Math.max(this.#seenIndex, index);
    this.#see(client, index);
  }

  /** A read invoked when `floor` was as given shows the state at `appliedIndex`. */
  onRead(
    read: { readonly id: number; readonly level: ReadLevel; readonly client: number },
    floor: number,
    appliedIndex: LogIndex,
  ): void {
    if (appliedIndex < floor) {
      throw new Violation(
        'read freshness',
        '8, thesis 6.4',
        `${read.level} read ${read.id} shows ${appliedIndex}; ${floor} was known before it began`,
      );
    }
    if (read.level === 'linearizable' || read.level === 'strong') {
      this.#seenIndex = Math.max(this.#seenIndex, appliedIndex);
    }
    this.#see(read.client, appliedIndex);
  }

  #see(client: number, index: number): void {
    this.#seenByClient.set(client, Math.max(this.#seenByClient.get(client) ?? 0, index));
  }
}
