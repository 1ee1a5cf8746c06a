/**
 * Reading and changing the origin's registry. Every change, and every reading, which may have to
 * mend a copy, is done under one Web Lock of the origin. Files and database are open only meanwhile.
 */

import { get, set } from 'idb-keyval';

import { FILE_HANDLE_WAIT_MS, STORAGE_WAIT_MS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { REGISTRY_SLOTS, registryDatabase, registryLock, STORAGE_ROOT } from './names.ts';
import { makeDirectory, openSyncFile, readWholeFile } from './opfs.ts';
import {
  decodeRegistry,
  EMPTY_REGISTRY,
  encodeRegistry,
  type Registry,
  type StoredCluster,
} from './registry-codec.ts';
import { RegistryCopies, type RegistryPlace } from './registry-copies.ts';
import { asStorageError, StorageError } from './storage-error.ts';
import { openStrictStore, type StrictStore } from './strict-store.ts';
import { takeLock } from './web-lock.ts';

const REGISTRY_KEY = 'registry';

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
export async function updateRegistry<T>(
  change: (registry: Registry) => RegistryUpdate<T> | Promise<RegistryUpdate<T>>,
  root = STORAGE_ROOT,
): Promise<T> {
  const release = await takeLock(registryLock(root), STORAGE_WAIT_MS);
  if (release === null) {
    throw new StorageError(
      'StorageDenied',
      "Another tab holds this browser's list of clusters and does not let go. Close it and reload.",
    );
  }
  try {
    return await changeUnderLock(change, root);
  } finally {
    release();
  }
}

/** Remembers whom to dial first when the cluster is opened the next time. */
export function rememberMembers(
  clusterId: string,
  members: readonly NodeId[],
  root = STORAGE_ROOT,
): Promise<void> {
  return updateRegistry((registry) => {
    const cluster = findCluster(registry, clusterId);
    if (cluster === null || cluster.members.join() === members.join()) {
      return { registry, result: undefined };
    }
    return { registry: withCluster(registry, { ...cluster, members }), result: undefined };
  }, root);
}

export function findCluster(registry: Registry, clusterId: string): StoredCluster | null {
  return registry.clusters.find((cluster) => cluster.clusterId === clusterId) ?? null;
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

async function changeUnderLock<T>(
  change: (registry: Registry) => RegistryUpdate<T> | Promise<RegistryUpdate<T>>,
  root: string,
): Promise<T> {
  const directory = await makeDirectory([root]);
  const store = await openStrictStore(registryDatabase(root), () => {});
  try {
    const [slotA, slotB] = REGISTRY_SLOTS;
    const copies = new RegistryCopies({
      indexedDb: databasePlace(store),
      slots: [slotPlace(directory, slotA), slotPlace(directory, slotB)],
    });
    const version = await storing(() => copies.load());
    const registry = version.frame === null ? EMPTY_REGISTRY : decodeRegistry(version.frame);
    const changed = await change(registry);
    if (changed.registry !== registry) {
      await storing(() => copies.save(encodeRegistry(changed.registry, version)));
    }
    return changed.result;
  } finally {
    store.close();
  }
}

async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStorageError(error, "keeping this browser's list of clusters");
  }
}

function databasePlace({ useStore }: StrictStore): RegistryPlace {
  return {
    read: async () => {
      const value: unknown = await get(REGISTRY_KEY, useStore);
      if (value === undefined) return null;
      return value instanceof Uint8Array ? value : new Uint8Array(1);
    },
    write: (bytes) => set(REGISTRY_KEY, bytes, useStore),
  };
}

function slotPlace(directory: FileSystemDirectoryHandle, name: string): RegistryPlace {
  return {
    read: () => readWholeFile(directory, name),
    write: async (bytes) => {
      const file = await openSyncFile(directory, name, FILE_HANDLE_WAIT_MS);
      try {
        if (file.write(bytes, { at: 0 }) !== bytes.length) throw new Error('the disk may be full');
        file.truncate(bytes.length);
        file.flush();
      } finally {
        file.close();
      }
    },
  };
}
