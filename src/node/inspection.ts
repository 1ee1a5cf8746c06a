/**
 * What a node tells of its inside to whoever looks at it: the shape of its log, its vote, how far it
 * knows the others to be, what it said and heard since it last told, and what happened to it. For
 * people; nothing decides by it. Plain data, told at most a few times a second and only while somebody
 * looks.
 */

import type { RaftEventDetail } from '../raft/events.ts';
import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';

/** Entries of one term that follow each other; the run ends where the next one begins, or the log. */
export interface TermRun {
  readonly term: Term;
  readonly firstIndex: LogIndex;
}

/** As on the wire; AppendEntries without entries are told apart. */
export type MessageName =
  | 'request-vote'
  | 'request-vote-response'
  | 'pre-vote'
  | 'pre-vote-response'
  | 'append-entries'
  | 'append-entries-response'
  | 'install-snapshot'
  | 'install-snapshot-response'
  | 'timeout-now'
  | 'read-index-request'
  | 'read-index-response'
  | 'propose'
  | 'propose-refused'
  | 'join-request'
  | 'join-response'
  | 'removed'
  | 'configuration-notice'
  | 'administration-request'
  | 'administration-response'
  | 'state-hash'
  | 'snapshot-request'
  | 'announce'
  | 'heartbeat';

export interface MessageCount {
  readonly peer: NodeId;
  readonly direction: 'in' | 'out';
  readonly name: MessageName;
  readonly count: number;
}

/** How far a leader knows a member to be (paper figure 2, thesis 10.2.1). */
export interface ProgressReport {
  readonly nodeId: NodeId;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  /** AppendEntries with entries that are not answered. */
  readonly inflightMessages: number;
}

/** What happened to a node, as it saw it; members come and go as soon as its log says so. */
export type NodeEventDetail =
  | RaftEventDetail
  | { readonly type: 'member-joined'; readonly member: NodeId; readonly voter: boolean }
  | { readonly type: 'member-promoted'; readonly member: NodeId }
  | { readonly type: 'member-demoted'; readonly member: NodeId }
  | { readonly type: 'member-removed'; readonly member: NodeId }
  | { readonly type: 'link-up'; readonly peer: NodeId }
  | { readonly type: 'link-down'; readonly peer: NodeId }
  | { readonly type: 'log-compacted'; readonly toIndex: LogIndex }
  | { readonly type: 'snapshot-installed'; readonly index: LogIndex }
  | { readonly type: 'quarantined' }
  | { readonly type: 'quarantine-over' };

export type NodeEvent = NodeEventDetail & {
  /** Its place among the events of this incarnation, from 1; some have given theirs up (`replaces`). */
  readonly number: number;
  /** The node's wall clock, milliseconds since 1970. */
  readonly atMs: number;
  readonly term: Term;
};

/** How long entries took that this node, leading, put into the log and saw committed. */
export interface CommitTimes {
  readonly count: number;
  /** Milliseconds; null where there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** What members told of one state check (node/state-check.ts), as far as this node heard. */
export interface StateHashes {
  readonly index: LogIndex;
  readonly hashes: readonly { readonly nodeId: NodeId; readonly hash: string }[];
}

export interface Inspection {
  readonly nodeId: NodeId;
  /** The node's wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** Since the inspection before: what `messages` and `commitTimes` are of. */
  readonly overMs: number;
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | null;
  readonly votedFor: NodeId | null;
  /** Who granted its votes or pre-votes, itself included, where it campaigns; of a leader, who elected it. */
  readonly votes: readonly NodeId[];
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
  /** How far the log is on this node's disk. */
  readonly durableIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** What stands in front of the log; null: it begins at the beginning. */
  readonly snapshot: { readonly index: LogIndex; readonly term: Term } | null;
  /** In order; the first is cut off at `firstIndex`. At most a few dozen: the oldest are left out. */
  readonly runs: readonly TermRun[];
  /** Of a leader, of all other members; else empty. */
  readonly progress: readonly ProgressReport[];
  readonly messages: readonly MessageCount[];
  /** Since the inspection before; the first one tells those that are still kept. */
  readonly events: readonly NodeEvent[];
  readonly stateHashes: StateHashes | null;
  readonly commitTimes: CommitTimes;
  readonly queues: {
    /** Callers of this node that wait. */
    readonly pendingWrites: number;
    readonly pendingReads: number;
    /** Entries in the log that are not committed, and committed ones that are not applied. */
    readonly uncommitted: number;
    readonly unapplied: number;
    /** Messages that wait for room in a link, or are late on purpose, all links together. */
    readonly unsent: number;
  };
  /** Messages leave this much later: `Database.faults.delay`. */
  readonly delayMs: number;
  readonly isolated: boolean;
  /** Links that were cut on purpose at this end. */
  readonly cutLinks: readonly NodeId[];
}

/** What the runtime can tell; its transport is told of by whoever opened that. */
export type RuntimeInspection = Omit<Inspection, 'queues' | 'delayMs' | 'isolated' | 'cutLinks'> & {
  readonly queues: Omit<Inspection['queues'], 'unsent'>;
};

/**
 * Whether `next` says all that `last`, the event before it, says. Without a quorum a node asks for pre-votes
 * for as long as that lasts, and what led there would soon be forgotten.
 */
export function replaces(next: NodeEvent, last: NodeEvent | undefined): boolean {
  if (last?.type !== 'pre-vote' || next.type !== 'pre-vote') return false;
  const isSame = last.term === next.term && last.reason === next.reason;
  return isSame && last.silentLeader === null && next.silentLeader === null;
}
