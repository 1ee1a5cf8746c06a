/**
 * Compaction, snapshots and quarantine done to a cluster on purpose: the simulated disk and database
 * under the production runtime, with bounds small enough to be reached.
 */

import { describe, expect, test } from 'vitest';
import { whatIsUnbounded } from '../../src/simulation/checkers/bounded-log.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { Cluster, SECOND_US } from './cluster.ts';

const LIMITS = {
  logCompactEntries: 16,
  logKeepEntries: 4,
  snapshotChunkBytes: 64,
  snapshotResendMs: 200,
  stateCheckIntervalMs: 1_000,
};

function clusterOf(size: number, seed = 1): Cluster {
  return new Cluster(size, seed, { limits: LIMITS });
}

function commitMany(cluster: Cluster, count: number): number[] {
  return Array.from({ length: count }, () => cluster.commit());
}

describe('logs', () => {
  test('stay short, and everything is there after the crash of all', () => {
    const cluster = clusterOf(3);
    const values = commitMany(cluster, 60);
    const isBounded = () => whatIsUnbounded(cluster.world) === null;
    cluster.waitFor(isBounded, 10 * SECOND_US, 'compaction');
    expect(cluster.world.check.snapshots.compactions).toBeGreaterThan(6);
    cluster.crash(...cluster.servers);
    cluster.restart(...cluster.servers);
    cluster.converge();
    expect(cluster.values).toEqual(values);
  });

  test.each(['journal', 'indexeddb'] as const)('survive that all servers lose the %s', (name) => {
    const cluster = clusterOf(3);
    const values = commitMany(cluster, 30);
    // A spare follower may be writing what was committed without it.
    cluster.pass(SECOND_US / 5);
    cluster.crash(...cluster.servers);
    expect(cluster.servers.map(({ disk }) => disk.wipeCopy(name))).toEqual([true, true, true]);
    cluster.restart(...cluster.servers);
    cluster.converge();
    expect(cluster.values).toEqual(values);
    expect(cluster.servers.map(({ disk }) => disk.counters.copiesMended)).toEqual([1, 1, 1]);
  });
});

describe('a snapshot', () => {
  test('brings a server up to date that was down for too long', () => {
    const cluster = clusterOf(3);
    const [behind] = cluster.followers();
    if (behind === undefined) throw new Error('no follower');
    cluster.crash(behind);
    const values = commitMany(cluster, 60);
    cluster.restart(behind);
    cluster.converge();
    expect(cluster.on(behind).machine.model.values(0)).toEqual(values);
    expect(cluster.world.check.snapshots.installs).toBe(1);
    expect(behind.disk.file).toBe(1);
  });

  test('whose receiver crashes at any step leaves nothing half done', () => {
    for (let step = 1; step <= 7; step += 1) {
      const cluster = clusterOf(3, step);
      const [behind] = cluster.followers();
      if (behind === undefined) throw new Error('no follower');
      cluster.crash(behind);
      commitMany(cluster, 40);
      let left = step;
      behind.database.onSnapshotStep = () => {
        left -= 1;
        if (left === 0) cluster.world.queue.schedule(0, () => cluster.crash(behind));
      };
      cluster.restart(behind);
      cluster.waitFor(() => behind.running === null, 20 * SECOND_US, `a crash at step ${step}`);
      cluster.restart(behind);
      cluster.converge();
      expect(behind.database.fileCount).toBe(1);
    }
  });
});

describe('quarantine', () => {
  test('a lost database behind a compacted log is replaced by a snapshot', () => {
    const cluster = clusterOf(3);
    const values = commitMany(cluster, 60);
    const leader = cluster.leader();
    cluster.crash(leader);
    leader.database.wipe();
    cluster.restart(leader);
    cluster.converge();
    expect(cluster.on(leader).machine.model.values(0)).toEqual(values);
    expect(cluster.world.check.snapshots.installs).toBe(1);
  });

  test('a changed database is found out and replaced, be it the leader’s', () => {
    for (const isLeader of [false, true]) {
      const cluster = clusterOf(3);
      const values = commitMany(cluster, 30);
      const [victim] = isLeader ? [cluster.leader()] : cluster.followers();
      if (victim === undefined) throw new Error('no victim');
      cluster.on(victim).machine.deviate(0, 5);
      expect(victim.isUnsound).toBe(true);
      cluster.waitFor(() => !victim.isUnsound, 30 * SECOND_US, 'a sound database');
      cluster.converge();
      expect(cluster.on(victim).machine.model.values(0)).toEqual(values);
    }
  });

  test('a server in quarantine serves nothing', () => {
    const cluster = clusterOf(3);
    commitMany(cluster, 30);
    const [victim] = cluster.followers();
    if (victim === undefined) throw new Error('no victim');
    for (const server of cluster.servers) {
      server.database.conditions = { ...server.database.conditions, refusedPerMillion: 1_000_000 };
    }
    cluster.on(victim).machine.deviate(0, 5);
    const isQuarantined = () => cluster.on(victim).machine.quarantined;
    cluster.waitFor(isQuarantined, 10 * SECOND_US, 'quarantine');
    const attempts = [
      cluster.append(victim),
      ...(['none', 'weak', 'linearizable', 'strong'] as const).map((level) =>
        cluster.read(victim, level),
      ),
    ];
    cluster.pass(1 * SECOND_US);
    expect(attempts.map(({ state }) => state)).toEqual(attempts.map(() => 'failed'));
  });
});

test(
  'five servers, twenty clients, every kind of fault: linearizable',
  { timeout: 300_000 },
  () => {
    // Judged by the run itself, with everything else.
    const wishes = { servers: 5, clients: 20 };
    const failures = [101, 102, 103, 104, 105, 106].flatMap((seed) => {
      const { failure } = runSeed(seed, null, wishes);
      return failure === null ? [] : [{ seed, ...failure }];
    });
    expect(failures).toEqual([]);
  },
);
