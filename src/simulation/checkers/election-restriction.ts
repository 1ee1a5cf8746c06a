/**
 * The election restriction (paper section 5.4.1): a server votes only for a candidate whose log is at
 * least as up-to-date as its own. Leader Completeness rests on it, and breaks long after a breach.
 */

import type { LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** Where a log ends. */
export interface LogEnd {
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
}

export class ElectionRestriction {
  readonly #endByCandidacy = new Map<string, LogEnd>();

  /** `candidate` asks for votes in `term`, and says where its log ends. */
  onCandidacy(candidate: NodeId, term: Term, end: LogEnd): void {
    this.#endByCandidacy.set(`${candidate} ${term}`, end);
  }

  /** `voter`, whose log ends at `own`, has just voted for `candidate` in `term`. */
  onVote(voter: NodeId, candidate: NodeId, term: Term, own: LogEnd): void {
    if (voter === candidate) return;
    const end = this.#endByCandidacy.get(`${candidate} ${term}`);
    const upToDate =
      end !== undefined &&
      (end.lastTerm > own.lastTerm ||
        (end.lastTerm === own.lastTerm && end.lastIndex >= own.lastIndex));
    if (upToDate) return;
    throw new Violation(
      'election restriction',
      '5.4.1',
      `${voter} votes for ${candidate} in ${term}, whose log is behind its own`,
    );
  }
}
