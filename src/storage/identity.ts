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
import { newNodeId, nodeLock, STORAGE_ROOT, type NodeIdentity } from './names.ts';
import { readRegistry, requireCluster, updateRegistry, withCluster } from './registry.ts';
import type { Registry, StoredCluster, StoredIdentity } from './registry-codec.ts';
import { takeLock, type ReleaseLock } from './web-lock.ts';

/** An identity that this worker alone may use, until it releases it or ends. */
export interface IdentityClaim extends NodeIdentity {
  readonly root: string;
  /** If true and the log is absent, the log was lost: retire the identity. */
  readonly logCreated: boolean;
  /** This identity is to found its cluster: its log begins with the founding record. */
  readonly founding: boolean;
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
  readonly root?: string;
}

/**
 * Takes an identity of the cluster: first the one that has yet to found it, so that a founding that
 * was cut off is taken up; then the preferred one, waiting for it a little; then any other that is
 * free, the oldest first; else a new one. Throws `StorageError`.
 */
export async function acquireIdentity(options: AcquireOptions): Promise<IdentityClaim> {
  const { clusterId, preferredNodeId, root = STORAGE_ROOT } = options;
  const cluster = requireCluster(await readRegistry(root), clusterId);
  for (const nodeId of candidates(cluster, preferredNodeId)) {
    const waitMs = nodeId === preferredNodeId ? IDENTITY_WAIT_MS : 0;
    const identity = { clusterId, nodeId };
    const release = await takeLock(nodeLock(root, identity), waitMs);
    if (release === null) continue;
    const claim = await releasingOnError(release, async () => {
      return claimOf(root, requireCluster(await readRegistry(root), clusterId), nodeId, release);
    });
    if (claim !== null) return claim;
    release();
  }
  return registerNew(root, clusterId, (registry) => registry);
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
): Promise<IdentityClaim> {
  const { root, clusterId, nodeId } = claim;
  const next = await registerNew(root, clusterId, (registry, replacedBy) => {
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
  change: (registry: Registry, nodeId: NodeId) => Registry,
): Promise<IdentityClaim> {
  const nodeId = newNodeId();
  const release = await takeLock(nodeLock(root, { clusterId, nodeId }), 0);
  if (release === null) throw new Error(`the new id ${nodeId} is in use`);
  return releasingOnError(release, async () => {
    const cluster = await updateRegistry((registry) => {
      const changed = change(registry, nodeId);
      const before = requireCluster(changed, clusterId);
      const identities = [...before.identities, newIdentity(nodeId)];
      const result = { ...before, identities };
      return { registry: withCluster(changed, result), result };
    }, root);
    const claim = claimOf(root, cluster, nodeId, release);
    if (claim === null) throw new Error(`the new id ${nodeId} is not registered`);
    return claim;
  });
}

export function newIdentity(nodeId: NodeId): StoredIdentity {
  return { nodeId, createdAtMs: Date.now(), logCreated: false, retired: null };
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
  if (identity === undefined || identity.retired !== null) return null;
  const replaced = identities.find((each) => each.retired?.replacedBy === nodeId);
  return {
    root,
    clusterId,
    nodeId,
    logCreated: identity.logCreated,
    founding: founding === nodeId,
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
