/** What this browser profile keeps of a database's cluster: its nodes. Types only. */

import type { NodeId } from '../raft/types.ts';
import type { StoredNodeStatus } from './woken-nodes.ts';

/**
 * What `recover` begins.
 *
 * @category Browser profile
 *
 * @example
 * ```ts
 * import { open, type RecoveredCluster } from 'resqlite';
 *
 * const openAgain = ({ clusterId }: RecoveredCluster) => open({ cluster: clusterId });
 *
 * const db = await open();
 * (await openAgain(db)).clusterId === db.clusterId; // => true
 * ```
 */
export interface RecoveredCluster {
  /** Of the new cluster. */
  readonly clusterId: string;
}

/**
 * The nodes that are stored in this browser profile, and what can be done with them.
 *
 * @category Browser profile
 */
export interface DatabaseProfile {
  /**
   * The nodes of this cluster that are stored in this browser profile: each was a tab's once. Those that
   * are 'free' count as away, and are whole.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const stored = await db.storedNodes();
   * stored.filter(({ state }) => state === 'here').map(({ nodeId }) => nodeId === db.nodeId); // => [true]
   * ```
   */
  storedNodes(): Promise<StoredNodeStatus[]>;

  /**
   * Runs the free stored nodes in this page, beside its own, so that the database works in one tab;
   * answers how many it started, at most 8 run besides. They end with this page's node; a tab that is
   * opened later takes one over and runs it from then on.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const free = (await db.storedNodes()).filter(({ state }) => state === 'free');
   * (await db.wake()) === free.length; // => true
   * ```
   */
  wake(): Promise<number>;

  /**
   * Calls back with the nodes that `wake` has started and that still run here, at once and at changes;
   * the answer unsubscribes. It ends with this handle. Throws 'InvalidArgument' and 'Closed'.
   *
   * @example
   * ```ts
   * import { open, type NodeId } from 'resqlite';
   *
   * const db = await open();
   * let woken: readonly NodeId[] | null = null;
   * const stop = db.onWoken((nodeIds) => {
   *   woken = nodeIds;
   * });
   * Array.isArray(woken); // soon => true
   * stop();
   * ```
   */
  onWoken(listener: (nodeIds: readonly NodeId[]) => void): () => void;

  /**
   * Asks the browser to keep this site's data, which it may else delete when it needs room; some ask
   * the person. Answers whether it has promised to. A node whose browser has not is preferred less where
   * voters and leaders are chosen.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const isKept = await db.persist();
   * (await db.status()).storage.persisted === isKept; // soon => true
   * ```
   */
  persist(): Promise<boolean>;

  /**
   * For a cluster that has lost its quorum for good. The copy in this browser profile that is furthest
   * becomes the beginning of a new cluster, of this tab alone: `open` opens it under its id, and instead
   * of the old one. What others had acknowledged and this copy never got is lost. All stored nodes of
   * the old cluster in this profile are given up; nodes elsewhere may come as newcomers of the new one.
   * This node ends: whatever is asked of it from now on rejects with 'Closed'. Rejects with 'Refused'
   * where the cluster is alive, this copy is not sound, or another tab runs a node of it.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const { leaderId } = await db.status();
   * if (leaderId === null && confirm('Are most of the others lost for good?')) {
   *   const { clusterId } = await db.recover();
   *   await open({ cluster: clusterId });
   * }
   *
   * // Here the majority answers.
   * await db.recover(); // throws 'Refused'
   * ```
   */
  recover(): Promise<RecoveredCluster>;
}
