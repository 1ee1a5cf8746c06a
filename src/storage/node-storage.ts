/**
 * Everything a node needs of storage before it may say its first word, in the only safe order:
 *
 *   cluster -> identity (Web Lock) -> log (exclusive file handle, both copies whole and durable)
 *   -> the mark that the log was created -> the node
 *
 * A log that is absent although it was created once, means amnesia: the identity is retired and a
 * new one takes its place. So is one whose state machine turns out to be ahead of its log, which
 * only the caller can see (`replaceNode`).
 *
 * A log that is there but cannot be believed stays as it is, for whoever wants to rescue something
 * from it. Where the cluster has other members, which have what counts, its identity is retired as
 * well; a node that knows of nobody else stops with 'Corrupt', since its files are all there is. A
 * log of a newer version is not corrupt and is left alone in any case.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { RecoveredVoter } from '../node/recovery.ts';
import type { LogRecord, NodeId } from '../raft/types.ts';
import { findOrFound, type FindOptions } from './founding.ts';
import {
  acquireIdentity,
  knowsOthers,
  markLogCreated,
  retireIdentity,
  type IdentityClaim,
  type NewKey,
} from './identity.ts';
import type { LogPair, OpenedLog, Repaired } from './log-pair.ts';
import { sqliteDirectory, STORAGE_ROOT } from './names.ts';
import { createLog, openLog, readLog } from './node-log.ts';
import type { StoredCluster } from './registry-codec.ts';
import { deleteFiles } from './retired-files.ts';
import { isCorrupt, StorageError } from './storage-error.ts';
import { databasesWipe } from './strict-store.ts';

export interface NodeStorageOptions extends FindOptions {
  /** The identity this tab had before its reload. */
  readonly preferredNodeId: NodeId | null;
  /** See `acquireIdentity`. */
  readonly mode?: 'any' | 'exactly';
  /** What the log of a cluster's founder begins with. The same for the same id, always. */
  readonly foundingRecord: (nodeId: NodeId, profileId: string, key: string) => LogRecord;
  /** The same where the cluster goes on with the log of another; null: that holds nothing. */
  readonly recoveredRecord: (log: LoadedLog, voter: RecoveredVoter) => LogRecord | null;
  /** Called once when the storage of the running node fails: the node must stop. */
  readonly onFailed: (reason: string) => void;
}

export interface NodeStorage {
  /** As registered when it was opened, but for an identity that replaced one since. */
  readonly cluster: StoredCluster;
  /** The random id of this browser profile, the same for all its nodes. */
  readonly profileId: string;
  /** Clusters of this profile that were recovered as this one. */
  readonly formerIds: readonly string[];
  readonly nodeId: NodeId;
  /** This start wrote the cluster's founding record. */
  readonly founded: boolean;
  readonly log: LoadedLog;
  readonly store: LogPair;
  readonly repaired: Repaired;
  /** What the browser said when it had deleted all of the origin's databases, where it did. */
  readonly wiped: string | null;
  readonly replacedNodeId: NodeId | null;
  /** Why that one was retired. */
  readonly replacedReason: string | null;
  /** Where in OPFS the node's SQLite belongs. */
  readonly sqliteDirectory: string;
  /** The number of the database file there that counts. */
  readonly databaseFile: number;
  readonly claim: IdentityClaim;
}

/** What is the same for every node that takes another's place. */
type Found = Pick<NodeStorage, 'cluster' | 'profileId' | 'formerIds'>;

/** Throws `StorageError`; then nothing is held. */
export async function openNodeStorage(options: NodeStorageOptions): Promise<NodeStorage> {
  const { preferredNodeId, newKey, mode = 'any', root = STORAGE_ROOT } = options;
  const { unneeded, ...found } = await findOrFound(options);
  const { clusterId } = found.cluster;
  const claim = await acquireIdentity({ clusterId, preferredNodeId, newKey, mode, root });
  const storage = await openClaimed(found, claim, options);
  void deleteFiles(root, unneeded);
  return storage;
}

/**
 * Closes a node's storage that has lost something and opens that of a new identity in its place.
 * The SQLite of the old one must be closed; it is not used any more.
 */
export async function replaceNode(
  storage: NodeStorage,
  reason: string,
  options: NodeStorageOptions,
): Promise<NodeStorage> {
  storage.store.close();
  try {
    const claim = await retireIdentity(storage.claim, reason, false, options.newKey);
    return await openClaimed(storage, claim, options);
  } finally {
    storage.claim.release();
  }
}

/**
 * Closes the storage of a node that was removed from its cluster and retires its identity: the next
 * `openNodeStorage` takes another one. The node must have stopped.
 */
export async function retireRemovedNode(storage: NodeStorage, newKey: NewKey): Promise<void> {
  storage.store.close();
  try {
    const reason = 'It was removed from its cluster.';
    const next = await retireIdentity(storage.claim, reason, false, newKey);
    next.release();
  } finally {
    storage.claim.release();
  }
}

/** Gives log and identity back, for the next worker. */
export function closeNodeStorage(storage: NodeStorage): void {
  storage.store.close();
  storage.claim.release();
}

async function openClaimed(
  found: Found,
  first: IdentityClaim,
  options: NodeStorageOptions,
): Promise<NodeStorage> {
  let claim = first;
  try {
    let opened = await openClaimedLog(found, claim, options);
    if (opened.type === 'lost') {
      claim = await retireIdentity(claim, opened.reason, opened.keepFiles, options.newKey);
      opened = await makeLog(found, claim, options);
    }
    return {
      cluster: found.cluster,
      profileId: found.profileId,
      formerIds: found.formerIds,
      nodeId: claim.nodeId,
      founded: claim.founding,
      log: opened.log,
      store: opened.store,
      repaired: opened.repaired,
      wiped: databasesWipe(),
      replacedNodeId: claim.replacedNodeId,
      replacedReason: claim.replacedReason,
      sqliteDirectory: sqliteDirectory(claim.root, claim.recoveredFrom?.state ?? claim),
      databaseFile: opened.log.snapshot?.state.file ?? 0,
      claim,
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

interface Opened extends OpenedLog {
  readonly type: 'opened';
}

/** The identity must not be used any more. */
interface Lost {
  readonly type: 'lost';
  readonly reason: string;
  readonly keepFiles: boolean;
}

async function openClaimedLog(
  found: Found,
  claim: IdentityClaim,
  options: NodeStorageOptions,
): Promise<Opened | Lost> {
  try {
    if (!claim.logCreated) return await makeLog(found, claim, options);
    const opened = await openLog(claim, { onFailed: options.onFailed, root: claim.root });
    if (opened !== 'absent') return { type: 'opened', ...opened };
    return { type: 'lost', reason: 'Both copies of its log were gone.', keepFiles: false };
  } catch (error) {
    if (!isCorrupt(error) || !knowsOthers(found.cluster, claim.nodeId)) throw error;
    return { type: 'lost', reason: `Its log was corrupt: ${error.message}`, keepFiles: true };
  }
}

async function makeLog(
  { profileId }: Found,
  claim: IdentityClaim,
  options: NodeStorageOptions,
): Promise<Opened> {
  const first = claim.founding ? await firstRecord(claim, profileId, options) : null;
  const opened = await createLog(claim, first, { onFailed: options.onFailed, root: claim.root });
  try {
    await markLogCreated(claim);
  } catch (error) {
    opened.store.close();
    throw error;
  }
  // A making that was cut off left its traces; nothing was lost that had to be repaired.
  return { type: 'opened', ...opened, repaired: 'none' };
}

async function firstRecord(
  { root, nodeId, key: { publicKey: key }, recoveredFrom }: IdentityClaim,
  profileId: string,
  options: NodeStorageOptions,
): Promise<LogRecord> {
  if (recoveredFrom === null) return options.foundingRecord(nodeId, profileId, key);
  const log = await readLog(recoveredFrom.log, root);
  const record = log === null ? null : options.recoveredRecord(log, { nodeId, profileId, key });
  if (record !== null) return record;
  throw new StorageError(
    'StorageLost',
    'The log that this cluster is to go on with is gone. Open an invite link to another cluster.',
  );
}
