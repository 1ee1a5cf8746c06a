/**
 * The browser's storage interfaces, where there are any: a dedicated worker of a secure context has
 * IndexedDB, OPFS with synchronous access handles, and Web Locks. A node needs all of them and makes
 * do with no substitute, least of all memory.
 */

import { asStorageError, StorageError } from './storage-error.ts';

export function lockManager(): LockManager {
  requireSecureContext();
  return navigator.locks ?? missing('Web Locks');
}

export function databases(): IDBFactory {
  requireSecureContext();
  return globalThis.indexedDB ?? missing('IndexedDB');
}

/** The root of OPFS. Throws 'Unsupported' or 'StorageDenied'. */
export async function rootDirectory(): Promise<FileSystemDirectoryHandle> {
  requireSecureContext();
  const storage: Partial<StorageManager> = navigator.storage ?? missing('a file system');
  if (storage.getDirectory === undefined) return missing('a file system');
  const fileHandle: { prototype: object } | undefined = globalThis.FileSystemFileHandle;
  if (fileHandle === undefined || !('createSyncAccessHandle' in fileHandle.prototype)) {
    return missing('synchronous file access');
  }
  try {
    return await navigator.storage.getDirectory();
  } catch (error) {
    throw asStorageError(error, 'opening the file system');
  }
}

function requireSecureContext(): void {
  if (globalThis.isSecureContext) return;
  throw new StorageError(
    'Unsupported',
    'This page is not a secure context, so the browser gives it no storage a database could use. ' +
      'Open it over https, or as http://localhost on this machine.',
  );
}

function missing(what: string): never {
  throw new StorageError(
    'Unsupported',
    `This browser, or this kind of window, has no ${what}. ` +
      'Use a current Chromium, Firefox or Safari in an ordinary (not private) window.',
  );
}
