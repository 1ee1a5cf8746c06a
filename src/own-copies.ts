/** What the node worker knows of the copies that this browser profile has: part of its entry. */

import type { ClusterEntry, SqlApplierApi } from './client/protocol.ts';
import type { RpcClient } from './client/rpc.ts';
import type { Node } from './node/node.ts';
import { forgetRefusal } from './node/forgetting.ts';
import { recoveryRefusal } from './node/recovery.ts';
import { membersOf } from './raft/configuration.ts';
import type { NodeId } from './raft/types.ts';
import type { IdentityClaim } from './storage/identity.ts';
import { hasMembersElsewhere, keepsakeOf } from './storage/keepsake.ts';
import { forgettingLock } from './storage/names.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { RecoverySource } from './storage/recovery.ts';
import type { StoredCluster } from './storage/registry-codec.ts';
import { readRegistry, requireCluster } from './storage/registry.ts';
import { takeLock, type ReleaseLock } from './storage/web-lock.ts';
import { refusal, storing } from './worker-calls.ts';

/** Longer than one takes to hand over and to retire. */
const FORGETTING_WAIT_MS = 10_000;

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

/**
 * The nodes of one profile are forgotten one after the other: else each would count on the other. Throws
 * where another one takes too long about it.
 */
export async function lockForgetting({ root, clusterId }: IdentityClaim): Promise<ReleaseLock> {
  const lock = forgettingLock(root, clusterId);
  const release = await storing(() => takeLock(lock, FORGETTING_WAIT_MS));
  if (release !== null) return release;
  throw refusal('Refused', 'another node of this browser is being forgotten');
}

/** Throws where nobody else could go on with the data. */
export async function requireOtherCopies(
  node: Node,
  { root, clusterId }: IdentityClaim,
): Promise<void> {
  // Others of this profile may have been retired since this node was opened.
  const { identities } = requireCluster(await storing(() => readRegistry(root)), clusterId);
  const retired = identities.filter((identity) => identity.retired !== null);
  const gone = new Set(retired.map((identity) => identity.nodeId));
  const reason = forgetRefusal(node.status(), gone);
  if (reason !== null) throw refusal('Refused', reason);
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
