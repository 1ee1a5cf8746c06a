/**
 * Log Matching: if two logs hold an entry with the same index and term, they are identical up to and
 * with it (paper section 5.3).
 *
 * A log is known by the chained digests of its prefixes, so the property says: (index, term)
 * determines the chained digest. Every entry is looked at once in every log that it gets into.
 */

import type { LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** Larger than any term a run reaches. */
const TERMS = 2 ** 22;
/** Positions remembered; beyond, the older half is forgotten: long runs would fill memory. */
const POSITIONS_MAX = 262_144;

export class LogMatching {
  readonly #chainByPosition = new Map<number, { readonly chain: number; readonly node: NodeId }>();

  /** The log of `node` has an entry of `term` at `index`, and `chain` up to and with it. */
  onEntry(node: NodeId, index: LogIndex, term: Term, chain: number): void {
    const position = index * TERMS + term;
    const first = this.#chainByPosition.get(position);
    if (first === undefined) {
      if (this.#chainByPosition.size >= POSITIONS_MAX) this.#forgetOldest();
      this.#chainByPosition.set(position, { chain, node });
    } else if (first.chain !== chain) {
      throw new Violation(
        'log matching',
        '5.3',
        `${first.node} and ${node} differ at or before entry ${index} of term ${term}`,
      );
    }
  }

  #forgetOldest(): void {
    let left = POSITIONS_MAX / 2;
    for (const position of this.#chainByPosition.keys()) {
      if (left === 0) return;
      this.#chainByPosition.delete(position);
      left -= 1;
    }
  }
}
