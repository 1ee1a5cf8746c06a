/**
 * A seeded world of bare cores: a network that loses, repeats and reorders, disks that take time and
 * lose what was not durable when their server crashes, links that fail, state machines that take
 * time, forget and go wrong. The world also plays the runtime: it compacts, sends snapshots and
 * hands the leadership over. After every event the safety properties are checked over all servers
 * (`safety.ts`). The same seed is the same history.
 */

import { configurationOf } from '../../src/raft/configuration.ts';
import type { InstallSnapshot, Message } from '../../src/raft/messages.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/raft.ts';
import type { LogIndex, NodeId } from '../../src/raft/types.ts';
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
import { Safety, fail } from './safety.ts';
import { Network } from './world-network.ts';
import type { NetworkChaos } from './world-network.ts';
import { WorldServer } from './world-server.ts';

export interface Chaos extends NetworkChaos {
  readonly crash: number;
  readonly partition: number;
  readonly change: number;
  readonly compaction: number;
  readonly transfer: number;
  /** State machines that go wrong, always fewer than half of them. */
  readonly suspension: number;
}

const CALM: Chaos = {
  loss: 0,
  repetition: 0,
  reordering: 0,
  crash: 0,
  partition: 0,
  change: 0,
  compaction: 0,
  transfer: 0,
  suspension: 0,
};

const MAX_ROUNDS = 10_000;

export const NO_COUNTS = {
  commits: 0,
  elections: 0,
  reads: 0,
  changes: 0,
  crashes: 0,
  messages: 0,
  compactions: 0,
  installs: 0,
  interruptions: 0,
  transfers: 0,
  suspensions: 0,
};

export class World {
  readonly servers: WorldServer[];
  readonly random: () => number;
  chaos: Chaos;
  nowMs = 0;
  /** How often what happened; a world in which nothing happens checks nothing. */
  readonly counts = { ...NO_COUNTS };
  readonly #network: Network;
  readonly #safety = new Safety((id) => this.#serverOf(id), this.counts);
  #nextRequest = 1;
  readonly #maxAppendEntries: number;

  /** The first `founders` of `ids` begin as voters; the others have empty logs. */
  constructor(seed: number, ids: readonly NodeId[], founders: number, chaos: Chaos) {
    this.random = seededRandom(seed);
    this.#network = new Network(this.random);
    this.chaos = chaos;
    this.#maxAppendEntries = 1 + this.below(4);
    const founding = configurationOf({ voters: ids.slice(0, founders), learners: [] });
    const first = configurationEntry(1, 1, founding);
    this.servers = ids.map((id) => {
      const disk = new Disk();
      if (founding.voters.includes(id)) {
        disk.hardState = { term: term(1), votedFor: null };
        disk.entries = [first];
      }
      return new WorldServer(disk, this.#makeRaft(id, disk, index(0), 0));
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

  #makeRaft(nodeId: NodeId, disk: Disk, appliedIndex: LogIndex | null, nowMs: number): Raft {
    return new Raft({
      nodeId,
      hardState: disk.hardState,
      snapshot: disk.snapshot,
      entries: disk.entries,
      appliedIndex,
      nowMs,
      random: (bound) => this.below(bound),
      limits: {
        ...LIMITS,
        heartbeatIntervalMs: 40,
        commitDelayMs: 7,
        spareDelayMs: 9,
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
    if (dice < 0.4 && this.#network.size > 0) this.#deliverSome();
    else if (dice < 0.54) this.#passTime();
    else if (dice < 0.68) this.#finishSomeWriting();
    else if (dice < 0.75) this.#finishStateWork(this.pick(this.servers));
    else if (dice < 0.85) this.#propose(server);
    else if (dice < 0.9) this.#read(server);
    else if (dice < 0.92) this.#proposeConfiguration(server);
    else if (dice < 0.925) this.#resetLink(server);
    else if (dice < 0.9265) this.#partition();
    else if (dice < 0.928) server.clockRate = this.pick([0, 0.1, 1, 1, 1, 2]);
    else if (dice < 0.94) this.#compact(this.pick(this.servers));
    else if (dice < 0.95) this.#sendSnapshots(server);
    else if (dice < 0.955) this.#transfer(server);
    else if (dice < 0.956) this.#suspend(this.pick(this.servers));
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

  #tick(server: WorldServer): void {
    server.raft.tick(Math.floor(server.clockMs));
  }

  /** The longer the queue, the more at once, or messages would grow older than timeouts. */
  #deliverSome(): void {
    for (let count = 1 + this.#network.size / 10; count >= 1; count -= 1) this.#deliver();
  }

  #deliver(): void {
    const message = this.#network.take(this.chaos);
    if (message === null) return;
    const server = this.#serverOf(message.to);
    this.counts.messages += 1;
    this.#tick(server);
    server.raft.step(message);
    if (message.type === 'install-snapshot') this.#stage(server, message);
    this.#check(server);
    if (this.chance(0.8)) this.#collect(server);
  }

  #serverOf(id: NodeId): WorldServer {
    return this.servers.find(({ nodeId }) => nodeId === id) ?? fail('no such server');
  }

  #propose(server: WorldServer): void {
    const count = 1 + this.below(3);
    const isTransferring = server.raft.transferTarget !== null;
    const result = server.raft.propose(Array.from({ length: count }, () => bytes(this.below(60))));
    if (isTransferring && result.type === 'appended') fail('appended while handing over');
    this.#check(server);
    if (this.chance(0.5)) this.#collect(server);
  }

  #read(server: WorldServer): void {
    const id = this.#nextRequest;
    this.#nextRequest += 1;
    const confirm = this.chance(0.8);
    server.openReads.set(id, { committedAtStart: this.#safety.committedIndex, confirm });
    server.raft.readIndex(request(id), confirm);
    this.#collect(server);
  }

  #proposeConfiguration(server: WorldServer): void {
    if (!this.chance(this.chaos.change)) return;
    const ids = this.servers.map(({ nodeId }) => nodeId).filter(() => this.chance(0.7));
    const learners = ids.filter(() => this.chance(0.3));
    const voters = ids.filter((id) => !learners.includes(id));
    if (voters.length === 0) return;
    const result = server.raft.proposeConfiguration({ voters, learners });
    if (result === 'appended') this.counts.changes += 1;
    this.#collect(server);
  }

  #transfer(server: WorldServer): void {
    if (!this.chance(this.chaos.transfer)) return;
    const outcome = server.raft.transferLeadership(this.pick(this.servers).nodeId);
    if (outcome === 'started') this.counts.transfers += 1;
    this.#collect(server);
  }

  #compact(server: WorldServer): void {
    if (!this.chance(this.chaos.compaction)) return;
    const { raft, machine } = server;
    const baseIndex = raft.firstIndex - 1;
    if (machine.isSpoilt || machine.appliedIndex <= baseIndex) return;
    const at = index(baseIndex + 1 + this.below(machine.appliedIndex - baseIndex));
    if (raft.compact(at, machine.checkpoint())) this.counts.compactions += 1;
    this.#collect(server);
  }

  /** A leader's state as it is now, to everybody who needs one. */
  #sendSnapshots(server: WorldServer): void {
    const { raft, machine, nodeId } = server;
    if (raft.role !== 'leader' || machine.isSpoilt) return;
    const described = raft.describeSnapshot(machine.appliedIndex);
    if (described === null) return;
    for (const peer of this.servers) {
      const isAsking = peer.raft.isApplySuspended && peer !== server;
      if (raft.progress(peer.nodeId)?.state !== 'snapshot' && !isAsking) continue;
      this.#send(server, {
        type: 'install-snapshot',
        from: nodeId,
        to: peer.nodeId,
        term: raft.term,
        lastIncludedIndex: described.index,
        lastIncludedTerm: described.term,
        configuration: described.configuration,
        stampMs: 0,
        sizeBytes: 0,
        hash: machine.state.hash,
        offset: 0,
        data: bytes(0),
      });
    }
  }

  /** A snapshot of one chunk has come. */
  #stage(server: WorldServer, message: InstallSnapshot): void {
    const { raft, machine } = server;
    const { lastIncludedIndex, lastIncludedTerm, configuration, hash } = message;
    if (message.term !== raft.term || raft.isRestoring) return;
    if (!raft.isSnapshotNews(lastIncludedIndex)) return;
    server.staged = {
      index: lastIncludedIndex,
      term: lastIncludedTerm,
      configuration,
      state: machine.stage({ appliedIndex: lastIncludedIndex, hash }),
    };
  }

  /** Entries are applied, one that came is installed, or is restored if the server lives that long. */
  #finishStateWork(server: WorldServer): void {
    const { raft, machine, staged } = server;
    if (server.applying.length > 0) this.#finishApplying(server);
    else if (server.restoring !== null) {
      if (this.chance(this.chaos.crash * 5)) return this.#crash(server);
      const { restoring } = server;
      server.restoring = null;
      if (server.disk.snapshot !== restoring) fail('restored before it was durable');
      machine.restore(restoring);
      raft.restored();
    } else if (staged !== null && !raft.isStateMachineBusy) {
      server.staged = null;
      const isNews = raft.isSnapshotNews(staged.index);
      if (raft.installSnapshot(staged) !== isNews) fail('news is installed');
      if (isNews) this.counts.installs += 1;
    } else return;
    this.#checkState(server);
    this.#collect(server);
  }

  #finishApplying(server: WorldServer): void {
    const { applying, machine, raft } = server;
    server.applying = [];
    machine.apply(applying);
    raft.applied(machine.appliedIndex);
  }

  /** Paper section 7: however a server came by it, its state is that of the committed log. */
  #checkState({ machine, raft }: WorldServer): void {
    if (raft.isApplySuspended) return;
    if (machine.appliedIndex !== raft.appliedIndex) fail('the core knows another applied index');
    const { hash } = this.#safety.stateAt(machine.appliedIndex);
    if (machine.state.hash !== hash) fail('State Machine Safety: another state');
  }

  /** A state machine is found wrong. A majority's never are, or the state could be nowhere. */
  #suspend(server: WorldServer): void {
    if (!this.chance(this.chaos.suspension) || server.machine.isSpoilt) return;
    const others = this.servers.filter(({ machine }) => machine.isSpoilt).length;
    if (2 * (others + 1) >= this.servers.length) return;
    this.counts.suspensions += 1;
    server.machine.spoil();
    if (this.chance(0.5)) this.#crash(server);
    else server.raft.suspendApply();
    this.#collect(server);
  }

  #resetLink(server: WorldServer): void {
    const other = this.pick(this.servers);
    this.#network.dropBetween(server.nodeId, other.nodeId);
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
    this.#network.heal();
    if (!this.chance(this.chaos.partition)) return;
    const ids = this.servers.map(({ nodeId }) => nodeId);
    const side = ids.filter(() => this.chance(0.5));
    const rest = ids.filter((id) => !side.includes(id));
    this.#network.partition(side, rest, this.chance(0.7));
  }

  /** What was being written or applied is lost, or was just done; nobody was told either way. */
  #crash(server: WorldServer): void {
    const record = server.writing?.record ?? null;
    if (record !== null && this.chance(0.5)) this.#write(server, record);
    if (this.chance(0.5)) server.machine.apply(server.applying);
    this.counts.crashes += 1;
    if (server.raft.isRestoring) this.counts.interruptions += 1;
    const { nodeId, disk, machine, clockMs } = server;
    machine.reopen(disk.snapshot, this.chance(0.1));
    const appliedIndex = machine.isSpoilt ? null : machine.appliedIndex;
    server.restart(this.#makeRaft(nodeId, disk, appliedIndex, Math.floor(clockMs)));
    this.#safety.checkLog(server);
    this.#checkState(server);
    this.#collect(server);
  }

  #finishSomeWriting(): void {
    const writers = this.servers.filter(({ writing }) => writing !== null);
    if (writers.length > 0) this.#finishWriting(this.pick(writers));
  }

  #finishWriting(server: WorldServer): void {
    const { writing } = server;
    if (writing === null || writing.record === null) return;
    server.writing = null;
    this.#write(server, writing.record);
    server.raft.recordDurable();
    for (const message of writing.messagesAfterRecord) this.#send(server, message);
    this.#check(server);
    if (this.chance(0.8)) this.#collect(server);
  }

  #write(server: WorldServer, record: NonNullable<Ready['record']>): void {
    server.disk.write(record);
    this.#safety.checkVote(server);
  }

  /** Takes what is ready: messages, a record to write, entries to apply, reads. */
  #collect(server: WorldServer): void {
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
    this.#takeStateWork(server, ready);
    for (const state of ready.readStates) this.#answer(server, state);
    this.#check(server);
  }

  #takeStateWork(server: WorldServer, { committedEntries, snapshot }: Ready): void {
    const isIdle = server.applying.length === 0 && server.restoring === null;
    if (!isIdle && (committedEntries.length > 0 || snapshot !== null)) fail('two things at once');
    if (snapshot !== null && committedEntries.length > 0) fail('entries beside a snapshot');
    if (snapshot !== null) server.restoring = snapshot;
    if (committedEntries.length === 0) return;
    this.#safety.checkHandedOut(server, committedEntries);
    server.applying = committedEntries;
    if (!this.chance(0.7)) return;
    this.#finishApplying(server);
    this.#checkState(server);
  }

  #answer(server: WorldServer, state: Ready['readStates'][number]): void {
    const read = server.openReads.get(state.requestId) ?? fail('an answer to no request');
    server.openReads.delete(state.requestId);
    if (state.type === 'failed') return;
    this.counts.reads += 1;
    if (read.confirm && state.index < read.committedAtStart) fail('a stale linearizable read');
  }

  #send(server: WorldServer, message: Message): void {
    this.#safety.checkPromise(server, message);
    this.#network.send(message);
  }

  #check(server: WorldServer): void {
    this.#safety.check(server);
  }

  /** Heals everything, and demands that the world comes to rest, equal and up to date. */
  converge(): void {
    this.chaos = CALM;
    this.#network.heal();
    for (const server of this.servers) server.clockRate = 1;
    const deadlineMs = this.nowMs + 60_000;
    while (!this.#hasConverged()) {
      if (this.nowMs > deadlineMs) fail('no convergence');
      this.nowMs += 10;
      for (const server of this.servers) {
        server.clockMs += 10;
        this.#tick(server);
        this.#handOver(server);
        this.#sendSnapshots(server);
      }
      this.#settle();
    }
  }

  /** A leader that applies nothing cannot be healed while it leads. */
  #handOver({ raft }: WorldServer): void {
    if (raft.role !== 'leader' || !raft.isApplySuspended) return;
    const sound = this.servers.filter((one) => !one.machine.isSpoilt);
    raft.transferLeadership(this.pick(sound).nodeId);
  }

  #settle(): void {
    let isBusy = true;
    for (let round = 0; isBusy; round += 1) {
      if (round > MAX_ROUNDS) fail('the servers never stop talking');
      isBusy = false;
      for (const server of this.servers) {
        this.#collect(server);
        if (server.isStateWorkDue) {
          this.#finishStateWork(server);
          isBusy = true;
        }
        if (server.writing !== null) {
          this.#finishWriting(server);
          isBusy = true;
        }
      }
      for (let count = this.#network.size; count > 0; count -= 1) {
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
          server.raft.appliedIndex === raft.lastIndex &&
          !server.raft.isApplySuspended &&
          server.raft.leaderId === raft.nodeId,
      ) && this.servers.every(({ openReads }) => openReads.size === 0)
    );
  }
}
