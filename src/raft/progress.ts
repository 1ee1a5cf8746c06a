/**
 * What a leader knows of one other server, and how it sends to it (paper Figure 2: nextIndex and
 * matchIndex; thesis section 10.2.1).
 *
 * - `probe`: where the logs part is not known, or what was sent may be lost. One AppendEntries at a
 *   time; nextIndex moves by answers alone. Every heartbeat probes again, so a lost probe or answer
 *   costs one heartbeat interval.
 * - `replicate`: the logs are known to agree. nextIndex moves as entries are sent, many messages
 *   travel at once, bounded by the window. A refusal shows a gap, and so does the refusal of a
 *   heartbeat, which names the entry before nextIndex: back to `probe`.
 * - `snapshot`: the next entry is compacted (paper section 7). No entries are sent; heartbeats name the
 *   last compacted entry, and are refused until the follower has installed a snapshot, or turns out to
 *   have that entry already. Only that it has ends it: a late answer about older entries does not.
 *
 * Invariant: 0 <= matchIndex < nextIndex. Within a term matchIndex never falls.
 */

import { assertInvariant } from './invariants.ts';
import { Inflights } from './inflights.ts';
import type { RaftLimits } from './limits.ts';
import type { LogIndex, NodeId } from './types.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly nodeId: NodeId;
  /** Since when the server is expected to answer: CheckQuorum gives it that long a respite. */
  readonly trackedSinceMs: number;
  /** When it last answered an AppendEntries of this term. */
  lastContactMs: number | null = null;
  /** When it was last sent an AppendEntries. */
  lastSentMs = -Infinity;
  /** The same of one with entries. */
  entriesSentMs = -Infinity;
  /** Since when entries for it wait for more (spare-followers.ts); Infinity: none do. */
  heldSinceMs = Infinity;
  /** The last commit index it was told and could use, if nothing was lost. */
  sentCommitIndex = 0;
  /** The last round sent to it, and the last it echoed. */
  sentRound = 0;
  echoedRound = 0;
  /** It is no longer a member, and is only told so. */
  isLeaving = false;
  /** In `probe`: whether the one message is under way. */
  probeSent = false;

  #awaitedIndex = 0;
  readonly #inflights: Inflights;
  #state: ProgressState = 'probe';
  #matchIndex = 0 as LogIndex;
  #nextIndex: LogIndex;

  constructor(nodeId: NodeId, nextIndex: LogIndex, nowMs: number, limits: RaftLimits) {
    this.nodeId = nodeId;
    this.#nextIndex = nextIndex;
    this.trackedSinceMs = nowMs;
    this.#inflights = new Inflights(limits.maxInflightMessages, limits.maxInflightBytes);
  }

  get state(): ProgressState {
    return this.#state;
  }

  /** Up to here the server waits to hear of commits. */
  get awaitedIndex(): number {
    return this.#awaitedIndex;
  }

  /** The server asked for what stands at `index`, or reads it. */
  awaitCommits(index: LogIndex): void {
    this.#awaitedIndex = Math.max(this.#awaitedIndex, index);
  }

  /** The last entry known to be durable there and equal to the leader's. */
  get matchIndex(): LogIndex {
    return this.#matchIndex;
  }

  /** The next entry to send. */
  get nextIndex(): LogIndex {
    return this.#nextIndex;
  }

  /** Whether an AppendEntries with entries may be sent now. */
  get canSendEntries(): boolean {
    if (this.#state === 'snapshot') return false;
    return this.#state === 'probe' ? !this.probeSent : !this.#inflights.isFull;
  }

  /** Messages with entries that are not answered. */
  get inflightMessages(): number {
    return this.#state === 'probe' ? Number(this.probeSent) : this.#inflights.count;
  }

  /** An AppendEntries with entries up to `lastIndex` is sent. */
  entriesSent(lastIndex: LogIndex, bytes: number): void {
    if (this.#state === 'probe') {
      this.probeSent = true;
      return;
    }
    this.#nextIndex = (lastIndex + 1) as LogIndex;
    this.#inflights.add(lastIndex, bytes);
  }

  /** The server has everything up to `matchIndex`. Returns whether that is news. */
  accepted(matchIndex: LogIndex): boolean {
    const isNews = matchIndex > this.#matchIndex;
    if (isNews) this.#matchIndex = matchIndex;
    if (this.#state === 'snapshot' && matchIndex < this.#nextIndex - 1) return isNews;
    if (this.#state !== 'replicate') {
      this.#state = 'replicate';
      this.#nextIndex = (this.#matchIndex + 1) as LogIndex;
    } else {
      this.#inflights.freeUpTo(matchIndex);
      if (this.#nextIndex <= this.#matchIndex) {
        this.#nextIndex = (this.#matchIndex + 1) as LogIndex;
      }
    }
    return isNews;
  }

  /**
   * Whether a refusal of the entry at `rejectedIndex` tells anything new: in `probe` it must answer
   * the one message under way, and what is known to match cannot be refused but by an old message.
   */
  isNewsOfRefusal(rejectedIndex: LogIndex): boolean {
    if (rejectedIndex <= this.#matchIndex || this.#state === 'snapshot') return false;
    return this.#state === 'replicate' || rejectedIndex === this.#nextIndex - 1;
  }

  /** The log begins behind `baseIndex`, and the follower needs what came before. */
  awaitSnapshot(baseIndex: LogIndex): void {
    assertInvariant(this.#matchIndex < baseIndex, 'who has the base needs no snapshot');
    this.#state = 'snapshot';
    this.#nextIndex = (baseIndex + 1) as LogIndex;
    this.#inflights.clear();
  }

  /** Asks again from `nextIndex`, or from behind what is known to match. */
  probeFrom(nextIndex: LogIndex): void {
    this.#state = 'probe';
    this.#nextIndex = Math.max(nextIndex, this.#matchIndex + 1) as LogIndex;
    this.#inflights.clear();
    this.probeSent = false;
    assertInvariant(this.#matchIndex < this.#nextIndex, 'matchIndex < nextIndex');
  }
}
