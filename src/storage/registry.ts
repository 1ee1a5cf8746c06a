/**
 * Reading and changing the origin's registry, a document in two copies (stored-document.ts).
 */

import type { NodeId } from '../raft/types.ts';
import { REGISTRY_SLOTS, registryDatabase, registryLock, STORAGE_ROOT } from './names.ts';
import {
  decodeRegistry,
  EMPTY_REGISTRY,
  encodeRegistry,
  REGISTRY_FORMAT,
  type Registry,
  type StoredCluster,
} from './registry-codec.ts';
import { StorageError } from './storage-error.ts';
import { changeDocument, type StoredDocument } from './stored-document.ts';

/** The registry as it shall be, and whatever the caller of the update wants back. */
export interface RegistryUpdate<T> {
  readonly registry: Registry;
  readonly result: T;
}

/** Throws `StorageError`. */
export function readRegistry(root = STORAGE_ROOT): Promise<Registry> {
  return updateRegistry((registry) => ({ registry, result: registry }), root);
}

/**
 * Changes the registry; resolves when both copies of the new version are durable. Given back the
 * registry it was called with, it writes nothing. `change` must not wait for other locks. Throws
 * `StorageError`, and what `change` throws, in which case nothing has changed.
 */
export function updateRegistry<T>(
  change: (registry: Registry) => RegistryUpdate<T> | Promise<RegistryUpdate<T>>,
  root = STORAGE_ROOT,
): Promise<T> {
  return changeDocument(registryDocument(root), async (version) => {
    const registry = version.frame === null ? EMPTY_REGISTRY : decodeRegistry(version.frame);
    const changed = await change(registry);
    const isSame = changed.registry === registry;
    return {
      next: isSame ? null : encodeRegistry(changed.registry, version),
      result: changed.result,
    };
  });
}

/** What a running node knows of its cluster. */
export interface KnownMembers {
  readonly members: readonly NodeId[];
  readonly memberKeys: Readonly<Record<NodeId, string>>;
  /** This node is one of them for good: no invite is needed any more. */
  readonly belongs: boolean;
}

/** Remembers whom to dial first, and whom to believe, when the cluster is opened the next time. */
export function rememberMembers(
  clusterId: string,
  { members, memberKeys, belongs }: KnownMembers,
  root = STORAGE_ROOT,
): Promise<void> {
  return updateRegistry((registry) => {
    const cluster = findCluster(registry, clusterId);
    if (cluster === null) return { registry, result: undefined };
    const inviteToken = belongs ? null : cluster.inviteToken;
    const known = { ...cluster, members, memberKeys, inviteToken };
    if (JSON.stringify(known) === JSON.stringify(cluster)) return { registry, result: undefined };
    return { registry: withCluster(registry, known), result: undefined };
  }, root);
}

export function findCluster(registry: Registry, clusterId: string): StoredCluster | null {
  return registry.clusters.find((cluster) => cluster.clusterId === clusterId) ?? null;
}

/** The clusters that went on as this one when their quorum was lost for good, the last of them first. */
export function formersOf(registry: Registry, clusterId: string): string[] {
  const formers = registry.clusters.filter((each) => each.recoveredAs === clusterId);
  return formers.flatMap((each) => [each.clusterId, ...formersOf(registry, each.clusterId)]);
}

/** Throws `StorageError` 'StorageLost' where the cluster is not registered. */
export function requireCluster(registry: Registry, clusterId: string): StoredCluster {
  const cluster = findCluster(registry, clusterId);
  if (cluster !== null) return cluster;
  throw new StorageError(
    'StorageLost',
    `This browser does not know the cluster ${clusterId} (any more). Open an invite link to it.`,
  );
}

/** The registry with `cluster` in place of the one of its id, or behind the others. */
export function withCluster(registry: Registry, cluster: StoredCluster): Registry {
  const { clusters } = registry;
  if (findCluster(registry, cluster.clusterId) === null) {
    return { ...registry, clusters: [...clusters, cluster] };
  }
  return {
    ...registry,
    clusters: clusters.map((each) => (each.clusterId === cluster.clusterId ? cluster : each)),
  };
}

function registryDocument(root: string): StoredDocument {
  return {
    name: "this browser's list of clusters",
    format: REGISTRY_FORMAT,
    unreadable:
      "This browser's list of clusters cannot be read from any of its copies. " +
      "To begin anew here, clear this site's data and open an invite link.",
    directory: [root],
    slots: REGISTRY_SLOTS,
    database: registryDatabase(root),
    key: 'registry',
    lock: registryLock(root),
  };
}
