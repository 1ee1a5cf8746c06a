/**
 * What servers send each other: the core's messages, and the runtime's own around them (forwarded
 * requests, joining, announcements). The transport's codec knows exactly these.
 */

import type { Message } from '../raft/messages.ts';
import type { Configuration, InviteRecord, LogIndex, NodeId, Role, Term } from '../raft/types.ts';
import type { BuildName } from './build.ts';
import type { ErrorCode } from './errors.ts';
import type { CloseSession, RegisterSession, SessionRequest } from './command.ts';

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
}

/** What a node asks the leader to put into the log. */
export type Proposal =
  | RegisterSession
  | CloseSession
  | {
      readonly type: 'execute';
      readonly session: SessionRequest;
      readonly body: Uint8Array;
      /**
       * The sender skipped entries by a snapshot, and this request's may be among them: it needs a
       * copy to see its answer, though the leader let the number in before.
       */
      readonly isCopyWanted: boolean;
    };

/** A request forwarded to the leader. It is not answered: its sender sees the entry applied. */
export interface Propose extends Header {
  readonly type: 'propose';
  readonly proposal: Proposal;
}

/** The receiver did not append the proposal. */
export interface ProposeRefused extends Header {
  readonly type: 'propose-refused';
  /** 'gap': requests before it have not reached this leader; send again from the lowest. */
  readonly reason: 'not-leader' | 'overloaded' | 'gap' | 'transferring' | 'diverged';
}

/** What entitles a newcomer to be taken in, as the transport saw it proved (TR6). */
export type Admission =
  /** Nothing: a member tells of its profile or its key. */
  | { readonly type: 'none' }
  | { readonly type: 'invite'; readonly inviteId: string }
  /** A member, or a former one, speaks for it: another node of the same browser profile. */
  | { readonly type: 'voucher'; readonly by: NodeId };

/** `nodeId` asks to become a learner; a follower passes it on to the leader. */
export interface JoinRequest extends Header {
  readonly type: 'join-request';
  readonly nodeId: NodeId;
  /** The browser profile it lives in: what is lost together. */
  readonly profileId: string;
  /** Its public key (`Access.keys`); '' where it has none. */
  readonly key: string;
  readonly admission: Admission;
}

/** Where a newcomer finds the members. */
export interface JoinResponse extends Header {
  readonly type: 'join-response';
  readonly leaderId: NodeId | null;
  readonly members: readonly NodeId[];
}

/**
 * The receiver is no member by the committed configuration at `configurationIndex`. A server whose
 * own configuration is older learns that way that it was removed (thesis section 4.2.3).
 */
export interface Removed extends Header {
  readonly type: 'removed';
  readonly configurationIndex: LogIndex;
}

/** The configuration that the sender knows to be committed, for one that knows an older one or none. */
export interface ConfigurationNotice extends Header {
  readonly type: 'configuration-notice';
  readonly index: LogIndex;
  /** Without its invites. */
  readonly configuration: Configuration;
}

/**
 * What an operator asks of the leader. 'remove': `nodeId` leaves the configuration; 'leave': the
 * same, asked by the node itself, which goes on until it is out; 'transfer': `nodeId` leads next
 * (null: whoever is best placed); 'skip': the entry at `index`, which no node can apply, is left out;
 * 'invite': the invite is known from now on; 'revoke-invite': it lets nobody in any more.
 */
export type Administration =
  | { readonly type: 'remove'; readonly nodeId: NodeId }
  | { readonly type: 'leave'; readonly nodeId: NodeId }
  | { readonly type: 'transfer'; readonly nodeId: NodeId | null }
  | { readonly type: 'skip'; readonly index: LogIndex }
  | { readonly type: 'invite'; readonly invite: InviteRecord }
  | { readonly type: 'revoke-invite'; readonly inviteId: string };

/** Sent to the leader, which answers once it is done or refused. */
export interface AdministrationRequest extends Header {
  readonly type: 'administration-request';
  /** The sender's own number for it, below 2^53. */
  readonly requestId: number;
  readonly administration: Administration;
}

export interface AdministrationResponse extends Header {
  readonly type: 'administration-response';
  readonly requestId: number;
  /** Null: done. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null;
  /** What the operator should know although it was done; '' where nothing. */
  readonly warning: string;
}

/** What the sender's state hashed to at the state check in the entry at `index`. */
export interface StateHash extends Header {
  readonly type: 'state-hash';
  readonly index: LogIndex;
  readonly hash: string;
}

/** The sender's state is lost or wrong: it asks the leader for a snapshot at or behind `atLeast`. */
export interface SnapshotRequest extends Header {
  readonly type: 'snapshot-request';
  readonly atLeast: LogIndex;
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
  /** The browser has not promised to keep its storage, and may delete all of it when it needs room. */
  readonly mayBeEvicted: boolean;
  /** Its state differed from the majority's, or is lost: it votes and logs, and serves nothing. */
  readonly quarantined: boolean;
  /** Which build of the state machine it runs. */
  readonly build: BuildName;
  /** Members that the sender has links with and has heard lately; sorted, each once. */
  readonly reaches: readonly NodeId[];
  /** The sender's wall clock, whole milliseconds since 1970. */
  readonly wallClockMs: number;
}

export type NodeMessage =
  | Message
  | Propose
  | ProposeRefused
  | JoinRequest
  | JoinResponse
  | Removed
  | ConfigurationNotice
  | AdministrationRequest
  | AdministrationResponse
  | StateHash
  | SnapshotRequest
  | Announce;
