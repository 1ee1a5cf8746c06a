/**
 * Which cluster a page belongs to, and the one moment in an origin's life when a cluster may be
 * founded: when nothing shows that there ever was one. All is decided in one change of the registry,
 * under its lock; so two tabs that open a fresh origin at the same instant get one cluster.
 *
 * A founded cluster is registered with the identity that is to found it. Only who holds that
 * identity's lock makes the founding record, and if it dies before the record is durable, whoever
 * gets the lock next makes the same record for the same id. Nobody else ever founds: a cluster that
 * is registered is only joined.
 */

import { MAX_MEMBERS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { newIdentity, type NewKey } from './identity.ts';
import { reborn } from './keepsake.ts';
import { newId, newNodeId, newSecret, STORAGE_ROOT, type NodeIdentity } from './names.ts';
import { listDirectories } from './opfs.ts';
import {
  findCluster,
  formersOf,
  requireCluster,
  updateRegistry,
  withCluster,
  type RegistryUpdate,
} from './registry.ts';
import type { Registry, StoredCluster, StoredKey } from './registry-codec.ts';
import { unneededFiles } from './retired-files.ts';
import { StorageError } from './storage-error.ts';

/** What is known of a cluster from a link. */
interface ClusterInvite {
  readonly clusterId: string;
  readonly secret: string;
  readonly members: readonly NodeId[];
  /** What lets its holder in; null in a link of an older version. */
  readonly token: string | null;
}

export interface FindOptions {
  /** The cluster wanted; null: the origin's default one. Not looked at with an invite. */
  readonly clusterId: string | null;
  /** With an invite nothing is ever founded. */
  readonly invite: ClusterInvite | null;
  /** What the caller remembers of the wanted cluster, should the registry know nothing of it any more. */
  readonly keepsake?: StoredCluster | null;
  readonly newKey: NewKey;
  readonly root?: string;
}

interface FoundCluster {
  readonly cluster: StoredCluster;
  /** Of this browser profile; made here if there is none. */
  readonly profileId: string;
  /** Clusters of this profile that went on as this one, each behind what it went on as. */
  readonly formerIds: readonly string[];
  /** Retired identities, of any cluster, whose files may be deleted. */
  readonly unneeded: readonly NodeIdentity[];
}

/** Throws `StorageError`; 'InvalidInvite' for a link whose key is not that of the known cluster. */
export function findOrFound(options: FindOptions): Promise<FoundCluster> {
  const { root = STORAGE_ROOT } = options;
  return updateRegistry(async (found) => {
    const profileId = found.profileId ?? newId();
    const known = found.profileId === null ? { ...found, profileId } : found;
    const { registry, result: cluster } = await chooseCluster(known, options, root);
    const formerIds = formersOf(registry, cluster.clusterId);
    const unneeded = unneededFiles(registry);
    return { registry, result: { cluster, profileId, formerIds, unneeded } };
  }, root);
}

async function chooseCluster(
  registry: Registry,
  { clusterId, invite, keepsake = null, newKey }: FindOptions,
  root: string,
): Promise<RegistryUpdate<StoredCluster>> {
  const wantedId = invite?.clusterId ?? clusterId;
  if (keepsake !== null && keepsake.clusterId === wantedId) {
    if (findCluster(registry, wantedId) === null) {
      return put(registry, reborn(registry, keepsake, newIdentity(newNodeId(), await newKey())));
    }
  }
  if (invite !== null) return registerInvited(registry, invite);
  if (clusterId !== null) return keep(registry, successorOf(registry, clusterId));
  const known = registry.clusters.find((cluster) => cluster.isDefault);
  if (known !== undefined) return keep(registry, known);
  await requireFreshOrigin(registry, root);
  return put(registry, newCluster(await newKey()));
}

/** The cluster, or what it went on as when its quorum was lost for good. */
function successorOf(registry: Registry, clusterId: string): StoredCluster {
  const cluster = requireCluster(registry, clusterId);
  return cluster.recoveredAs === null ? cluster : successorOf(registry, cluster.recoveredAs);
}

function keep(registry: Registry, result: StoredCluster): RegistryUpdate<StoredCluster> {
  return { registry, result };
}

function put(registry: Registry, result: StoredCluster): RegistryUpdate<StoredCluster> {
  return { registry: withCluster(registry, result), result };
}

/**
 * A node of this browser being among the members proves the registered secret. Until then a link
 * replaces it: the first one may have been garbled. The latest link's token is the one to be let in by,
 * also where all nodes of this browser were removed; a member drops it.
 */
function registerInvited(registry: Registry, invite: ClusterInvite): RegistryUpdate<StoredCluster> {
  const { token, ...told } = invite;
  const known = findCluster(registry, invite.clusterId);
  if (known === null) {
    const isDefault = registry.clusters.length === 0;
    const isNew = { memberKeys: {}, founding: null, recoveredAs: null, identities: [] };
    return put(registry, { ...told, isDefault, inviteToken: token, ...isNew });
  }
  const isProven = known.identities.some(({ nodeId }) => known.members.includes(nodeId));
  if (isProven && known.secret !== invite.secret) {
    throw new StorageError(
      'InvalidInvite',
      'The key in this link is not the one of the cluster, of which this browser is a member. ' +
        'Copy the link anew, or open the page without it.',
    );
  }
  const members = [...new Set([...invite.members, ...known.members])].slice(0, MAX_MEMBERS);
  const inviteToken = token ?? known.inviteToken;
  const isSame =
    known.secret === invite.secret &&
    known.members.length === members.length &&
    known.inviteToken === inviteToken;
  return isSame
    ? keep(registry, known)
    : put(registry, { ...known, secret: invite.secret, members, inviteToken });
}

async function requireFreshOrigin(registry: Registry, root: string): Promise<void> {
  let isFresh = registry.clusters.length === 0;
  for (const clusterId of await listDirectories([root])) {
    if ((await listDirectories([root, clusterId])).length > 0) isFresh = false;
  }
  if (isFresh) return;
  throw new StorageError(
    'StorageLost',
    'This browser has nodes of a cluster, but the list of its clusters is lost. To come back, ' +
      "open an invite link from another member. To begin anew, clear this site's data.",
  );
}

/** One of this origin's own, that its only identity is to found. */
export function newCluster(key: StoredKey): StoredCluster {
  const nodeId = newNodeId();
  return {
    clusterId: newId(),
    secret: newSecret(),
    isDefault: true,
    members: [nodeId],
    memberKeys: {},
    inviteToken: null,
    founding: nodeId,
    recoveredAs: null,
    identities: [newIdentity(nodeId, key)],
  };
}
