/**
 * Which nodes of a cluster are stored in this browser profile, and which of them some worker is now.
 * It is what was so when it was looked at: who wants to be one of them still has to get its lock.
 */

import type { NodeId } from '../raft/types.ts';
import { nodeLock, STORAGE_ROOT } from './names.ts';
import { findCluster, readRegistry } from './registry.ts';
import { heldLocks } from './web-lock.ts';

export interface StoredNode {
  readonly nodeId: NodeId;
  readonly inUse: boolean;
}

/** Those that are not retired, the oldest first. Throws `StorageError`. */
export async function listStoredNodes(
  clusterId: string,
  root = STORAGE_ROOT,
): Promise<StoredNode[]> {
  const cluster = findCluster(await readRegistry(root), clusterId);
  const held = await heldLocks();
  const usable = cluster?.identities.filter(({ retired }) => retired === null) ?? [];
  return usable.map(({ nodeId }) => ({
    nodeId,
    inUse: held.has(nodeLock(root, { clusterId, nodeId })),
  }));
}
