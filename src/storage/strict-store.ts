/**
 * A database for idb-keyval whose transactions are strictly durable: `complete` comes after the
 * operating system was told to put the data on the medium. (Browsers' default is to leave it in the
 * system's buffers.) idb-keyval takes any `UseStore`, a function that runs its requests in a
 * transaction; this is one.
 *
 * Only verbs that place all their requests at once may write through it, since the transaction is
 * committed as soon as they have (`set`, `setMany`, `del`, `delMany`, `clear`; not `update`).
 *
 * The connection is opened once and never again: when the browser closes it, data may be gone, and
 * a database opened anew would be an empty one. So its end is reported and everything later fails.
 */

import type { UseStore } from 'idb-keyval';

import { STORAGE_WAIT_MS } from '../node/limits.ts';
import { databases } from './environment.ts';
import { asStorageError, describeError, NewerVersionError, StorageError } from './storage-error.ts';

const OBJECT_STORE = 'records';
const DATABASE_VERSION = 1;

export interface StrictStore {
  readonly useStore: UseStore;
  close(): void;
}

/** Chromium tells of a wipe in properties of `upgradeneeded` that no standard knows. */
interface DataLossEvent {
  readonly dataLoss?: unknown;
  readonly dataLossMessage?: unknown;
}

let wipe: string | null = null;

/**
 * What Chromium said when it had deleted all of the origin's databases as damaged; null where it said
 * nothing. It tells only who opens a database first thereafter: this worker may not be the one.
 */
export function databasesWipe(): string | null {
  return wipe;
}

/** `onLost` is called when the connection ends by other than `close`. Throws `StorageError`. */
export async function openStrictStore(
  name: string,
  onLost: (reason: string) => void,
): Promise<StrictStore> {
  const database = await openDatabase(name);
  let lost: string | null = null;
  const lose = (reason: string): void => {
    lost ??= reason;
    onLost(lost);
  };
  database.addEventListener('close', () => lose('the browser has closed and maybe deleted it'));
  database.addEventListener('versionchange', () => {
    database.close();
    lose('it is being deleted, or changed by another version of this page');
  });
  const useStore: UseStore = async (mode, callback) => {
    if (lost !== null) throw new Error(lost);
    const transaction = database.transaction(OBJECT_STORE, mode, { durability: 'strict' });
    let cause: DOMException | null = null;
    transaction.addEventListener('error', (event) => {
      cause ??= (event.target as IDBRequest).error;
    });
    transaction.addEventListener('abort', () => {
      cause ??= transaction.error;
    });
    try {
      const result = callback(transaction.objectStore(OBJECT_STORE));
      if (mode === 'readwrite') transaction.commit();
      return await result;
    } catch (error) {
      throw cause ?? error ?? new Error(lost ?? 'the transaction was aborted');
    }
  };
  return { useStore, close: () => database.close() };
}

/** Resolves when it is gone. Rejects where somebody has it open; it may then go later, or not. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = databases().deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () =>
      reject(asStorageError(request.error, `deleting ${name}`)),
    );
    request.addEventListener('blocked', () => {
      reject(new StorageError('StorageDenied', `The database ${name} is in use.`));
    });
  });
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let late = false;
    const request = databases().open(name, DATABASE_VERSION);
    const timer = setTimeout(() => {
      late = true;
      reject(
        new StorageError(
          'StorageDenied',
          `The browser does not open the database ${name}. Restart it.`,
        ),
      );
    }, STORAGE_WAIT_MS);
    request.addEventListener('upgradeneeded', (event) => {
      wipe ??= wipeMessage(event);
      request.result.createObjectStore(OBJECT_STORE);
    });
    request.addEventListener('success', () => {
      clearTimeout(timer);
      if (late) request.result.close();
      else resolve(request.result);
    });
    request.addEventListener('error', () => {
      clearTimeout(timer);
      reject(openError(name, request.error));
    });
  });
}

function wipeMessage(event: IDBVersionChangeEvent & DataLossEvent): string | null {
  if (typeof event.dataLoss !== 'string' || event.dataLoss === 'none') return null;
  return typeof event.dataLossMessage === 'string' ? event.dataLossMessage : event.dataLoss;
}

function openError(name: string, error: DOMException | null): StorageError {
  if (error?.name === 'VersionError') {
    return new NewerVersionError(`The database ${name}`);
  }
  if (error?.name === 'InvalidStateError' || error?.name === 'UnknownError') {
    return new StorageError(
      'StorageDenied',
      `The browser denies this site its databases (a private window, or blocked site data): ` +
        `${describeError(error)}.`,
    );
  }
  return asStorageError(error, `opening the database ${name}`);
}
