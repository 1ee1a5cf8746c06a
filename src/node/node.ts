/**
 * The runtime: drives one Raft core through the four ports (ports.ts) and serves local callers.
 *
 * Everything is an input (a message, a link, a timer, a finished write or apply, a caller's request)
 * that is stepped at once; then, once a turn, `#pump` carries out what the core has made ready.
 * Waiting for the end of the turn lets requests that arrive together share one log record and one
 * AppendEntries. While a record is being written the next one collects (group commit), and nothing
 * else waits for it: heartbeats and reads go on beside a slow disk.
 *
 * Failing storage, a failing state machine and a broken invariant stop the node for good: it must
 * not vote or acknowledge on what it cannot be sure of (fail-stop). A new incarnation starts from
 * what is on disk.
 */

import { Raft, type Ready } from '../raft/raft.ts';
import type { Entry, LogIndex, NodeId } from '../raft/types.ts';
import type { Message } from '../raft/messages.ts';
import type { AdministrationOutcome } from './administration.ts';
import { Announcements } from './announcements.ts';
import { coreStatus } from './core-status.ts';
import { EXECUTE_OVERHEAD_BYTES, type CommandOutcome } from './command.ts';
import { failure, type Failure } from './errors.ts';
import { RUNTIME_LIMITS, type RuntimeLimits } from './limits.ts';
import { Machine } from './machine.ts';
import { Membership } from './membership.ts';
import type { Administration, NodeMessage, Proposal, Propose } from './messages.ts';
import type { ApplyOutcome, LoadedLog, NodePorts } from './ports.ts';
import type { KnownLeader } from './patience.ts';
import { Proposals } from './proposals.ts';
import { Quarantine } from './quarantine.ts';
import { Reads, type ReadIndexOutcome } from './reads.ts';
import { SnapshotExchange } from './snapshot-exchange.ts';
import { StateChecks } from './state-check.ts';
import type { NodeStatus } from './status.ts';
import { SteadyTime } from './steady-time.ts';
import { WakeTimer } from './wake-timer.ts';
import { Writes, type ExecuteOutcome } from './writes.ts';

export interface NodeOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly loaded: LoadedLog;
  /**
   * The state machine's, when it was opened. Where it is behind the log's snapshot, its state is lost:
   * the node asks for a snapshot.
   */
  readonly appliedIndex: LogIndex;
  /** The state machine's, when it was opened (StateMachine.quarantine). */
  readonly quarantined: boolean;
  /** Members to ask for admission while this node is in no configuration. */
  readonly contacts: readonly NodeId[];
  /** The browser profile this node lives in: what is lost together. At most 64 ASCII characters. */
  readonly profileId: string;
  readonly ports: NodePorts;
  /** Called once, when the node stops by itself. */
  readonly onStopped: (code: StopCode, reason: string) => void;
  /** The configuration's members changed (they are the dial hints of the next start). */
  readonly onMembers?: (members: readonly NodeId[]) => void;
  /** Intervals and bounds; other than production's in simulations only. */
  readonly limits?: RuntimeLimits;
}

export type StopCode = 'StorageLost' | 'Internal' | 'Closed' | 'Removed';

/** What the runtime can tell of itself; its adapters are told of by whoever opened them. */
export type RuntimeStatus = Omit<NodeStatus, 'storage' | 'transport'>;

const READ_ID_BOUND = 2 ** 32;

export class Node {
  readonly raft: Raft;
  readonly #options: NodeOptions;
  readonly #ports: NodePorts;
  readonly #limits: RuntimeLimits;
  readonly #time: SteadyTime;
  readonly #writes: Writes;
  readonly #reads: Reads;
  readonly #proposals: Proposals;
  readonly #machine: Machine;
  readonly #snapshots: SnapshotExchange;
  readonly #stateChecks: StateChecks;
  readonly #quarantine: Quarantine;
  readonly #membership: Membership;
  readonly #announcements: Announcements;
  readonly #connected = new Set<NodeId>();
  #peers: readonly NodeId[] = [];
  #stopped: { readonly code: StopCode; readonly reason: string } | null = null;
  #pumpScheduled = false;
  readonly #timer: WakeTimer;
  #leaderChanges = 0;
  #lastLeaderTerm = 0;

  constructor(options: NodeOptions) {
    const { clock } = options.ports;
    const { loaded, limits = RUNTIME_LIMITS } = options;
    this.#options = options;
    this.#limits = limits;
    this.#ports = options.ports;
    this.#time = new SteadyTime(clock);
    this.#timer = new WakeTimer(clock, () => this.#input(() => undefined));
    const nowMs = this.#time.now();
    const isLost = options.appliedIndex < (loaded.snapshot?.index ?? 0);
    const random = (bound: number): number => clock.random(bound);
    this.raft = new Raft({
      nodeId: options.nodeId,
      hardState: loaded.hardState,
      snapshot: loaded.snapshot,
      entries: loaded.entries,
      appliedIndex: isLost ? null : options.appliedIndex,
      nowMs,
      random,
      limits: limits.raft,
    });
    if (options.quarantined) this.raft.suspendApply();
    this.#writes = new Writes({ propose: (proposal) => this.#route(proposal), random }, nowMs);
    // The upper half of the id tells incarnations apart; the lower half counts.
    const firstReadId = clock.random(2 ** 20) * READ_ID_BOUND + 1;
    this.#reads = new Reads((id, confirm) => this.raft.readIndex(id, confirm), firstReadId, nowMs);
    const send = (message: NodeMessage): void => this.#ports.transport.send(message);
    this.#announcements = new Announcements(this.raft, nowMs, () => clock.wallClock(), send);
    const hearsay = this.#announcements;
    const member = { ...options, raft: this.raft, limits, hearsay, nowMs, send };
    this.#membership = new Membership({ ...member, firstRequestId: firstReadId });
    const stampMs = (atMs: number): number => this.#announcements.stampMs(atMs);
    this.#proposals = new Proposals(this.raft, stampMs, random);
    this.#proposals.noteSnapshot(loaded.snapshot);
    this.#proposals.noteEntries(loaded.entries);
    this.#machine = this.#newMachine(limits);
    if (this.#machine.isQuarantined) this.#announcements.setQuarantined(true, nowMs);
    this.#snapshots = this.#newSnapshots(limits);
    this.#stateChecks = this.#newStateChecks(limits);
    this.#quarantine = new Quarantine({
      raft: this.raft,
      intervalMs: limits.snapshotResendMs,
      send,
      isQuarantined: (member) => this.#announcements.isQuarantined(member),
      onHopeless: () => this.stop('StorageLost', 'the database is lost, and nobody else has it'),
    });
  }

  #newMachine(limits: RuntimeLimits): Machine {
    return new Machine({
      raft: this.raft,
      stateMachine: this.#ports.stateMachine,
      limits,
      lastStampMs: () => this.#proposals.lastStampMs,
      heldFrom: () => this.#snapshots.heldFrom(this.#connected),
      releaseLog: () => this.#snapshots.abort(),
      onApplied: (entries, outcome) => this.#onApplied(entries, outcome),
      onRestored: () => {
        this.#writes.onSnapshotInstalled();
        this.#stateChecks.onRestored();
        this.#announcements.setQuarantined(false, this.#time.now());
      },
      onFailed: (reason) => this.stop('StorageLost', `the database failed: ${reason}`),
      input: (step) => this.#input(step),
    });
  }

  #newSnapshots(limits: RuntimeLimits): SnapshotExchange {
    return new SnapshotExchange({
      raft: this.raft,
      stateMachine: this.#ports.stateMachine,
      limits,
      lastStampMs: () => this.#proposals.lastStampMs,
      isTrusted: () => !this.#machine.isQuarantined,
      isMachineIdle: () => this.#machine.isIdle,
      send: (message) => this.#ports.transport.send(message),
      onFailed: (reason) => this.stop('StorageLost', `the database failed: ${reason}`),
      input: (step) => this.#input(step),
    });
  }

  #newStateChecks(limits: RuntimeLimits): StateChecks {
    return new StateChecks({
      raft: this.raft,
      intervalMs: limits.stateCheckIntervalMs,
      send: (message) => this.#ports.transport.send(message),
      propose: (nowMs) => this.#proposals.checkState(nowMs),
      onDeviant: () => this.#enterQuarantine(),
      onDiverged: () => {
        this.#proposals.isHalted = true;
      },
    });
  }

  /** Begins to take part. */
  start(): void {
    this.#input(() => undefined);
  }

  get stopped(): { readonly code: StopCode; readonly reason: string } | null {
    return this.#stopped;
  }

  /** A message from an authenticated peer. */
  receive(message: NodeMessage): void {
    this.#input((nowMs) => {
      if (message.to !== this.raft.nodeId) return;
      this.#announcements.onContact(message.from, nowMs);
      this.#membership.onHeard(message, nowMs);
      this.#dispatch(message, nowMs);
    });
  }

  linkChanged(peer: NodeId, connected: boolean): void {
    this.#input((nowMs) => {
      if (connected) {
        this.#connected.add(peer);
        this.raft.linkReset(peer);
        this.#announcements.announceSoon(nowMs);
        this.#membership.linkUp(nowMs);
      } else {
        this.#connected.delete(peer);
        this.raft.linkLost(peer);
      }
    });
  }

  /** A write; `body` is the state machine's. `done` is called once. */
  execute(
    body: Uint8Array,
    timeoutMs: number | null,
    done: (outcome: ExecuteOutcome) => void,
  ): void {
    if (this.#refuse(done)) return;
    const { maxEntryBytes } = this.#limits.raft;
    if (body.length + EXECUTE_OVERHEAD_BYTES > maxEntryBytes) {
      const reason = `${body.length} bytes do not fit into a log entry of ${maxEntryBytes}`;
      done({ type: 'failed', failure: failure('TooLarge', 'no', reason) });
      return;
    }
    this.#input((nowMs) => this.#writes.execute(body, timeoutMs, nowMs, done));
  }

  /**
   * The index a read has to wait for: 'linearizable' after a majority confirmed the leader, 'weak'
   * from what the leader believes.
   */
  readIndex(
    level: 'weak' | 'linearizable',
    timeoutMs: number | null,
    done: (outcome: ReadIndexOutcome) => void,
  ): void {
    if (this.#refuse(done)) return;
    this.#input((nowMs) => this.#reads.read(level === 'linearizable', timeoutMs, nowMs, done));
  }

  /** What an operator asks of the cluster, also through a node that serves nothing else. */
  administer(
    administration: Administration,
    timeoutMs: number | null,
    done: (outcome: AdministrationOutcome) => void,
  ): void {
    if (this.#stopped !== null && this.#refuse(done)) return;
    this.#input((nowMs) => this.#membership.administer(administration, timeoutMs, nowMs, done));
  }

  /** For the other members' display. */
  setVisible(visible: boolean): void {
    this.#input((nowMs) => this.#announcements.setVisible(visible, nowMs));
  }

  status(): RuntimeStatus {
    return {
      ...coreStatus(this.raft, this.#connected),
      clusterId: this.#options.clusterId,
      state: this.#stopped ? 'stopped' : this.#membership.belongs ? 'running' : 'joining',
      stoppedReason: this.#stopped?.reason ?? null,
      members: this.#announcements.members(this.#connected, this.#time.now()),
      quarantined: this.#machine.isQuarantined,
      counters: {
        compactions: this.#machine.compactions,
        snapshotsInstalled: this.#machine.restores,
        snapshotChunksSent: this.#snapshots.chunksSent,
        stateChecksAgreed: this.#stateChecks.agreed,
        sleeps: this.#time.sleeps,
        leaderChanges: this.#leaderChanges,
        resends: this.#writes.resends,
        pendingWrites: this.#writes.pending,
        pendingReads: this.#reads.pending,
      },
    };
  }

  /** Ends this incarnation. Requests never handed to a leader fail with 'no', others 'unknown'. */
  stop(code: StopCode, reason: string): void {
    if (this.#stopped) return;
    this.#stopped = { code, reason };
    this.#timer.cancel();
    this.#writes.stop(code, reason);
    this.#reads.stop(code, reason);
    this.#membership.stop(code, reason);
    this.#options.onStopped(code, reason);
  }

  #refuse(done: (outcome: { type: 'failed'; failure: Failure }) => void): boolean {
    if (this.#stopped !== null) {
      const { code, reason } = this.#stopped;
      done({ type: 'failed', failure: failure(code, 'no', reason) });
    } else if (this.#machine.isQuarantined) {
      const reason = "this node's data is lost or wrong; it is being replaced by the others'";
      done({ type: 'failed', failure: failure('Quarantined', 'no', reason) });
    } else if (this.#proposals.isHalted) {
      const reason = "the nodes' data differ, and no majority agrees";
      done({ type: 'failed', failure: failure('Diverged', 'no', reason) });
    } else return false;
    return true;
  }

  /** Every input passes here: time first, then the input, then the turn's work is scheduled. */
  #input(step: (nowMs: number) => void): void {
    if (this.#stopped) return;
    try {
      const nowMs = this.#time.now();
      this.raft.tick(nowMs);
      step(nowMs);
    } catch (error) {
      this.#broken(error);
      return;
    }
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    this.#ports.clock.setTimer(0, () => {
      this.#pumpScheduled = false;
      if (this.#stopped) return;
      try {
        this.#pump();
      } catch (error) {
        this.#broken(error);
      }
    });
  }

  #broken(error: unknown): void {
    const reason =
      error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
    this.stop('Internal', reason);
  }

  #dispatch(message: NodeMessage, nowMs: number): void {
    switch (message.type) {
      case 'propose':
        this.#onPropose(message, nowMs);
        return;
      case 'propose-refused':
        if (message.reason !== 'not-leader') this.#writes.onRefused(nowMs);
        return;
      case 'announce':
        this.#announcements.onAnnounce(message, nowMs);
        return;
      case 'install-snapshot':
        this.#snapshots.onChunk(message);
        return;
      case 'install-snapshot-response':
        this.#snapshots.onResponse(message, nowMs);
        return;
      case 'snapshot-request':
        this.#snapshots.onRequest(message);
        return;
      case 'state-hash':
        this.#stateChecks.onStateHash(message);
        return;
      case 'join-request':
      case 'join-response':
      case 'removed':
      case 'administration-request':
      case 'administration-response':
        this.#membership.receive(message, nowMs);
        return;
      default:
        this.raft.step(message satisfies Message);
    }
  }

  /** Carries out one turn's work. */
  #pump(): void {
    const nowMs = this.#time.now();
    this.raft.tick(nowMs);
    this.#membership.check(nowMs);
    this.#announcements.check(nowMs, this.#connected);
    this.#writes.check(nowMs);
    this.#reads.check(nowMs);
    this.#stateChecks.check(nowMs);
    if (this.#machine.isQuarantined) this.#quarantine.check(nowMs, this.#connected);
    this.#machine.check(nowMs);
    this.#snapshots.install();
    const leader = this.#leader();
    this.#writes.flush(leader, nowMs);
    this.#reads.flush(leader, nowMs);
    for (let ready = this.raft.ready(); ready !== null; ready = this.raft.ready()) {
      this.#carryOut(ready, nowMs);
      if (this.#stopped) return;
    }
    this.#snapshots.check(nowMs, this.#connected);
    if (this.#membership.isRemoved) {
      this.stop('Removed', 'this node was removed from the cluster');
      return;
    }
    this.#updatePeers();
    this.#armTimer(nowMs);
  }

  #carryOut(ready: Ready, nowMs: number): void {
    const { logStore, transport } = this.#ports;
    if (ready.record !== null) {
      this.#proposals.noteSnapshot(ready.record.snapshot);
      this.#proposals.noteEntries(ready.record.entries);
      logStore.append(ready.record, (error) => {
        if (error !== null) this.stop('StorageLost', `the log could not be written: ${error}`);
        this.#input(() => {
          for (const message of ready.messagesAfterRecord) transport.send(message);
          this.raft.recordDurable();
        });
      });
    }
    for (const message of ready.messages) transport.send(message);
    if (ready.committedEntries.length > 0) this.#machine.apply(ready.committedEntries);
    if (ready.snapshot !== null) this.#machine.restore(ready.snapshot);
    for (const state of ready.readStates) this.#reads.onReadState(state, nowMs);
  }

  #onApplied(entries: readonly Entry[], outcome: ApplyOutcome & { type: 'applied' }): void {
    const commands = entries.filter((entry) => entry.type === 'command');
    if (commands.length !== outcome.outcomes.length) {
      throw new Error(`${outcome.outcomes.length} outcomes for ${commands.length} commands`);
    }
    const nowMs = this.#time.now();
    for (const [i, entry] of commands.entries()) {
      const result: CommandOutcome | undefined = outcome.outcomes[i];
      if (result?.type === 'checked') this.#stateChecks.onChecked(entry.index, result.hash);
      else if (result !== undefined) this.#writes.onOutcome(result, entry.index, entry.term, nowMs);
    }
  }

  /** A deviant leader steps down first. */
  #enterQuarantine(): void {
    this.raft.resign();
    this.#machine.quarantine();
    this.#announcements.setQuarantined(true, this.#time.now());
    this.#snapshots.abort();
  }

  #leader(): KnownLeader | null {
    const { leaderId, term } = this.raft;
    if (leaderId === null) return null;
    if (term !== this.#lastLeaderTerm) {
      this.#lastLeaderTerm = term;
      this.#leaderChanges += 1;
    }
    return { id: leaderId, term };
  }

  /** Hands a proposal of this node's own callers to the leader; false: not taken now. */
  #route(proposal: Proposal): boolean {
    const { leaderId, nodeId } = this.raft;
    if (leaderId === nodeId) return this.#proposals.take(proposal, this.#time.now()) === 'taken';
    if (leaderId === null || !this.#connected.has(leaderId)) return false;
    this.#ports.transport.send({ type: 'propose', from: nodeId, to: leaderId, proposal });
    return true;
  }

  #onPropose(message: Propose, nowMs: number): void {
    const verdict = this.#proposals.take(message.proposal, nowMs);
    if (verdict === 'taken') return;
    const { nodeId: from } = this.raft;
    const refusal = { type: 'propose-refused', from, to: message.from, reason: verdict } as const;
    this.#ports.transport.send(refusal);
  }

  #updatePeers(): void {
    const peers = this.#membership.peers();
    if (peers === this.#peers) return;
    this.#peers = peers;
    this.#ports.transport.setPeers(peers);
    this.#options.onMembers?.([this.raft.nodeId, ...peers].toSorted());
  }

  #armTimer(nowMs: number): void {
    const deadlineMs = Math.min(
      this.raft.nextDeadlineMs(),
      this.#membership.nextDeadlineMs(),
      this.#announcements.nextDeadlineMs(),
      this.#writes.nextDeadlineMs(),
      this.#reads.nextDeadlineMs(),
      this.#machine.nextDeadlineMs(),
      this.#snapshots.nextDeadlineMs(),
      this.#stateChecks.nextDeadlineMs(),
    );
    this.#timer.arm(deadlineMs, nowMs);
  }
}
