/**
 * Everything a node needs of storage before it may say its first word, in the only safe order:
 *
 *   cluster -> identity (Web Lock) -> log (exclusive file handle, both copies whole and durable)
 *   -> the mark that the log was created -> the node
 *
 * A log that is absent although it was created once, means amnesia: the identity is retired and a
 * new one takes its place. So is one whose state machine turns out to be ahead of its log, which
 * only the caller can see (`replaceNode`). A log that is there but cannot be believed throws
 * 'Corrupt' and stays as it is.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { LogRecord, NodeId } from '../raft/types.ts';
import { findOrFound, type FindOptions } from './founding.ts';
import { acquireIdentity, markLogCreated, retireIdentity, type IdentityClaim } from './identity.ts';
import type { LogPair, OpenedLog, Repaired } from './log-pair.ts';
import { sqliteDirectory, STORAGE_ROOT } from './names.ts';
import { createLog, openLog } from './node-log.ts';
import type { StoredCluster } from './registry-codec.ts';
import { databasesWipe } from './strict-store.ts';

export interface NodeStorageOptions extends FindOptions {
  /** The identity this tab had before its reload. */
  readonly preferredNodeId: NodeId | null;
  /** What the log of a cluster's founder begins with. The same for the same id, always. */
  readonly foundingRecord: (nodeId: NodeId) => LogRecord;
  /** Called once when the storage of the running node fails: the node must stop. */
  readonly onFailed: (reason: string) => void;
}

export interface NodeStorage {
  /** As registered when it was opened. */
  readonly cluster: StoredCluster;
  readonly nodeId: NodeId;
  /** This start wrote the cluster's founding record. */
  readonly founded: boolean;
  readonly log: LoadedLog;
  readonly store: LogPair;
  readonly repaired: Repaired;
  /** What the browser said when it had deleted all of the origin's databases, where it did. */
  readonly wiped: string | null;
  readonly replacedNodeId: NodeId | null;
  /** Where in OPFS the node's SQLite belongs. */
  readonly sqliteDirectory: string;
  readonly claim: IdentityClaim;
}

/** Throws `StorageError`; then nothing is held. */
export async function openNodeStorage(options: NodeStorageOptions): Promise<NodeStorage> {
  const { preferredNodeId, root = STORAGE_ROOT } = options;
  const cluster = await findOrFound(options);
  const { clusterId } = cluster;
  const claim = await acquireIdentity({ clusterId, preferredNodeId, root });
  return openClaimed(cluster, claim, options);
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
    const claim = await retireIdentity(storage.claim, reason);
    return await openClaimed(storage.cluster, claim, options);
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
  cluster: StoredCluster,
  first: IdentityClaim,
  options: NodeStorageOptions,
): Promise<NodeStorage> {
  let claim = first;
  try {
    let opened = await openClaimedLog(claim, options);
    if (opened === 'absent') {
      claim = await retireIdentity(claim, 'Both copies of its log were gone.');
      opened = await makeLog(claim, options);
    }
    return {
      cluster,
      nodeId: claim.nodeId,
      founded: claim.founding,
      log: opened.log,
      store: opened.store,
      repaired: opened.repaired,
      wiped: databasesWipe(),
      replacedNodeId: claim.replacedNodeId,
      sqliteDirectory: sqliteDirectory(claim.root, claim),
      claim,
    };
  } catch (error) {
    claim.release();
    throw error;
  }
}

function openClaimedLog(
  claim: IdentityClaim,
  options: NodeStorageOptions,
): Promise<OpenedLog | 'absent'> {
  if (!claim.logCreated) return makeLog(claim, options);
  return openLog(claim, { onFailed: options.onFailed, root: claim.root });
}

async function makeLog(claim: IdentityClaim, options: NodeStorageOptions): Promise<OpenedLog> {
  const first = claim.founding ? options.foundingRecord(claim.nodeId) : null;
  const opened = await createLog(claim, first, { onFailed: options.onFailed, root: claim.root });
  try {
    await markLogCreated(claim);
  } catch (error) {
    opened.store.close();
    throw error;
  }
  // A making that was cut off left its traces; nothing was lost that had to be repaired.
  return { ...opened, repaired: 'none' };
}
