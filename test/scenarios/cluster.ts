/**
 * Servers as a test of MIT 6.824 finds them: n voters that all start at the same moment with nothing
 * behind them but the configuration, on a labrpc network, in virtual time. They are the production
 * runtime and core; every event is watched by the simulator's checkers.
 *
 * Threads of a test are generators that yield how long they sleep, in microseconds. `run` is the
 * main thread; `spawn` starts another beside it.
 *
 * Clocks run alike, as those of goroutines in one process do.
 */

import { whatIsMissing } from '../../src/simulation/checkers/convergence.ts';
import { checkHistory } from '../../src/simulation/checkers/history-check.ts';
import { foundingRecord } from '../../src/node/membership.ts';
import type { Configuration } from '../../src/raft/types.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Server } from '../../src/simulation/server.ts';
import { World, type WorldOptions } from '../../src/simulation/world.ts';
import { Labrpc, SECOND_US } from './labrpc.ts';

/** A thread of a test: yields microseconds to sleep, ends with its result. */
export type Thread<Result> = Generator<number, Result, void>;

export interface Spawned {
  finished: boolean;
}

/** How long healed servers may take to agree. */
const CONVERGENCE_LIMIT_US = 30 * SECOND_US;

export interface ClusterOptions extends Partial<Omit<WorldOptions, 'seed' | 'text'>> {
  readonly size: number;
  readonly seed: number;
  readonly longDelays: boolean;
}

export class Cluster {
  readonly world: World;
  readonly labrpc: Labrpc;
  readonly random: Random;
  readonly connected: boolean[];
  /** Blocked directions; a direction is blocked once, and noticed once. */
  readonly #blocked = new Set<string>();

  constructor(options: ClusterOptions) {
    const { size, longDelays, ...rest } = options;
    this.world = new World({ text: null, ...rest });
    this.labrpc = new Labrpc(this.world, longDelays);
    this.random = this.world.random.stream('scenario');
    this.connected = Array.from({ length: size }, () => true);
    for (let i = 0; i < size; i += 1) this.world.addServer([]);
    const record = startRecord(this.servers);
    for (const server of this.servers) {
      Object.assign(server.clock, { driftPpm: 0, wallOffsetMs: 0, timerLatenessUs: 50 });
      server.disk.format(record);
    }
    this.onServers(this.servers);
    for (const server of this.servers) server.start();
  }

  /** Where a harness hooks into the servers before they start. */
  protected onServers(servers: readonly Server[]): void {
    if (servers.length === 0) throw new Error('no servers');
  }

  get size(): number {
    return this.connected.length;
  }

  get servers(): readonly Server[] {
    return this.world.servers;
  }

  /** Servers are counted round: the one behind the last is the first. */
  server(number: number): Server {
    return this.world.server(number % this.size);
  }

  /** The main thread's `thread`; returns what it returns. */
  run<Result>(thread: Thread<Result>): Result {
    for (;;) {
      const step = thread.next();
      if (step.done === true) return step.value;
      this.world.runFor(step.value);
    }
  }

  /** Another thread. What it throws ends the test. */
  spawn(thread: Thread<unknown>): Spawned {
    const spawned: Spawned = { finished: false };
    const resume = (): void => {
      const step = thread.next();
      if (step.done === true) spawned.finished = true;
      else this.world.queue.schedule(step.value, resume);
    };
    this.world.queue.schedule(0, resume);
    return spawned;
  }

  sleep(durationUs: number): void {
    this.world.runFor(durationUs);
  }

  join(threads: readonly Spawned[], limitUs: number): void {
    const done = (): boolean => threads.every(({ finished }) => finished);
    if (!this.world.runUntil(done, limitUs)) {
      throw new Error(`threads still run after ${limitUs / SECOND_US} s`);
    }
  }

  connect(number: number): void {
    this.connected[number % this.size] = true;
    this.#cut((server) => (this.connected[server] === true ? 0 : -1));
  }

  disconnect(number: number): void {
    this.connected[number % this.size] = false;
    this.#cut((server) => (this.connected[server] === true ? 0 : -1));
  }

  /** Servers of different groups cannot hear each other. */
  partition(groupOf: (server: number) => number): void {
    this.#cut(groupOf);
  }

  connectAll(): void {
    this.connected.fill(true);
    this.#cut(() => 0);
  }

  /** As labrpc does it, the process dies with its links. */
  crash(number: number): void {
    this.disconnect(number);
    this.world.crash(this.server(number));
  }

  /** A new process on what the disk kept, as yet unconnected. */
  restart(number: number): void {
    const server = this.server(number);
    if (server.running !== null) this.crash(number);
    server.start();
  }

  /** Everything heals; all servers agree, and what clients were told is true. */
  converge(): void {
    this.connectAll();
    for (const server of this.servers) if (server.running === null) server.start();
    if (!this.world.runUntil(() => whatIsMissing(this.world) === null, CONVERGENCE_LIMIT_US)) {
      throw new Error(`not converged: ${whatIsMissing(this.world)}`);
    }
    checkHistory(this.world.history);
  }

  /** A group of -1 is a server alone. */
  #cut(groupOf: (server: number) => number): void {
    const { network } = this.world;
    for (const a of this.servers) {
      for (const b of this.servers) {
        if (a === b) continue;
        const group = groupOf(a.number);
        const direction = `${a.nodeId}>${b.nodeId}`;
        if (group !== -1 && group === groupOf(b.number)) {
          if (this.#blocked.delete(direction)) network.unblock(a.nodeId, b.nodeId);
        } else if (!this.#blocked.has(direction)) {
          this.#blocked.add(direction);
          network.block(a.nodeId, b.nodeId);
        }
      }
    }
  }
}

/** What every disk holds at the start: the configuration of them all. */
function startRecord(servers: readonly Server[]): ReturnType<typeof foundingRecord> {
  const [first] = servers;
  if (first === undefined) throw new Error('no servers');
  const voters = servers.map(({ nodeId }) => nodeId).toSorted();
  const record = foundingRecord(first.nodeId);
  const entries = record.entries.map((entry) => {
    if (entry.type !== 'configuration') return entry;
    const profiles = Object.fromEntries(servers.map((one) => [one.nodeId, one.profileId]));
    const keys = Object.fromEntries(servers.map((one) => [one.nodeId, one.key]));
    const access = { ...entry.configuration.access, keys };
    const configuration: Configuration = { ...entry.configuration, voters, profiles, access };
    return { ...entry, configuration };
  });
  return { ...record, entries };
}
