/** Who leads, as this node knows, and how often that has changed. */

import type { Raft } from '../raft/raft.ts';
import type { KnownLeader } from './patience.ts';

export class LeaderChanges {
  readonly #raft: Pick<Raft, 'leaderId' | 'term'>;
  #lastTerm = 0;
  /** Terms in which a leader was seen. */
  count = 0;

  constructor(raft: Pick<Raft, 'leaderId' | 'term'>) {
    this.#raft = raft;
  }

  /** Null: nobody. */
  leader(): KnownLeader | null {
    const { leaderId, term } = this.#raft;
    if (leaderId === null) return null;
    if (term !== this.#lastTerm) {
      this.#lastTerm = term;
      this.count += 1;
    }
    return { id: leaderId, term };
  }
}
