/**
 * What happened to a server, with its cause, for people to look at: roles change several times within
 * one call, and why is known only where it happens. Whoever cares takes the events after each call.
 * Nothing in the core reads them, and of those that nobody takes the oldest are forgotten.
 */

import type { LogIndex, NodeId, Term } from './types.ts';

/**
 * What happened to a server of Raft, and why.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type RaftEventDetail } from 'resqlite';
 *
 * function isAboutLeaders({ type }: Pick<RaftEventDetail, 'type'>): boolean {
 *   return type === 'leader-known' || type === 'leader-lost' || type === 'election-won';
 * }
 *
 * const db = await open();
 * const seen: boolean[] = [];
 * const stop = db.inspect(({ events }) => {
 *   for (const event of events) if (isAboutLeaders(event as RaftEventDetail)) seen.push(true);
 * });
 * seen.length > 0; // soon => true
 * stop();
 * ```
 */
export type RaftEventDetail =
  /** It asks whether it would be voted for (thesis 9.6). */
  | {
      readonly type: 'pre-vote';
      /**
       * 'alone': no other has a vote; 'link-lost': its link to the leader broke, and it heard none since;
       * 'timeout': it heard none for an election timeout.
       */
      readonly reason: 'alone' | 'link-lost' | 'timeout';
      /** Whom it followed until now; null: nobody. */
      readonly silentLeader: NodeId | null;
      /** Milliseconds since it last heard a leader, or led, or started. */
      readonly silentMs: number;
    }
  /** It stands for election. */
  | {
      readonly type: 'candidacy';
      /** 'asked': the leader handed over to it (thesis 3.10). */
      readonly reason: 'pre-votes' | 'asked';
    }
  | {
      readonly type: 'vote';
      /** For whom it voted. */
      readonly candidate: NodeId;
    }
  | {
      readonly type: 'election-won';
      /** Who elected it, itself among them. */
      readonly votes: readonly NodeId[];
    }
  | {
      readonly type: 'stepped-down';
      /**
       * 'higher-term': it heard of a newer term; 'no-quorum': it did not hear a majority (thesis 6.2);
       * 'not-a-voter': the committed configuration is without it (4.2.2); 'resigned': its state is not
       * sound.
       */
      readonly reason: 'higher-term' | 'no-quorum' | 'not-a-voter' | 'resigned';
    }
  | {
      readonly type: 'leader-known';
      /** Whom it follows from now on. */
      readonly leader: NodeId;
    }
  | {
      readonly type: 'leader-lost';
      /** Whom it followed. */
      readonly leader: NodeId;
    }
  /** Entries that were never committed gave way to the leader's (paper section 5.3). */
  | {
      readonly type: 'log-truncated';
      /** The first of them. */
      readonly fromIndex: LogIndex;
      /** The last of them. */
      readonly toIndex: LogIndex;
    };

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
