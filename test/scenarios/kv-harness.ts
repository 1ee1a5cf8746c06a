/**
 * GenericTest of MIT 6.824's key-value tests: clients append to lists of their own and read them for
 * three rounds of five seconds, while the network fails, is partitioned, and all servers crash; a
 * read must always show exactly what its client has appended.
 */

import { MILLION } from '../../src/simulation/random.ts';
import { Clerk } from './clerk.ts';
import { Cluster, type ClusterOptions, type Thread } from './cluster.ts';
import type { Facts } from './facts.ts';
import { MILLISECOND_US, SECOND_US } from './labrpc.ts';

const ELECTION_TIMEOUT_US = SECOND_US;
const ROUNDS = 3;
const ROUND_US = 5 * SECOND_US;
/** Between a client's operations; without it there would be twice as many, and nothing more to see. */
const PAUSE_US = 5 * MILLISECOND_US;
/** How long clients may take to finish their last operation once nothing fails any more. */
const FINISH_LIMIT_US = 30 * SECOND_US;

export interface GenericTest {
  readonly servers?: number;
  readonly clients: number;
  readonly unreliable?: boolean;
  readonly crash?: boolean;
  readonly partitions?: boolean;
}

/** What the threads of one round share. */
interface Round {
  isOver: boolean;
}

export class KvHarness extends Cluster {
  constructor(size: number, seed: number, options: Partial<ClusterOptions> = {}) {
    super({ size, seed, longDelays: false, ...options });
  }

  clerk(home: number): Clerk {
    return new Clerk(this, home);
  }

  /** Until some server leads: the course's clerks try one after the other. */
  leader(): number {
    if (!this.world.runUntil(() => this.world.leader() !== null, 10 * SECOND_US)) {
      throw new Error('no leader');
    }
    return this.world.leader()?.number ?? 0;
  }

  /** The lists by their clients, and how many operations ended well. */
  genericTest(facts: Facts, test: GenericTest, afterRound: () => void = () => {}): void {
    this.labrpc.unreliable = test.unreliable === true;
    const clerks = Array.from({ length: test.clients }, (_, i) => this.clerk(i));
    let appends = 0;
    for (let number = 0; number < ROUNDS; number += 1) {
      const lists = this.#round(test, clerks, number);
      for (const [client, mine] of lists.entries()) {
        const key = keyOf(number, client, test.clients);
        checkAppends(this.run(this.clerk(client).get(key)), mine);
        appends += mine.length;
      }
      afterRound();
    }
    const operations = clerks.reduce((sum, { finished }) => sum + finished, 0);
    facts.note(`${appends} appends, each there once and in order; ${operations} operations`);
    if (appends < test.clients * ROUNDS) throw new Error(`only ${appends} appends`);
    this.labrpc.unreliable = false;
    this.converge();
  }

  #round(test: GenericTest, clerks: readonly Clerk[], number: number): number[][] {
    const state: Round = { isOver: false };
    const lists: number[][] = clerks.map(() => []);
    const clients = clerks.map((clerk, i) => {
      const list = lists[i] ?? [];
      return this.spawn(this.#client(clerk, keyOf(number, i, clerks.length), list, state));
    });
    const partitioners: { finished: boolean }[] = [];
    if (test.partitions === true) {
      this.sleep(SECOND_US);
      partitioners.push(this.spawn(this.#partitioner(state)));
    }
    this.sleep(ROUND_US);
    state.isOver = true;
    if (test.partitions === true) {
      this.join(partitioners, 2 * SECOND_US);
      this.connectAll();
      this.sleep(ELECTION_TIMEOUT_US);
    }
    if (test.crash === true) {
      for (const server of this.servers) this.crash(server.number);
      this.sleep(ELECTION_TIMEOUT_US);
      for (const server of this.servers) this.restart(server.number);
      this.connectAll();
    }
    this.join(clients, FINISH_LIMIT_US);
    return lists;
  }

  *#client(clerk: Clerk, key: number, list: number[], state: Round): Thread<void> {
    const random = this.random.stream('client', key);
    yield 0;
    while (!state.isOver) {
      yield PAUSE_US;
      if (random.chance(MILLION / 2)) {
        list.push(yield* clerk.append(key));
        continue;
      }
      const found = yield* clerk.get(key);
      if (!isEqual(found, list)) {
        throw new Error(`get wrong value, key ${key}: wanted ${list.length}, got ${found.length}`);
      }
    }
  }

  /** Two groups at random, others every 1.0 to 1.2 s. */
  *#partitioner(state: Round): Thread<void> {
    while (!state.isOver) {
      const groups = this.servers.map(() => this.random.below(2));
      this.partition((server) => groups[server] ?? 0);
      yield ELECTION_TIMEOUT_US + this.random.below(200) * MILLISECOND_US;
    }
  }
}

/** Each client has a list of its own in each round, as the course's begin with an empty one. */
function keyOf(round: number, client: number, clients: number): number {
  return 2 * (round * clients + client);
}

/** Every append of the client is there once, in order, and nothing else is. */
function checkAppends(found: readonly number[], appended: readonly number[]): void {
  const present = new Set(found);
  const missing = appended.filter((value) => !present.has(value));
  if (missing.length > 0) throw new Error(`${missing.length} appends are missing: ${missing[0]}`);
  if (present.size < found.length) throw new Error('an append took effect twice');
  if (!isEqual(found, appended)) throw new Error('appends out of order');
}

function isEqual(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, i) => value === other[i]);
}
