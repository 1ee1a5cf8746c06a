/** Election Safety: at most one leader is elected in a term (paper section 5.2). */

import type { NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

export class ElectionSafety {
  readonly #leaderByTerm = new Map<Term, NodeId>();

  /** `node` is seen leading `term`; true where that is news. */
  onLeader(node: NodeId, term: Term): boolean {
    const leader = this.#leaderByTerm.get(term);
    if (leader === node) return false;
    if (leader !== undefined) {
      throw new Violation('election safety', '5.2', `${leader} and ${node} lead term ${term}`);
    }
    this.#leaderByTerm.set(term, node);
    return true;
  }

  get elections(): number {
    return this.#leaderByTerm.size;
  }
}
