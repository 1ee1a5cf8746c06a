/**
 * Cores joined by a network without delay, in one thread of virtual time. Links can be cut; disks
 * and state machines take no time, and snapshots travel whole. After every step of every server its
 * invariants are checked.
 */

import { checkServer, checkTransition, summarize } from '../../src/raft/invariants.ts';
import type { ServerSummary } from '../../src/raft/invariants.ts';
import type { Message } from '../../src/raft/messages.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { RaftLimits } from '../../src/raft/raft.ts';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  LogRecord,
  NodeId,
  ReadState,
  Snapshot,
  Term,
} from '../../src/raft/types.ts';
import { LIMITS, index, seededRandom, term } from './fixtures.ts';
import { ModelStateMachine } from './model-state.ts';

const STEP_MS = 10;
const MAX_ROUNDS = 1_000;

/** What survives a crash. */
export class Disk {
  hardState: HardState = { term: term(0), votedFor: null };
  snapshot: Snapshot | null = null;
  /** Those behind the snapshot. */
  entries: Entry[] = [];

  write(record: LogRecord): void {
    if (record.hardState !== null) this.hardState = record.hardState;
    if (record.snapshot !== null) {
      if (record.hardState === null) throw new Error('a whole record has a hard state');
      this.snapshot = record.snapshot;
      this.entries = [];
    }
    const [first] = record.entries;
    if (first === undefined) return;
    const kept = first.index - this.baseIndex - 1;
    if (kept < 0 || kept > this.entries.length) throw new Error('a record leaves a hole');
    this.entries.length = kept;
    this.entries.push(...record.entries);
  }

  get baseIndex(): number {
    return this.snapshot?.index ?? 0;
  }

  /** Null where it is compacted, or beyond the log. */
  entryAt(at: LogIndex): Entry | null {
    return this.entries[at - this.baseIndex - 1] ?? null;
  }

  /** Also of the last compacted index. */
  termAt(at: LogIndex): Term | null {
    if (this.snapshot?.index === at) return this.snapshot.term;
    return this.entryAt(at)?.term ?? null;
  }
}

export class Server {
  readonly disk: Disk;
  readonly raft: Raft;
  readonly machine: ModelStateMachine;
  readonly applied: Entry[] = [];
  readonly readStates: ReadState[] = [];
  #before: ServerSummary;

  constructor(disk: Disk, machine: ModelStateMachine, raft: Raft) {
    this.disk = disk;
    this.machine = machine;
    this.raft = raft;
    this.#before = summarize(raft);
  }

  /** Does what is ready once; returns the messages, or null where nothing was. */
  work(): readonly Message[] | null {
    this.check();
    const ready = this.raft.ready();
    if (ready === null) return null;
    this.readStates.push(...ready.readStates);
    if (ready.record !== null) {
      this.disk.write(ready.record);
      this.raft.recordDurable();
    }
    if (ready.snapshot !== null) {
      this.machine.restore(ready.snapshot);
      this.raft.restored();
    }
    this.applied.push(...ready.committedEntries);
    this.machine.apply(ready.committedEntries);
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
    this.check();
    return [...ready.messages, ...ready.messagesAfterRecord];
  }

  /** Discards the log up to `at`, or all that is applied. */
  compact(at: LogIndex = this.raft.appliedIndex): boolean {
    const isDone = this.raft.compact(at, this.machine.checkpoint());
    this.check();
    return isDone;
  }

  /** The state machine is found wrong. */
  suspend(): void {
    this.machine.spoil();
    this.raft.suspendApply();
  }

  /** Takes over the whole state of a leader at once. Returns whether it was of use. */
  receiveSnapshot(from: Server): boolean {
    const described = from.raft.describeSnapshot(from.machine.appliedIndex);
    if (described === null || !this.raft.isSnapshotNews(described.index)) return false;
    const state = this.machine.stage(from.machine.state);
    const isInstalled = this.raft.installSnapshot({ ...described, state });
    this.check();
    return isInstalled;
  }

  check(): void {
    checkServer(this.raft);
    checkTransition(this.#before, this.raft);
    this.#before = summarize(this.raft);
  }
}

export class Cluster {
  readonly servers = new Map<NodeId, Server>();
  readonly #random: () => number;
  readonly #limits: RaftLimits;
  readonly #cut = new Set<string>();
  #nowMs = 0;

  constructor(seed = 1, limits: Partial<RaftLimits> = {}) {
    this.#random = seededRandom(seed);
    this.#limits = { ...LIMITS, ...limits };
  }

  /** A cluster whose servers all begin with the same configuration as entry 1. */
  static of(configuration: Configuration, seed = 1): Cluster {
    const cluster = new Cluster(seed);
    for (const id of [...configuration.voters, ...configuration.learners]) {
      cluster.add(id, [{ type: 'configuration', index: index(1), term: term(1), configuration }]);
    }
    return cluster;
  }

  add(nodeId: NodeId, entries: Entry[] = [], ofTerm = entries.at(-1)?.term ?? 0): Server {
    const disk = new Disk();
    disk.entries = entries;
    disk.hardState = { term: term(ofTerm), votedFor: null };
    return this.#start(nodeId, disk);
  }

  /** A crash, and a start with what the disk holds. What was applied since a checkpoint is lost. */
  restart(nodeId: NodeId): Server {
    const { disk, machine } = this.server(nodeId);
    machine.reopen(disk.snapshot, true);
    return this.#start(nodeId, disk, machine);
  }

  #start(nodeId: NodeId, disk: Disk, machine = new ModelStateMachine()): Server {
    const raft = new Raft({
      nodeId,
      hardState: disk.hardState,
      snapshot: disk.snapshot,
      entries: disk.entries,
      appliedIndex: machine.isSpoilt ? null : machine.appliedIndex,
      nowMs: this.#nowMs,
      random: (bound) => Math.floor(this.#random() * bound),
      limits: this.#limits,
    });
    const server = new Server(disk, machine, raft);
    this.servers.set(nodeId, server);
    return server;
  }

  server(id: NodeId): Server {
    const server = this.servers.get(id);
    if (server === undefined) throw new Error(`no server ${id}`);
    return server;
  }

  raft(id: NodeId): Raft {
    return this.server(id).raft;
  }

  /** Cuts a server off in both directions, or joins it again. */
  isolate(id: NodeId, isIsolated = true): void {
    for (const other of this.servers.keys()) this.cut(id, other, isIsolated);
  }

  cut(one: NodeId, other: NodeId, isCut = true): void {
    for (const link of [`${one} ${other}`, `${other} ${one}`]) {
      if (isCut) this.#cut.add(link);
      else this.#cut.delete(link);
    }
  }

  /** Delivers all messages, and those that follow, until nothing happens. */
  settle(): void {
    let isBusy = true;
    for (let round = 0; isBusy; round += 1) {
      if (round > MAX_ROUNDS) throw new Error('the servers never stop talking');
      isBusy = false;
      for (const server of this.servers.values()) {
        const messages = server.work();
        if (messages === null) continue;
        isBusy = true;
        for (const message of messages) this.#deliver(message);
      }
      if (this.#sendSnapshots()) isBusy = true;
    }
  }

  /** Leaders see to those that need a snapshot. Returns whether one was of use. */
  #sendSnapshots(): boolean {
    let isSent = false;
    for (const [id, leader] of this.servers) {
      if (leader.raft.role !== 'leader' || leader.machine.isSpoilt) continue;
      for (const [peer, server] of this.servers) {
        const isNeeded = leader.raft.progress(peer)?.state === 'snapshot';
        if (!isNeeded && !server.raft.isApplySuspended) continue;
        if (server.raft.leaderId !== id || this.#cut.has(`${id} ${peer}`)) continue;
        if (server.receiveSnapshot(leader)) isSent = true;
      }
    }
    return isSent;
  }

  #deliver(message: Message): void {
    if (this.#cut.has(`${message.from} ${message.to}`)) return;
    this.servers.get(message.to)?.raft.step(message);
  }

  elapse(durationMs: number): void {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
      this.#nowMs += STEP_MS;
      for (const { raft } of this.servers.values()) raft.tick(this.#nowMs);
      this.settle();
    }
  }

  /** Lets time pass until `holds`; fails after `limitMs`. */
  elapseUntil(holds: () => boolean, limitMs = 20_000): void {
    for (let passedMs = 0; !holds(); passedMs += STEP_MS) {
      if (passedMs >= limitMs) throw new Error(`not within ${limitMs} ms`);
      this.elapse(STEP_MS);
    }
  }

  /** The leader of the newest term, or null. */
  get leader(): Raft | null {
    let leader: Raft | null = null;
    for (const { raft } of this.servers.values()) {
      if (raft.role === 'leader' && raft.term > (leader?.term ?? 0)) leader = raft;
    }
    return leader;
  }

  /** Waits for a leader that has committed in its term. */
  elect(): Raft {
    this.elapseUntil(() => {
      const leader = this.leader;
      return leader !== null && leader.termAt(leader.commitIndex) === leader.term;
    });
    const leader = this.leader;
    if (leader === null) throw new Error('no leader');
    return leader;
  }
}
