/**
 * Directories and exclusively opened files in OPFS.
 *
 * A synchronous access handle is exclusive in the whole origin. A tab that goes away gives its
 * handles back when its worker has been torn down, which after a reload may be later than the new
 * page's first steps: so a file that is in use is tried again for a while.
 */

import { rootDirectory } from './environment.ts';
import type { SyncFile } from './journal-copy.ts';
import { asStorageError, StorageError } from './storage-error.ts';

const RETRY_MS = 20;

/** Opens the directory and makes what is missing of the path. Throws `StorageError`. */
export async function makeDirectory(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  let directory = await rootDirectory();
  try {
    for (const name of path) directory = await directory.getDirectoryHandle(name, { create: true });
  } catch (error) {
    throw asStorageError(error, `making the directory /${path.join('/')}`);
  }
  return directory;
}

/** The directories in the directory; none where it does not exist. */
export async function listDirectories(path: readonly string[]): Promise<string[]> {
  let directory = await rootDirectory();
  const names: string[] = [];
  try {
    for (const name of path) directory = await directory.getDirectoryHandle(name);
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === 'directory') names.push(name);
    }
  } catch (error) {
    if (isNotFound(error)) return [];
    throw asStorageError(error, `reading the directory /${path.join('/')}`);
  }
  return names;
}

/** Deletes the directory and all in it, if it exists. Throws `StorageError` where a file is in use. */
export async function deleteDirectory(path: readonly string[]): Promise<void> {
  let directory = await rootDirectory();
  try {
    for (const name of path.slice(0, -1)) directory = await directory.getDirectoryHandle(name);
    await directory.removeEntry(path.at(-1) ?? '', { recursive: true });
  } catch (error) {
    if (isNotFound(error)) return;
    throw asStorageError(error, `deleting the directory /${path.join('/')}`);
  }
}

/** What the file holds; null where it does not exist. Nobody must be writing it. */
export async function readWholeFile(
  directory: FileSystemDirectoryHandle,
  name: string,
): Promise<Uint8Array | null> {
  try {
    const handle = await directory.getFileHandle(name);
    const file = await handle.getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (isNotFound(error)) return null;
    throw asStorageError(error, `reading the file ${name}`);
  }
}

/** Opens the file, made where it is missing, for this worker alone. Throws `StorageError`. */
export async function openSyncFile(
  directory: FileSystemDirectoryHandle,
  name: string,
  waitMs: number,
): Promise<SyncFile> {
  const deadline = performance.now() + waitMs;
  try {
    const handle = await directory.getFileHandle(name, { create: true });
    for (;;) {
      try {
        return await handle.createSyncAccessHandle();
      } catch (error) {
        if (!isInUse(error)) throw error;
        if (performance.now() >= deadline) throw inUse(name);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  } catch (error) {
    throw asStorageError(error, `opening the file ${name}`);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}

/** InvalidStateError is what older engines say. */
function isInUse(error: unknown): boolean {
  if (!(error instanceof DOMException)) return false;
  return error.name === 'NoModificationAllowedError' || error.name === 'InvalidStateError';
}

function inUse(name: string): StorageError {
  return new StorageError(
    'StorageDenied',
    `The file ${name} is in use by another tab, or one that does not go away. Close it and reload.`,
  );
}
