/**
 * The runtime: drives one Raft core through the four ports (ports.ts) and serves local callers.
 *
 * Everything is an input (a message, a link, a timer, a finished write or apply, a caller's request)
 * that is stepped at once; then, once a turn, `#pump` carries out what the core has made ready.
 * So what arrives together shares one log record and one AppendEntries; while a record is being written
 * the next one collects (group commit), and heartbeats and reads go on beside a slow disk.
 *
 * Failing storage, a failing state machine and a broken invariant stop the node for good: it must not
 * vote or acknowledge on what it cannot be sure of (fail-stop). The next start reads what is on disk.
 */

import type { Raft, Ready } from '../raft/raft.ts';
import type { Entry, NodeId } from '../raft/types.ts';
import type { Message } from '../raft/messages.ts';
import type { AdministrationOutcome } from './administration.ts';
import { Announcements, type HostState } from './announcements.ts';
import { appliedCommands } from './applied-commands.ts';
import { BuildWatch } from './build-watch.ts';
import { coreStatus } from './core-status.ts';
import type { DurableDone, DurableRequest } from './durable-requests.ts';
import type { Failure } from './errors.ts';
import { Freshness, type AskLeader } from './freshness.ts';
import { Inspector } from './inspector.ts';
import { RUNTIME_LIMITS, type RuntimeLimits } from './limits.ts';
import { LeaderChanges } from './leader-changes.ts';
import { LinkPolicy } from './link-policy.ts';
import { loadCore } from './load-core.ts';
import { Machine } from './machine.ts';
import { Membership } from './membership.ts';
import type { Administration, NodeMessage, Proposal } from './messages.ts';
import type { NodeOptions, RuntimeStatus, StopCode, Stopped } from './node-options.ts';
import type { ApplyOutcome, NodePorts } from './ports.ts';
import { ProposalRoute } from './proposal-route.ts';
import { Proposals } from './proposals.ts';
import { Quarantine } from './quarantine.ts';
import { drawFirstReadId, Reads, type ReadIndexOutcome } from './reads.ts';
import { durableRefusalOf, refusalOf, tooLarge } from './refusal.ts';
import { SnapshotExchange } from './snapshot-exchange.ts';
import { Stall } from './stall.ts';
import { StateChecks } from './state-check.ts';
import { SteadyTime } from './steady-time.ts';
import { Traffic } from './traffic.ts';
import { WakeTimer } from './wake-timer.ts';
import { Writes, type ExecuteOutcome } from './writes.ts';

export class Node {
  readonly raft: Raft;
  /** For people to look inside. */
  readonly inspector: Inspector;
  readonly #options: NodeOptions;
  readonly #ports: NodePorts;
  readonly #limits: RuntimeLimits;
  readonly #time: SteadyTime;
  readonly #writes: Writes;
  readonly #reads: Reads;
  readonly #freshness: Freshness;
  readonly #proposals: Proposals;
  readonly #route: ProposalRoute;
  readonly #machine: Machine;
  readonly #snapshots: SnapshotExchange;
  readonly #stateChecks: StateChecks;
  readonly #quarantine: Quarantine;
  readonly #stall: Stall;
  readonly #builds: BuildWatch;
  readonly #membership: Membership;
  readonly #links: LinkPolicy;
  readonly #announcements: Announcements;
  readonly #connected = new Set<NodeId>();
  #stopped: Stopped | null = null;
  #pumpScheduled = false;
  readonly #timer: WakeTimer;
  readonly #leaderChanges: LeaderChanges;

  constructor(options: NodeOptions) {
    const { loaded, limits = RUNTIME_LIMITS } = options;
    const { clock, transport } = options.ports;
    const traffic = new Traffic();
    const ports = { ...options.ports, transport: traffic.over(transport) };
    this.#options = options;
    this.#limits = limits;
    this.#ports = ports;
    this.#time = new SteadyTime(clock);
    this.#timer = new WakeTimer(clock, this.#time, () => this.#input(() => undefined));
    const nowMs = this.#time.now();
    const random = (bound: number): number => clock.random(bound);
    const raft = loadCore(options, limits, nowMs);
    this.raft = raft;
    this.#leaderChanges = new LeaderChanges(raft);
    const propose = (one: Proposal): boolean => this.#route.toLeader(one, this.#time.now());
    this.#writes = new Writes({ propose, random }, nowMs);
    const firstReadId = drawFirstReadId(random);
    this.#reads = new Reads((id, confirm) => raft.readIndex(id, confirm), firstReadId, nowMs);
    const confirm: AskLeader = (atMs, done) => this.#reads.read(true, null, atMs, done);
    this.#freshness = new Freshness(raft, confirm, nowMs);
    const { send } = ports.transport;
    const wallClock = (): number => clock.wallClock();
    const ownBuild = options.build?.own ?? '';
    this.#announcements = new Announcements(raft, nowMs, wallClock, send, ownBuild);
    const stampMs = (atMs: number): number => this.#announcements.stampMs(atMs);
    this.#membership = new Membership({
      ...options,
      raft,
      limits,
      hearsay: this.#announcements,
      nowMs,
      wallClockMs: (atMs) => Math.max(this.#proposals.lastStampMs, stampMs(atMs)),
      send,
      firstRequestId: firstReadId,
      skip: (index) => this.#stall.skip(index),
    });
    this.#links = new LinkPolicy(raft, this.#membership, options);
    const proposals = new Proposals(raft, stampMs, random);
    this.#proposals = proposals;
    this.#route = new ProposalRoute({ raft, proposals, connected: this.#connected, send });
    proposals.note(loaded);
    const common = { raft, intervalMs: limits.snapshotResendMs, send };
    this.#builds = new BuildWatch({
      ...options,
      ...common,
      voterSilenceMs: limits.voterSilenceMs,
      hearsay: this.#announcements,
      proposals,
    });
    this.#machine = this.#newMachine(limits);
    if (this.#machine.isQuarantined) this.#announcements.setQuarantined(true, nowMs);
    this.#snapshots = this.#newSnapshots(limits);
    this.#stateChecks = this.#newStateChecks(limits);
    this.#stateChecks.goesOn = options.build?.adopted.goesOn ?? false;
    this.#stall = new Stall({
      ...common,
      machine: this.#machine,
      appliedBy: (id) => (this.#connected.has(id) ? this.#announcements.appliedBy(id) : null),
      proposals,
    });
    this.#quarantine = new Quarantine({
      ...common,
      isQuarantined: (member) => this.#announcements.isQuarantined(member),
      onHopeless: () => this.stop('StorageLost', 'the database is lost, and nobody else has it'),
    });
    this.inspector = this.#newInspector(traffic);
  }

  #newMachine(limits: RuntimeLimits): Machine {
    return new Machine({
      raft: this.raft,
      stateMachine: this.#ports.stateMachine,
      limits,
      builds: this.#builds,
      lastStampMs: () => this.#proposals.lastStampMs,
      heldFrom: () => this.#snapshots.heldFrom(this.#connected),
      releaseLog: () => this.#snapshots.abort(),
      onApplied: (entries, outcome) => this.#onApplied(entries, outcome),
      onRestored: ({ goesOn }) => {
        this.inspector.note({ type: 'snapshot-installed', index: this.raft.appliedIndex });
        this.#stateChecks.goesOn = goesOn;
        this.#writes.onSnapshotInstalled();
        this.#stateChecks.onRestored();
        this.#announcements.setQuarantined(false, this.#time.now());
      },
      onReopened: () => this.#snapshots.abort(),
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
      isAwaited: (id) => this.#builds.isUpToDate(id),
    });
  }

  #newInspector(traffic: Traffic): Inspector {
    return new Inspector(traffic, {
      raft: this.raft,
      clock: this.#ports.clock,
      isQuarantined: () => this.#machine.isQuarantined,
      stateChecks: this.#stateChecks,
      writes: this.#writes,
      reads: this.#reads,
    });
  }

  /** Begins to take part. */
  start(): void {
    this.#input(() => undefined);
  }

  get stopped(): Stopped | null {
    return this.#stopped;
  }

  /** A message from an authenticated peer. */
  receive(message: NodeMessage): void {
    this.#input((nowMs) => {
      if (message.to !== this.raft.nodeId) return;
      this.inspector.traffic.heard(message);
      this.#announcements.onContact(message.from, nowMs);
      this.#membership.onHeard(message, nowMs);
      this.#dispatch(message, nowMs);
      this.#freshness.onReceived(message, nowMs);
    });
  }

  linkChanged(peer: NodeId, connected: boolean): void {
    this.#input((nowMs) => {
      this.inspector.note({ type: connected ? 'link-up' : 'link-down', peer });
      if (connected) {
        this.#connected.add(peer);
        this.raft.linkReset(peer);
        this.#announcements.announceSoon(nowMs);
        this.#membership.linkUp(nowMs);
      } else {
        this.#connected.delete(peer);
        this.#announcements.onLinkLost(peer);
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
    if (this.#refuse(done, tooLarge(body, this.#limits.raft))) return;
    this.#input((nowMs) => this.#writes.execute(body, timeoutMs, nowMs, done));
  }

  /** A request of a durable session, which outlives this node; `done` is called once. */
  durably(request: DurableRequest, timeoutMs: number, done: DurableDone): void {
    if (this.#refuse(done, durableRefusalOf(request, this.#builds.status))) return;
    this.#input((nowMs) => this.#writes.durable.begin(request, timeoutMs, nowMs, done));
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

  /** The index a local read has to wait for that is to be no older than that; else 'Stale'. */
  freshIndex(freshnessMs: number, done: (outcome: ReadIndexOutcome) => void): void {
    if (this.#refuse(done)) return;
    this.#input((nowMs) => done(this.#freshness.indexWithin(freshnessMs, nowMs)));
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

  /** For the other members to know. */
  setHost(changes: Partial<HostState>): void {
    this.#input((nowMs) => this.#announcements.setHost(changes, nowMs));
  }

  status(): RuntimeStatus {
    return {
      ...coreStatus(this.raft, this.#connected),
      clusterId: this.#options.clusterId,
      profileId: this.#options.profileId,
      state: this.#stopped ? 'stopped' : this.#membership.belongs ? 'running' : 'joining',
      stoppedReason: this.#stopped?.reason ?? null,
      members: this.#announcements.members(this.#connected, this.#time.now()),
      quarantined: this.#machine.isQuarantined,
      stalledAt: this.#machine.stalledAt,
      build: this.#builds.status,
      counters: {
        ...this.#machine.counters,
        snapshotChunksSent: this.#snapshots.chunksSent,
        stateChecksAgreed: this.#stateChecks.agreed,
        sleeps: this.#time.sleeps,
        pauses: this.#timer.pauses,
        leaderChanges: this.#leaderChanges.count,
        resends: this.#writes.resends,
        pendingWrites: this.#writes.pending,
        pendingReads: this.#reads.pending,
      },
    };
  }

  /** The process ends now: this is the last that leaves it. */
  abdicate(): void {
    this.#input(() => {
      this.raft.abdicate();
      this.#pump();
    });
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

  #refuse(
    done: (outcome: { type: 'failed'; failure: Failure }) => void,
    own: Failure | null = null,
  ): boolean {
    const refusal = refusalOf(this.#stopped, this.#machine, this.#proposals) ?? own;
    if (refusal !== null) done({ type: 'failed', failure: refusal });
    return refusal !== null;
  }

  /** Every input passes here: time first, then the input, then the turn's work is scheduled. */
  #input(step: (nowMs: number) => void): void {
    if (this.#stopped) return;
    try {
      const nowMs = this.#time.now();
      this.raft.tick(nowMs);
      this.#freshness.observe(nowMs);
      step(nowMs);
      this.inspector.observe(nowMs);
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
    const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : error;
    this.stop('Internal', String(text));
  }

  #dispatch(message: NodeMessage, nowMs: number): void {
    switch (message.type) {
      case 'propose':
        this.#route.onPropose(message, nowMs);
        return;
      case 'propose-refused':
        if (message.reason !== 'not-leader') this.#writes.onRefused(nowMs);
        return;
      case 'announce':
        this.#announcements.onAnnounce(message, nowMs);
        return;
      case 'install-snapshot':
      case 'install-snapshot-response':
      case 'snapshot-request':
        this.#snapshots.receive(message, nowMs);
        return;
      case 'state-hash':
        this.#stateChecks.onStateHash(message);
        return;
      case 'join-request':
      case 'join-response':
      case 'removed':
      case 'configuration-notice':
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
    this.#stall.check(nowMs);
    this.#builds.check(nowMs);
    this.#machine.check(nowMs);
    this.#snapshots.install();
    const leader = this.#leaderChanges.leader();
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
    this.#links.check(nowMs);
    this.#ports.transport.flush();
    this.inspector.observe(nowMs);
    this.#armTimer(nowMs);
  }

  #carryOut(ready: Ready, nowMs: number): void {
    const { logStore, transport } = this.#ports;
    for (const message of ready.messages) transport.send(message);
    // Before the record: writing it begins with work on this thread.
    transport.flush();
    if (ready.record !== null) {
      this.#proposals.note(ready.record);
      logStore.append(ready.record, (error) => {
        if (error !== null) this.stop('StorageLost', `the log could not be written: ${error}`);
        this.#input(() => {
          for (const message of ready.messagesAfterRecord) transport.send(message);
          transport.flush();
          this.raft.recordDurable();
        });
      });
    }
    if (ready.committedEntries.length > 0) this.#machine.apply(ready.committedEntries);
    if (ready.snapshot !== null) this.#machine.restore(ready.snapshot);
    for (const state of ready.readStates) this.#reads.onReadState(state, nowMs);
  }

  #onApplied(entries: readonly Entry[], outcome: ApplyOutcome & { type: 'applied' }): void {
    const nowMs = this.#time.now();
    for (const { entry, outcome: found } of appliedCommands(entries, outcome.outcomes)) {
      const { index, term } = entry;
      if (found.type === 'skip-seen' && !found.agrees) this.#enterQuarantine();
      if (found.type === 'checked') {
        this.#stateChecks.goesOn = found.goesOn;
        this.#stateChecks.onChecked(index, found.hash);
      } else if (found.type === 'build-adopted') {
        this.#stateChecks.goesOn = true;
        this.#builds.onAdopted(found.build);
      } else this.#writes.onOutcome(found, index, term, nowMs);
    }
  }

  /** A deviant leader steps down first. */
  #enterQuarantine(): void {
    this.raft.resign();
    this.#machine.quarantine();
    this.#announcements.setQuarantined(true, this.#time.now());
    this.#snapshots.abort();
  }

  #armTimer(nowMs: number): void {
    const deadlineMs = Math.min(
      this.raft.nextDeadlineMs(),
      this.#membership.nextDeadlineMs(),
      this.#links.nextDeadlineMs(),
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
