/** What a node tells of itself, for `db.status()` and the page. Plain data. */

import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';

/**
 * How a member stands to this node: 'suspect' is linked and has said nothing for LINK_SUSPECT_MS, and
 * is being dialled anew; 'away' has no link.
 */
export type Liveness = 'connected' | 'suspect' | 'away';

export interface MemberStatus {
  readonly nodeId: NodeId;
  readonly voter: boolean;
  /** The browser profile it lives in; null where it never said. */
  readonly profileId: string | null;
  /** Its data differs from the majority's or is lost; it is being replaced. */
  readonly quarantined: boolean | null;
  /** Which build of SQL it runs: see `NodeStatus.build`. */
  readonly build: string | null;
  /** There is a link with it, or it is this node. */
  readonly connected: boolean;
  readonly liveness: Liveness;
  /**
   * Whom it can reach, by its own word: the other members that it has links with and has heard lately;
   * null where it is not heard.
   */
  readonly reaches: readonly NodeId[] | null;
  /** The member's own word, at most about a second old; null where it is not heard. */
  readonly role: Role | null;
  readonly term: Term | null;
  readonly commitIndex: LogIndex | null;
  readonly lastApplied: LogIndex | null;
  readonly visible: boolean | null;
  /** The browser has not promised to keep its storage: it is preferred less where somebody is chosen. */
  readonly mayBeEvicted: boolean | null;
  /** What the leader knows to be on the member's disk; null on other nodes. */
  readonly matchIndex: LogIndex | null;
  /** Since anything was last received from it; null where never; 0 for the node itself. */
  readonly lastContactMs: number | null;
}

/** How the two copies of the log were found when the node started. */
export interface StorageStatus {
  /**
   * 'failed': it failed or vanished under the node, which has stopped. 'full': so it did because there
   * is no room left; 'failed' again as soon as there is.
   */
  readonly state: 'ok' | 'full' | 'failed';
  /** What start had to mend: which copy of the log was behind, absent or unreadable. */
  readonly repaired: 'none' | 'indexeddb' | 'journal' | 'both';
  /** Why the node has its present id, when an earlier one lost its storage. */
  readonly replacedNodeId: NodeId | null;
  /** The browser has promised to keep this site's data; else it may delete all of it for room. */
  readonly persisted: boolean;
  /** What this site's data take, of all its clusters, and what they may; null where nobody tells. */
  readonly usageBytes: number | null;
  readonly quotaBytes: number | null;
  /** What each copy of the log takes. */
  readonly logBytes: number;
}

/** How this node reaches the others. */
export interface TransportStatus {
  /** The signalling server; links live on without it. */
  readonly signalling: 'connected' | 'disconnected' | 'unsupported';
  /** Where the channels' bytes arrive: 'page' where the engine cannot move channels to workers. */
  readonly channels: 'worker' | 'page' | 'none';
  readonly isolated: boolean;
  /**
   * Why the members let this node in no more, as one of them said: it was removed, or its invite is
   * not open (any more); null: nobody said so.
   */
  readonly refusal: 'removed' | 'invite' | null;
}

export interface NodeStatus {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** The browser profile that this node lives in. */
  readonly profileId: string;
  /** 'joining' until this node is in the configuration. */
  readonly state: 'joining' | 'running' | 'stopped';
  readonly stoppedReason: string | null;
  readonly role: Role;
  readonly term: Term;
  readonly leaderId: NodeId | null;
  readonly commitIndex: LogIndex;
  readonly lastApplied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly voters: readonly NodeId[];
  readonly outgoingVoters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Let go because they stayed away. They come back when they are there again, unless they are removed. */
  readonly formerMembers: readonly NodeId[];
  readonly members: readonly MemberStatus[];
  /** Voters, counting itself, that this node is connected with. */
  readonly connectedVoters: number;
  /** How many more members may be lost, whichever, before nothing can be written. */
  readonly survivesLosses: number;
  /** The same for browser profiles, each lost with all its members. */
  readonly survivesProfileLosses: number;
  /** This node's own data differs from the majority's or is lost: it serves nothing. */
  readonly quarantined: boolean;
  /** It cannot apply the entry at `index`, and serves nothing behind it; null: it goes on. */
  readonly stalledAt: { readonly index: LogIndex; readonly reason: string } | null;
  /**
   * What decides what SQL does: the build that this page came with, and the one that the cluster has
   * adopted, which may be older while some tab has not been reloaded since a new one was deployed ('':
   * none yet). `outdated`: this page's is older, and it serves nothing until it is reloaded.
   */
  readonly build: { readonly own: string; readonly adopted: string; readonly outdated: boolean };
  readonly storage: StorageStatus;
  readonly transport: TransportStatus;
  readonly counters: Readonly<Record<string, number>>;
}
