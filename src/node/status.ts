/** What a node tells of itself, for `db.status()` and the page. Plain data. */

import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';

export interface MemberStatus {
  readonly nodeId: NodeId;
  readonly voter: boolean;
  /** The browser profile it lives in; null where it never said. */
  readonly profileId: string | null;
  /** Its data differs from the majority's or is lost; it is being replaced. */
  readonly quarantined: boolean | null;
  /** Which build of SQL it runs: see `NodeStatus.build`. */
  readonly build: string | null;
  readonly connected: boolean;
  /** The member's own word, at most about a second old; null where it is not heard. */
  readonly role: Role | null;
  readonly term: Term | null;
  readonly commitIndex: LogIndex | null;
  readonly lastApplied: LogIndex | null;
  readonly visible: boolean | null;
  /** What the leader knows to be on the member's disk; null on other nodes. */
  readonly matchIndex: LogIndex | null;
  /** Since anything was last received from it; null where never; 0 for the node itself. */
  readonly lastContactMs: number | null;
}

/** How the two copies of the log were found when the node started. */
export interface StorageStatus {
  readonly state: 'ok' | 'failed';
  /** What start had to mend: which copy of the log was behind, absent or unreadable. */
  readonly repaired: 'none' | 'indexeddb' | 'journal' | 'both';
  /** Why the node has its present id, when an earlier one lost its storage. */
  readonly replacedNodeId: NodeId | null;
  readonly persisted: boolean;
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
}

export interface NodeStatus {
  readonly clusterId: string;
  readonly nodeId: NodeId;
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
