/**
 * The messages servers exchange (paper Figure 2; thesis sections 6.4 and 9.6). Every message names
 * its sender, its receiver and the sender's term; PreVote messages carry the term that the sender
 * would campaign in, which nobody adopts.
 */

import type { Entry, LogIndex, NodeId, ReadRequestId, Term } from './types.ts';

interface MessageHeader {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

export interface RequestVote extends MessageHeader {
  readonly type: 'request-vote';
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
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

export type Message =
  | RequestVote
  | RequestVoteResponse
  | PreVote
  | PreVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | ReadIndexRequest
  | ReadIndexResponse;
