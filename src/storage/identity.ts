/**
 * Which node a worker is. An identity is bound to its storage in this browser profile, is used by
 * one worker at a time, and once its storage has lost anything it is never used again.
 *
 * A worker takes the identity's Web Lock first and holds it for life; then it looks the identity up
 * (it may have been retired meanwhile); then it opens the log, whose exclusive file handle is the
 * real fence. The registry's lock is only ever taken by those who hold node locks, never the other
 * way round, so nobody waits in a circle.
 *
 * An identity is registered before its log is made: there is no log without a registered owner. And
 * the log is marked as created before the node does anything: so an absent log with the mark was
 * lost (amnesia), and without it was never acted upon and may be made, again if need be.
 */

import { IDENTITY_WAIT_MS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { newNodeId, nodeLock, STORAGE_ROOT, wokenLock, type NodeIdentity } from './names.ts';
import { readRegistry, requireCluster, updateRegistry, withCluster } from './registry.ts';
import type {
  RecoveredFrom,
  Registry,
  StoredCluster,
  StoredIdentity,
  StoredKey,
} from './registry-codec.ts';
import { StorageError } from './storage-error.ts';
import { isWoken, takeOverNode } from './take-over.ts';
import { takeLock, type ReleaseLock } from './web-lock.ts';

/** An identity that this worker alone may use, until it releases it or ends. */
export interface IdentityClaim extends NodeIdentity {
  readonly root: string;
  /** By which the others know it. */
  readonly key: StoredKey;
  /** If true and the log is absent, the log was lost: retire the identity. */
  readonly logCreated: boolean;
  /** This identity is to found its cluster: its log begins with the founding record. */
  readonly founding: boolean;
  /** What it goes on with, where its cluster was recovered from another one. */
  readonly recoveredFrom: RecoveredFrom | null;
  /** The identity this one came to replace, when that had lost its storage or its place. */
  readonly replacedNodeId: NodeId | null;
  /** Why that one was retired. */
  readonly replacedReason: string | null;
  release(): void;
}

export interface AcquireOptions {
  readonly clusterId: string;
  /** The identity this tab had before its reload. */
  readonly preferredNodeId: NodeId | null;
  readonly newKey: NewKey;
  /** 'exactly': the preferred identity, which other tabs may ask for, or none. */
  readonly mode?: 'any' | 'exactly';
  readonly root?: string;
}

/** Where identities are claimed. */
interface ClaimPlace {
  readonly clusterId: string;
  readonly newKey: NewKey;
  readonly root: string;
}

/** Draws the key pair of a new identity. */
export type NewKey = () => Promise<StoredKey>;

/**
 * Takes an identity of the cluster: first the one that has yet to found it, so that a founding that
 * was cut off is taken up; then the preferred one, waiting for it a little; then any other that is
 * free, the oldest first; then one that another page has woken (take-over.ts); else a new one. Throws
 * `StorageError`.
 */
export async function acquireIdentity(options: AcquireOptions): Promise<IdentityClaim> {
  const { clusterId, preferredNodeId, newKey, mode = 'any', root = STORAGE_ROOT } = options;
  const place = { clusterId, newKey, root };
  if (mode === 'exactly') return claimExactly(place, preferredNodeId);
  const claim =
    (await claimFree(place, preferredNodeId)) ??
    (await takeOverNode(place, preferredNodeId, (nodeId, waitMs) => {
      return claimOne(place, nodeId, waitMs);
    }));
  return claim ?? registerNew(root, clusterId, newKey, (registry) => registry);
}

async function claimFree(
  place: ClaimPlace,
  preferredNodeId: NodeId | null,
): Promise<IdentityClaim | null> {
  const { clusterId, root } = place;
  const cluster = requireCluster(await readRegistry(root), clusterId);
  for (const nodeId of candidates(cluster, preferredNodeId)) {
    // One that is woken does not go away by itself: it is asked for.
    const isAwaited = nodeId === preferredNodeId && !(await isWoken(root, { clusterId, nodeId }));
    const claim = await claimOne(place, nodeId, isAwaited ? IDENTITY_WAIT_MS : 0);
    if (claim !== null) return claim;
  }
  return null;
}

/** Null where others hold it all the while, or it was retired. */
async function claimOne(
  { clusterId, newKey, root }: ClaimPlace,
  nodeId: NodeId,
  waitMs: number,
): Promise<IdentityClaim | null> {
  const release = await takeLock(nodeLock(root, { clusterId, nodeId }), waitMs);
  if (release === null) return null;
  const claim = await releasingOnError(release, async () => {
    return claimOf(root, await withKey(root, clusterId, nodeId, newKey), nodeId, release);
  });
  if (claim === null) release();
  return claim;
}

/** The mark that it may be asked for comes first: nobody finds it in use and not to be had. */
async function claimExactly(place: ClaimPlace, nodeId: NodeId | null): Promise<IdentityClaim> {
  const { clusterId, root } = place;
  if (nodeId === null) throw new Error('no identity was named');
  const unmark = await takeLock(wokenLock(root, { clusterId, nodeId }), 0);
  if (unmark !== null) {
    const claim = await releasingOnError(unmark, () => claimOne(place, nodeId, 0));
    if (claim !== null) {
      const release = (): void => {
        unmark();
        claim.release();
      };
      return { ...claim, release };
    }
    unmark();
  }
  throw new StorageError('StorageDenied', `The node ${nodeId} is in use, or not used any more.`);
}

/** The cluster as registered, with a key for the identity: one of an older version has none. */
function withKey(
  root: string,
  clusterId: string,
  nodeId: NodeId,
  newKey: NewKey,
): Promise<StoredCluster> {
  return updateRegistry(async (registry) => {
    const cluster = requireCluster(registry, clusterId);
    const identity = cluster.identities.find((each) => each.nodeId === nodeId);
    if (identity === undefined || identity.key !== null) return { registry, result: cluster };
    const result = withIdentity(cluster, nodeId, { key: await newKey() });
    return { registry: withCluster(registry, result), result };
  }, root);
}

/** To be called when the log is durable, and before the node does anything. */
export function markLogCreated(claim: IdentityClaim): Promise<void> {
  return updateRegistry((registry) => {
    const cluster = requireCluster(registry, claim.clusterId);
    const marked = withIdentity(cluster, claim.nodeId, { logCreated: true });
    const founding = cluster.founding === claim.nodeId ? null : cluster.founding;
    return { registry: withCluster(registry, { ...marked, founding }), result: undefined };
  }, claim.root);
}

/**
 * Gives up an identity that must not act any more, for ever, for a new one that has never acted. One
 * change of the registry does both. On success the old one's lock is released.
 *
 * `keepFiles`: what it has stored is not to be deleted. It never is where nobody else is known who
 * could have it.
 */
export async function retireIdentity(
  claim: IdentityClaim,
  reason: string,
  keepFiles: boolean,
  newKey: NewKey,
): Promise<IdentityClaim> {
  const { root, clusterId, nodeId } = claim;
  const next = await registerNew(root, clusterId, newKey, (registry, replacedBy) => {
    const cluster = requireCluster(registry, clusterId);
    const files = keepFiles || !knowsOthers(cluster, nodeId) ? 'kept' : 'unneeded';
    const retired = withIdentity(cluster, nodeId, { retired: { reason, replacedBy, files } });
    const founding = cluster.founding === nodeId ? null : cluster.founding;
    return withCluster(registry, { ...retired, founding });
  });
  claim.release();
  return next;
}

/** Whether the cluster, as far as it is known here, has members that are not `nodeId` or retired. */
export function knowsOthers({ members, identities }: StoredCluster, nodeId: NodeId): boolean {
  const retired = identities.filter((identity) => identity.retired !== null);
  const gone = new Set([nodeId, ...retired.map((identity) => identity.nodeId)]);
  return members.some((member) => !gone.has(member));
}

/** A new identity, locked before anybody can know of it. */
async function registerNew(
  root: string,
  clusterId: string,
  newKey: NewKey,
  change: (registry: Registry, nodeId: NodeId) => Registry,
): Promise<IdentityClaim> {
  const nodeId = newNodeId();
  const release = await takeLock(nodeLock(root, { clusterId, nodeId }), 0);
  if (release === null) throw new Error(`the new id ${nodeId} is in use`);
  return releasingOnError(release, async () => {
    const key = await newKey();
    const cluster = await updateRegistry((registry) => {
      const changed = change(registry, nodeId);
      const before = requireCluster(changed, clusterId);
      const identities = [...before.identities, newIdentity(nodeId, key)];
      const result = { ...before, identities };
      return { registry: withCluster(changed, result), result };
    }, root);
    const claim = claimOf(root, cluster, nodeId, release);
    if (claim === null) throw new Error(`the new id ${nodeId} is not registered`);
    return claim;
  });
}

export function newIdentity(nodeId: NodeId, key: StoredKey): StoredIdentity {
  const createdAtMs = Date.now();
  return { nodeId, createdAtMs, key, logCreated: false, retired: null, recoveredFrom: null };
}

function candidates(cluster: StoredCluster, preferredNodeId: NodeId | null): ReadonlySet<NodeId> {
  const usable = cluster.identities.filter((identity) => identity.retired === null);
  const ids = usable.map((identity) => identity.nodeId);
  const first = [cluster.founding, preferredNodeId].filter((id) => id !== null);
  return new Set([...first.filter((id) => ids.includes(id)), ...ids]);
}

function claimOf(
  root: string,
  cluster: StoredCluster,
  nodeId: NodeId,
  release: ReleaseLock,
): IdentityClaim | null {
  const { clusterId, identities, founding } = cluster;
  const identity = identities.find((each) => each.nodeId === nodeId);
  if (identity === undefined || identity.retired !== null || identity.key === null) return null;
  const replaced = identities.find((each) => each.retired?.replacedBy === nodeId);
  return {
    root,
    clusterId,
    nodeId,
    key: identity.key,
    logCreated: identity.logCreated,
    founding: founding === nodeId,
    recoveredFrom: identity.recoveredFrom,
    replacedNodeId: replaced?.nodeId ?? null,
    replacedReason: replaced?.retired?.reason ?? null,
    release,
  };
}

export function withIdentity(
  cluster: StoredCluster,
  nodeId: NodeId,
  change: Partial<StoredIdentity>,
): StoredCluster {
  const identities = cluster.identities.map((identity) => {
    return identity.nodeId === nodeId ? { ...identity, ...change } : identity;
  });
  return { ...cluster, identities };
}

async function releasingOnError<T>(release: ReleaseLock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    release();
    throw error;
  }
}
