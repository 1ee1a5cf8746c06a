/**
 * The node worker: consensus, log and channels of one tab. The only file that names the runtime and
 * its adapters. It wires them and holds no logic of its own but the order of opening and closing:
 * storage whole and durable, then SQLite, then the mesh, then the first word.
 */

import { RpcClient, RpcFailure, RpcServer } from './client/rpc.ts';
import type {
  AutopilotOptions,
  Executed,
  Invite,
  NodeWorkerApi,
  NodeWorkerEvent,
  OpenRequest,
  OpenedState,
  OpenResult,
  SqlApplierApi,
} from './client/protocol.ts';
import { failure, type Failure } from './node/errors.ts';
import {
  HAND_OVER_TIMEOUT_MS,
  MAX_BODY_BYTES,
  RUNTIME_LIMITS,
  STATUS_INTERVAL_MS,
  type RuntimeLimits,
} from './node/limits.ts';
import { foundingRecord } from './node/membership.ts';
import type { Administration } from './node/messages.ts';
import { Node } from './node/node.ts';
import type { StopCode } from './node/node-options.ts';
import type { Clock, RemoteStateMachine } from './node/ports.ts';
import { holdsOnlyCopy } from './node/quarantine.ts';
import type { ReadIndexOutcome } from './node/reads.ts';
import type { StateRequest } from './node/sql.ts';
import type { NodeStatus } from './node/status.ts';
import type { ExecuteOutcome } from './node/writes.ts';
import type { LogIndex, NodeId } from './raft/types.ts';
import { SqlFailure } from './sqlite/sql-error.ts';
import { encodeRequest } from './sqlite/request-codec.ts';
import { decodeResponse } from './sqlite/response-codec.ts';
import { WorkerStateMachine } from './sqlite/state-machine.ts';
import {
  closeNodeStorage,
  openNodeStorage,
  replaceNode,
  retireRemovedNode,
  type NodeStorage,
  type NodeStorageOptions,
} from './storage/node-storage.ts';
import { rememberMembers } from './storage/registry.ts';
import { StorageError } from './storage/storage-error.ts';
import { Mesh } from './transport/mesh.ts';

const NO_BODY = new Uint8Array(0);
/** Members an invite link names. */
const INVITE_MEMBERS = 7;

/** Time and randomness of a worker; rules CL1 to CL4. */
class WorkerClock implements Clock {
  /** Timers without delay, which a browser would hold back for milliseconds. */
  readonly #soon = new MessageChannel();
  readonly #soonCallbacks: (() => void)[] = [];
  readonly #words = new Uint32Array(2);

  constructor() {
    this.#soon.port2.addEventListener('message', () => this.#soonCallbacks.shift()?.());
    this.#soon.port2.start();
  }

  now(): number {
    return Math.floor(performance.now());
  }

  wallClock(): number {
    return Date.now();
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let pending = true;
    const fire = (): void => {
      if (pending) callback();
    };
    if (delayMs <= 0) {
      this.#soonCallbacks.push(fire);
      this.#soon.port1.postMessage(null);
      return () => {
        pending = false;
      };
    }
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  }

  random(bound: number): number {
    const [high = 0, low = 0] = crypto.getRandomValues(this.#words);
    const fraction = ((high >>> 11) * 2 ** 32 + low) / 2 ** 53;
    return Math.floor(fraction * bound);
  }
}

/** What exists while a node runs. */
interface Running {
  readonly storage: NodeStorage;
  readonly sql: RpcClient<SqlApplierApi, never>;
  readonly mesh: Mesh;
  readonly node: Node;
  readonly persisted: boolean;
}

/** Storage and database, whole and open. */
interface OpenedNode extends OpenedState {
  readonly storage: NodeStorage;
}

class Host {
  readonly #clock = new WorkerClock();
  readonly #server: RpcServer<NodeWorkerApi, NodeWorkerEvent>;
  #running: Running | null = null;
  #storageFailure: string | null = null;

  constructor() {
    this.#server = new RpcServer<NodeWorkerApi, NodeWorkerEvent>(self, {
      open: (request) => this.#open(request),
      execute: (request, timeoutMs) => this.#execute(request, timeoutMs),
      readIndex: (level, timeoutMs) => this.#readIndex(level, timeoutMs),
      freshIndex: (freshnessMs) => this.#freshIndex(freshnessMs),
      status: async () => this.#status(this.#require()),
      invite: async () => this.#invite(),
      setVisible: async (visible) => this.#require().node.setVisible(visible),
      isolate: async (on) => this.#require().mesh.isolate(on),
      administer: (administration, timeoutMs) => this.#administer(administration, timeoutMs),
      handOver: () => this.#handOver(),
      close: () => this.#close(),
    });
  }

  async #open(request: OpenRequest): Promise<OpenResult> {
    if (this.#running !== null) throw refusal('InvalidArgument', 'this worker is open already');
    const options: NodeStorageOptions = {
      clusterId: request.clusterId,
      invite: request.invite,
      preferredNodeId: request.preferredNodeId,
      foundingRecord,
      onFailed: (reason) => this.#storageFailed(reason),
    };
    const sql = new RpcClient<SqlApplierApi, never>(request.sqlPort, () => undefined);
    const storage = await storing(() => openNodeStorage(options));
    const opened = await this.#openSql(sql, storage, options);
    const running = this.#start(opened, sql, request, {
      persisted: await navigator.storage.persisted(),
    });
    const { clusterId } = running.storage.cluster;
    return { clusterId, nodeId: running.storage.nodeId, founded: running.storage.founded };
  }

  /**
   * A database that is ahead of its log has outlived entries that this node acknowledged: amnesia.
   * The identity is retired, and a new one starts with an empty log and an empty database. One that is
   * not to be trusted is made again from the log where that holds everything.
   */
  async #openSql(
    sql: RpcClient<SqlApplierApi, never>,
    storage: NodeStorage,
    options: NodeStorageOptions,
  ): Promise<OpenedNode> {
    try {
      const { sqliteDirectory, databaseFile, log, nodeId } = storage;
      const opening = holdsOnlyCopy(log, nodeId) ? 'only-copy' : 'usual';
      const opened = await sql.call('open', [sqliteDirectory, databaseFile, opening]);
      const lastIndex = log.entries.at(-1)?.index ?? log.snapshot?.index ?? 0;
      const isAhead = opened.appliedIndex > lastIndex;
      const isReplayable = opened.quarantined && log.snapshot === null;
      if (!isAhead && !isReplayable) return { storage, ...opened };
      await sql.call('close', []);
      if (!isAhead) {
        const anew = await sql.call('open', [sqliteDirectory, databaseFile, 'anew']);
        return { storage, ...anew };
      }
    } catch (error) {
      closeNodeStorage(storage);
      throw error;
    }
    const reason = 'Its database was ahead of its log.';
    const replacement = await storing(() => replaceNode(storage, reason, options));
    return this.#openSql(sql, replacement, options);
  }

  #start(
    { storage, ...opened }: OpenedNode,
    sql: RpcClient<SqlApplierApi, never>,
    { signallingPort, autopilot }: OpenRequest,
    { persisted }: { persisted: boolean },
  ): Running {
    if (this.#storageFailure !== null) throw refusal('StorageLost', this.#storageFailure);
    const { nodeId, cluster } = storage;
    const { clusterId, secret } = cluster;
    const mesh = new Mesh({
      clusterId,
      nodeId,
      secret,
      port: signallingPort,
      clock: this.#clock,
      onMessage: (message) => node.receive(message),
      onLinkChanged: (peer, connected) => node.linkChanged(peer, connected),
    });
    const node = new Node({
      clusterId,
      nodeId,
      loaded: storage.log,
      ...opened,
      contacts: contactsOf(storage),
      profileId: storage.profileId,
      ports: {
        logStore: storage.store,
        stateMachine: new WorkerStateMachine(remoteStateMachine(sql)),
        transport: mesh,
        clock: this.#clock,
      },
      onStopped: (code, reason) => this.#stopped(code, reason),
      limits: limitsOf(autopilot),
      // Hints for the next start: a failing registry must not stop a node whose log is sound.
      onMembers: (members) => void rememberMembers(clusterId, members).catch(() => undefined),
    });
    this.#running = { storage, sql, mesh, node, persisted };
    node.start();
    setInterval(() => this.#pushStatus(), STATUS_INTERVAL_MS);
    return this.#running;
  }

  async #execute(request: StateRequest, timeoutMs: number | null): Promise<Executed> {
    const { node } = this.#require();
    const body = encoding(() => encodeRequest(request));
    if (body.length > MAX_BODY_BYTES) {
      const message = `the statements take ${body.length} bytes; at most ${MAX_BODY_BYTES} fit`;
      throw refusal('TooLarge', message);
    }
    const { index, term, response } = await executing(node, body, timeoutMs);
    return { index, term, response: decodeResponse(response) };
  }

  async #readIndex(
    level: 'weak' | 'linearizable' | 'strong',
    timeoutMs: number | null,
  ): Promise<LogIndex> {
    const { node } = this.#require();
    if (level === 'strong') return (await executing(node, NO_BODY, timeoutMs)).index;
    return indexing((done) => node.readIndex(level, timeoutMs, done));
  }

  #freshIndex(freshnessMs: number): Promise<LogIndex> {
    const { node } = this.#require();
    return indexing((done) => node.freshIndex(freshnessMs, done));
  }

  #administer(administration: Administration, timeoutMs: number): Promise<{ warning: string }> {
    const { node } = this.#require();
    return new Promise((resolve, reject) => {
      node.administer(administration, timeoutMs, (outcome) => {
        if (outcome.type === 'done') resolve({ warning: outcome.warning });
        else reject(new RpcFailure(outcome.failure));
      });
    });
  }

  /** If this node leads, somebody else had better. That it fails is no reason to stay. */
  async #handOver(): Promise<void> {
    const raft = this.#running?.node.raft;
    if (raft?.role !== 'leader' || raft.configuration.voters.length === 1) return;
    const transfer: Administration = { type: 'transfer', nodeId: null };
    await this.#administer(transfer, HAND_OVER_TIMEOUT_MS).catch(() => undefined);
  }

  #invite(): Invite {
    const { storage, node } = this.#require();
    const { voters, learners } = node.raft.configuration;
    const { clusterId, secret } = storage.cluster;
    const members = [...new Set([storage.nodeId, ...voters, ...learners])].slice(0, INVITE_MEMBERS);
    return { clusterId, secret, members };
  }

  #status({ node, mesh, storage, persisted }: Running): NodeStatus {
    const runtime = node.status();
    const { signalling, isolated, links, counters } = mesh.status();
    const carriers = links.map((link) => link.carrier);
    return {
      ...runtime,
      storage: {
        state: this.#storageFailure === null ? 'ok' : 'failed',
        repaired: storage.repaired,
        replacedNodeId: storage.replacedNodeId,
        persisted,
        logBytes: storage.store.sizeBytes,
      },
      transport: {
        signalling,
        isolated,
        channels: carriers.includes('page') ? 'page' : (carriers[0] ?? 'none'),
      },
      counters: { ...runtime.counters, ...counters },
    };
  }

  #pushStatus(): void {
    if (this.#running === null || this.#running.node.stopped !== null) return;
    this.#server.push({ type: 'status', status: this.#status(this.#running) });
  }

  #storageFailed(reason: string): void {
    this.#storageFailure = reason;
    this.#running?.node.stop('StorageLost', reason);
  }

  /** The node stopped by itself: nothing of it goes on, and the page is told why. */
  #stopped(code: StopCode, reason: string): void {
    const running = this.#running;
    if (running === null || code === 'Closed') return;
    if (code === 'StorageLost') this.#storageFailure ??= reason;
    this.#server.push({ type: 'status', status: this.#status(running) });
    this.#server.push({ type: 'stopped', code, reason });
    running.mesh.close();
    if (code === 'Removed') void this.#retire(running);
    // Last: after "clear site data" Chromium never returns from closing the journal's handle.
    else running.storage.store.close();
  }

  /** A removed node's id is never used again: the next start of this tab gets another. */
  async #retire({ storage, sql }: Running): Promise<void> {
    await sql.call('close', []).catch(() => undefined);
    await retireRemovedNode(storage).catch(() => undefined);
  }

  async #close(): Promise<void> {
    await this.#handOver();
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    running.node.stop('Closed', 'the database was closed');
    running.mesh.close();
    await running.sql.call('close', []);
    closeNodeStorage(running.storage);
  }

  #require(): Running {
    if (this.#running === null) throw refusal('Closed', 'no database is open');
    return this.#running;
  }
}

function remoteStateMachine(sql: RpcClient<SqlApplierApi, never>): RemoteStateMachine {
  return {
    apply: (entries) => sql.call('apply', [entries]),
    checkpoint: () => sql.call('checkpoint', []),
    openSnapshot: () => sql.call('openSnapshot', []),
    readSnapshot: (offset, length) => sql.call('readSnapshot', [offset, length]),
    closeSnapshot: () => sql.call('closeSnapshot', []),
    beginStage: (snapshot) => sql.call('beginStage', [snapshot]),
    writeStage: (offset, data) => sql.call('writeStage', [offset, data]),
    finishStage: () => sql.call('finishStage', []),
    discardStage: () => sql.call('discardStage', []),
    restore: (file) => sql.call('restore', [file]),
    quarantine: () => sql.call('quarantine', []),
    skip: (index) => sql.call('skip', [index]),
    adoptedBuild: () => sql.call('adoptedBuild', []),
    reopen: () => sql.call('reopen', []),
  };
}

function limitsOf({ maxVoters, voterTimeoutMs }: AutopilotOptions): RuntimeLimits {
  return {
    ...RUNTIME_LIMITS,
    maxVoters: maxVoters ?? RUNTIME_LIMITS.maxVoters,
    voterSilenceMs: voterTimeoutMs ?? RUNTIME_LIMITS.voterSilenceMs,
  };
}

/** Whom a node that is in no configuration asks: known members, and this profile's other nodes. */
function contactsOf({ cluster, nodeId }: NodeStorage): NodeId[] {
  const siblings = cluster.identities.filter(({ retired }) => retired === null);
  const contacts = new Set([...cluster.members, ...siblings.map((identity) => identity.nodeId)]);
  contacts.delete(nodeId);
  return [...contacts];
}

function executing(
  node: Node,
  body: Uint8Array,
  timeoutMs: number | null,
): Promise<ExecuteOutcome & { type: 'executed' }> {
  return new Promise((resolve, reject) => {
    node.execute(body, timeoutMs, (outcome) => {
      if (outcome.type === 'executed') resolve(outcome);
      else reject(new RpcFailure(outcome.failure));
    });
  });
}

function indexing(begin: (done: (outcome: ReadIndexOutcome) => void) => void): Promise<LogIndex> {
  return new Promise((resolve, reject) => {
    begin((outcome) => {
      if (outcome.type === 'ready') resolve(outcome.index);
      else reject(new RpcFailure(outcome.failure));
    });
  });
}

/** Nothing was sent yet, so whatever cannot be encoded took no effect. */
function encoding<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SqlFailure ? new RpcFailure(error.failure) : error;
  }
}

async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError) throw refusal(error.code, error.message);
    throw error;
  }
}

function refusal(code: Failure['code'], message: string): RpcFailure {
  return new RpcFailure(failure(code, 'no', message));
}

void new Host();
