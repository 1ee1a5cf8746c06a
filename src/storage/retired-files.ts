/**
 * Deleting what retired identities have left behind: their directories in OPFS, with journal and
 * SQLite, and their logs in IndexedDB. Nobody waits for it and nobody is told of its failures: what
 * could not be deleted is found again by a later start.
 *
 * A node whose cluster was recovered goes on in the directory of a retired one. That one's files are
 * unneeded when those of the node are gone.
 *
 * An identity's files are deleted only under its lock, so that no worker is at work on them, and only
 * if the registry says that they are unneeded. It is marked afterwards: a deletion that is cut off is
 * done again.
 */

import { MAX_RETIRED_IDENTITIES } from '../node/limits.ts';
import { withIdentity } from './identity.ts';
import { logDatabase, nodeDirectory, nodeLock, type NodeIdentity } from './names.ts';
import { deleteDirectory } from './opfs.ts';
import { findCluster, updateRegistry, withCluster } from './registry.ts';
import type { Registry, Retirement, StoredCluster } from './registry-codec.ts';
import { deleteDatabase } from './strict-store.ts';
import { takeLock } from './web-lock.ts';

/** Whose files may be deleted. */
export function unneededFiles(registry: Registry): NodeIdentity[] {
  return registry.clusters.flatMap(({ clusterId, identities }) => {
    const unneeded = identities.filter(({ retired }) => retired?.files === 'unneeded');
    return unneeded.map(({ nodeId }) => ({ clusterId, nodeId }));
  });
}

/** Never rejects. */
export async function deleteFiles(
  root: string,
  identities: readonly NodeIdentity[],
): Promise<void> {
  for (const identity of identities) {
    try {
      await deleteFilesOf(root, identity);
    } catch {
      continue;
    }
  }
}

async function deleteFilesOf(root: string, identity: NodeIdentity): Promise<void> {
  const release = await takeLock(nodeLock(root, identity), 0);
  if (release === null) return;
  try {
    await deleteDirectory(nodeDirectory(root, identity));
    await deleteDatabase(logDatabase(root, identity));
    await markDeleted(root, identity);
  } finally {
    release();
  }
}

function markDeleted(root: string, { clusterId, nodeId }: NodeIdentity): Promise<void> {
  return updateRegistry((registry) => {
    const cluster = findCluster(registry, clusterId);
    const identity = cluster?.identities.find((each) => each.nodeId === nodeId);
    if (cluster === null || identity === undefined) return { registry, result: undefined };
    const deleted = withFiles(registry, { clusterId, nodeId }, 'deleted');
    const { recoveredFrom } = identity;
    const freed = recoveredFrom === null ? [] : [recoveredFrom.log, recoveredFrom.state];
    const changed = freed.reduce((all, each) => withFiles(all, each, 'unneeded'), deleted);
    const kept = changed.clusters.map((each) => (each === cluster ? each : withoutOldest(each)));
    return { registry: { ...changed, clusters: kept }, result: undefined };
  }, root);
}

/** The registry with another word on what is to become of a retired identity's files. */
function withFiles(
  registry: Registry,
  { clusterId, nodeId }: NodeIdentity,
  files: Retirement['files'],
): Registry {
  const cluster = findCluster(registry, clusterId);
  const retired = cluster?.identities.find((each) => each.nodeId === nodeId)?.retired ?? null;
  if (cluster === null || retired === null || retired.files === 'deleted') return registry;
  return withCluster(registry, withIdentity(cluster, nodeId, { retired: { ...retired, files } }));
}

/** Of the identities of which nothing is left only the latest are remembered. */
function withoutOldest(cluster: StoredCluster): StoredCluster {
  const gone = cluster.identities.filter(({ retired }) => retired?.files === 'deleted');
  const oldest = new Set(gone.slice(0, Math.max(gone.length - MAX_RETIRED_IDENTITIES, 0)));
  return { ...cluster, identities: cluster.identities.filter((each) => !oldest.has(each)) };
}
