/**
 * A seeded world of bare cores: a network that loses, repeats and reorders, disks that take time and
 * lose what was not durable when their server crashes, links that fail. After every event the
 * safety properties of the paper (Figure 3) are checked over all servers, and what a message
 * promises against the disk of its sender. The same seed is the same history.
 */

import { hasQuorum } from '../../src/raft/configuration.ts';
import { checkServer, checkTransition, summarize } from '../../src/raft/invariants.ts';
import type { ServerSummary } from '../../src/raft/invariants.ts';
import type { Message } from '../../src/raft/messages.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/raft.ts';
import type { Configuration, Entry, LogIndex, NodeId } from '../../src/raft/types.ts';
import { Disk } from './cluster.ts';
import {
  LIMITS,
  bytes,
  configurationEntry,
  index,
  request,
  seededRandom,
  term,
} from './fixtures.ts';

export interface Chaos {
  readonly loss: number;
  readonly repetition: number;
  /** The share of deliveries that take any message instead of the oldest. */
  readonly reordering: number;
  readonly crash: number;
  readonly partition: number;
  readonly change: number;
}

const CALM: Chaos = {
  loss: 0,
  repetition: 0,
  reordering: 0,
  crash: 0,
  partition: 0,
  change: 0,
};

const MAX_ROUNDS = 10_000;

/** A read that waits for its answer, and the least index that is not stale for it. */
interface OpenRead {
  readonly committedAtStart: number;
  readonly confirm: boolean;
}

/** A server of the world: the core, its disk, and what the checks remember of it. */
class Server {
  readonly nodeId: NodeId;
  readonly disk: Disk;
  readonly openReads = new Map<number, OpenRead>();
  /** The log when it was last checked. */
  readonly checkedLog: Entry[] = [];
  writing: Ready | null = null;
  appliedIndex = index(0);
  raft: Raft;
  before: ServerSummary;
  /** Its own clock, and how fast that runs. Safety must not rest on clocks (paper section 5.6). */
  clockMs = 0;
  clockRate = 1;

  constructor(disk: Disk, raft: Raft) {
    this.nodeId = raft.nodeId;
    this.disk = disk;
    this.raft = raft;
    this.before = summarize(raft);
  }
}

function fail(what: string): never {
  throw new Error(what);
}

export class World {
  readonly servers: Server[];
  readonly random: () => number;
  chaos: Chaos;
  nowMs = 0;
  /** How often what happened; a world in which nothing happens checks nothing. */
  readonly counts = { commits: 0, elections: 0, reads: 0, changes: 0, crashes: 0, messages: 0 };
  readonly #network: Message[] = [];
  readonly #cutLinks = new Set<string>();
  readonly #leaderByTerm = new Map<number, NodeId>();
  /** By index and term: the one entry, and the term of the one before it. */
  readonly #entries = new Map<string, { readonly entry: Entry; readonly previousTerm: number }>();
  readonly #committed: Entry[] = [];
  readonly #votes = new Map<string, NodeId>();
  #nextRequest = 1;
  readonly #maxAppendEntries: number;

  /** The first `founders` of `ids` begin as voters; the others have empty logs. */
  constructor(seed: number, ids: readonly NodeId[], founders: number, chaos: Chaos) {
    this.random = seededRandom(seed);
    this.chaos = chaos;
    this.#maxAppendEntries = 1 + this.below(4);
    const voters = ids.slice(0, founders).toSorted();
    const founding: Configuration = { voters, outgoingVoters: [], learners: [] };
    const first = configurationEntry(1, 1, founding);
    this.servers = ids.map((id) => {
      const disk = new Disk();
      if (voters.includes(id)) {
        disk.hardState = { term: term(1), votedFor: null };
        disk.entries = [first];
      }
      return new Server(disk, this.#makeRaft(id, disk, index(0), 0));
    });
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  below(bound: number): number {
    return Math.floor(this.random() * bound);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    return item ?? fail('nothing to pick from');
  }

  get committedIndex(): number {
    return this.#committed.length;
  }

  #makeRaft(nodeId: NodeId, disk: Disk, appliedIndex: LogIndex, nowMs: number): Raft {
    return new Raft({
      nodeId,
      hardState: disk.hardState,
      entries: disk.entries,
      appliedIndex,
      nowMs,
      random: (bound) => this.below(bound),
      limits: {
        ...LIMITS,
        heartbeatIntervalMs: 40,
        electionTimeoutMinMs: 200,
        electionTimeoutMaxMs: 400,
        maxInflightMessages: 3,
        maxAppendEntries: this.#maxAppendEntries,
      },
    });
  }

  /** One event, then all checks on the server it happened to. */
  step(): void {
    const leaders = this.servers.filter(({ raft }) => raft.role === 'leader');
    const server = this.pick(leaders.length > 0 && this.chance(0.5) ? leaders : this.servers);
    const dice = this.random();
    if (dice < 0.45 && this.#network.length > 0) this.#deliverSome();
    else if (dice < 0.6) this.#passTime();
    else if (dice < 0.75) this.#finishSomeWriting();
    else if (dice < 0.85) this.#propose(server);
    else if (dice < 0.9) this.#read(server);
    else if (dice < 0.92) this.#proposeConfiguration(server);
    else if (dice < 0.925) this.#resetLink(server);
    else if (dice < 0.9265) this.#partition();
    else if (dice < 0.928) server.clockRate = this.pick([0, 0.1, 1, 1, 1, 2]);
    else if (this.chance(this.chaos.crash)) this.#crash(server);
    else this.#collect(server);
  }

  #passTime(): void {
    const passedMs = 1 + this.below(this.chance(0.004) ? 1_000 : 20);
    this.nowMs += passedMs;
    for (const server of this.servers) {
      server.clockMs += passedMs * server.clockRate;
      if (this.chance(0.1)) continue;
      this.#tick(server);
      this.#collect(server);
    }
  }

  #tick(server: Server): void {
    server.raft.tick(Math.floor(server.clockMs));
  }

  /** The longer the queue, the more at once, or messages would grow older than timeouts. */
  #deliverSome(): void {
    for (let count = 1 + this.#network.length / 10; count >= 1; count -= 1) this.#deliver();
  }

  #deliver(): void {
    if (this.#network.length === 0) return;
    const isReordered = this.chance(this.chaos.reordering);
    const at = isReordered ? this.below(this.#network.length) : 0;
    const message = this.#network[at] ?? fail('no message');
    if (!this.chance(this.chaos.repetition)) this.#network.splice(at, 1);
    if (this.chance(this.chaos.loss)) return;
    if (this.#cutLinks.has(`${message.from} ${message.to}`)) return;
    const server = this.#serverOf(message.to);
    this.counts.messages += 1;
    this.#tick(server);
    server.raft.step(message);
    this.#check(server);
    if (this.chance(0.8)) this.#collect(server);
  }

  #serverOf(id: NodeId): Server {
    return this.servers.find(({ nodeId }) => nodeId === id) ?? fail('no such server');
  }

  #propose(server: Server): void {
    const count = 1 + this.below(3);
    server.raft.propose(Array.from({ length: count }, () => bytes(this.below(60))));
    this.#check(server);
    if (this.chance(0.5)) this.#collect(server);
  }

  #read(server: Server): void {
    const id = this.#nextRequest;
    this.#nextRequest += 1;
    const confirm = this.chance(0.8);
    server.openReads.set(id, { committedAtStart: this.committedIndex, confirm });
    server.raft.readIndex(request(id), confirm);
    this.#collect(server);
  }

  #proposeConfiguration(server: Server): void {
    if (!this.chance(this.chaos.change)) return;
    const ids = this.servers.map(({ nodeId }) => nodeId).filter(() => this.chance(0.7));
    const learners = ids.filter(() => this.chance(0.3));
    const voters = ids.filter((id) => !learners.includes(id));
    if (voters.length === 0) return;
    const result = server.raft.proposeConfiguration({ voters, learners });
    if (result === 'appended') this.counts.changes += 1;
    this.#collect(server);
  }

  #resetLink(server: Server): void {
    const other = this.pick(this.servers);
    for (let at = this.#network.length - 1; at >= 0; at -= 1) {
      const { from, to } = this.#network[at] ?? fail('no message');
      const ends = [server.nodeId, other.nodeId];
      if (ends.includes(from) && ends.includes(to)) this.#network.splice(at, 1);
    }
    for (const [end, peer] of [
      [server, other],
      [other, server],
    ] as const) {
      if (this.chance(0.5)) end.raft.linkLost(peer.nodeId);
      else end.raft.linkReset(peer.nodeId);
    }
    this.#collect(server);
    this.#collect(other);
  }

  #partition(): void {
    this.#cutLinks.clear();
    if (this.chance(this.chaos.partition)) {
      const side = new Set(this.servers.filter(() => this.chance(0.5)).map(({ nodeId }) => nodeId));
      const isSymmetric = this.chance(0.7);
      for (const { nodeId: from } of this.servers) {
        for (const { nodeId: to } of this.servers) {
          const crosses = side.has(from) && !side.has(to);
          if (!crosses) continue;
          this.#cutLinks.add(`${from} ${to}`);
          if (isSymmetric) this.#cutLinks.add(`${to} ${from}`);
        }
      }
    }
  }

  /** What was being written is lost, or was just written; nobody was told either way. */
  #crash(server: Server): void {
    const record = server.writing?.record ?? null;
    if (record !== null && this.chance(0.5)) this.#write(server, record);
    if (this.chance(0.1)) server.appliedIndex = index(0);
    this.counts.crashes += 1;
    const { nodeId, disk, appliedIndex, clockMs } = server;
    server.raft = this.#makeRaft(nodeId, disk, appliedIndex, Math.floor(clockMs));
    server.before = summarize(server.raft);
    server.writing = null;
    server.openReads.clear();
    this.#checkLog(server);
    this.#collect(server);
  }

  #finishSomeWriting(): void {
    const writers = this.servers.filter(({ writing }) => writing !== null);
    if (writers.length > 0) this.#finishWriting(this.pick(writers));
  }

  #finishWriting(server: Server): void {
    const { writing } = server;
    if (writing === null || writing.record === null) return;
    server.writing = null;
    this.#write(server, writing.record);
    server.raft.recordDurable();
    for (const message of writing.messagesAfterRecord) this.#send(server, message);
    this.#check(server);
    if (this.chance(0.8)) this.#collect(server);
  }

  #write(server: Server, record: NonNullable<Ready['record']>): void {
    server.disk.write(record);
    const { term: ofTerm, votedFor } = server.disk.hardState;
    if (votedFor === null) return;
    const key = `${server.nodeId} ${ofTerm}`;
    const vote = this.#votes.get(key) ?? votedFor;
    if (vote !== votedFor) fail(`${server.nodeId} voted twice in term ${ofTerm}`);
    this.#votes.set(key, votedFor);
  }

  /** Takes what is ready: messages, a record to write, entries to apply, reads. */
  #collect(server: Server): void {
    this.#check(server);
    const ready = server.raft.ready();
    if (ready === null) return;
    for (const message of ready.messages) this.#send(server, message);
    if (ready.record === null) {
      if (ready.messagesAfterRecord.length > 0) fail('messages behind no record');
    } else {
      if (server.writing !== null) fail('two records in flight');
      server.writing = ready;
    }
    this.#apply(server, ready.committedEntries);
    for (const state of ready.readStates) this.#answer(server, state);
    this.#check(server);
  }

  #apply(server: Server, entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== server.appliedIndex + 1) fail('applied out of order');
      if (server.disk.entries[entry.index - 1] !== entry) fail('applied before it was durable');
      if (this.#committed[entry.index - 1] !== entry) fail('State Machine Safety');
      server.appliedIndex = entry.index;
    }
    if (entries.length > 0) server.raft.applied(server.appliedIndex);
  }

  #answer(server: Server, state: Ready['readStates'][number]): void {
    const read = server.openReads.get(state.requestId) ?? fail('an answer to no request');
    server.openReads.delete(state.requestId);
    if (state.type === 'failed') return;
    this.counts.reads += 1;
    if (read.confirm && state.index < read.committedAtStart) fail('a stale linearizable read');
  }

  #send(server: Server, message: Message): void {
    this.#checkPromise(server, message);
    if (this.#network.length < 400) this.#network.push(message);
  }

  /** Figure 2: what a message promises is on its sender's disk. */
  #checkPromise({ disk, raft }: Server, message: Message): void {
    const { hardState } = disk;
    if (message.type === 'request-vote' && hardState.term < message.term) {
      fail('a vote request before the term was durable');
    }
    if (message.type === 'request-vote-response' && message.voteGranted) {
      const isKept = hardState.term === message.term && hardState.votedFor === message.to;
      if (!isKept && hardState.term <= message.term) fail('a vote before it was durable');
    }
    if (message.type === 'append-entries-response' && message.term === raft.term) {
      if (hardState.term < message.term) fail('an answer before its term was durable');
      if (!message.success) return;
      const entry = disk.entries[message.matchIndex - 1] ?? null;
      if (entry !== raft.entryAt(message.matchIndex)) fail('acknowledged before it was durable');
    }
  }

  #check(server: Server): void {
    const { raft } = server;
    checkServer(raft);
    checkTransition(server.before, raft);
    const wasLeader = server.before.role === 'leader' && server.before.term === raft.term;
    const { commitIndex } = server.before;
    server.before = summarize(raft);
    this.#checkLog(server);
    if (raft.role === 'leader' && !wasLeader) this.#checkNewLeader(raft);
    for (let at = commitIndex + 1; at <= raft.commitIndex; at += 1) this.#checkCommit(raft, at);
  }

  /** Log Matching, by induction: one entry for each index and term, and one before it. */
  #checkLog(server: Server): void {
    const { raft, checkedLog } = server;
    let from = Math.min(checkedLog.length, raft.lastIndex);
    checkedLog.length = from;
    while (from > 0 && checkedLog[from - 1] !== raft.entryAt(index(from))) from -= 1;
    for (let at = from + 1; at <= raft.lastIndex; at += 1) {
      const entry = raft.entryAt(index(at)) ?? fail('a hole in the log');
      const previousTerm = raft.termAt(index(at - 1)) ?? 0;
      const key = `${at} ${entry.term}`;
      const known = this.#entries.get(key);
      if (known === undefined) this.#entries.set(key, { entry, previousTerm });
      else if (known.previousTerm !== previousTerm) fail('Log Matching: another past');
      else if (known.entry !== entry) fail('Log Matching: another entry');
      checkedLog[at - 1] = entry;
    }
  }

  /** Election Safety, and Leader Completeness. */
  #checkNewLeader(raft: Raft): void {
    this.counts.elections += 1;
    const known = this.#leaderByTerm.get(raft.term) ?? raft.nodeId;
    if (known !== raft.nodeId) fail('Election Safety: two leaders in a term');
    this.#leaderByTerm.set(raft.term, raft.nodeId);
    for (const entry of this.#committed) {
      if (raft.termAt(entry.index) !== entry.term) fail('Leader Completeness');
    }
  }

  #checkCommit(raft: Raft, at: number): void {
    const entry = raft.entryAt(index(at)) ?? fail('committed beyond the log');
    const known = this.#committed[at - 1];
    if (known !== undefined) {
      if (known.term !== entry.term) fail('State Machine Safety: two entries committed');
      return;
    }
    if (at !== this.#committed.length + 1) fail('committed with a hole');
    this.#committed.push(entry);
    this.counts.commits += 1;
    if (raft.role === 'leader' && at === raft.commitIndex)
      this.#checkCommittedIsDurable(raft, entry);
  }

  /** A committed entry is on the disks of a quorum of the configuration it was committed by. */
  #checkCommittedIsDurable(raft: Raft, entry: Entry): void {
    const configurations = [raft.configuration];
    for (let at = raft.lastIndex; at > 0; at = index(at - 1)) {
      const before = raft.entryAt(at);
      if (before?.type === 'configuration') configurations.push(before.configuration);
      if (configurations.length > 2) break;
    }
    const has = (id: NodeId): boolean =>
      this.#serverOf(id).disk.entries[entry.index - 1]?.term === entry.term;
    if (!configurations.some((of) => hasQuorum(of, has))) fail('committed, but not durable');
  }

  /** Heals everything, and demands that the world comes to rest, equal and up to date. */
  converge(): void {
    this.chaos = CALM;
    this.#cutLinks.clear();
    for (const server of this.servers) server.clockRate = 1;
    const deadlineMs = this.nowMs + 60_000;
    while (!this.#hasConverged()) {
      if (this.nowMs > deadlineMs) fail('no convergence');
      this.nowMs += 10;
      for (const server of this.servers) {
        server.clockMs += 10;
        this.#tick(server);
      }
      this.#settle();
    }
  }

  #settle(): void {
    let isBusy = true;
    for (let round = 0; isBusy; round += 1) {
      if (round > MAX_ROUNDS) fail('the servers never stop talking');
      isBusy = false;
      for (const server of this.servers) {
        this.#collect(server);
        if (server.writing !== null) {
          this.#finishWriting(server);
          isBusy = true;
        }
      }
      for (let count = this.#network.length; count > 0; count -= 1) {
        this.#deliver();
        isBusy = true;
      }
    }
  }

  /** One leader, its members equal and fully applied, a new command committed, no read open. */
  #hasConverged(): boolean {
    const leaders = this.servers.filter(({ raft }) => raft.role === 'leader');
    const [leader] = leaders;
    if (leader === undefined || leaders.length > 1) return false;
    const { raft } = leader;
    const { voters, outgoingVoters, learners } = raft.configuration;
    if (raft.termAt(raft.commitIndex) !== raft.term || outgoingVoters.length > 0) return false;
    const members = this.servers.filter(({ nodeId }) => [...voters, ...learners].includes(nodeId));
    return (
      members.every(
        (server) =>
          server.raft.lastIndex === raft.lastIndex &&
          server.appliedIndex === raft.lastIndex &&
          server.raft.leaderId === raft.nodeId,
      ) && this.servers.every(({ openReads }) => openReads.size === 0)
    );
  }
}
