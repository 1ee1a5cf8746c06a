/** The page's side of the storage worker: starting it, asking it, killing it, and raw storage. */

import { expect } from 'vitest';

import { RpcClient, RpcFailure } from '../../../src/client/rpc.ts';
import { failure } from '../../../src/node/errors.ts';
import { JOURNAL_FILES } from '../../../src/storage/names.ts';
import type { StorageWorkerApi } from './storage-worker.ts';

type Answer<Name extends keyof StorageWorkerApi> = Awaited<ReturnType<StorageWorkerApi[Name]>>;

const RETRY_MS = 10;
const RETRIES = 500;

let lastRoot = 0;

/** Storage that no other test, test file or run uses. */
export function newRoot(): string {
  lastRoot += 1;
  return `test-${crypto.randomUUID()}-${lastRoot}`;
}

export class StorageProcess {
  /** Of the lock by which it is known among those who hold locks. */
  readonly #name = `process-${crypto.randomUUID()}`;
  readonly #worker = new Worker(new URL('./storage-worker.ts', import.meta.url), {
    type: 'module',
    name: this.#name,
  });
  readonly #client = new RpcClient<StorageWorkerApi, never>(this.#worker, () => {});

  /** Rejects with an error whose message begins with the failure's code. */
  async call<Name extends keyof StorageWorkerApi>(
    method: Name,
    ...args: Parameters<StorageWorkerApi[Name]>
  ): Promise<Answer<Name>> {
    try {
      return (await this.#client.call(method, args as never)) as Answer<Name>;
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      throw new Error(`${error.failure.code}: ${error.failure.message}`, { cause: error });
    }
  }

  /** As the browser ends a tab: without a word to its code. */
  kill(): void {
    this.#worker.terminate();
    this.#client.end(failure('Closed', 'unknown', 'killed'));
  }

  /** The same, of one that has answered. Ends when its locks are free: that is a little later. */
  async killed(): Promise<void> {
    const own = (await heldLocks()).find(({ name }) => name === this.#name);
    if (own === undefined) throw new Error('the process does not run');
    this.kill();
    const holders = async () => (await heldLocks()).map(({ clientId }) => clientId);
    await expect.poll(holders).not.toContain(own.clientId);
  }
}

async function heldLocks(): Promise<LockInfo[]> {
  return (await navigator.locks.query()).held ?? [];
}

async function directoryOf(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  let directory = await navigator.storage.getDirectory();
  for (const name of path) directory = await directory.getDirectoryHandle(name, { create: true });
  return directory;
}

/** A killed worker's handles are given back a little later. */
async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    try {
      return await work();
    } catch (error) {
      const isInUse = error instanceof DOMException && error.name === 'NoModificationAllowedError';
      if (!isInUse || retry === RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Replaces the file's content. */
export async function changeFile(
  path: readonly string[],
  name: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): Promise<void> {
  const directory = await directoryOf(path);
  await whenFree(async () => {
    const handle = await directory.getFileHandle(name);
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    const writable = await handle.createWritable();
    await writable.write(change(bytes));
    await writable.close();
  });
}

export async function deleteEntry(path: readonly string[], name: string): Promise<void> {
  const directory = await directoryOf(path);
  await whenFree(() => directory.removeEntry(name, { recursive: true }));
}

/** Its size in bytes; the file exists. */
export async function sizeOf(path: readonly string[], name: string): Promise<number> {
  const handle = await (await directoryOf(path)).getFileHandle(name);
  return (await handle.getFile()).size;
}

export async function listNames(path: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for await (const name of (await directoryOf(path)).keys()) names.push(name);
  return names.toSorted();
}

export async function makeDirectories(path: readonly string[]): Promise<void> {
  await directoryOf(path);
}

export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error));
  });
}

/** The bytes of all values in a log's database. */
export function sizeOfValues(database: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database);
    opening.addEventListener('error', () => reject(opening.error));
    opening.addEventListener('success', () => {
      const transaction = opening.result.transaction('records', 'readonly');
      const getting = transaction.objectStore('records').getAll();
      getting.addEventListener('success', () => {
        const values = getting.result as Uint8Array[];
        opening.result.close();
        resolve(values.reduce((sum, value) => sum + value.length, 0));
      });
      transaction.addEventListener('abort', () => reject(transaction.error));
    });
  });
}

/** Replaces the value in a log's or the registry's database. */
export function changeValue(
  database: string,
  key: IDBValidKey,
  change: (value: unknown) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database);
    opening.addEventListener('error', () => reject(opening.error));
    opening.addEventListener('success', () => {
      const transaction = opening.result.transaction('records', 'readwrite');
      const records = transaction.objectStore('records');
      const getting = records.get(key);
      getting.addEventListener('success', () => records.put(change(getting.result), key));
      transaction.addEventListener('complete', () => {
        opening.result.close();
        resolve();
      });
      transaction.addEventListener('abort', () => reject(transaction.error));
    });
  });
}

export function flipBit(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 4;
}

/** Where record `number` ends in a journal file; every frame tells its length and number. */
export function endOfRecord(bytes: Uint8Array, number: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; at += view.getUint32(at + 8, true)) {
    if (view.getFloat64(at + 12, true) === number) return at + view.getUint32(at + 8, true);
  }
  throw new Error('no such record');
}

/** The journal's files are lost. */
export async function deleteJournal(directory: readonly string[]): Promise<void> {
  for (const name of JOURNAL_FILES) await deleteEntry(directory, name);
}

/** The file of a journal that holds its records. */
export async function journalFile(directory: readonly string[]): Promise<string> {
  const [a, b] = JOURNAL_FILES;
  return (await sizeOf(directory, b)) > 0 ? b : a;
}
