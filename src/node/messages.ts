/**
 * What servers send each other: the core's messages, and the runtime's own around them (forwarded
 * requests, joining, announcements). The transport's codec knows exactly these.
 */

import type { Message } from '../raft/messages.ts';
import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';
import type { SessionRequest } from './command.ts';

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
}

/** What a node asks the leader to put into the log. */
export type Proposal =
  | { readonly type: 'register-session'; readonly nonce: number }
  | { readonly type: 'execute'; readonly session: SessionRequest; readonly body: Uint8Array };

/** A request forwarded to the leader. It is not answered: its sender sees the entry applied. */
export interface Propose extends Header {
  readonly type: 'propose';
  readonly proposal: Proposal;
}

/** The receiver did not append the proposal. */
export interface ProposeRefused extends Header {
  readonly type: 'propose-refused';
  /** 'gap': requests before it have not reached this leader; send again from the lowest. */
  readonly reason: 'not-leader' | 'overloaded' | 'gap';
}

/** `nodeId` asks to become a learner; a follower passes it on to the leader. */
export interface JoinRequest extends Header {
  readonly type: 'join-request';
  readonly nodeId: NodeId;
}

/** Where a newcomer finds the members. */
export interface JoinResponse extends Header {
  readonly type: 'join-response';
  readonly leaderId: NodeId | null;
  readonly members: readonly NodeId[];
}

/** A node's own state, told for display and for stamps; never used for a decision about safety. */
export interface Announce extends Header {
  readonly type: 'announce';
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | null;
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
  readonly lastIndex: LogIndex;
  readonly visible: boolean;
  /** The sender's wall clock, whole milliseconds since 1970. */
  readonly wallClockMs: number;
}

export type NodeMessage =
  | Message
  | Propose
  | ProposeRefused
  | JoinRequest
  | JoinResponse
  | Announce;
