/** What this browser profile keeps of a database's cluster: its nodes. Types only. */

import type { NodeId } from '../raft/types.ts';
import type { StoredNodeStatus } from './woken-nodes.ts';

/** The nodes that are stored in this browser profile, and what can be done with them. */
export interface DatabaseProfile {
  /**
   * The nodes of this cluster that are stored in this browser profile: each was a tab's once. Those that
   * are 'free' count as away, and are whole.
   */
  storedNodes(): Promise<StoredNodeStatus[]>;

  /**
   * Runs the free stored nodes in this page, beside its own, so that the database works in one tab;
   * answers how many it started, at most 8 run besides. They end with this page's node; a tab that is
   * opened later takes one over and runs it from then on.
   */
  wake(): Promise<number>;

  /** Calls back with the nodes that `wake` has started and that still run here, at once and at changes. */
  onWoken(listener: (nodeIds: readonly NodeId[]) => void): () => void;

  /**
   * Asks the browser to keep this site's data, which it may else delete when it needs room; some ask
   * the person. Answers whether it has promised to. A node whose browser has not is preferred less where
   * voters and leaders are chosen.
   */
  persist(): Promise<boolean>;

  /**
   * For a cluster that has lost its quorum for good. The copy in this browser profile that is furthest
   * becomes the beginning of a new cluster, of this tab alone: `open` opens it under its id, and instead
   * of the old one. What others had acknowledged and this copy never got is lost. All stored nodes of
   * the old cluster in this profile are given up; nodes elsewhere may come as newcomers of the new one.
   * This node ends: whatever is asked of it from now on rejects with 'Closed'. Rejects with 'Refused'
   * where the cluster is alive, this copy is not sound, or another tab runs a node of it.
   */
  recover(): Promise<{ clusterId: string }>;
}
