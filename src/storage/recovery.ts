/**
 * Making a copy of a cluster that has lost its quorum for good the beginning of a new one
 * (node/recovery.ts says what that means).
 *
 * It takes the locks of all identities of the cluster in this profile, so that none of them acts, and
 * none is about to. Then one change of the registry retires them all, for ever, and registers the new
 * cluster with the identity that is to found it. That change is the point of no return: before it,
 * nothing has happened; behind it, whoever opens the new cluster gets the founding identity first,
 * and makes its log from the old one, as founding is taken up that was cut off (founding.ts).
 *
 * Nothing is copied but the log, which is short: the new identity points at the old one's directory.
 *
 * The copy that goes on is the one whose log is most up to date (paper section 5.4.1), be it of a node
 * that is stored here and does not run: what was acknowledged may be in it alone. One that is further
 * and cannot go on, or cannot be read, is given up like the others, but its files are not deleted.
 */

import type { LoadedLog } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';
import { newCluster } from './founding.ts';
import { withIdentity, type IdentityClaim, type NewKey } from './identity.ts';
import { nodeLock, sqliteDirectory, type NodeIdentity } from './names.ts';
import { readLog } from './node-log.ts';
import { readRegistry, requireCluster, updateRegistry, withCluster } from './registry.ts';
import type { Registry, StoredCluster, StoredIdentity } from './registry-codec.ts';
import { isCorrupt, StorageError } from './storage-error.ts';
import { takeLock, type ReleaseLock } from './web-lock.ts';

/** A copy that may go on. */
export interface RecoverySource {
  readonly nodeId: NodeId;
  /** Where in OPFS its state machine is. */
  readonly sqliteDirectory: string;
  /** The number of the database file there that counts. */
  readonly databaseFile: number;
  readonly lastTerm: number;
  readonly lastIndex: number;
}

interface Choice {
  readonly source: RecoverySource;
  /** Whose files may have something that the source has not. */
  readonly kept: ReadonlySet<NodeId>;
}

const REASON = 'Its cluster had lost its quorum for good and was recovered as another one.';

/** The locks of a cluster's identities here, while it is recovered. Ends with `release`. */
export class Recovery {
  readonly #claim: IdentityClaim;
  readonly #others: readonly StoredIdentity[];
  readonly #releases: readonly ReleaseLock[];

  constructor(
    claim: IdentityClaim,
    others: readonly StoredIdentity[],
    releases: readonly ReleaseLock[],
  ) {
    this.#claim = claim;
    this.#others = others;
    this.#releases = releases;
  }

  /**
   * The point of no return; answers the new cluster's id. None of the nodes may be running, nor have
   * its log open. `isSound`: whether the state machine of a copy that does not run can be opened and
   * believed. Throws `StorageError`, and then nothing has happened.
   */
  async commit(
    newKey: NewKey,
    isSound: (source: RecoverySource) => Promise<boolean>,
  ): Promise<string> {
    const { root, clusterId, nodeId } = this.#claim;
    const { source, kept } = await this.#choose(isSound);
    const locked = new Set([nodeId, ...this.#others.map((each) => each.nodeId)]);
    const recovered = newCluster(await newKey());
    return updateRegistry((registry) => {
      const identity = { clusterId, nodeId: source.nodeId };
      const changed = recoverCluster(registry, identity, { locked, kept }, recovered);
      return { registry: changed, result: recovered.clusterId };
    }, root);
  }

  release(): void {
    for (const release of this.#releases) release();
  }

  async #choose(isSound: (source: RecoverySource) => Promise<boolean>): Promise<Choice> {
    const { root, clusterId } = this.#claim;
    const ownLog = await readLog(this.#claim, root);
    if (ownLog === null) throw new StorageError('StorageLost', 'The log of this node is gone.');
    const own = sourceOf(root, this.#claim, this.#claim.recoveredFrom, ownLog);
    const ahead: RecoverySource[] = [];
    const kept = new Set<NodeId>();
    for (const { nodeId, logCreated, recoveredFrom } of this.#others) {
      const identity = { clusterId, nodeId };
      const log = logCreated ? await readStoredLog(identity, root) : null;
      if (log === 'corrupt') kept.add(nodeId);
      if (log === null || log === 'corrupt') continue;
      const source = sourceOf(root, identity, recoveredFrom, log);
      if (isAhead(source, own)) ahead.push(source);
    }
    ahead.sort((a, b) => (isAhead(a, b) ? -1 : 1));
    for (const source of ahead) {
      if (await isSound(source)) return { source, kept };
      kept.add(source.nodeId);
    }
    return { source: own, kept };
  }
}

/**
 * Takes the locks of all nodes of the cluster that are stored here beside the claimed one. Throws
 * `StorageError` 'Refused' where another tab runs one of them.
 */
export async function lockCluster(claim: IdentityClaim): Promise<Recovery> {
  const { root, clusterId, nodeId } = claim;
  const { identities } = requireCluster(await readRegistry(root), clusterId);
  const others = identities.filter((each) => each.retired === null && each.nodeId !== nodeId);
  const releases: ReleaseLock[] = [];
  try {
    for (const other of others) releases.push(await lockOf(root, clusterId, other));
  } catch (error) {
    for (const release of releases) release();
    throw error;
  }
  return new Recovery(claim, others, releases);
}

async function lockOf(
  root: string,
  clusterId: string,
  { nodeId }: StoredIdentity,
): Promise<ReleaseLock> {
  const release = await takeLock(nodeLock(root, { clusterId, nodeId }), 0);
  if (release !== null) return release;
  throw new StorageError(
    'Refused',
    'Another tab of this browser runs a node of the cluster. Close all other tabs of it: their ' +
      'copies are given up by this.',
  );
}

/** Null where it is gone; 'corrupt' where it cannot be believed. */
async function readStoredLog(
  identity: NodeIdentity,
  root: string,
): Promise<LoadedLog | 'corrupt' | null> {
  try {
    return await readLog(identity, root);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return 'corrupt';
  }
}

function sourceOf(
  root: string,
  { clusterId, nodeId }: NodeIdentity,
  recoveredFrom: StoredIdentity['recoveredFrom'],
  { snapshot, entries }: LoadedLog,
): RecoverySource {
  const last = entries.at(-1) ?? snapshot;
  return {
    nodeId,
    sqliteDirectory: sqliteDirectory(root, recoveredFrom?.state ?? { clusterId, nodeId }),
    databaseFile: snapshot?.state.file ?? 0,
    lastTerm: last?.term ?? 0,
    lastIndex: last?.index ?? 0,
  };
}

function isAhead(one: RecoverySource, other: RecoverySource): boolean {
  if (one.lastTerm !== other.lastTerm) return one.lastTerm > other.lastTerm;
  return one.lastIndex > other.lastIndex;
}

/**
 * The registry in which the cluster of `source` is given up for `recovered`, whose founder goes on
 * with the copy of `source`. Of the others the files of the kept ones are not deleted. Throws
 * `StorageError` 'Refused' where an identity of the cluster is not among the locked ones.
 */
export function recoverCluster(
  registry: Registry,
  source: NodeIdentity,
  { locked, kept }: { readonly locked: ReadonlySet<string>; readonly kept: ReadonlySet<string> },
  recovered: StoredCluster,
): Registry {
  const cluster = requireCluster(registry, source.clusterId);
  const founder = recovered.members[0];
  const present = cluster.identities.filter((each) => each.retired === null);
  const going = present.find((each) => each.nodeId === source.nodeId);
  if (founder === undefined || going === undefined) throw new Error('nobody is to go on');
  if (present.some((each) => !locked.has(each.nodeId))) {
    throw new StorageError('Refused', 'Another tab has just opened the cluster. Close it first.');
  }
  const identities = cluster.identities.map((identity) => {
    if (identity.retired !== null) return identity;
    const isKept = identity === going || kept.has(identity.nodeId);
    const files = isKept ? ('kept' as const) : ('unneeded' as const);
    return { ...identity, retired: { reason: REASON, replacedBy: founder, files } };
  });
  const { clusterId, isDefault } = cluster;
  const state = going.recoveredFrom?.state ?? source;
  const before = {
    ...cluster,
    isDefault: false,
    founding: null,
    recoveredAs: recovered.clusterId,
    identities,
  };
  const log = { clusterId, nodeId: source.nodeId };
  const after = withIdentity(recovered, founder, { recoveredFrom: { log, state } });
  return withCluster(withCluster(registry, before), { ...after, isDefault });
}
