/** What the node worker knows of the copies that this browser profile has: part of its entry. */

import type { ClusterEntry, SqlApplierApi } from './client/protocol.ts';
import type { RpcClient } from './client/rpc.ts';
import type { Node } from './node/node.ts';
import { recoveryRefusal } from './node/recovery.ts';
import { membersOf } from './raft/configuration.ts';
import type { NodeId } from './raft/types.ts';
import { hasMembersElsewhere, keepsakeOf } from './storage/keepsake.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { RecoverySource } from './storage/recovery.ts';
import type { StoredCluster } from './storage/registry-codec.ts';
import { readRegistry } from './storage/registry.ts';
import { refusal, storing } from './worker-calls.ts';

/** One that went on as another has no nodes any more. */
export async function storedClusters(): Promise<ClusterEntry[]> {
  const { clusters } = await storing(() => readRegistry());
  const entries = clusters.map(({ clusterId, isDefault, identities }) => {
    const nodes = identities.filter(({ retired }) => retired === null).length;
    return { clusterId, isDefault, nodes };
  });
  return entries.filter(({ nodes }) => nodes > 0);
}

/** Null where nobody in another profile has what may be lost here. */
export function keepsakeFor({
  storage,
  node,
}: {
  readonly storage: NodeStorage;
  readonly node: Node;
}): StoredCluster | null {
  const { configuration } = node.raft;
  const { profiles, access } = configuration;
  const members = membersOf(configuration);
  if (!hasMembersElsewhere(members, profiles, storage.profileId)) return null;
  return keepsakeOf(storage, { members, memberKeys: access.keys });
}

/** Throws where the cluster has no other member: nobody else has the data. */
export function requireOtherCopies(node: Node, own: NodeId): void {
  const members = membersOf(node.raft.configuration);
  if (members.length === 1 && members[0] === own) {
    throw refusal('Refused', 'this node has the only copy of the data');
  }
}

export function requireRecoverable(node: Node): void {
  const reason = recoveryRefusal(node.status());
  if (reason !== null) throw refusal('Refused', reason);
}

/** Of a copy that nobody runs; no database is open. */
export async function isSound(
  sql: RpcClient<SqlApplierApi, never>,
  { sqliteDirectory, databaseFile, lastIndex }: RecoverySource,
): Promise<boolean> {
  try {
    const opened = await sql.call('open', [sqliteDirectory, databaseFile, 'only-copy']);
    await sql.call('close', []);
    return !opened.quarantined && opened.appliedIndex <= lastIndex;
  } catch {
    return false;
  }
}

/** Whom a node that is in no configuration asks: known members, and this profile's other nodes. */
export function contactsOf({ cluster, nodeId }: NodeStorage): NodeId[] {
  const siblings = cluster.identities.filter(({ retired }) => retired === null);
  const contacts = new Set([...cluster.members, ...siblings.map((identity) => identity.nodeId)]);
  contacts.delete(nodeId);
  return [...contacts];
}
