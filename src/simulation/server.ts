/**
 * A simulated machine: a disk, a database, a clock and an identity that last, and the production
 * runtime over them while it runs. It can crash at any moment and start again from what its disk and
 * database kept.
 */

import type { BuildName } from '../node/build.ts';
import type { Admission } from '../node/messages.ts';
import type { NodeOptions, StopCode } from '../node/node-options.ts';
import { Node } from '../node/node.ts';
import type { RuntimeLimits } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { Client, type ClientWorld } from './client.ts';
import { SimulatedClock, type ClockConditions } from './clock.ts';
import { Disk } from './disk.ts';
import { EventLoop } from './event-loop.ts';
import type { CommittedChain } from './durable-log.ts';
import type { Network } from './network.ts';
import { MILLION, type Random } from './random.ts';
import type { SimulatedDatabase, SimulatedStateMachine } from './simulated-database.ts';

/** What a server shares with the world it is in. */
export interface ServerWorld extends ClientWorld {
  readonly network: Network;
  /** Intervals and bounds of core and runtime. */
  readonly limits: RuntimeLimits;
  /** How many sessions the state machines keep. */
  readonly maxSessions: number;
  readonly committedChain: CommittedChain;
  /** Which build of the state machine a server that starts gets. */
  buildFor(server: Server): BuildName;
  /** A server has opened its database. */
  opened(server: Server, machine: SimulatedStateMachine): void;
  /** Drawn once for every start of any server. */
  nextClient(): number;
  /** After every task of the server. */
  afterTask(server: Server): void;
  /** The runtime stopped by itself. */
  stopped(server: Server, code: StopCode, reason: string): void;
}

/** How a server comes to the cluster. */
export interface ServerEntry {
  /** Members to ask. */
  readonly contacts: readonly NodeId[];
  /** Null: the first contact speaks for it. */
  readonly admission: Admission | null;
}

/** One start of a server. */
export interface Running {
  readonly loop: EventLoop;
  readonly node: Node;
  readonly machine: SimulatedStateMachine;
  readonly client: Client;
  readonly clock: SimulatedClock;
}

const CLUSTER_ID = 'simulatedcluster';

export class Server {
  readonly number: number;
  readonly nodeId: NodeId;
  readonly disk: Disk;
  readonly database: SimulatedDatabase;
  readonly clock: ClockConditions;
  /** By what it may be taken in: the first of its contacts speaks for it where nothing else does. */
  readonly admission: Admission;
  /** Members to ask for admission; the latest it knew, as the origin's registry remembers them. */
  contacts: readonly NodeId[];
  /** Of the state machine, since the last start; '': builds are not told apart. */
  build: BuildName = '';
  readonly #world: ServerWorld;
  readonly #random: Random;
  #running: Running | null = null;
  #starts = 0;
  #asleepSinceUs: number | null = null;
  #destroyed = false;

  constructor(number: number, entry: ServerEntry, world: ServerWorld, random: Random) {
    const { contacts, admission } = entry;
    const [by] = contacts;
    this.admission = admission ?? (by === undefined ? { type: 'none' } : { type: 'voucher', by });
    this.number = number;
    this.nodeId = nodeIdOf(number);
    this.contacts = contacts;
    this.disk = new Disk(world.queue, random.stream('disk'), world.committedChain);
    const { databases, maxSessions } = world;
    this.database = databases.create(world.queue, random.stream('database'), maxSessions);
    const draws = random.stream('clock');
    this.clock = {
      // Mostly as quartz does, now and then as no clock should.
      driftPpm: draws.chance(MILLION / 8)
        ? draws.between(-400_000, 400_000)
        : draws.between(-500, 500),
      wallOffsetMs: draws.between(-2_000, 2_000),
      sleptUs: 0,
      skippedUs: 0,
      timerLatenessUs: draws.chance(MILLION / 4) ? 4_000 : 50,
    };
    this.#world = world;
    this.#random = random;
  }

  /** Its public key, as far as a simulation needs one. */
  get key(): string {
    return keyOf(this.nodeId);
  }

  /** The browser profile that it lives in: what is lost together. */
  get profileId(): string {
    return `profile${this.number}`;
  }

  /** Null while it is down. */
  get running(): Running | null {
    return this.#running;
  }

  /** Its disk is gone for good. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Its database is lost, known to be wrong, or wrong without anybody knowing. */
  get isUnsound(): boolean {
    const { file } = this.database;
    return file.deviates || file.quarantined || file.appliedIndex < this.disk.baseIndex;
  }

  get starts(): number {
    return this.#starts;
  }

  start(): Running {
    if (this.#running !== null || this.#destroyed) throw new Error(`server ${this.number} cannot`);
    const { network, queue, trace } = this.#world;
    this.#starts += 1;
    this.build = this.#world.buildFor(this);
    const random = this.#random.stream('start', this.#starts);
    const loop = new EventLoop(queue, random.stream('loop'), () => this.#world.afterTask(this));
    const { log, store } = this.disk.open(loop);
    const machine = this.database.open(loop, this.disk.file);
    this.#world.opened(this, machine);
    trace.record(
      queue.nowUs,
      'start',
      this.number,
      [this.disk.baseIndex, this.disk.lastIndex, machine.appliedIndex],
      () =>
        `${this.nodeId}: log from ${this.disk.baseIndex} to ${this.disk.lastIndex}, ` +
        `applied ${machine.appliedIndex}`,
    );
    // The network needs the node's face and the node the network's: it is attached first.
    const late: { node: Node | null } = { node: null };
    const transport = network.attach(
      this.nodeId,
      this.number,
      loop,
      {
        receive: (message) => late.node?.receive(message),
        linkChanged: (peer, up) => late.node?.linkChanged(peer, up),
      },
      this,
    );
    const clock = new SimulatedClock(queue, loop, this.clock, random.stream('clock'));
    const options: NodeOptions = {
      clusterId: CLUSTER_ID,
      nodeId: this.nodeId,
      key: this.key,
      loaded: log,
      appliedIndex: machine.appliedIndex,
      quarantined: machine.quarantined,
      ...(this.build === '' ? {} : { build: { own: this.build, adopted: machine.adopted } }),
      contacts: this.contacts,
      onMembers: (members) => {
        this.contacts = members.filter((id) => id !== this.nodeId);
      },
      profileId: this.profileId,
      ports: {
        logStore: store,
        stateMachine: machine,
        transport,
        clock,
      },
      onStopped: (code, reason) => this.#world.stopped(this, code, reason),
      limits: this.#world.limits,
    };
    const node = new Node(options);
    late.node = node;
    const server = { number: this.number, node, machine, loop };
    const draws = random.stream('client');
    const client = new Client(this.#world.nextClient(), server, this.#world, draws);
    this.#running = { loop, node, machine, client, clock };
    loop.post('client', () => node.start());
    return this.#running;
  }

  /** The process dies; what was being written is lost or not. */
  crash(): void {
    if (this.#running === null) return;
    const { queue, trace, network } = this.#world;
    trace.record(queue.nowUs, 'crash', this.number, [], () => this.nodeId);
    this.#running.loop.end();
    this.#running = null;
    network.detach(this.nodeId);
    this.disk.crash();
    this.database.crash();
  }

  /** The machine, which is down, is lost with its disk: it never starts again. */
  destroy(): void {
    if (this.#running !== null) throw new Error(`server ${this.number} still runs`);
    this.#destroyed = true;
  }

  /** Stops the process, as a frozen tab; where it `sleeps`, its monotone clock stands still too. */
  pause(sleeps: boolean): void {
    const { queue, trace } = this.#world;
    if (this.#running === null || this.#running.loop.paused) return;
    trace.record(queue.nowUs, 'pause', this.number, [1], () => (sleeps ? 'sleep' : 'pause'));
    this.#running.loop.pause();
    this.#asleepSinceUs = sleeps ? queue.nowUs : null;
  }

  /** Goes on with everything that came meanwhile. */
  resume(): void {
    const { queue, trace } = this.#world;
    if (this.#running === null || !this.#running.loop.paused) return;
    trace.record(queue.nowUs, 'pause', this.number, [0], () => 'resume');
    if (this.#asleepSinceUs !== null) this.clock.sleptUs += queue.nowUs - this.#asleepSinceUs;
    this.#asleepSinceUs = null;
    this.#running.loop.resume();
  }
}

/** The id of server number `number`: 16 characters of lower-case base32. */
export function nodeIdOf(number: number): NodeId {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  const low = digits[number % 32] ?? 'a';
  const high = digits[(number >> 5) % 32] ?? 'a';
  return `node${'a'.repeat(10)}${high}${low}` as NodeId;
}

/** The public key of a server: as unlike its id as the checkers need. */
export function keyOf(id: NodeId): string {
  return `key-${id}`;
}
