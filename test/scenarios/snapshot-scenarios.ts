/**
 * The tests of MIT 6.824's raftkv with snapshots, step by step and with all their bounds.
 *
 * The course's server takes a snapshot when its log has 1,000 bytes, and is given leave to have twice
 * as many. An entry of this log is about as large as one of the course's, so the same number means
 * about the same: a dozen writes. The log is measured as the disk holds it, in the encoding
 * of the wire. Compaction looks at it at most every half second, so it is measured after a second
 * without writes.
 */

import { ByteWriter } from '../../src/node/bytes.ts';
import { writeEntry } from '../../src/node/entry-codec.ts';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/node/limits.ts';
import { ModelDatabase } from '../../src/simulation/model-database.ts';
import type { Server } from '../../src/simulation/server.ts';
import type { Facts, Scenario } from './facts.ts';
import { KvHarness, type GenericTest } from './kv-harness.ts';
import { SECOND_US } from './labrpc.ts';

const MAX_RAFT_STATE_BYTES = 1_000;
const MAX_SNAPSHOT_BYTES = 500;

/** Chunks small enough that a snapshot is several. */
const LIMITS: RuntimeLimits = {
  ...RUNTIME_LIMITS,
  logCompactBytes: MAX_RAFT_STATE_BYTES,
  logKeepBytes: MAX_RAFT_STATE_BYTES / 4,
  logHeldBytes: (MAX_RAFT_STATE_BYTES * 3) / 2,
  snapshotChunkBytes: 256,
};

export const SNAPSHOT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  TestSnapshotRPC(facts, seed) {
    const cluster = new KvHarness(3, seed, { limits: LIMITS });
    const put = (key: number): number => cluster.run(cluster.clerk(0).put(register(key)));
    const check = (server: number, key: number, value: number): void => {
      const [found] = cluster.run(cluster.clerk(server).get(register(key)));
      if (found !== value) throw new Error(`key ${key}: wanted ${value}, got ${found}`);
    };
    const [a, b, c, d, e] = [50, 51, 52, 53, 54] as const;
    const ofA = put(a);
    check(0, a, ofA);

    // Server 2 misses what the others compact.
    cluster.partition((server) => (server === 2 ? 1 : 0));
    const values = Array.from({ length: 50 }, (_, key) => put(key));
    cluster.sleep(SECOND_US);
    const ofB = put(b);
    checkLogs(facts, cluster);

    // Now it is needed for a majority, with server 0.
    cluster.partition((server) => (server === 1 ? 1 : 0));
    const ofC = put(c);
    const ofD = put(d);
    const expected = [...[1, 49].map((key) => [key, values[key]]), [a, ofA], [b, ofB], [d, ofD]];
    for (const [key = 0, value = 0] of expected) check(2, key, value);
    const { restored } = cluster.server(2).database.counters;
    facts.between('snapshots that server 2 was given', restored, 1, 10);

    cluster.connectAll();
    const ofE = put(e);
    check(1, c, ofC);
    check(1, e, ofE);
    check(1, 1, values[1] ?? 0);
    cluster.converge();
  },

  TestSnapshotSize(facts, seed) {
    const cluster = new KvHarness(3, seed, { limits: LIMITS });
    const clerk = cluster.clerk(0);
    for (let i = 0; i < 400; i += 1) {
      const value = cluster.run(clerk.put(register(0)));
      const [found] = cluster.run(clerk.get(register(0)));
      if (found !== value) throw new Error(`wanted ${value}, got ${found}`);
    }
    cluster.sleep(SECOND_US);
    checkLogs(facts, cluster);
    const sizes = cluster.servers.map((server) => snapshotBytes(server));
    facts.between('largest snapshot, bytes', Math.max(...sizes), 1, MAX_SNAPSHOT_BYTES);
    cluster.converge();
  },

  TestSnapshotRecover: compacting({ clients: 1, crash: true }),
  TestSnapshotRecoverManyClients: compacting({ clients: 20, crash: true }),
  TestSnapshotUnreliable: compacting({ clients: 5, unreliable: true }),
  TestSnapshotUnreliableRecover: compacting({ clients: 5, unreliable: true, crash: true }),
  TestSnapshotUnreliableRecoverConcurrentPartition: compacting({
    clients: 5,
    unreliable: true,
    crash: true,
    partitions: true,
  }),
};

function register(key: number): number {
  return 2 * key + 1;
}

function compacting(test: GenericTest): Scenario {
  return (facts, seed) => {
    const cluster = new KvHarness(5, seed, { limits: LIMITS });
    let largest = 0;
    cluster.genericTest(facts, test, () => {
      cluster.sleep(SECOND_US);
      largest = Math.max(largest, largestLogBytes(cluster));
    });
    facts.atMost('largest log after a round, bytes', largest, 2 * MAX_RAFT_STATE_BYTES);
    const compacted = cluster.servers.filter((server) => server.disk.baseIndex > 0).length;
    facts.between('servers that compacted their log', compacted, 5, 5);
  };
}

function checkLogs(facts: Facts, cluster: KvHarness): void {
  facts.atMost('largest log, bytes', largestLogBytes(cluster), 2 * MAX_RAFT_STATE_BYTES);
}

function largestLogBytes({ servers }: KvHarness): number {
  return Math.max(...servers.map((server) => logBytes(server)));
}

function logBytes({ disk }: Server): number {
  const writer = new ByteWriter(4_096);
  for (const entry of disk.entries) writeEntry(writer, entry);
  return writer.finish().length;
}

/** What the server would send, were it asked for a snapshot now. */
function snapshotBytes({ database }: Server): number {
  if (!(database instanceof ModelDatabase)) throw new Error('no model');
  return database.load().encode().length;
}
