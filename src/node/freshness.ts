/**
 * How old this node's knowledge of the commit index is, for local reads that bound it.
 *
 * The index is known first hand from the leader, or as the leader: a follower knows it when it hears
 * the leader, a leader when a majority of voters, itself counted, has answered it; both only once the
 * leader has committed an entry of its own term, since before that it may not know what its
 * predecessors committed. A read then waits until what was committed is applied, so a bound of `f` ms
 * means: whatever this node's leader knew to be committed `f` ms before the read began is in it. How
 * long a message was on its way is not known, and not counted; and a leader that was cut off from the
 * majority together with this node is believed until it steps down, which is within the minimum
 * election timeout (CheckQuorum).
 *
 * Time is that of steady-time.ts, the larger of both clocks. A node that was frozen or asleep finds
 * messages in its queue that are as old as its sleep, and look new: after a gap nothing counts until
 * the leader has answered a question that was asked behind it. The question goes out with the first
 * read that needs it, which fails.
 */

import { quorumValue } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { LogIndex } from '../raft/types.ts';
import { failure } from './errors.ts';
import { UNNOTICED_GAP_MS } from './limits.ts';
import type { NodeMessage } from './messages.ts';
import type { ReadIndexOutcome } from './reads.ts';

type RaftView = Pick<
  Raft,
  | 'nodeId'
  | 'role'
  | 'term'
  | 'leaderId'
  | 'commitIndex'
  | 'leaderCommitIndex'
  | 'configuration'
  | 'termAt'
  | 'progress'
>;

/** Asks the leader for its commit index, confirmed by a majority. */
export type AskLeader = (nowMs: number, done: (outcome: ReadIndexOutcome) => void) => void;

export class Freshness {
  readonly #raft: RaftView;
  readonly #ask: AskLeader;
  #lastInputMs: number;
  /** Gaps so far, and how many of them a question was answered behind. */
  #gaps = 0;
  #gapsPassed = 0;
  /** The gap behind which a question is on its way. */
  #asking: number | null = null;
  /** When the commit index was known last, and what it was then. */
  #knownAtMs = -Infinity;
  #knownIndex = 0 as LogIndex;

  constructor(raft: RaftView, ask: AskLeader, nowMs: number) {
    this.#raft = raft;
    this.#ask = ask;
    this.#lastInputMs = nowMs;
  }

  /** Called with every input, before it is looked at. */
  observe(nowMs: number): void {
    if (nowMs - this.#lastInputMs >= UNNOTICED_GAP_MS) this.#gaps += 1;
    this.#lastInputMs = nowMs;
  }

  /** The core has taken the message. */
  onReceived(message: NodeMessage, nowMs: number): void {
    if (message.type !== 'append-entries') return;
    const { term, leaderId, leaderCommitIndex } = this.#raft;
    const isOfLeader = message.term === term && message.from === leaderId;
    if (isOfLeader && this.#hasCommittedInTerm) this.#know(leaderCommitIndex, nowMs);
  }

  /** The index to wait for, where it was known less than `freshnessMs` ago; else 'Stale'. */
  indexWithin(freshnessMs: number, nowMs: number): ReadIndexOutcome {
    if (this.#gapsPassed < this.#gaps) {
      this.#askBehindGap(nowMs);
      return stale('this node was asleep, and has not asked the leader since');
    }
    if (this.#raft.role === 'leader' && this.#hasCommittedInTerm) {
      this.#know(this.#raft.commitIndex, this.#quorumContactMs(nowMs));
    }
    const ageMs = nowMs - this.#knownAtMs;
    if (ageMs <= freshnessMs) return { type: 'ready', index: this.#knownIndex };
    if (ageMs === Infinity) return stale('this node has not heard of a leader yet');
    return stale(`what this node knows is ${ageMs} ms old; the read allows ${freshnessMs} ms`);
  }

  get #hasCommittedInTerm(): boolean {
    return this.#raft.termAt(this.#raft.commitIndex) === this.#raft.term;
  }

  /** When the last of a majority of voters answered. */
  #quorumContactMs(nowMs: number): number {
    return quorumValue(this.#raft.configuration, (voter) =>
      voter === this.#raft.nodeId
        ? nowMs
        : (this.#raft.progress(voter)?.lastContactMs ?? -Infinity),
    );
  }

  #know(index: LogIndex, atMs: number): void {
    if (this.#gapsPassed < this.#gaps) return;
    if (atMs > this.#knownAtMs) this.#knownAtMs = atMs;
    if (index > this.#knownIndex) this.#knownIndex = index;
  }

  #askBehindGap(nowMs: number): void {
    const gap = this.#gaps;
    if (this.#asking === gap) return;
    this.#asking = gap;
    this.#ask(nowMs, (outcome) => {
      if (this.#asking === gap) this.#asking = null;
      if (outcome.type === 'failed') return;
      this.#gapsPassed = gap;
      this.#know(outcome.index, nowMs);
    });
  }
}

function stale(message: string): ReadIndexOutcome {
  return { type: 'failed', failure: failure('Stale', 'no', message) };
}
