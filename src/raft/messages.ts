/**
 * The messages servers exchange (paper Figures 2 and 13; thesis sections 3.10, 6.4 and 9.6). Every message names
 * its sender, its receiver and the sender's term; PreVote messages carry the term that the sender
 * would campaign in, which nobody adopts.
 */

import type { Configuration, Entry, LogIndex, NodeId, ReadRequestId, Term } from './types.ts';

interface MessageHeader {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

export interface RequestVote extends MessageHeader {
  readonly type: 'request-vote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
  /** The leader itself asked for this election (thesis section 3.10): it is not protected from it. */
  readonly isTransfer: boolean;
}

export interface RequestVoteResponse extends MessageHeader {
  readonly type: 'request-vote-response';
  readonly voteGranted: boolean;
}

/** `term` is the term the sender would campaign in: its own plus one (thesis section 9.6). */
export interface PreVote extends MessageHeader {
  readonly type: 'pre-vote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

/** When granted, `term` echoes the request's; when refused it is the responder's own term. */
export interface PreVoteResponse extends MessageHeader {
  readonly type: 'pre-vote-response';
  readonly voteGranted: boolean;
}

export interface AppendEntries extends MessageHeader {
  readonly type: 'append-entries';
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  readonly entries: readonly Entry[];
  readonly leaderCommit: LogIndex;
  /**
   * The leader's count of broadcasts in this term, echoed by the response. A response to round r
   * proves that the leader still led when it began round r: ReadIndex and CheckQuorum count these.
   */
  readonly round: number;
}

export type AppendEntriesResponse = MessageHeader & {
  readonly type: 'append-entries-response';
  readonly round: number;
} & (
    | { readonly success: true; readonly matchIndex: LogIndex }
    /**
     * `conflictIndex` is the first index the follower has of `conflictTerm`, the term of its entry
     * at prevLogIndex; where its log is too short, conflictTerm is null and conflictIndex is one
     * past its last entry (paper section 5.3, fast backtracking). `rejectedIndex` is the request's
     * prevLogIndex, so that a stale refusal is told from a fresh one.
     */
    | {
        readonly success: false;
        readonly rejectedIndex: LogIndex;
        readonly conflictIndex: LogIndex;
        readonly conflictTerm: Term | null;
      }
  );

/** A follower's request for a ReadIndex (thesis section 6.4). */
export interface ReadIndexRequest extends MessageHeader {
  readonly type: 'read-index-request';
  readonly requestId: ReadRequestId;
  /**
   * True: the leader answers after a majority confirmed that it still leads (linearizable). False:
   * it answers at once from what it believes (rqlite's `weak`).
   */
  readonly confirm: boolean;
}

export type ReadIndexResponse = MessageHeader & {
  readonly type: 'read-index-response';
  readonly requestId: ReadRequestId;
} & (
    | { readonly success: true; readonly index: LogIndex }
    /** The receiver does not lead, or lost its leadership meanwhile. */
    | { readonly success: false }
  );

/**
 * One chunk of a snapshot (paper Figure 13). Every chunk says all about the whole: a follower that
 * lost its place, or hears another leader, can tell what it is a part of.
 */
export interface InstallSnapshot extends MessageHeader {
  readonly type: 'install-snapshot';
  readonly lastIncludedIndex: LogIndex;
  readonly lastIncludedTerm: Term;
  /** In force at lastIncludedIndex. */
  readonly configuration: Configuration;
  /** See `StateReference`. */
  readonly stampMs: number;
  /** Of the whole snapshot. */
  readonly sizeBytes: number;
  /** The state machine's hash of the whole snapshot: equal hashes, equal bytes. */
  readonly hash: string;
  /** Where `data` belongs; without data the chunk only asks how far the follower is. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The follower's answer to a chunk; names the snapshot by index and hash. */
export interface InstallSnapshotResponse extends MessageHeader {
  readonly type: 'install-snapshot-response';
  readonly lastIncludedIndex: LogIndex;
  readonly hash: string;
  /** It has every byte before this one; `sizeBytes` of them, and checked: it is installing. */
  readonly offset: number;
  /** It does not want this snapshot (it has as much already), or cannot take it. */
  readonly isRefused: boolean;
}

/** The leader hands over: campaign now, without asking for pre-votes (thesis section 3.10). */
export interface TimeoutNow extends MessageHeader {
  readonly type: 'timeout-now';
}

export type Message =
  | RequestVote
  | RequestVoteResponse
  | PreVote
  | PreVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | InstallSnapshot
  | InstallSnapshotResponse
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse;
