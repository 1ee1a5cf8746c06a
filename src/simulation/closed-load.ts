/**
 * Load of a closed kind on an undisturbed simulated cluster: so many clients at the leader, each with one
 * write under way at a time. What a write takes is told in simulated time, which is made of the delays
 * below and of the protocol's own waits alone: processors take none of it. So it shows how often a commit
 * has to wait for a network and for a disk, and not how fast any machine is; the same build gives the
 * same figures everywhere.
 *
 * The world's checkers watch all of it, and nothing goes wrong on purpose.
 */

import { checkContents, checkEqual, whatIsMissing } from './checkers/convergence.ts';
import { GOOD_NETWORK } from './network.ts';
import type { Running, Server } from './server.ts';
import { GOOD_DATABASE } from './simulated-database.ts';
import { World } from './world.ts';

interface Range {
  readonly minUs: number;
  readonly maxUs: number;
}

/** Each is drawn uniformly, for every message and record by itself. */
export const LOAD_DELAYS: {
  /** Of a message, one way. */
  readonly network: Range;
  /** Until a record is durable in both copies of the log. */
  readonly disk: Range;
  /** Of one transaction of the state machine. */
  readonly apply: Range;
} = {
  network: { minUs: 500, maxUs: 1_000 },
  disk: { minUs: 1_000, maxUs: 3_000 },
  apply: { minUs: 100, maxUs: 100 },
};

const SECOND_US = 1_000_000;
const GROWTH_LIMIT_US = 120 * SECOND_US;
const LOAD_LIMIT_US = 3_600 * SECOND_US;
/** The list that is appended to. */
const KEY = 0;

export interface LoadedClusterOptions {
  readonly seed: number;
  /** Odd. */
  readonly voters: number;
  readonly learners: number;
}

/** What a load came to, until its last answer. */
export interface LoadTimings {
  readonly operations: number;
  /** Simulated, like the latencies, which are in the order of the answers. */
  readonly elapsedMs: number;
  readonly latenciesMs: readonly number[];
  /** That all servers sent meanwhile, whatever for. */
  readonly messages: number;
}

export class LoadedCluster {
  readonly world: World;
  #writes = 0;

  /** Grown, and at rest. Throws what the checkers find. */
  constructor({ seed, voters, learners }: LoadedClusterOptions) {
    const limits = { maxVoters: voters };
    const { network, disk, apply } = LOAD_DELAYS;
    this.world = new World({ seed, text: null, forgetsAnswered: true, limits });
    this.world.network.conditions = {
      ...GOOD_NETWORK,
      latencyMinUs: network.minUs,
      latencyMaxUs: network.maxUs,
    };
    this.world.addCluster(voters + learners);
    for (const server of this.world.servers) {
      server.disk.conditions = { writeMinUs: disk.minUs, writeMaxUs: disk.maxUs };
      server.database.conditions = {
        ...GOOD_DATABASE,
        applyMinUs: apply.minUs,
        applyMaxUs: apply.maxUs,
      };
    }
    this.#wait(`${voters} voters and ${learners} learners`, GROWTH_LIMIT_US, () => {
      const configuration = this.world.leader()?.running?.node.raft.configuration;
      return (
        configuration?.voters.length === voters &&
        configuration.learners.length === learners &&
        whatIsMissing(this.world) === null
      );
    });
  }

  /** Makes `count` writes. Throws where one fails, or where another comes to lead. */
  run(clients: number, count: number): LoadTimings {
    const { queue, network } = this.world;
    const { leader, running } = this.#leader();
    const latenciesMs: number[] = [];
    const beganUs = queue.nowUs;
    const sentBefore = network.counters.sent;
    let endedUs = beganUs;
    let messages = 0;
    let begun = 0;
    let failed = 0;
    const next = (): void => {
      if (begun === count) return;
      begun += 1;
      const invokedUs = queue.nowUs;
      running.client.write({ type: 'append', key: KEY }, null, (isOk) => {
        if (!isOk) failed += 1;
        endedUs = queue.nowUs;
        latenciesMs.push(milliseconds(endedUs - invokedUs));
        messages = network.counters.sent - sentBefore;
        // A caller goes on in a task of its own.
        queue.schedule(0, () => running.loop.post('client', next));
      });
    };
    for (let client = 0; client < clients; client += 1) running.loop.post('client', next);
    this.#wait(`${count} writes`, LOAD_LIMIT_US, () => latenciesMs.length === count);
    this.#writes += count;
    if (failed > 0) throw new Error(`${failed} of ${count} writes failed`);
    if (this.world.leader() !== leader) throw new Error('another server came to lead');
    return {
      operations: count,
      elapsedMs: milliseconds(endedUs - beganUs),
      latenciesMs,
      messages,
    };
  }

  /** Throws unless every server comes to hold all that was written, each write once. */
  verify(): void {
    this.#wait('convergence', GROWTH_LIMIT_US, () => whatIsMissing(this.world) === null);
    checkEqual(this.world);
    checkContents(this.world, KEY + 1);
    const { length } = this.world.history.reference.list(KEY);
    if (length !== this.#writes) throw new Error(`${length} of ${this.#writes} writes took effect`);
  }

  #leader(): { readonly leader: Server; readonly running: Running } {
    const leader = this.world.leader();
    if (leader === null || leader.running === null) throw new Error('there is no leader');
    return { leader, running: leader.running };
  }

  #wait(what: string, limitUs: number, condition: () => boolean): void {
    if (!this.world.runUntil(condition, limitUs)) throw new Error(`${what}: not in time`);
  }
}

function milliseconds(us: number): number {
  return us / 1_000;
}
