/**
 * Leader Completeness: an entry committed in a term is in the logs of the leaders of all later terms
 * (paper section 5.4.3).
 *
 * Only leaders commit, and everybody else learns it from them: so a commitment is recorded when a
 * leader is seen to make it, with the leader's term. A leader of an earlier term that is elected
 * later, because its votes were long on their way, need not have the entry.
 */

import type { LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** The chained digest of a durable log up to an index; null where it is shorter. */
export type ChainAt = (index: LogIndex) => number | null;

interface Commitment {
  readonly index: LogIndex;
  /** The term in which it was committed. */
  readonly term: Term;
  readonly chain: number;
}

export class LeaderCompleteness {
  /** Ascending by index and by term: each holds for everything before it too. */
  readonly #commitments: Commitment[] = [];

  /** The highest index known to be committed. */
  get committedIndex(): LogIndex {
    return this.#commitments.at(-1)?.index ?? (0 as LogIndex);
  }

  /** `node`, leading `term`, commits up to `index`; `chain` is its log up to there. */
  onLeaderCommit(node: NodeId, term: Term, index: LogIndex, chain: number): void {
    const last = this.#commitments.at(-1);
    if (last === undefined || last.index < index) {
      this.#commitments.push({ index, term, chain });
      return;
    }
    const known = this.#commitments.findLast((commitment) => commitment.index === index);
    if (known !== undefined && known.chain !== chain) throw this.#differs(node, index);
  }

  /** `node`, whoever leads, holds everything up to `index` for committed. */
  onCommit(node: NodeId, index: LogIndex, chainAt: ChainAt): void {
    if (index > this.committedIndex) {
      throw new Violation(
        'leader completeness',
        '5.4.3',
        `${node} holds ${index} for committed; leaders committed up to ${this.committedIndex}`,
      );
    }
    const known = this.#commitments.findLast((commitment) => commitment.index <= index);
    if (known === undefined) return;
    // Its own copy may not be durable yet; then the checks of what it applies come later.
    const chain = chainAt(known.index);
    if (chain !== null && chain !== known.chain) throw this.#differs(node, known.index);
  }

  /** `node` was elected leader of `term`; its log was durable before its votes were asked for. */
  onElected(node: NodeId, term: Term, chainAt: ChainAt): void {
    const earlier = this.#commitments.findLast((commitment) => commitment.term < term);
    if (earlier === undefined || chainAt(earlier.index) === earlier.chain) return;
    throw new Violation(
      'leader completeness',
      '5.4.3',
      `${node} leads term ${term} without entry ${earlier.index}, committed in ${earlier.term}`,
    );
  }

  #differs(node: NodeId, index: LogIndex): Violation {
    return new Violation(
      'leader completeness',
      '5.4.3',
      `${node} has another log up to the committed entry ${index}`,
    );
  }
}
