/**
 * Reading and changing a document that the tabs of a browser profile share, in its two copies. Every
 * change, and every reading, which may have to mend a copy, is done under one Web Lock. Files and
 * database are open only meanwhile.
 */

import { get, set } from 'idb-keyval';

import { FILE_HANDLE_WAIT_MS, STORAGE_WAIT_MS } from '../node/limits.ts';
import {
  DocumentCopies,
  type DocumentKind,
  type DocumentPlace,
  type DocumentVersion,
} from './document-copies.ts';
import type { Frame } from './frame.ts';
import { makeDirectory, openSyncFile, readWholeFile } from './opfs.ts';
import { asStorageError, HalfStoredError, StorageError } from './storage-error.ts';
import { openStrictStore, type StrictStore } from './strict-store.ts';
import { takeLock } from './web-lock.ts';

/** What it is, and where. */
export interface StoredDocument extends DocumentKind {
  /** As a person is told, in the middle of a sentence. */
  readonly name: string;
  /** In OPFS, with the files of the slots in it. */
  readonly directory: readonly string[];
  readonly slots: readonly [string, string];
  readonly database: string;
  readonly key: string;
  readonly lock: string;
}

export interface DocumentChange<T> {
  /** The version that comes after the one there was; null: it stays. */
  readonly next: Frame | null;
  /** Whatever the caller wants back. */
  readonly result: T;
}

/**
 * Resolves when both copies of the new version are durable. `change` must not wait for other locks.
 * Throws `StorageError`, and what `change` throws; nothing has changed then, but maybe with a
 * `HalfStoredError`.
 */
export async function changeDocument<T>(
  document: StoredDocument,
  change: (version: DocumentVersion) => DocumentChange<T> | Promise<DocumentChange<T>>,
): Promise<T> {
  const release = await takeLock(document.lock, STORAGE_WAIT_MS);
  if (release === null) {
    throw new StorageError(
      'StorageDenied',
      `Another tab holds ${document.name} and does not let go. Close it and reload.`,
    );
  }
  try {
    return await changeUnderLock(document, change);
  } finally {
    release();
  }
}

async function changeUnderLock<T>(
  document: StoredDocument,
  change: (version: DocumentVersion) => DocumentChange<T> | Promise<DocumentChange<T>>,
): Promise<T> {
  const directory = await makeDirectory(document.directory);
  const store = await openStrictStore(document.database, () => {});
  try {
    const [slotA, slotB] = document.slots;
    const copies = new DocumentCopies(document, {
      indexedDb: databasePlace(store, document.key),
      slots: [slotPlace(directory, slotA), slotPlace(directory, slotB)],
    });
    const version = await storing(document, () => copies.load());
    const { next, result } = await change(version);
    if (next !== null) await saving(document, () => copies.save(next));
    return result;
  } finally {
    store.close();
  }
}

async function storing<T>({ name }: StoredDocument, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asStorageError(error, `keeping ${name}`);
  }
}

async function saving(document: StoredDocument, work: () => Promise<void>): Promise<void> {
  try {
    await storing(document, work);
  } catch (error) {
    if (error instanceof StorageError) throw new HalfStoredError(error.code, error.message);
    throw error;
  }
}

function databasePlace({ useStore }: StrictStore, key: string): DocumentPlace {
  return {
    read: async () => {
      const value: unknown = await get(key, useStore);
      if (value === undefined) return null;
      return value instanceof Uint8Array ? value : new Uint8Array(1);
    },
    write: (bytes) => set(key, bytes, useStore),
  };
}

function slotPlace(directory: FileSystemDirectoryHandle, name: string): DocumentPlace {
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
