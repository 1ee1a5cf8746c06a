/** What a node tells of itself, for `db.status()` and the page. Plain data. */

import type { LogIndex, NodeId, Role, Term } from '../raft/types.ts';

/**
 * How a member stands to this node: 'suspect' is linked and has said nothing for 3 s, and is being dialled
 * anew; 'away' has no link.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type Liveness } from 'resqlite';
 *
 * const COLOURS: Record<Liveness, string> = { connected: 'green', suspect: 'orange', away: 'grey' };
 *
 * const db = await open();
 * const { members } = await db.status();
 * members.filter(({ nodeId }) => nodeId === db.nodeId).map(({ liveness }) => COLOURS[liveness]);
 * // => ['green']
 * ```
 */
export type Liveness = 'connected' | 'suspect' | 'away';

/**
 * A member of the cluster, as this node knows it.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type MemberStatus } from 'resqlite';
 *
 * const isBehind = ({ lastApplied }: MemberStatus, commitIndex: number) =>
 *   lastApplied !== null && lastApplied < commitIndex - 1_000;
 *
 * const db = await open();
 * const { members, commitIndex } = await db.status();
 * members.filter((member) => isBehind(member, commitIndex)); // => []
 * ```
 */
export interface MemberStatus {
  /** Its name. */
  readonly nodeId: NodeId;
  /** It has a vote; else it is a learner. */
  readonly voter: boolean;
  /** The browser profile it lives in; null where it never said. */
  readonly profileId: string | null;
  /** Its data differs from the majority's or is lost; it is being replaced. */
  readonly quarantined: boolean | null;
  /** Which build of SQL it runs: see `NodeStatus.build`. */
  readonly build: string | null;
  /** There is a link with it, or it is this node. */
  readonly connected: boolean;
  /** How it stands to this node; of the node itself 'connected'. */
  readonly liveness: Liveness;
  /**
   * Whom it can reach, by its own word: the other members that it has links with and has heard lately;
   * null where it is not heard.
   */
  readonly reaches: readonly NodeId[] | null;
  /** The member's own word, at most about a second old; null where it is not heard. */
  readonly role: Role | null;
  /** By its own word; null where it is not heard. */
  readonly term: Term | null;
  /** By its own word; null where it is not heard. */
  readonly commitIndex: LogIndex | null;
  /** By its own word; null where it is not heard. */
  readonly lastApplied: LogIndex | null;
  /** Whether its page is in front, by its own word; null where it is not heard. */
  readonly visible: boolean | null;
  /** The browser has not promised to keep its storage: it is preferred less where somebody is chosen. */
  readonly mayBeEvicted: boolean | null;
  /** What the leader knows to be on the member's disk; null on other nodes. */
  readonly matchIndex: LogIndex | null;
  /**
   * Milliseconds since anything was last received from it; null where never; 0 for the node itself.
   */
  readonly lastContactMs: number | null;
}

/**
 * How this node's storage is, and how the two copies of its log were found when it started.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type StorageStatus } from 'resqlite';
 *
 * function warning({ state, persisted, usageBytes, quotaBytes }: StorageStatus): string | null {
 *   if (state === 'full') return 'There is no room left: this copy has stopped.';
 *   if (usageBytes !== null && quotaBytes !== null && usageBytes > 0.9 * quotaBytes) {
 *     return 'There is little room left.';
 *   }
 *   return persisted ? null : 'The browser may delete this copy when it needs room.';
 * }
 *
 * const db = await open();
 * const { storage } = await db.status();
 * storage.state; // => 'ok'
 * warning({ ...storage, persisted: true }); // => null
 * ```
 */
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
  /** Bytes that this site's data take, of all its clusters; null where nobody tells. */
  readonly usageBytes: number | null;
  /** Bytes that this site's data may take; null where nobody tells. */
  readonly quotaBytes: number | null;
  /** Bytes that each copy of the log takes. */
  readonly logBytes: number;
}

/**
 * How this node reaches the others.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type TransportStatus } from 'resqlite';
 *
 * function problem({ signalling, refusal }: TransportStatus): string | null {
 *   if (refusal === 'invite') return 'This invite is not open any more.';
 *   if (refusal === 'removed') return 'This browser was removed.';
 *   return signalling === 'connected' ? null : 'Nobody new can be found.';
 * }
 *
 * const db = await open();
 * problem((await db.status()).transport); // soon => null
 * ```
 */
export interface TransportStatus {
  /** The signalling server; links live on without it. */
  readonly signalling: 'connected' | 'disconnected' | 'unsupported';
  /** Where the channels' bytes arrive: 'page' where the engine cannot move channels to workers. */
  readonly channels: 'worker' | 'page' | 'none';
  /** All its links are cut on purpose: `Faults.isolate`. */
  readonly isolated: boolean;
  /**
   * Why the members let this node in no more, as one of them said: it was removed, or its invite is
   * not open (any more); null: nobody said so.
   */
  readonly refusal: 'removed' | 'invite' | null;
}

/**
 * What a node tells of itself, and of the cluster as it knows it.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type NodeStatus } from 'resqlite';
 *
 * function describe({ state, voters, connectedVoters, survivesLosses }: NodeStatus): string {
 *   if (state !== 'running') return state;
 *   return `${connectedVoters} of ${voters.length} voters, ${survivesLosses} may be lost`;
 * }
 *
 * const db = await open();
 * describe(await db.status()); // soon => '3 of 3 voters, 1 may be lost'
 * ```
 */
export interface NodeStatus {
  /** Of the cluster that it belongs to. */
  readonly clusterId: string;
  /** Its name. */
  readonly nodeId: NodeId;
  /** The browser profile that this node lives in. */
  readonly profileId: string;
  /** 'joining' until this node is in the configuration. */
  readonly state: 'joining' | 'running' | 'stopped';
  /** Why it has stopped, for a person; null where it has not. */
  readonly stoppedReason: string | null;
  /** What it is now. */
  readonly role: Role;
  /** `currentTerm` (paper figure 2). */
  readonly term: Term;
  /** Whom it follows, or itself; null: it knows no leader. */
  readonly leaderId: NodeId | null;
  /** The last entry that it knows to be committed. */
  readonly commitIndex: LogIndex;
  /** The last entry that is in its database. */
  readonly lastApplied: LogIndex;
  /** The first entry that its log still has. */
  readonly firstIndex: LogIndex;
  /** The last entry of its log. */
  readonly lastIndex: LogIndex;
  /** Who has a vote. */
  readonly voters: readonly NodeId[];
  /** Who has a vote until a change of the voters is done (paper section 6); else empty. */
  readonly outgoingVoters: readonly NodeId[];
  /** Who has the data and no vote. */
  readonly learners: readonly NodeId[];
  /** Let go because they stayed away. They come back when they are there again, unless they are removed. */
  readonly formerMembers: readonly NodeId[];
  /** Voters and learners, itself among them. */
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
  readonly stalledAt: {
    /** Of the entry. */
    readonly index: LogIndex;
    /** For a person. */
    readonly reason: string;
  } | null;
  /** What decides what SQL does. */
  readonly build: {
    /** The build that this page came with. */
    readonly own: string;
    /**
     * The one that the cluster has adopted, which may be older while some tab has not been reloaded since a
     * new one was deployed; '': none yet.
     */
    readonly adopted: string;
    /** This page's is older, and it serves nothing until it is reloaded. */
    readonly outdated: boolean;
  };
  /** Its storage. */
  readonly storage: StorageStatus;
  /** Its links. */
  readonly transport: TransportStatus;
  /** How often what happened since it started, by name; which there are may change. */
  readonly counters: Readonly<Record<string, number>>;
}
