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
import type { RaftLimits } from '../raft/limits.ts';
import type { Entry, LogIndex, NodeId } from '../raft/types.ts';
import type { Message } from '../raft/messages.ts';
import { Announcements } from './announcements.ts';
import { encodeCommand, SEED_BYTES, stampOf, type CommandOutcome } from './command.ts';
import { failure, type Failure } from './errors.ts';
import { Intake } from './intake.ts';
import { RAFT_LIMITS } from './limits.ts';
import { Membership } from './membership.ts';
import type { NodeMessage, Proposal, Propose } from './messages.ts';
import type { ApplyOutcome, Clock, LoadedLog, LogStore, StateMachine, Transport } from './ports.ts';
import type { KnownLeader } from './patience.ts';
import { Reads, type ReadIndexOutcome } from './reads.ts';
import type { NodeStatus } from './status.ts';
import { Writes, type ExecuteOutcome } from './writes.ts';

export interface NodePorts {
  readonly logStore: LogStore;
  readonly stateMachine: StateMachine;
  readonly transport: Transport;
  readonly clock: Clock;
}

export interface NodeOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly loaded: LoadedLog;
  /** The state machine's, when it was opened. */
  readonly appliedIndex: LogIndex;
  /** Members to ask for admission while this node is in no configuration. */
  readonly contacts: readonly NodeId[];
  readonly ports: NodePorts;
  /** Called once, when the node stops by itself. */
  readonly onStopped: (code: StopCode, reason: string) => void;
  /** The configuration's members changed (they are the dial hints of the next start). */
  readonly onMembers?: (members: readonly NodeId[]) => void;
  /** The core's intervals and bounds; other than production's in simulations only. */
  readonly raftLimits?: RaftLimits;
}

export type StopCode = 'StorageLost' | 'Internal' | 'Closed';

/** What the runtime can tell of itself; its adapters are told of by whoever opened them. */
export type RuntimeStatus = Omit<NodeStatus, 'storage' | 'transport'>;

const SEED_WORD_BOUND = 2 ** 32;
const READ_ID_BOUND = 2 ** 32;

export class Node {
  readonly raft: Raft;
  readonly #options: NodeOptions;
  readonly #ports: NodePorts;
  readonly #writes: Writes;
  readonly #reads: Reads;
  readonly #intake = new Intake();
  readonly #membership: Membership;
  readonly #announcements: Announcements;
  readonly #connected = new Set<NodeId>();
  #peers: readonly NodeId[] = [];
  #lastStampMs = 0;
  #stopped: { readonly code: StopCode; readonly reason: string } | null = null;
  #pumpScheduled = false;
  #timerAtMs = Infinity;
  #cancelTimer: () => void = () => undefined;
  #leaderChanges = 0;
  #lastLeaderTerm = 0;

  constructor(options: NodeOptions) {
    const { clock } = options.ports;
    const nowMs = clock.now();
    this.#options = options;
    this.#ports = options.ports;
    this.raft = new Raft({
      nodeId: options.nodeId,
      hardState: options.loaded.hardState,
      entries: options.loaded.entries,
      appliedIndex: options.appliedIndex,
      nowMs,
      random: (bound) => clock.random(bound),
      limits: options.raftLimits ?? RAFT_LIMITS,
    });
    this.#noteStamps(options.loaded.entries);
    this.#writes = new Writes(
      {
        propose: (proposal) => this.#route(proposal),
        random: (bound) => clock.random(bound),
      },
      nowMs,
    );
    // The upper half of the id tells incarnations apart; the lower half counts.
    const firstReadId = clock.random(2 ** 20) * READ_ID_BOUND + 1;
    this.#reads = new Reads((id, confirm) => this.raft.readIndex(id, confirm), firstReadId, nowMs);
    const send = (message: NodeMessage): void => this.#ports.transport.send(message);
    this.#membership = new Membership(this.raft, options.contacts, nowMs, send);
    this.#announcements = new Announcements(this.raft, nowMs, () => clock.wallClock(), send);
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
      this.#dispatch(message, nowMs);
    });
  }

  linkChanged(peer: NodeId, connected: boolean): void {
    this.#input((nowMs) => {
      if (connected) {
        this.#connected.add(peer);
        this.raft.linkReset(peer);
        this.#announcements.announceSoon(nowMs);
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

  /** For the other members' display. */
  setVisible(visible: boolean): void {
    this.#input((nowMs) => this.#announcements.setVisible(visible, nowMs));
  }

  status(): RuntimeStatus {
    const { raft } = this;
    const { voters, outgoingVoters, learners } = raft.configuration;
    const own = raft.nodeId;
    return {
      clusterId: this.#options.clusterId,
      nodeId: own,
      state: this.#stopped ? 'stopped' : this.#membership.belongs ? 'running' : 'joining',
      stoppedReason: this.#stopped?.reason ?? null,
      role: raft.role,
      term: raft.term,
      leaderId: raft.leaderId,
      commitIndex: raft.commitIndex,
      lastApplied: raft.appliedIndex,
      firstIndex: raft.firstIndex,
      lastIndex: raft.lastIndex,
      voters,
      outgoingVoters,
      learners,
      members: this.#announcements.members(this.#connected, this.#ports.clock.now()),
      connectedVoters: voters.filter((id) => id === own || this.#connected.has(id)).length,
      counters: {
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
    this.#cancelTimer();
    this.#writes.stop(code, reason);
    this.#reads.stop(code, reason);
    this.#options.onStopped(code, reason);
  }

  #refuse(done: (outcome: { type: 'failed'; failure: Failure }) => void): boolean {
    if (!this.#stopped) return false;
    const { code, reason } = this.#stopped;
    done({ type: 'failed', failure: failure(code, 'no', reason) });
    return true;
  }

  /** Every input passes here: time first, then the input, then the turn's work is scheduled. */
  #input(step: (nowMs: number) => void): void {
    if (this.#stopped) return;
    try {
      const nowMs = this.#ports.clock.now();
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
      case 'join-request':
        this.#membership.onJoinRequest(message, nowMs);
        return;
      case 'join-response':
        this.#membership.onJoinResponse(message);
        return;
      case 'announce':
        this.#announcements.onAnnounce(message, nowMs);
        return;
      default:
        this.raft.step(message satisfies Message);
    }
  }

  /** Carries out one turn's work. */
  #pump(): void {
    const nowMs = this.#ports.clock.now();
    this.raft.tick(nowMs);
    this.#membership.check(nowMs);
    this.#announcements.check(nowMs, this.#connected);
    this.#writes.check(nowMs);
    this.#reads.check(nowMs);
    const leader = this.#leader();
    this.#writes.flush(leader, nowMs);
    this.#reads.flush(leader, nowMs);
    for (let ready = this.raft.ready(); ready !== null; ready = this.raft.ready()) {
      this.#carryOut(ready, nowMs);
      if (this.#stopped) return;
    }
    this.#updatePeers();
    this.#armTimer(nowMs);
  }

  #carryOut(ready: Ready, nowMs: number): void {
    const { logStore, transport } = this.#ports;
    if (ready.record !== null) {
      this.#noteStamps(ready.record.entries);
      logStore.append(ready.record, (error) => {
        if (error !== null) this.stop('StorageLost', `the log could not be written: ${error}`);
        this.#input(() => {
          for (const message of ready.messagesAfterRecord) transport.send(message);
          this.raft.recordDurable();
        });
      });
    }
    for (const message of ready.messages) transport.send(message);
    if (ready.committedEntries.length > 0) this.#apply(ready.committedEntries);
    for (const state of ready.readStates) this.#reads.onReadState(state, nowMs);
  }

  #apply(entries: readonly Entry[]): void {
    this.#ports.stateMachine.apply(entries, (outcome) => {
      if (outcome.type === 'failed') {
        this.stop('StorageLost', `the database failed: ${outcome.reason}`);
        return;
      }
      this.#input((nowMs) => this.#onApplied(entries, outcome, nowMs));
    });
  }

  #onApplied(
    entries: readonly Entry[],
    outcome: ApplyOutcome & { type: 'applied' },
    nowMs: number,
  ): void {
    const last = entries.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
    const commands = entries.filter((entry) => entry.type === 'command');
    if (commands.length !== outcome.outcomes.length) {
      throw new Error(`${outcome.outcomes.length} outcomes for ${commands.length} commands`);
    }
    for (const [i, entry] of commands.entries()) {
      const result: CommandOutcome | undefined = outcome.outcomes[i];
      if (result !== undefined) this.#writes.onOutcome(result, entry.index, entry.term, nowMs);
    }
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
    if (leaderId === nodeId) return this.#append(proposal, this.#ports.clock.now()) === 'taken';
    if (leaderId === null || !this.#connected.has(leaderId)) return false;
    this.#ports.transport.send({ type: 'propose', from: nodeId, to: leaderId, proposal });
    return true;
  }

  #onPropose(message: Propose, nowMs: number): void {
    const verdict = this.#append(message.proposal, nowMs);
    if (verdict === 'taken') return;
    const { nodeId: from } = this.raft;
    const refusal = { type: 'propose-refused', from, to: message.from, reason: verdict } as const;
    this.#ports.transport.send(refusal);
  }

  #append(proposal: Proposal, nowMs: number): 'taken' | 'not-leader' | 'overloaded' | 'gap' {
    if (this.raft.role !== 'leader') return 'not-leader';
    if (proposal.type === 'execute') {
      const verdict = this.#intake.judge(this.raft.term, proposal.session);
      if (verdict === 'gap') return 'gap';
      if (verdict === 'duplicate') return 'taken';
    }
    const outcome = this.raft.propose([this.#encode(proposal, nowMs)]);
    if (outcome.type !== 'appended') return outcome.type;
    if (proposal.type === 'execute') this.#intake.admit(proposal.session);
    return 'taken';
  }

  #encode(proposal: Proposal, nowMs: number): Uint8Array {
    if (proposal.type === 'register-session') return encodeCommand(proposal);
    this.#lastStampMs = Math.max(this.#lastStampMs, this.#announcements.stampMs(nowMs));
    return encodeCommand({ ...proposal, stampMs: this.#lastStampMs, seed: this.#seed() });
  }

  #seed(): Uint8Array {
    const seed = new Uint8Array(SEED_BYTES);
    const view = new DataView(seed.buffer);
    for (let at = 0; at < SEED_BYTES; at += 4) {
      view.setUint32(at, this.#ports.clock.random(SEED_WORD_BOUND), true);
    }
    return seed;
  }

  /** Keeps stamps monotone over the whole log, whoever led. */
  #noteStamps(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type !== 'command') continue;
      this.#lastStampMs = Math.max(this.#lastStampMs, stampOf(entry.data));
    }
  }

  #updatePeers(): void {
    const peers = this.#membership.peers();
    const same =
      peers.length === this.#peers.length && peers.every((id, i) => id === this.#peers[i]);
    if (same) return;
    this.#peers = peers;
    this.#ports.transport.setPeers(peers);
    this.#options.onMembers?.([this.raft.nodeId, ...peers].toSorted());
  }

  /** One timer, at the earliest deadline; a later one stands until it fires and finds nothing. */
  #armTimer(nowMs: number): void {
    const deadlineMs = Math.min(
      this.raft.nextDeadlineMs(),
      this.#membership.nextDeadlineMs(),
      this.#announcements.nextDeadlineMs(),
      this.#writes.nextDeadlineMs(),
      this.#reads.nextDeadlineMs(),
    );
    if (deadlineMs >= this.#timerAtMs) return;
    this.#cancelTimer();
    this.#timerAtMs = deadlineMs;
    this.#cancelTimer = this.#ports.clock.setTimer(Math.max(deadlineMs - nowMs, 1), () => {
      this.#timerAtMs = Infinity;
      this.#input(() => undefined);
    });
  }
}
