/**
 * A node's log on the browser's storage. The caller holds the node's Web Lock; the exclusive handle
 * on the journal's first file, taken first, is the fence that also holds when a lock was stolen.
 */

import { FILE_HANDLE_WAIT_MS } from '../node/limits.ts';
import type { LoadedLog } from '../node/ports.ts';
import type { LogRecord } from '../raft/types.ts';
import { IndexedDbCopy } from './indexeddb-copy.ts';
import { IndexedDbTable } from './indexeddb-table.ts';
import { JournalCopy, type SyncFile } from './journal-copy.ts';
import { openCopies, type LogPair, type OpenedLog } from './log-pair.ts';
import {
  JOURNAL_FILES,
  logDatabase,
  nodeDirectory,
  STORAGE_ROOT,
  type NodeIdentity,
} from './names.ts';
import { makeDirectory, openSyncFile } from './opfs.ts';
import { asStorageError, StorageError } from './storage-error.ts';
import { openStrictStore } from './strict-store.ts';

export interface LogOptions {
  /** Called once when the log, once open, can be trusted no longer: the node must stop. */
  readonly onFailed: (reason: string) => void;
  /** How long a journal still held by another worker is waited for. */
  readonly waitMs?: number;
  readonly root?: string;
}

/**
 * Opens a log that was made before. 'absent': both copies are gone (amnesia: the identity must not
 * be used any more). Throws `StorageError`.
 */
export function openLog(
  identity: NodeIdentity,
  options: LogOptions,
): Promise<OpenedLog | 'absent'> {
  return openMedia(identity, 'open', options);
}

/**
 * Makes the log of an identity under which nothing was ever acknowledged, with a first record or
 * without. A making that was cut off is completed. Throws `StorageError`.
 */
export async function createLog(
  identity: NodeIdentity,
  firstRecord: LogRecord | null,
  options: LogOptions,
): Promise<OpenedLog> {
  const opened = await openMedia(identity, firstRecord, options);
  if (opened === 'absent') throw new StorageError('Corrupt', 'The log that was made is absent.');
  return opened;
}

/** What the log of a node holds that nobody runs; null: both copies are gone. Throws `StorageError`. */
export async function readLog(identity: NodeIdentity, root: string): Promise<LoadedLog | null> {
  const opened = await openLog(identity, { onFailed: () => {}, root });
  if (opened === 'absent') return null;
  opened.store.close();
  return opened.log;
}

async function openMedia(
  identity: NodeIdentity,
  wanted: LogRecord | null | 'open',
  options: LogOptions,
): Promise<OpenedLog | 'absent'> {
  const root = options.root ?? STORAGE_ROOT;
  const waitMs = options.waitMs ?? FILE_HANDLE_WAIT_MS;
  const directory = await makeDirectory(nodeDirectory(root, identity));
  let store: LogPair | null = null;
  let lost: string | null = null;
  const onLost = (reason: string): void => {
    lost = `the log's database is lost: ${reason}`;
    store?.fail(lost);
  };
  const cleanUp: (() => void)[] = [];
  const openJournal = async (name: string): Promise<SyncFile> => {
    const file = await openSyncFile(directory, name, waitMs);
    cleanUp.push(() => file.close());
    return file;
  };
  try {
    const files = [
      await openJournal(JOURNAL_FILES[0]),
      await openJournal(JOURNAL_FILES[1]),
    ] as const;
    const strictStore = await openStrictStore(logDatabase(root, identity), onLost);
    cleanUp.push(() => strictStore.close());
    const copies = [new IndexedDbCopy(new IndexedDbTable(strictStore)), new JournalCopy(files)];
    const opened = await openCopies(identity, copies, wanted, options.onFailed);
    if (lost !== null) throw new StorageError('StorageLost', `While the log was opened, ${lost}.`);
    if (opened !== 'absent') {
      store = opened.store;
      return opened;
    }
  } catch (error) {
    for (const close of cleanUp) close();
    throw asStorageError(error, 'opening the log');
  }
  for (const close of cleanUp) close();
  return 'absent';
}
