/**
 * What a running node remembers of its cluster for the one that comes after it in the same tab, should
 * the site's data be cleared meanwhile: whom to ask, and by which keys. Nothing of what the node had
 * stored is in it, so whoever comes back by it comes as a newcomer under a new id. The keys of the old
 * ids, which must never act again, speak for it.
 */

import type { NodeId } from '../raft/types.ts';
import type { NodeStorage } from './node-storage.ts';
import type { Registry, StoredCluster, StoredIdentity } from './registry-codec.ts';

/** As the node's log knows the members by now. */
export function keepsakeOf(
  { cluster, claim }: NodeStorage,
  known: Pick<StoredCluster, 'members' | 'memberKeys'>,
): StoredCluster {
  const { nodeId, key } = claim;
  const own: StoredIdentity = {
    nodeId,
    createdAtMs: 0,
    key,
    logCreated: true,
    retired: null,
    recoveredFrom: null,
  };
  const others = cluster.identities.filter((identity) => identity.nodeId !== nodeId);
  return { ...cluster, ...known, inviteToken: null, identities: [...others, own] };
}

/**
 * The cluster as it is to be registered where nothing of it is stored any more. All its identities here
 * lost what they had: each is retired, and `next` is there for whoever comes first.
 */
export function reborn(
  registry: Registry,
  keepsake: StoredCluster,
  next: StoredIdentity,
): StoredCluster {
  const { nodeId: replacedBy } = next;
  const reason = 'The data of this site were deleted.';
  const retired = { reason, replacedBy, files: 'deleted' } as const;
  const lost = keepsake.identities.map((identity) =>
    identity.retired === null ? { ...identity, retired } : identity,
  );
  const isDefault = !registry.clusters.some((cluster) => cluster.isDefault);
  return { ...keepsake, isDefault, founding: null, identities: [...lost, next] };
}

/** Whether anybody of the members lives in another browser profile: else there is nobody to come back to. */
export function hasMembersElsewhere(
  members: readonly NodeId[],
  profiles: Readonly<Record<NodeId, string>>,
  profileId: string,
): boolean {
  return members.some((id) => profiles[id] !== profileId);
}
