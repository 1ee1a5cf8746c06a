/**
 * The origin's registry, which clusters and identities this browser profile has, and its form as
 * bytes: a frame of kind `registry` whose sequence number is the registry's version and whose payload
 * is JSON. Every version is chained to the one before. What comes from storage is checked field by
 * field: a frame with a good hash and wrong content was written by a defect, and is not built upon.
 */

import { FormatError } from '../node/bytes.ts';
import { isNodeId } from '../node/entry-codec.ts';
import type { NodeId } from '../raft/types.ts';
import { sealFrame, type Frame, type FrameFormat } from './frame.ts';
import { readArray, readBoolean, readObject, readString } from './json-fields.ts';
import type { NodeIdentity } from './names.ts';
import { StorageError } from './storage-error.ts';

export const REGISTRY_FORMAT: FrameFormat = { kind: 'registry', version: 2 };
/** The version that had no keys yet, which can still be read. */
const VERSION_WITHOUT_KEYS = 1;

export interface Registry {
  /**
   * The random id of this browser profile, whose storage is lost as a whole if it is lost; null: none
   * was drawn yet. Drawn once.
   */
  readonly profileId: string | null;
  readonly clusters: readonly StoredCluster[];
}

export interface StoredCluster {
  readonly clusterId: string;
  /** 256 bits, base64url. */
  readonly secret: string;
  /** The one that a page opened without a link belongs to; of all clusters exactly one is. */
  readonly isDefault: boolean;
  /** The members last known: whom to dial first. */
  readonly members: readonly NodeId[];
  /** Their public keys, as far as they were known: whom to believe before the log tells. */
  readonly memberKeys: Readonly<Record<NodeId, string>>;
  /**
   * Of the invite by which this browser is to be let in; null: one of its nodes is a member, or was.
   */
  readonly inviteToken: string | null;
  /**
   * The identity that is to found the cluster, until its log with the founding record is durable.
   * Only who holds that identity's lock may found, be it again; null: the cluster is founded.
   */
  readonly founding: NodeId | null;
  /** It lost its quorum for good, and a copy of it went on as the cluster of this id; null: it did not. */
  readonly recoveredAs: string | null;
  /** In order of creation; never removed, so that none is ever used again. */
  readonly identities: readonly StoredIdentity[];
}

export interface StoredIdentity {
  readonly nodeId: NodeId;
  readonly createdAtMs: number;
  /**
   * By which the others know it, and by which it speaks for its siblings, also when it is retired; null
   * for one of an older version that was not used since.
   */
  readonly key: StoredKey | null;
  /** Its log was durable once, and may have been acted upon: if it is absent, it was lost. */
  readonly logCreated: boolean;
  /** Set once the identity lost its storage, or its place in the cluster: it must never act again. */
  readonly retired: Retirement | null;
  /** What it began with, and goes on with; null: it began with nothing. */
  readonly recoveredFrom: RecoveredFrom | null;
}

/** A key pair as text: the transport's `KeyPair`. The private key never leaves this profile. */
export interface StoredKey {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Retired identities of another cluster, whose files are kept as long as they are in use. */
export interface RecoveredFrom {
  /** Whose log the first record of the own one is made from. */
  readonly log: NodeIdentity;
  /** In whose directory the state machine is, and stays. */
  readonly state: NodeIdentity;
}

export interface Retirement {
  readonly reason: string;
  readonly replacedBy: NodeId;
  readonly files: RetiredFiles;
}

/**
 * What is to become of the log and the database of a retired identity: 'kept' is what somebody may
 * want to rescue something from; 'unneeded' is deleted at some later start, and is 'deleted' then.
 */
type RetiredFiles = 'kept' | 'unneeded' | 'deleted';

const RETIRED_FILES: readonly string[] = ['kept', 'unneeded', 'deleted'] satisfies RetiredFiles[];

export const EMPTY_REGISTRY: Registry = { profileId: null, clusters: [] };

/** The version of the registry that comes after `previous`. */
export function encodeRegistry(
  registry: Registry,
  previous: Pick<Frame, 'sequence' | 'hash'>,
): Frame {
  const payload = new TextEncoder().encode(JSON.stringify(registry));
  return sealFrame(REGISTRY_FORMAT, previous.sequence + 1, previous.hash, payload);
}

/** Throws `StorageError` 'Corrupt'. */
export function decodeRegistry(frame: Frame): Registry {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(frame.payload));
    return readRegistryObject(value, frame.version > VERSION_WITHOUT_KEYS);
  } catch (error) {
    throw malformed(error instanceof FormatError ? error.message : 'JSON');
  }
}

function readRegistryObject(value: unknown, hasKeys: boolean): Registry {
  const registry = readObject(value);
  const profileId = registry['profileId'];
  return {
    profileId: profileId === null ? null : readString(profileId, 'profileId'),
    clusters: readArray(registry['clusters'], 'clusters', (item) => readCluster(item, hasKeys)),
  };
}

function readCluster(value: unknown, hasKeys: boolean): StoredCluster {
  const cluster = readObject(value);
  const founding = cluster['founding'];
  const inviteToken = hasKeys ? cluster['inviteToken'] : null;
  return {
    clusterId: readString(cluster['clusterId'], 'clusterId'),
    secret: readString(cluster['secret'], 'secret'),
    isDefault: readBoolean(cluster['isDefault'], 'isDefault'),
    members: readArray(cluster['members'], 'members', readId),
    memberKeys: hasKeys ? readKeys(cluster['memberKeys']) : {},
    inviteToken: inviteToken === null ? null : readString(inviteToken, 'inviteToken'),
    founding: founding === null ? null : readId(founding),
    recoveredAs: readOptional(cluster['recoveredAs'], (id) => readString(id, 'recoveredAs')),
    identities: readArray(cluster['identities'], 'identities', (item) =>
      readIdentity(item, hasKeys),
    ),
  };
}

function readKeys(value: unknown): Readonly<Record<NodeId, string>> {
  const keys: Record<NodeId, string> = {};
  for (const [id, key] of Object.entries(readObject(value))) {
    keys[readId(id)] = readString(key, 'memberKeys');
  }
  return keys;
}

function readIdentity(value: unknown, hasKeys: boolean): StoredIdentity {
  const identity = readObject(value);
  const createdAtMs = identity['createdAtMs'];
  if (typeof createdAtMs !== 'number') throw new FormatError('createdAtMs');
  const retired = identity['retired'];
  const key = hasKeys ? identity['key'] : null;
  return {
    nodeId: readId(identity['nodeId']),
    createdAtMs,
    key: key === null ? null : readKey(key),
    logCreated: readBoolean(identity['logCreated'], 'logCreated'),
    retired: retired === null ? null : readRetirement(retired),
    recoveredFrom: readOptional(identity['recoveredFrom'], readRecoveredFrom),
  };
}

function readRecoveredFrom(value: unknown): RecoveredFrom {
  const from = readObject(value);
  return { log: readNodeIdentity(from['log']), state: readNodeIdentity(from['state']) };
}

function readNodeIdentity(value: unknown): NodeIdentity {
  const identity = readObject(value);
  return {
    clusterId: readString(identity['clusterId'], 'clusterId'),
    nodeId: readId(identity['nodeId']),
  };
}

/** Null also where the version that wrote it did not know of it. */
function readOptional<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === undefined || value === null ? null : read(value);
}

function readKey(value: unknown): StoredKey {
  const key = readObject(value);
  return {
    publicKey: readString(key['publicKey'], 'publicKey'),
    privateKey: readString(key['privateKey'], 'privateKey'),
  };
}

function readRetirement(value: unknown): Retirement {
  const retirement = readObject(value);
  return {
    reason: readString(retirement['reason'], 'reason'),
    replacedBy: readId(retirement['replacedBy']),
    files: readFiles(retirement['files']),
  };
}

function readFiles(value: unknown): RetiredFiles {
  const files = readString(value, 'files');
  if (!RETIRED_FILES.includes(files)) throw new FormatError('files');
  return files as RetiredFiles;
}

function readId(value: unknown): NodeId {
  const id = readString(value, 'node id');
  if (!isNodeId(id)) throw new FormatError('node id');
  return id;
}

function malformed(what: string): StorageError {
  return new StorageError('Corrupt', `This browser's list of clusters is malformed (${what}).`);
}
