/** Nodes opened in processes of their own, as tabs are; shared by the tests of identities. */

import type { NodeId } from '../../../src/raft/types.ts';
import { logDatabase, nodeDirectory } from '../../../src/storage/names.ts';
import { deleteDatabase, deleteJournal, StorageProcess } from './storage-process.ts';
import type { NodePlace, ShownNode } from './storage-worker.ts';

export function placeIn(root: string, preferredNodeId: NodeId | null = null): NodePlace {
  return { root, preferredNodeId, clusterId: null, invite: null };
}

/** Opens a node in a process of its own, which lives on. */
export async function openNode(
  place: NodePlace,
): Promise<{ process: StorageProcess; node: ShownNode }> {
  const process = new StorageProcess();
  return { process, node: await process.call('openNode', place) };
}

export async function openAndKill(place: NodePlace): Promise<ShownNode> {
  const { process, node } = await openNode(place);
  await process.killed();
  return node;
}

export async function loseLog(root: string, { cluster, nodeId }: ShownNode): Promise<void> {
  const identity = { clusterId: cluster.clusterId, nodeId };
  await deleteDatabase(logDatabase(root, identity));
  await deleteJournal(nodeDirectory(root, identity));
}
