/**
 * Cores joined by a network without delay, in one thread of virtual time. Links can be cut; disks
 * and state machines take no time. After every step of every server its invariants are checked.
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
  LogRecord,
  NodeId,
  ReadState,
} from '../../src/raft/types.ts';
import { LIMITS, index, seededRandom, term } from './fixtures.ts';

const STEP_MS = 10;
const MAX_ROUNDS = 1_000;

/** What survives a crash. */
export class Disk {
  hardState: HardState = { term: term(0), votedFor: null };
  entries: Entry[] = [];

  write(record: LogRecord): void {
    if (record.hardState !== null) this.hardState = record.hardState;
    const [first] = record.entries;
    if (first === undefined) return;
    this.entries.length = first.index - 1;
    this.entries.push(...record.entries);
  }
}

export class Server {
  readonly disk: Disk;
  readonly raft: Raft;
  readonly applied: Entry[] = [];
  readonly readStates: ReadState[] = [];
  #before: ServerSummary;

  constructor(disk: Disk, raft: Raft) {
    this.disk = disk;
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
    this.applied.push(...ready.committedEntries);
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
    this.check();
    return [...ready.messages, ...ready.messagesAfterRecord];
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

  /** A crash, and a start with what the disk holds. The state machine begins anew. */
  restart(nodeId: NodeId): Server {
    return this.#start(nodeId, this.server(nodeId).disk);
  }

  #start(nodeId: NodeId, disk: Disk): Server {
    const raft = new Raft({
      nodeId,
      hardState: disk.hardState,
      entries: disk.entries,
      appliedIndex: index(0),
      nowMs: this.#nowMs,
      random: (bound) => Math.floor(this.#random() * bound),
      limits: this.#limits,
    });
    const server = new Server(disk, raft);
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
    }
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
