/**
 * A dedicated worker that does with the storage room what the page's tests ask for: it is the
 * "process" that opens logs and identities, and that tests end without warning.
 */

import { RpcFailure, RpcServer, type RpcPort } from '../../../src/client/rpc.ts';
import { failure } from '../../../src/node/errors.ts';
import type { LoadedLog } from '../../../src/node/ports.ts';
import { recoveredRecord } from '../../../src/node/recovery.ts';
import type { LogRecord, NodeId } from '../../../src/raft/types.ts';
import { findOrFound, type FindOptions } from '../../../src/storage/founding.ts';
import { acquireIdentity, type IdentityClaim } from '../../../src/storage/identity.ts';
import { IndexedDbCopy } from '../../../src/storage/indexeddb-copy.ts';
import { IndexedDbTable } from '../../../src/storage/indexeddb-table.ts';
import { JournalCopy } from '../../../src/storage/journal-copy.ts';
import type { CopyName, LogCopy } from '../../../src/storage/log-copy.ts';
import { openCopies, type LogPair, type OpenedLog } from '../../../src/storage/log-pair.ts';
import {
  JOURNAL_FILES,
  logDatabase,
  nodeDirectory,
  type NodeIdentity,
} from '../../../src/storage/names.ts';
import { createLog, openLog, readLog } from '../../../src/storage/node-log.ts';
import {
  closeNodeStorage,
  openNodeStorage,
  replaceNode,
  retireRemovedNode,
  type NodeStorage,
  type NodeStorageOptions,
} from '../../../src/storage/node-storage.ts';
import { makeDirectory, openSyncFile } from '../../../src/storage/opfs.ts';
import {
  readRegistry,
  rememberMembers,
  updateRegistry,
  type KnownMembers,
} from '../../../src/storage/registry.ts';
import type { Registry, StoredKey } from '../../../src/storage/registry-codec.ts';
import { withEntry } from '../../../src/storage/outbox-changes.ts';
import type { Outbox } from '../../../src/storage/outbox-codec.ts';
import { OutboxStore } from '../../../src/storage/outbox-store.ts';
import { lockCluster } from '../../../src/storage/recovery.ts';
import { StorageError } from '../../../src/storage/storage-error.ts';
import { listStoredNodes, type StoredNode } from '../../../src/storage/stored-nodes.ts';
import { openStrictStore } from '../../../src/storage/strict-store.ts';
import { offerNode } from '../../../src/storage/take-over.ts';
import type { AppendAnswer } from '../../storage/log-store-contract.ts';
import { foundingRecord } from '../../storage/records.ts';

export interface LogPlace {
  readonly root: string;
  readonly identity: NodeIdentity;
  /** Which copies there are; with both, it is the production log. */
  readonly copies: readonly CopyName[];
  readonly waitMs: number;
}

export type ShownLog = Pick<OpenedLog, 'log' | 'repaired'> & { readonly sizeBytes: number };

export interface NodePlace extends Omit<FindOptions, 'newKey'> {
  readonly root: string;
  readonly preferredNodeId: NodeId | null;
  readonly mode?: 'any' | 'exactly';
}

export type ShownNode = Omit<NodeStorage, 'store' | 'claim'> & { readonly sizeBytes: number };
export type ShownClaim = Omit<IdentityClaim, 'release'>;

export interface StorageWorkerApi {
  openLog(place: LogPlace, wanted: LogRecord | null | 'open'): Promise<ShownLog | 'absent'>;
  append(records: readonly LogRecord[]): Promise<AppendAnswer[]>;
  /** Answers as soon as the store has taken the record. */
  beginAppend(record: LogRecord): Promise<void>;
  closeLog(): Promise<void>;
  /** What `onFailed` was called with. */
  failures(): Promise<string[]>;
  /** The next write to this copy fails as on a full disk; later ones would not. */
  failNextWrite(copy: CopyName): Promise<void>;
  /** The value under this key cannot be read, as when its file is gone. */
  breakValue(key: number): Promise<void>;
  openNode(place: NodePlace): Promise<ShownNode>;
  replaceNode(place: NodePlace, reason: string): Promise<ShownNode>;
  retireRemovedNode(): Promise<void>;
  /** Of the open node's cluster; it is closed then. Answers the new cluster's id. */
  recover(isSound: boolean): Promise<string>;
  closeNode(): Promise<void>;
  /** From now on other tabs may have the open node. */
  offerNode(leads: boolean): Promise<void>;
  /** For so long the worker hears nothing. */
  block(ms: number): Promise<void>;
  listStoredNodes(root: string, clusterId: string): Promise<StoredNode[]>;
  /** The first steps of `openNode`: up to the identity, or up to its log, without the mark. */
  claimOnly(place: NodePlace): Promise<ShownClaim>;
  makeLogOnly(place: NodePlace): Promise<ShownClaim>;
  readRegistry(root: string): Promise<Registry>;
  rememberMembers(
    root: string,
    clusterId: string,
    known: Partial<KnownMembers> & Pick<KnownMembers, 'members'>,
  ): Promise<void>;
  /** As if a version without keys had written the registry. */
  forgetKeys(root: string): Promise<void>;
  /** As many updates as fast as they go, each adding its number to the members. */
  addMembers(root: string, clusterId: string, members: readonly NodeId[]): Promise<void>;
  /** Entries with these ids, one change each. */
  addQueued(root: string, clusterId: string, ids: readonly string[]): Promise<void>;
  readOutbox(root: string, clusterId: string): Promise<Outbox>;
  /** The ids that this tab was told of, change by change, since it opened the outbox. */
  toldOfOutbox(): Promise<readonly string[]>;
  /** Databases made from now on look as after a wipe by Chromium. */
  pretendWipe(message: string): Promise<void>;
  /** From now on the browser is one that lacks or refuses this. */
  deny(what: Denied): Promise<void>;
}

export type Denied = 'secure-context' | 'locks' | 'indexeddb' | 'opfs' | 'opfs-refused' | 'handles';

const NO_KEYS = { memberKeys: {}, belongs: false };
let outboxStore: OutboxStore | null = null;
const told: string[] = [];

function openOutbox(root: string, clusterId: string): OutboxStore {
  const onChange = ({ entries }: Outbox): unknown => told.push(entries.map(({ id }) => id).join());
  outboxStore ??= new OutboxStore({ root, clusterId, onChange });
  return outboxStore;
}

let store: LogPair | null = null;
let node: NodeStorage | null = null;
const failures: string[] = [];
const onFailed = (reason: string): void => {
  failures.push(reason);
};

async function openCopiesAlone(place: LogPlace, wanted: LogRecord | null | 'open') {
  const { root, identity, copies: names, waitMs } = place;
  const copies: LogCopy[] = [];
  if (names.includes('indexeddb')) {
    const strictStore = await openStrictStore(logDatabase(root, identity), onFailed);
    copies.push(new IndexedDbCopy(new IndexedDbTable(strictStore)));
  } else {
    const directory = await makeDirectory(nodeDirectory(root, identity));
    const [a, b] = JOURNAL_FILES;
    const first = await openSyncFile(directory, a, waitMs);
    copies.push(new JournalCopy([first, await openSyncFile(directory, b, waitMs)]));
  }
  try {
    const opened = await openCopies(identity, copies, wanted, onFailed);
    if (opened === 'absent') for (const copy of copies) copy.close();
    return opened;
  } catch (error) {
    for (const copy of copies) copy.close();
    throw error;
  }
}

function openPair({ root, identity, waitMs }: LogPlace, wanted: LogRecord | null | 'open') {
  const options = { root, waitMs, onFailed };
  if (wanted === 'open') return openLog(identity, options);
  return createLog(identity, wanted, options);
}

function append(records: readonly LogRecord[]): Promise<AppendAnswer[]> {
  const opened = store ?? node?.store;
  if (opened === undefined) throw new Error('no log is open');
  return new Promise((resolve) => {
    const answers: AppendAnswer[] = [];
    let isLater = false;
    for (const [number, record] of records.entries()) {
      opened.append(record, (error) => {
        answers.push({ number, error, isLater });
        if (answers.length === records.length) resolve(answers);
      });
    }
    isLater = true;
  });
}

/** What it is made of is nothing to the storage. */
async function newKey(): Promise<StoredKey> {
  const drawn = crypto.randomUUID();
  return { publicKey: `public ${drawn}`, privateKey: `private ${drawn}` };
}

function nodeOptions(place: NodePlace): NodeStorageOptions {
  return {
    ...place,
    newKey,
    foundingRecord,
    recoveredRecord,
    onFailed,
  };
}

function showNode(opened: NodeStorage): ShownNode {
  const { store: pair, claim: held, ...shown } = opened;
  if (held.nodeId !== shown.nodeId) throw new Error('the claim is for another node');
  return { ...shown, sizeBytes: pair.sizeBytes };
}

async function claim(place: NodePlace): Promise<IdentityClaim> {
  const { cluster } = await findOrFound({ ...place, newKey });
  return await acquireIdentity({ ...place, newKey, clusterId: cluster.clusterId });
}

function showClaim(claimed: IdentityClaim): ShownClaim {
  const { release: _, ...shown } = claimed;
  return shown;
}

function failOnce(prototype: object, method: string): void {
  const original: unknown = Reflect.get(prototype, method);
  Reflect.set(prototype, method, () => {
    Reflect.set(prototype, method, original);
    throw new DOMException('No space left.', 'QuotaExceededError');
  });
}

function prototypeOf(name: string): object {
  const constructor: unknown = Reflect.get(globalThis, name);
  if (typeof constructor !== 'function') throw new Error(`no ${name}`);
  return constructor.prototype as object;
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true });
}

function refuse(): Promise<never> {
  return Promise.reject(new DOMException('It was denied.', 'SecurityError'));
}

const DENIALS: Readonly<Record<Denied, () => void>> = {
  'secure-context': () => define(globalThis, 'isSecureContext', false),
  locks: () => define(navigator, 'locks', undefined),
  indexeddb: () => define(globalThis, 'indexedDB', undefined),
  opfs: () => define(navigator.storage, 'getDirectory', undefined),
  'opfs-refused': () => define(navigator.storage, 'getDirectory', refuse),
  handles: () => {
    Reflect.deleteProperty(prototypeOf('FileSystemFileHandle'), 'createSyncAccessHandle');
  },
};

const methods: StorageWorkerApi = {
  async openLog(place, wanted) {
    const isPair = place.copies.length === 2;
    const opened = await (isPair ? openPair(place, wanted) : openCopiesAlone(place, wanted));
    if (opened === 'absent') return 'absent';
    store = opened.store;
    const log: LoadedLog = opened.log;
    return { log, repaired: opened.repaired, sizeBytes: opened.store.sizeBytes };
  },
  async append(records) {
    return await append(records);
  },
  async beginAppend(record) {
    void append([record]);
  },
  async closeLog() {
    store?.close();
  },
  async failures() {
    return failures;
  },
  async failNextWrite(copy) {
    if (copy === 'journal') failOnce(prototypeOf('FileSystemSyncAccessHandle'), 'write');
    else failOnce(prototypeOf('IDBObjectStore'), 'put');
  },
  async breakValue(key) {
    const fail = (): never => {
      throw new DOMException('Failed to read large IndexedDB value', 'DataError');
    };
    const records = prototypeOf('IDBObjectStore');
    const get = Reflect.get(records, 'get') as (this: object, key: unknown) => unknown;
    define(records, 'getAll', fail);
    define(records, 'get', function (this: object, wanted: unknown) {
      return wanted === key ? fail() : get.call(this, wanted);
    });
  },
  async openNode(place) {
    node = await openNodeStorage(nodeOptions(place));
    return showNode(node);
  },
  async replaceNode(place, reason) {
    if (node === null) throw new Error('no node is open');
    node = await replaceNode(node, reason, nodeOptions(place));
    return showNode(node);
  },
  async retireRemovedNode() {
    if (node === null) throw new Error('no node is open');
    await retireRemovedNode(node, newKey);
  },
  async recover(isSound) {
    if (node === null) throw new Error('no node is open');
    const recovery = await lockCluster(node.claim);
    node.store.close();
    try {
      return await recovery.commit(newKey, async () => isSound);
    } finally {
      closeNodeStorage(node);
      recovery.release();
    }
  },
  async closeNode() {
    if (node !== null) closeNodeStorage(node);
  },
  async offerNode(leads) {
    const offered = node;
    if (offered === null) throw new Error('no node is open');
    const withdraw = await offerNode({
      ...offered.claim,
      leads: () => leads,
      giveUp: () => {
        withdraw();
        closeNodeStorage(offered);
      },
    });
  },
  async block(ms) {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
  },
  async listStoredNodes(root, clusterId) {
    return await listStoredNodes(clusterId, root);
  },
  async claimOnly(place) {
    return showClaim(await claim(place));
  },
  async makeLogOnly(place) {
    const claimed = await claim(place);
    const { recoveredFrom, nodeId, key } = claimed;
    const { profileId } = await readRegistry(place.root);
    const voter = { nodeId, profileId: profileId ?? '', key: key.publicKey };
    const old = recoveredFrom === null ? null : await readLog(recoveredFrom.log, place.root);
    const made = old === null ? foundingRecord(nodeId) : recoveredRecord(old, voter);
    await createLog(claimed, claimed.founding ? made : null, { onFailed, root: place.root });
    return showClaim(claimed);
  },
  async readRegistry(root) {
    return await readRegistry(root);
  },
  async rememberMembers(root, clusterId, known) {
    await rememberMembers(clusterId, { ...NO_KEYS, ...known }, root);
  },
  async forgetKeys(root) {
    await updateRegistry((registry) => {
      const clusters = registry.clusters.map((cluster) => {
        const identities = cluster.identities.map((identity) => ({ ...identity, key: null }));
        return { ...cluster, identities };
      });
      return { registry: { ...registry, clusters }, result: null };
    }, root);
  },
  async addMembers(root, clusterId, members) {
    for (const member of members) {
      await updateRegistry((registry) => {
        const clusters = registry.clusters.map((cluster) => {
          if (cluster.clusterId !== clusterId) return cluster;
          return { ...cluster, members: [...cluster.members, member] };
        });
        return { registry: { ...registry, clusters }, result: null };
      }, root);
    }
  },
  async addQueued(root, clusterId, ids) {
    const outbox = openOutbox(root, clusterId);
    for (const id of ids) {
      const about = { sql: 'insert', statements: 1, queuedAtMs: 0, sent: null, outcome: null };
      await outbox.change((before) => ({
        outbox: withEntry(before, { id, ...about, body: Uint8Array.of(1, 2, 3) }),
        result: null,
      }));
    }
  },
  readOutbox: (root, clusterId) => openOutbox(root, clusterId).read(),
  toldOfOutbox: async () => told,
  async pretendWipe(message) {
    const event = prototypeOf('IDBVersionChangeEvent');
    define(event, 'dataLoss', 'total');
    define(event, 'dataLossMessage', message);
  },
  async deny(what) {
    DENIALS[what]();
  },
};

/** The code crosses with the error. */
function withCodes(api: StorageWorkerApi): StorageWorkerApi {
  const wrapped = Object.entries(api).map(([name, method]) => {
    const run = async (...args: unknown[]): Promise<unknown> => {
      try {
        return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        throw new RpcFailure(failure(error.code, 'no', error.message));
      }
    };
    return [name, run];
  });
  return Object.fromEntries(wrapped) as StorageWorkerApi;
}

// Before anything is asked of it.
void navigator.locks.request(self.name, () => new Promise(() => undefined));
const port = self as unknown as RpcPort;
void new RpcServer<StorageWorkerApi, never>(port, withCodes(methods));
