/**
 * What happened to a server, with its cause, for people to look at: roles change several times within
 * one call, and why is known only where it happens. Whoever cares takes the events after each call.
 * Nothing in the core reads them, and of those that nobody takes the oldest are forgotten.
 */

import type { LogIndex, NodeId, Term } from './types.ts';

export type RaftEventDetail =
  /**
   * It asks whether it would be voted for (thesis 9.6). 'alone': no other has a vote; 'link-lost': its
   * link to the leader broke, and it heard none since; 'timeout': it heard none for an election timeout.
   * `silentLeader`: whom it followed until now.
   */
  | {
      readonly type: 'pre-vote';
      readonly reason: 'alone' | 'link-lost' | 'timeout';
      readonly silentLeader: NodeId | null;
      /** Since it last heard a leader, or led, or started. */
      readonly silentMs: number;
    }
  /** It stands for election; 'asked': the leader handed over to it (thesis 3.10). */
  | { readonly type: 'candidacy'; readonly reason: 'pre-votes' | 'asked' }
  | { readonly type: 'vote'; readonly candidate: NodeId }
  | { readonly type: 'election-won'; readonly votes: readonly NodeId[] }
  /**
   * 'higher-term': it heard of a newer term; 'no-quorum': it did not hear a majority (thesis 6.2);
   * 'not-a-voter': the committed configuration is without it (4.2.2); 'resigned': its state is not sound.
   */
  | {
      readonly type: 'stepped-down';
      readonly reason: 'higher-term' | 'no-quorum' | 'not-a-voter' | 'resigned';
    }
  | { readonly type: 'leader-known'; readonly leader: NodeId }
  | { readonly type: 'leader-lost'; readonly leader: NodeId }
  /** Entries that were never committed gave way to the leader's (paper section 5.3). */
  | { readonly type: 'log-truncated'; readonly fromIndex: LogIndex; readonly toIndex: LogIndex };

/** `term`: the server's, when it happened. */
export type RaftEvent = RaftEventDetail & { readonly term: Term };

const MAX_KEPT = 64;

export class RaftEvents {
  #kept: RaftEvent[] = [];

  note(term: Term, detail: RaftEventDetail): void {
    this.#kept.push({ ...detail, term });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
  }

  /** Null: none, which is nearly always so. */
  take(): readonly RaftEvent[] | null {
    if (this.#kept.length === 0) return null;
    const taken = this.#kept;
    this.#kept = [];
    return taken;
  }
}
