/**
 * The node worker: consensus, log and channels of one tab. The only file that names the runtime and
 * its adapters. It wires them and holds no logic of its own but the order of opening and closing:
 * storage whole and durable, then SQLite, then the mesh, then the first word.
 */

import { RpcClient, RpcFailure, RpcServer } from './client/rpc.ts';
import type {
  AutopilotOptions,
  Executed,
  InviteTerms,
  MintedInvite,
  NodeWorkerApi,
  NodeWorkerEvent,
  OpenRequest,
  OpenedState,
  OpenInvite,
  OpenResult,
  SqlApplierApi,
} from './client/protocol.ts';
import { isOpen } from './node/access.ts';
import { InspectionFeed } from './node/inspection-feed.ts';
import {
  HAND_OVER_TIMEOUT_MS,
  RUNTIME_LIMITS,
  STATUS_INTERVAL_MS,
  type RuntimeLimits,
} from './node/limits.ts';
import { foundingRecord } from './node/membership.ts';
import type { Administration } from './node/messages.ts';
import { Node } from './node/node.ts';
import type { StopCode } from './node/node-options.ts';
import { holdsOnlyCopy } from './node/quarantine.ts';
import { recoveredRecord } from './node/recovery.ts';
import type { StateRequest } from './node/sql.ts';
import type { NodeStatus } from './node/status.ts';
import { openOutbox, outboxMethods } from './outbox.ts';
import {
  contactsOf,
  isSound,
  keepsakeFor,
  lockForgetting,
  requireOtherCopies,
  requireRecoverable,
  storedClusters,
} from './own-copies.ts';
import type { LogIndex } from './raft/types.ts';
import { isDepartureOf, Retirement } from './retirement.ts';
import { WorkerStateMachine } from './sqlite/state-machine.ts';
import {
  closeNodeStorage,
  openNodeStorage,
  replaceNode,
  retireRemovedNode,
  type NodeStorage,
  type NodeStorageOptions,
} from './storage/node-storage.ts';
import type { OutboxDesk } from './storage/outbox-desk.ts';
import { lockCluster } from './storage/recovery.ts';
import { rememberMembers, type KnownMembers } from './storage/registry.ts';
import type { StoredCluster } from './storage/registry-codec.ts';
import { watchRoom } from './storage/room.ts';
import { listStoredNodes } from './storage/stored-nodes.ts';
import { offerNode } from './storage/take-over.ts';
import { readUsage, watchUsage, type StorageUsage } from './storage/usage.ts';
import { credentialSourceOf } from './transport/credentials.ts';
import { inviteOf, isInviteToken, newInviteToken } from './transport/invite-token.ts';
import { Mesh } from './transport/mesh.ts';
import { newKeyPair } from './transport/node-key.ts';
import {
  administering,
  encoded,
  executedBy,
  executing,
  indexing,
  refusal,
  remoteStateMachine,
  storing,
} from './worker-calls.ts';
import { WorkerClock } from './worker-clock.ts';

const NO_BODY = new Uint8Array(0);
/** Members an invite link names. */
const INVITE_MEMBERS = 7;

/** What exists while a node runs. */
interface Running {
  readonly storage: NodeStorage;
  readonly sql: RpcClient<SqlApplierApi, never>;
  readonly mesh: Mesh;
  readonly node: Node;
  readonly outbox: OutboxDesk;
  readonly feed: InspectionFeed;
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
  #usage: StorageUsage = { persisted: false, usageBytes: null, quotaBytes: null };
  readonly #retirement = new Retirement();
  /** Of a woken node: others are not offered it any more. */
  #withdraw: () => void = () => undefined;

  constructor() {
    this.#server = new RpcServer<NodeWorkerApi, NodeWorkerEvent>(self, {
      open: (request) => this.#open(request),
      clusters: () => storedClusters(),
      execute: (request, timeoutMs) => this.#execute(request, timeoutMs),
      ...outboxMethods(() => this.#require()),
      readIndex: (level, timeoutMs) => this.#readIndex(level, timeoutMs),
      freshIndex: (freshnessMs) => this.#freshIndex(freshnessMs),
      status: async () => this.#status(this.#require()),
      storedNodes: () => storing(() => listStoredNodes(this.#require().storage.cluster.clusterId)),
      invite: (terms, timeoutMs) => this.#invite(terms, timeoutMs),
      invites: async () => this.#invites(),
      setVisible: async (visible) => this.#require().node.setHost({ visible }),
      lookAtStorage: async () => this.#noteUsage(await readUsage()),
      isolate: async (on) => this.#require().mesh.isolate(on),
      cutLink: async (nodeId, on) => this.#require().mesh.cutLink(nodeId, on),
      delay: async (ms) => this.#require().mesh.faults.delay(ms),
      inspect: async (on) => this.#require().feed.watch(on),
      administer: (administration, timeoutMs) => this.#administer(administration, timeoutMs),
      checkRecoverable: async () => requireRecoverable(this.#require().node),
      recover: () => this.#recover(),
      forget: () => this.#forget(),
      handOver: () => this.#handOver(),
      release: () => this.#release(),
      close: () => this.#close(),
    });
  }

  async #open(request: OpenRequest): Promise<OpenResult> {
    if (this.#running !== null) throw refusal('InvalidArgument', 'this worker is open already');
    const { invite } = request;
    if (typeof invite?.token === 'string' && !isInviteToken(invite.token)) {
      throw refusal('InvalidInvite', 'The invite in this link is cut off. Copy the link anew.');
    }
    const options: NodeStorageOptions = {
      clusterId: request.clusterId,
      invite: request.invite,
      keepsake: request.keepsake as StoredCluster | null,
      preferredNodeId: request.preferredNodeId,
      mode: request.woken ? 'exactly' : 'any',
      newKey: newKeyPair,
      foundingRecord,
      recoveredRecord,
      onFailed: (reason) => this.#storageFailed(reason),
    };
    const sql = new RpcClient<SqlApplierApi, never>(request.sqlPort, () => undefined);
    const storage = await storing(() => openNodeStorage(options));
    const [opened, usage] = await Promise.all([this.#openSql(sql, storage, options), readUsage()]);
    const running = this.#start(opened, sql, request);
    this.#noteUsage(usage);
    watchUsage((later) => this.#noteUsage(later));
    if (request.woken) await this.#offer(running);
    // The page needs a status at once, and would ask for it.
    this.#pushStatus();
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
  ): Running {
    if (this.#storageFailure !== null) throw refusal('StorageLost', this.#storageFailure);
    const { nodeId, cluster } = storage;
    const { clusterId, secret } = cluster;
    const mesh = new Mesh({
      clusterId,
      nodeId,
      secret,
      credentials: credentialSourceOf(cluster, nodeId, storage.claim.key),
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
      key: storage.claim.key.publicKey,
      ports: {
        logStore: storage.store,
        stateMachine: new WorkerStateMachine(remoteStateMachine(sql)),
        transport: mesh,
        clock: this.#clock,
      },
      onStopped: (code, reason) => this.#stopped(code, reason),
      limits: limitsOf(autopilot),
      onMembers: (members, belongs) => this.#remember(clusterId, node, { members, belongs }),
    });
    const outbox = openOutbox(storage, node, this.#clock, (writes) =>
      this.#server.push({ type: 'outbox', writes }),
    );
    const feed = new InspectionFeed({
      inspector: node.inspector,
      clock: this.#clock,
      transport: () => ({ ...mesh.faults.report, unsent: mesh.status().unsent }),
      push: (inspection) => this.#server.push({ type: 'inspection', inspection }),
    });
    this.#running = { storage, sql, mesh, node, outbox, feed };
    node.start();
    setInterval(() => this.#pushStatus(), STATUS_INTERVAL_MS);
    return this.#running;
  }

  async #offer({ storage, node }: Running): Promise<void> {
    this.#withdraw = await offerNode({
      ...storage.claim,
      leads: () => node.raft.role === 'leader',
      giveUp: () => void this.#giveUp(),
    });
  }

  /** Another tab waits for this identity. */
  async #giveUp(): Promise<void> {
    // What could not be put away goes with this worker, which the page ends.
    await this.#close().catch(() => undefined);
    this.#server.push({ type: 'given-up' });
  }

  /** Hints for the next start: a failing registry must not stop a node whose log is sound. */
  #remember(
    clusterId: string,
    { raft }: Node,
    { members, belongs }: Pick<KnownMembers, 'members' | 'belongs'>,
  ): void {
    const memberKeys = raft.configuration.access.keys;
    void rememberMembers(clusterId, { members, memberKeys, belongs }).catch(() => undefined);
  }

  async #execute(request: StateRequest, timeoutMs: number | null): Promise<Executed> {
    const { node } = this.#require();
    return executedBy(await executing(node, encoded(request), timeoutMs));
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

  async #administer(
    administration: Administration,
    timeoutMs: number,
  ): Promise<{ warning: string }> {
    const { node, storage } = this.#require();
    const answer = await administering(node, administration, timeoutMs);
    if (isDepartureOf(storage.nodeId, administration)) await this.#retirement.over();
    return answer;
  }

  async #forget(): Promise<void> {
    const { node, storage } = this.#require();
    const release = await lockForgetting(storage.claim);
    try {
      await requireOtherCopies(node, storage.claim);
      await this.#handOver();
      // Who belongs may have changed meanwhile.
      await requireOtherCopies(node, storage.claim);
      node.stop('Removed', 'this node was forgotten');
      await this.#retirement.done(node.stopped);
    } finally {
      release();
    }
  }

  /** If this node leads, somebody else had better. That it fails is no reason to stay. */
  async #handOver(): Promise<void> {
    const raft = this.#running?.node.raft;
    if (raft?.role !== 'leader' || raft.configuration.voters.length === 1) return;
    const transfer: Administration = { type: 'transfer', nodeId: null };
    await this.#administer(transfer, HAND_OVER_TIMEOUT_MS).catch(() => undefined);
  }

  /** What is refused leaves the node as it was. */
  async #recover(): Promise<{ clusterId: string }> {
    const { storage, node, mesh, sql, outbox, feed } = this.#require();
    requireRecoverable(node);
    const recovery = await storing(() => lockCluster(storage.claim));
    try {
      requireRecoverable(node);
      // Whoever closes it meanwhile finds nothing to close: the locks are kept until this is over.
      this.#running = null;
      outbox.stop('Closed', 'its cluster is being recovered');
      feed.watch(false);
      node.stop('Closed', 'its cluster is being recovered');
      mesh.close();
      await sql.call('close', []);
      storage.store.close();
      const clusterId = await storing(() =>
        recovery.commit(newKeyPair, (source) => isSound(sql, source)),
      );
      closeNodeStorage(storage);
      return { clusterId };
    } catch (error) {
      if (node.stopped !== null) {
        const reason = error instanceof RpcFailure ? error.failure.message : String(error);
        this.#server.push({ type: 'stopped', code: 'StorageLost', reason, keepsake: null });
      }
      throw error;
    } finally {
      recovery.release();
    }
  }

  /** The token is in the link alone; the cluster knows what can be derived from it. */
  async #invite(terms: InviteTerms, timeoutMs: number): Promise<MintedInvite> {
    const { storage, node } = this.#require();
    const { clusterId, secret } = storage.cluster;
    const token = newInviteToken();
    const { expiresInMs, uses: usesLeft } = terms;
    const createdAtMs = this.#clock.wallClock();
    const expiresAtMs = expiresInMs === null ? null : createdAtMs + expiresInMs;
    const invite = { ...(await inviteOf(clusterId, token)), createdAtMs, expiresAtMs, usesLeft };
    await this.#administer({ type: 'invite', invite }, timeoutMs);
    const { voters, learners } = node.raft.configuration;
    const members = [...new Set([storage.nodeId, ...voters, ...learners])].slice(0, INVITE_MEMBERS);
    return { clusterId, secret, members, token };
  }

  #invites(): OpenInvite[] {
    const nowMs = this.#clock.wallClock();
    const { invites } = this.#require().node.raft.configuration.access;
    const open = invites.filter((invite) => isOpen(invite, nowMs));
    return open.map(({ id, createdAtMs, expiresAtMs, usesLeft }) => {
      return { id, createdAtMs, expiresAtMs, usesLeft };
    });
  }

  #status({ node, mesh, storage }: Running): NodeStatus {
    const runtime = node.status();
    const { signalling, isolated, refusal, links, counters } = mesh.status();
    const carriers = links.map((link) => link.carrier);
    return {
      ...runtime,
      storage: {
        state: this.#storageFailure === null ? 'ok' : 'failed',
        repaired: storage.repaired,
        replacedNodeId: storage.replacedNodeId,
        ...this.#usage,
        logBytes: storage.store.sizeBytes,
      },
      transport: {
        signalling,
        isolated,
        refusal: node.stopped?.code === 'Removed' ? 'removed' : refusal,
        // A node of the same page is reached from worker to worker.
        channels: carriers.includes('page') ? 'page' : carriers.length > 0 ? 'worker' : 'none',
      },
      counters: { ...runtime.counters, ...counters },
    };
  }

  #noteUsage(usage: StorageUsage): void {
    this.#usage = usage;
    this.#running?.node.setHost({ mayBeEvicted: !usage.persisted });
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
    running.outbox.stop(code, reason);
    running.feed.end();
    const tell = (): void => {
      this.#server.push({ type: 'status', status: this.#status(running) });
      this.#server.push({ type: 'stopped', code, reason, keepsake: keepsakeFor(running) });
    };
    if (code === 'Removed') {
      running.mesh.close();
      // Who hears of it may end this worker; who asked for it is answered first.
      const { storage, sql } = running;
      const close = (): Promise<void> => sql.call('close', []);
      const retire = (): Promise<void> => retireRemovedNode(storage, newKeyPair);
      void this.#retirement.begin(close, retire).then(() => setTimeout(tell));
      return;
    }
    tell();
    running.mesh.close();
    if (code === 'StorageLost') void this.#watchRoom(running);
    // Last: after "clear site data" Chromium never returns from closing the journal's handle.
    running.storage.store.close();
  }

  /** A database that failed for want of room is sound as it was: opened anew it can be read. */
  #watchRoom({ storage, sql }: Running): Promise<void> {
    return watchRoom(storage.claim.root, (hasRoom) => {
      if (!hasRoom) void sql.call('reopen', []).catch(() => undefined);
      this.#server.push({ type: 'room', hasRoom });
    });
  }

  /** The page is about to end, and this worker with it: first what concerns others. */
  async #release(): Promise<void> {
    this.#running?.node.abdicate();
    await this.#shut();
  }

  async #close(): Promise<void> {
    await this.#handOver();
    await this.#shut();
  }

  async #shut(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    this.#withdraw();
    running.outbox.stop('Closed', 'the database was closed');
    running.feed.watch(false);
    running.node.stop('Closed', 'the database was closed');
    running.mesh.close();
    if (this.#retirement.isBegun) {
      await this.#retirement.over();
      return;
    }
    await running.sql.call('close', []);
    closeNodeStorage(running.storage);
  }

  #require(): Running {
    if (this.#running === null) throw refusal('Closed', 'no database is open');
    return this.#running;
  }
}

function limitsOf({ maxVoters, voterTimeoutMs }: AutopilotOptions): RuntimeLimits {
  return {
    ...RUNTIME_LIMITS,
    maxVoters: maxVoters ?? RUNTIME_LIMITS.maxVoters,
    voterSilenceMs: voterTimeoutMs ?? RUNTIME_LIMITS.voterSilenceMs,
  };
}

void new Host();
