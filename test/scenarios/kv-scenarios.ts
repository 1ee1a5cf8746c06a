/**
 * The tests of MIT 6.824's raftkv without snapshots, step by step and with all their bounds.
 */

import type { Thread } from './cluster.ts';
import type { Facts, Scenario } from './facts.ts';
import { KvHarness, type GenericTest } from './kv-harness.ts';
import { SECOND_US } from './labrpc.ts';

const SHARED_LIST = 0;
const REGISTER = 1;

export const KV_SCENARIOS: Readonly<Record<string, Scenario>> = {
  TestBasic: generic({ clients: 1 }),
  TestConcurrent: generic({ clients: 5 }),
  TestUnreliable: generic({ clients: 5, unreliable: true }),

  TestUnreliableOneKey(facts, seed) {
    const cluster = new KvHarness(3, seed);
    cluster.labrpc.unreliable = true;
    const appended: number[][] = [];
    const clients = Array.from({ length: 5 }, (_, i) => {
      const mine: number[] = [];
      appended.push(mine);
      return cluster.spawn(appendTen(cluster, i, mine));
    });
    cluster.join(clients, 30 * SECOND_US);
    const found = cluster.run(cluster.clerk(0).get(SHARED_LIST));
    facts.between('appends to one key', found.length, 50, 50);
    for (const mine of appended) {
      const order = found.filter((value) => mine.includes(value));
      if (order.join(' ') !== mine.join(' '))
        throw new Error(`${mine} is not in order in ${found}`);
    }
    cluster.labrpc.unreliable = false;
    cluster.converge();
  },

  TestOnePartition: onePartition,

  TestManyPartitionsOneClient: generic({ clients: 1, partitions: true }),
  TestManyPartitionsManyClients: generic({ clients: 5, partitions: true }),
  TestPersistOneClient: generic({ clients: 1, crash: true }),
  TestPersistConcurrent: generic({ clients: 5, crash: true }),
  TestPersistConcurrentUnreliable: generic({ clients: 5, crash: true, unreliable: true }),
  TestPersistPartition: generic({ clients: 5, crash: true, partitions: true }),
  TestPersistPartitionUnreliable: generic({
    clients: 5,
    crash: true,
    partitions: true,
    unreliable: true,
  }),
};

function generic(test: GenericTest): Scenario {
  return (facts, seed) => new KvHarness(test.servers ?? 5, seed).genericTest(facts, test);
}

function* appendTen(cluster: KvHarness, home: number, mine: number[]): Thread<void> {
  const clerk = cluster.clerk(home);
  yield 0;
  for (let i = 0; i < 10; i += 1) mine.push(yield* clerk.append(SHARED_LIST));
}

/** Three lines in the course's output: progress in the majority, none in the minority, completion. */
function onePartition(facts: Facts, seed: number): void {
  const cluster = new KvHarness(5, seed);
  const put = (server: number): number => cluster.run(cluster.clerk(server).put(REGISTER));
  const check = (server: number, value: number): void => {
    const [found] = cluster.run(cluster.clerk(server).get(REGISTER));
    if (found !== value) throw new Error(`get wrong value: wanted ${value}, got ${found}`);
  };
  put(0);

  const leader = cluster.leader();
  const minority = [leader, (leader + 1) % 5];
  const majority = [2, 3, 4].map((i) => (leader + i) % 5);
  cluster.partition((server) => (minority.includes(server) ? 1 : 0));
  const inMajority = majority[0] ?? 0;
  check(inMajority, put(inMajority));
  facts.note('progress in the majority: put and read back');

  const result: { put: number | null; get: number | null } = { put: null, get: null };
  cluster.spawn(minorityPut(cluster, leader, result));
  cluster.spawn(minorityGet(cluster, leader + 1, result));
  cluster.sleep(SECOND_US);
  if (result.put !== null) throw new Error('Put in minority completed');
  if (result.get !== null) throw new Error('Get in minority completed');
  const last = put(inMajority);
  check(inMajority, last);
  facts.note('no progress in the minority: neither put nor get within 1 s');

  cluster.connectAll();
  const fromUs = cluster.world.queue.nowUs;
  cluster.sleep(SECOND_US);
  cluster.world.runUntil(() => result.put !== null && result.get !== null, 3 * SECOND_US);
  const tookMs = (cluster.world.queue.nowUs - fromUs) / 1_000;
  facts.atMost('completion after heal: ms until put and get ended', tookMs, 4_000);
  if (result.put === null) throw new Error('Put did not complete');
  if (result.get === null) throw new Error('Get did not complete');
  check(leader, result.put);
  cluster.converge();
}

function* minorityPut(
  cluster: KvHarness,
  server: number,
  result: { put: number | null },
): Thread<void> {
  yield 0;
  result.put = yield* cluster.clerk(server).put(REGISTER);
}

function* minorityGet(
  cluster: KvHarness,
  server: number,
  result: { get: number | null },
): Thread<void> {
  yield 0;
  const [value] = yield* cluster.clerk(server).get(REGISTER);
  result.get = value ?? 0;
}
