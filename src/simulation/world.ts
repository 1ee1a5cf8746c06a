/**
 * A simulated world: servers with their disks, a network, clients and the checkers that watch them,
 * in one thread and in virtual time. Whatever happens in it follows from the seed; it reads no clock
 * and no other chance.
 *
 * The world itself does nothing wrong to anybody: faults are done to it, by `Faults` from a seed or
 * by a test on purpose.
 */

import type { BuildName } from '../node/build.ts';
import type { Admission } from '../node/messages.ts';
import type { StopCode } from '../node/node-options.ts';
import { MAX_SESSIONS, RUNTIME_LIMITS, type RuntimeLimits } from '../node/limits.ts';
import { foundingRecord } from '../node/membership.ts';
import { InvariantViolation } from '../raft/invariants.ts';
import type { NodeId } from '../raft/types.ts';
import { ClusterCheck } from './checkers/cluster-check.ts';
import { Violation } from './checkers/violation.ts';
import { EventQueue } from './event-queue.ts';
import { History } from './history.ts';
import { MODEL_DATABASES } from './model-database.ts';
import { Network } from './network.ts';
import { Random } from './random.ts';
import { play, until } from './script.ts';
import { nodeIdOf, Server, type Running, type ServerWorld } from './server.ts';
import type { Databases } from './simulated-database.ts';
import { Trace } from './trace.ts';

export interface WorldOptions {
  /** 0 <= seed < 2^53. */
  readonly seed: number;
  /** Where the text of the trace goes; null: nowhere. */
  readonly text: ((line: string) => void) | null;
  /** Intervals and bounds other than production's. */
  readonly limits?: Partial<RuntimeLimits>;
  /** How many sessions the state machines keep; by default as many as production's. */
  readonly maxSessions?: number;
  /** Whether the history forgets what is answered: for runs that are too long to be kept. */
  readonly forgetsAnswered?: boolean;
  /** Whoever gives them clears them; by default the model's. */
  readonly databases?: Databases;
}

export class World {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly trace: Trace;
  readonly network: Network;
  readonly history: History;
  readonly limits: RuntimeLimits;
  readonly check: ClusterCheck;
  readonly servers: Server[] = [];
  crashes = 0;
  /** Servers that stopped by themselves, since their storage failed. */
  storageStops = 0;
  /** Called when one did, and is down. */
  onStorageStop: (server: Server) => void = () => {};
  /** What a server that starts gets: what it had, unless something else is deployed. */
  buildFor: (server: Server) => BuildName = (server) => server.build;
  readonly #serverWorld: ServerWorld;
  #clients = 0;
  #violation: unknown = null;

  constructor(options: WorldOptions) {
    this.random = Random.fromSeed(options.seed);
    this.limits = { ...RUNTIME_LIMITS, ...options.limits };
    this.history = new History(options.forgetsAnswered ?? false);
    this.trace = new Trace(options.text);
    this.network = new Network(this.queue, this.random.stream('network'), this.trace);
    const databases = options.databases ?? MODEL_DATABASES;
    const diskOf = (id: NodeId) => this.#serverOf(id)?.disk ?? null;
    this.check = new ClusterCheck(this.history, diskOf, databases.decodeResponse, (id) =>
      this.#serverOf(id),
    );
    this.check.onElected = (id, raft) => {
      const number = this.#serverOf(id)?.number ?? -1;
      this.trace.record(this.queue.nowUs, 'role', number, [raft.term], () => `leads ${raft.term}`);
    };
    this.network.onSend = (message) => this.#guard(() => this.check.onSend(message));
    this.#serverWorld = {
      queue: this.queue,
      history: this.history,
      trace: this.trace,
      network: this.network,
      limits: this.limits,
      databases,
      maxSessions: options.maxSessions ?? MAX_SESSIONS,
      committedChain: (index) => this.check.committedChain(index),
      opened: (server, machine) => {
        if (machine.deviates) return;
        const { nodeId } = server;
        this.#guard(() => this.check.onState(nodeId, machine.appliedIndex, machine.digest));
      },
      onViolation: (error) => {
        this.#violation ??= error;
      },
      buildFor: (server) => this.buildFor(server),
      nextClient: () => {
        this.#clients += 1;
        return this.#clients;
      },
      afterTask: (server) => this.#afterTask(server),
      stopped: (server, code, reason) => this.#onStopped(server, code, reason),
    };
  }

  /**
   * A new machine, not yet running. The first founds the cluster; others join it by `contacts`, the
   * first of which speaks for it unless it has another `admission`.
   */
  addServer(contacts: readonly NodeId[], admission: Admission | null = null): Server {
    const number = this.servers.length;
    const random = this.random.stream('server', number);
    const server = new Server(number, { contacts, admission }, this.#serverWorld, random);
    this.servers.push(server);
    server.disk.onDurable = (record) => {
      this.trace.record(
        this.queue.nowUs,
        'disk',
        number,
        [
          record.entries.length,
          server.disk.baseIndex,
          server.disk.lastIndex,
          server.disk.hardState.term,
        ],
        () =>
          `${record.entries.length} entries durable, to ${server.disk.lastIndex}${
            record.snapshot === null ? '' : `, whole behind ${record.snapshot.index}`
          }`,
      );
      this.#guard(() => this.check.onDurable(server.nodeId, record));
    };
    const { tracesStates } = this.#serverWorld.databases;
    server.database.events = {
      applied: (applied) => {
        const { digest } = applied;
        const { index, term } = applied.entry;
        const facts = tracesStates && digest !== null ? [index, term, digest] : [index, term];
        this.trace.record(this.queue.nowUs, 'apply', number, facts, () => {
          const { entry, outcome } = applied;
          return `${entry.index} of term ${entry.term}: ${outcome?.type ?? entry.type}`;
        });
        this.#guard(() => this.check.onApplied(server.nodeId, applied, server.database.file));
      },
      restored: (index, digest) => {
        this.trace.record(this.queue.nowUs, 'snapshot', number, [index], () => `state at ${index}`);
        this.#guard(() => this.check.onState(server.nodeId, index, digest));
      },
    };
    if (number === 0) server.disk.format(foundingRecord(server.nodeId, '', server.key));
    return server;
  }

  /** Servers numbered 0 to `count` - 1, all started; 0 founds, the others join by it. */
  addCluster(count: number): void {
    for (let i = 0; i < count; i += 1) this.addServer(i === 0 ? [] : [nodeIdOf(0)]).start();
  }

  get running(): { readonly server: Server; readonly running: Running }[] {
    return this.servers.flatMap((server) =>
      server.running === null ? [] : [{ server, running: server.running }],
    );
  }

  /** The running server that leads the highest term, if any leads. */
  leader(): Server | null {
    let leader: Server | null = null;
    let highestTerm = -1;
    for (const { server, running } of this.running) {
      const { role, term } = running.node.raft;
      if (role !== 'leader' || term <= highestTerm) continue;
      leader = server;
      highestTerm = term;
    }
    return leader;
  }

  server(number: number): Server {
    const server = this.servers[number];
    if (server === undefined) throw new RangeError(`no server ${number}`);
    return server;
  }

  crash(server: Server): void {
    if (server.running === null) return;
    this.crashes += 1;
    server.crash();
    this.check.onCrash(server.nodeId);
  }

  /** Loses a machine with its disk. */
  destroy(server: Server): void {
    this.crash(server);
    server.destroy();
  }

  /**
   * The next event that is due up to `untilUs`; false: none is, and time stands there. Throws what the
   * checkers found.
   */
  step(untilUs: number): boolean {
    const isOne = this.queue.step(untilUs);
    if (this.#violation !== null) throw this.#violation;
    return isOne;
  }

  /** Lets time pass. Throws what the checkers found. */
  runFor(durationUs: number): void {
    const untilUs = this.queue.nowUs + durationUs;
    while (this.step(untilUs)) continue;
  }

  /** Lets time pass until `condition` holds; false where it does not within `limitUs`. */
  runUntil(condition: () => boolean, limitUs: number): boolean {
    return play(this, until(this, condition, limitUs));
  }

  #serverOf(id: NodeId): Server | null {
    return this.servers.find((server) => server.nodeId === id) ?? null;
  }

  #afterTask(server: Server): void {
    const { running } = server;
    if (running === null) return;
    this.#guard(() => this.check.afterTask(server.nodeId, running.node.raft));
  }

  #onStopped(server: Server, code: StopCode, reason: string): void {
    this.trace.record(this.queue.nowUs, 'stop', server.number, [], () => `${code}: ${reason}`);
    if (code === 'Internal') {
      const evidence = `${server.nodeId} stopped: ${reason}`;
      this.#violation ??= new Violation('no internal error', 'fail-stop', evidence);
      return;
    }
    if (code === 'Removed') this.#guard(() => this.check.onRemoved(server.nodeId));
    else this.storageStops += 1;
    // The process ends, but not in the middle of the task that stopped it.
    const { running } = server;
    this.queue.schedule(0, () => {
      if (server.running !== running) return;
      this.crash(server);
      if (code === 'Removed') server.destroy();
      else this.onStorageStop(server);
    });
  }

  /** Keeps what a checker found for the run, instead of throwing it through a server. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#violation ??= error;
    }
  }
}

/** What a run found, as the name of the property and the evidence. */
export function describeViolation(error: unknown): { property: string; evidence: string } {
  if (error instanceof Violation) return { property: error.property, evidence: error.message };
  if (error instanceof InvariantViolation) {
    return { property: 'server invariant', evidence: error.stack ?? error.message };
  }
  const evidence = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { property: 'simulator', evidence };
}
