/**
 * For how long each member has been silent, and whether it keeps up: what a leader's decisions about
 * who votes are made of. None of it is about safety.
 *
 * Silence is counted only while this node is awake to hear: a machine that slept for a day has not
 * missed anybody for a day. It is counted on every node, so that a new leader knows who is away; of
 * answers to a leader, which it begins to get only then, the count begins with its leadership.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import type { MemberView } from './autopilot.ts';
import { CAUGHT_UP_ENTRIES, JOIN_INTERVAL_MS } from './limits.ts';

/** What others say of themselves, and when they said anything. */
export interface Hearsay {
  /** When anything was last received from it; null: never. */
  contactMs(member: NodeId): number | null;
  /** What it said last; true also where it never said. */
  isQuarantined(member: NodeId): boolean;
  /** What it said last; false where it never said. */
  mayBeEvicted(member: NodeId): boolean;
}

type WatchRaft = Pick<
  Raft,
  'nodeId' | 'role' | 'term' | 'lastIndex' | 'configuration' | 'progress'
>;

/** More than this between two looks was not spent awake. */
const MAX_AWAKE_MS = 4 * JOIN_INTERVAL_MS;

interface Silence {
  awayMs: number;
  silentMs: number;
}

export class MemberWatch {
  readonly #raft: WatchRaft;
  readonly #hearsay: Hearsay;
  readonly #silenceByNode = new Map<NodeId, Silence>();
  /** The term in which this node leads, as of the last look. */
  #ledTerm: Term | null = null;
  #lookedAtMs: number;
  /** Where the log ended at the last look, and at the one before. */
  #lastIndex: LogIndex;
  #previousLastIndex: LogIndex;

  constructor(raft: WatchRaft, hearsay: Hearsay, nowMs: number) {
    this.#raft = raft;
    this.#hearsay = hearsay;
    this.#lookedAtMs = nowMs;
    this.#lastIndex = raft.lastIndex;
    this.#previousLastIndex = raft.lastIndex;
  }

  /** Looks at all members; to be called about every JOIN_INTERVAL_MS. */
  observe(nowMs: number): void {
    const { role, term, nodeId, configuration } = this.#raft;
    const passedMs = Math.min(nowMs - this.#lookedAtMs, MAX_AWAKE_MS);
    const sinceMs = this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const ledTerm = role === 'leader' ? term : null;
    const isNewLeader = ledTerm !== this.#ledTerm;
    this.#ledTerm = ledTerm;
    const members = new Set(membersOf(configuration));
    for (const id of this.#silenceByNode.keys()) {
      if (!members.has(id)) this.#silenceByNode.delete(id);
    }
    for (const id of members) {
      if (id === nodeId) continue;
      const silence = this.#silenceByNode.get(id) ?? { awayMs: -passedMs, silentMs: -passedMs };
      if (isNewLeader) silence.silentMs = -passedMs;
      const contactMs = this.#hearsay.contactMs(id);
      const answerMs = this.#raft.progress(id)?.lastContactMs ?? null;
      silence.awayMs = silenceNow(silence.awayMs, contactMs, sinceMs, passedMs, nowMs);
      silence.silentMs = silenceNow(silence.silentMs, answerMs, sinceMs, passedMs, nowMs);
      this.#silenceByNode.set(id, silence);
    }
    this.#previousLastIndex = this.#lastIndex;
    this.#lastIndex = this.#raft.lastIndex;
  }

  /**
   * Caught up is who lacks few entries, or, while many are written, is behind by no more than the
   * time between two looks (thesis section 4.2.1).
   */
  viewOf(
    id: NodeId,
    nowMs: number,
  ): Pick<MemberView, 'silentMs' | 'awayMs' | 'isCaughtUp' | 'isQuarantined' | 'mayBeEvicted'> {
    const { nodeId, lastIndex } = this.#raft;
    const said = {
      isQuarantined: this.#hearsay.isQuarantined(id),
      mayBeEvicted: this.#hearsay.mayBeEvicted(id),
    };
    if (id === nodeId) return { silentMs: 0, awayMs: 0, isCaughtUp: true, ...said };
    const { awayMs, silentMs } = this.#silenceByNode.get(id) ?? { awayMs: 0, silentMs: 0 };
    const progress = this.#raft.progress(id);
    const sinceLookMs = Math.min(nowMs - this.#lookedAtMs, MAX_AWAKE_MS);
    const matchIndex = progress?.matchIndex ?? 0;
    const isCaughtUp =
      progress !== null &&
      progress.lastContactMs !== null &&
      (matchIndex + CAUGHT_UP_ENTRIES >= lastIndex || matchIndex >= this.#previousLastIndex);
    return {
      silentMs: silentMs + sinceLookMs,
      awayMs: awayMs + sinceLookMs,
      isCaughtUp,
      ...said,
    };
  }
}

function silenceNow(
  beforeMs: number,
  heardAtMs: number | null,
  sinceMs: number,
  passedMs: number,
  nowMs: number,
): number {
  if (heardAtMs !== null && heardAtMs >= sinceMs) return Math.min(nowMs - heardAtMs, passedMs);
  return beforeMs + passedMs;
}
