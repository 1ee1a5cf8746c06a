/**
 * One fault at a time, done on purpose to a grown cluster of production servers. The checkers watch
 * every event of these worlds too: a stale linearizable read fails the test wherever it happens.
 */

import { describe, expect, test } from 'vitest';
import { GOOD_DATABASE } from '../../src/simulation/simulated-database.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';
import { Cluster, MILLISECOND_US, SECOND_US, type Attempt } from './cluster.ts';

describe('a deposed leader (paper section 8, thesis section 6.4)', () => {
  test('cut off with its client, it never answers a linearizable or strong read', () => {
    const cluster = new Cluster(3);
    const old = cluster.leader();
    cluster.commit(old);
    cluster.isolate(old);
    const early = cluster.read(old, 'linearizable');
    const rest = cluster.servers.filter((server) => server !== old);
    const value = cluster.commit(cluster.leader(rest));
    const late = [cluster.read(old, 'linearizable'), cluster.read(old, 'strong')];
    const local = cluster.read(old, 'none');
    expect(local.state).toBe('ok');
    expect(cluster.on(old).machine.model.values(0)).not.toContain(value);
    const reads = [early, ...late];
    cluster.waitFor(() => reads.every(({ state }) => state !== 'pending'), 20 * SECOND_US, 'reads');
    expect(reads.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
    cluster.heal();
    cluster.converge();
    expect(cluster.read(old, 'none').state).toBe('ok');
    expect(cluster.values).toContain(value);
  });

  test('whose machine slept, clock and all, asks a majority before it answers', () => {
    const cluster = new Cluster(3);
    const old = cluster.leader();
    cluster.commit(old);
    const rest = cluster.servers.filter((server) => server !== old);
    old.pause(true);
    const value = cluster.commit(cluster.leader(rest));
    const reads = Array.from({ length: 5 }, () => cluster.read(old, 'linearizable'));
    old.resume();
    cluster.waitFor(() => reads.every(({ state }) => state !== 'pending'), 20 * SECOND_US, 'reads');
    expect(reads.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(cluster.on(old).machine.model.values(0)).toContain(value);
    cluster.converge();
  });

  test('one-way cut: it is heard but hears nobody, and steps down for another', () => {
    const cluster = new Cluster(3);
    const old = cluster.leader();
    for (const server of cluster.followers()) {
      cluster.world.network.block(server.nodeId, old.nodeId);
    }
    const read = cluster.read(old, 'linearizable');
    const rest = cluster.servers.filter((server) => server !== old);
    cluster.commit(cluster.leader(rest));
    const hasSteppedDown = () => cluster.on(old).node.raft.role !== 'leader';
    cluster.waitFor(hasSteppedDown, 5 * SECOND_US, 'the old leader to step down');
    cluster.waitFor(() => read.state !== 'pending', 20 * SECOND_US, 'the read');
    expect(read.state).toBe('failed');
    cluster.heal();
    cluster.converge();
  });
});

describe('a stable leader (thesis sections 9.6 and 4.2.3)', () => {
  const stateOf = (cluster: Cluster) => {
    const leader = cluster.leader();
    return { leader: leader.number, term: cluster.on(leader).node.raft.term };
  };

  test('is not disturbed by a server that comes back after a long time', () => {
    const cluster = new Cluster(3);
    const [follower] = cluster.followers();
    if (follower === undefined) throw new Error('no follower');
    const before = stateOf(cluster);
    cluster.isolate(follower);
    cluster.pass(20 * SECOND_US);
    cluster.heal();
    cluster.converge();
    expect(stateOf(cluster)).toEqual(before);
  });

  test('is not disturbed by a server that hears everybody but the leader', () => {
    const cluster = new Cluster(3);
    const [follower] = cluster.followers();
    if (follower === undefined) throw new Error('no follower');
    const before = stateOf(cluster);
    cluster.world.network.block(cluster.leader().nodeId, follower.nodeId);
    cluster.pass(20 * SECOND_US);
    expect(stateOf(cluster)).toEqual(before);
    cluster.heal();
    cluster.converge();
    expect(stateOf(cluster)).toEqual(before);
  });
});

describe('64 writes of one client at once (thesis section 6.3)', () => {
  const burst = (cluster: Cluster, number: number): Attempt[] => {
    const server = cluster.world.server(number);
    return Array.from({ length: 64 }, () => cluster.append(server));
  };
  const expectOnceInOrder = (cluster: Cluster, attempts: readonly Attempt[]): void => {
    const all = () => attempts.every(({ state }) => state === 'ok');
    cluster.waitFor(all, 20 * SECOND_US, '64 answers');
    cluster.waitApplied(2);
    expect(cluster.values).toEqual(attempts.map(({ value }) => value));
  };

  test.each([1, 5, 10, 20, 40])('the leader crashes %i ms after: each once, in order', (ms) => {
    const cluster = new Cluster(3, ms);
    const [follower] = cluster.followers();
    const leader = cluster.leader();
    if (follower === undefined) throw new Error('no follower');
    const attempts = burst(cluster, follower.number);
    cluster.pass(ms * MILLISECOND_US);
    cluster.crash(leader);
    expectOnceInOrder(cluster, attempts);
    cluster.restart(leader);
    cluster.converge();
  });

  test.each([1, 5, 10, 20, 40])('their own leader is cut off %i ms after: the same', (ms) => {
    const cluster = new Cluster(5, ms);
    const leader = cluster.leader();
    const attempts = burst(cluster, leader.number);
    cluster.pass(ms * MILLISECOND_US);
    cluster.isolate(leader);
    cluster.pass(3 * SECOND_US);
    cluster.heal();
    expectOnceInOrder(cluster, attempts);
    cluster.converge();
  });
});

describe('without a majority', () => {
  test('nothing is committed, writes fail truthfully, and local reads go on', () => {
    const cluster = new Cluster(3);
    const kept = cluster.commit();
    cluster.waitApplied(3);
    const leader = cluster.leader();
    cluster.crash(...cluster.followers());
    const committed = cluster.world.check.committedIndex;
    const attempt = cluster.append(leader);
    cluster.waitFor(() => attempt.state !== 'pending', 20 * SECOND_US, 'the failure');
    const operation = cluster.world.history.operations[attempt.value - 1];
    expect(operation?.failure?.code).toBe('NoQuorum');
    expect(operation?.failure?.applied).toBe('unknown');
    expect(cluster.world.check.committedIndex).toBe(committed);
    expect(cluster.read(leader, 'none').state).toBe('ok');
    cluster.restart(...cluster.servers.filter((server) => server.running === null));
    cluster.converge();
    expect(cluster.values).toContain(kept);
  });

  test('a request made while nobody leads fails with no effect', () => {
    const cluster = new Cluster(3);
    const [one, ...others] = cluster.servers;
    if (one === undefined) throw new Error('no server');
    cluster.crash(...others);
    cluster.waitFor(() => cluster.on(one).node.raft.leaderId === null, 10 * SECOND_US, 'no leader');
    const attempt = cluster.append(one);
    cluster.waitFor(() => attempt.state !== 'pending', 20 * SECOND_US, 'the failure');
    expect(cluster.world.history.operations[attempt.value - 1]?.failure?.applied).toBe('no');
    cluster.restart(...others);
    cluster.converge();
    expect(cluster.values).not.toContain(attempt.value);
  });
});

describe('durability', () => {
  test('acknowledged writes survive the crash of all servers at once', () => {
    const cluster = new Cluster(5);
    const attempts = Array.from({ length: 40 }, (_, i) =>
      cluster.append(cluster.world.server(i % 5)),
    );
    const acknowledged = () => attempts.filter(({ state }) => state === 'ok');
    cluster.waitFor(() => acknowledged().length >= 10, 10 * SECOND_US, 'ten answers');
    const before = acknowledged().map(({ value }) => value);
    cluster.crash(...cluster.servers);
    cluster.restart(...cluster.servers);
    cluster.converge();
    for (const value of before) expect(cluster.values).toContain(value);
  });

  test('lost databases are made anew from the log', () => {
    const cluster = new Cluster(3);
    const values = [cluster.commit(), cluster.commit()];
    cluster.crash(...cluster.servers);
    for (const server of cluster.servers) server.database.wipe();
    cluster.restart(...cluster.servers);
    cluster.converge();
    expect(cluster.values).toEqual(values);
  });

  test('a server whose disk fails stops, and the others go on', () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    leader.disk.failNext = true;
    const attempt = cluster.append(leader);
    cluster.waitFor(() => leader.running === null, SECOND_US, 'the stop');
    expect(cluster.world.storageStops).toBe(1);
    expect(attempt.state).toBe('failed');
    const rest = cluster.servers.filter((server) => server !== leader);
    const value = cluster.commit(cluster.leader(rest));
    cluster.restart(leader);
    cluster.converge();
    expect(cluster.values).toContain(value);
  });

  test('a slow disk does not silence heartbeats', () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const { term } = cluster.on(leader).node.raft;
    cluster.commit(leader);
    leader.disk.conditions = { writeMinUs: 2 * SECOND_US, writeMaxUs: 3 * SECOND_US };
    const attempt = cluster.append(leader);
    cluster.pass(4 * SECOND_US);
    expect(attempt.state).toBe('ok');
    expect(cluster.leader()).toBe(leader);
    expect(cluster.on(leader).node.raft.term).toBe(term);
  });

  test('a slow database causes no election', () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const { term } = cluster.on(leader).node.raft;
    leader.database.conditions = {
      ...GOOD_DATABASE,
      applyMinUs: 3 * SECOND_US,
      applyMaxUs: 3 * SECOND_US,
    };
    cluster.append(leader);
    cluster.pass(5 * SECOND_US);
    expect(cluster.leader()).toBe(leader);
    expect(cluster.on(leader).node.raft.term).toBe(term);
  });
});

describe('membership (paper section 6, thesis section 4.2.1)', () => {
  test('one founds, two join and are promoted together, two more make five', () => {
    const cluster = new Cluster(1);
    const voters = () => cluster.on(cluster.leader()).node.raft.configuration.voters.length;
    cluster.commit();
    cluster.world.addServer([nodeIdOf(0)]).start();
    cluster.pass(3 * SECOND_US);
    expect(voters()).toBe(1);
    cluster.world.addServer([nodeIdOf(0)]).start();
    cluster.waitFor(() => voters() === 3, 10 * SECOND_US, 'three voters');
    cluster.world.addServer([nodeIdOf(1)]).start();
    cluster.world.addServer([nodeIdOf(2)]).start();
    cluster.waitFor(() => voters() === 5, 10 * SECOND_US, 'five voters');
    cluster.world.addServer([nodeIdOf(4)]).start();
    cluster.converge();
    expect(voters()).toBe(5);
    expect(cluster.on(cluster.world.server(5)).node.raft.role).toBe('learner');
  });

  test('a newcomer whose admission was never committed asks again', () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const followers = cluster.followers();
    const newcomer = cluster.world.addServer([leader.nodeId]);
    cluster.partition([leader, newcomer], followers);
    newcomer.start();
    const isAdmitted = () =>
      cluster.on(newcomer).node.raft.configuration.learners.includes(newcomer.nodeId);
    cluster.waitFor(isAdmitted, 900 * MILLISECOND_US, 'the uncommitted admission');
    cluster.crash(leader);
    cluster.heal();
    const { learners } = cluster.on(cluster.leader(followers)).node.raft.configuration;
    expect(learners).toEqual([]);
    cluster.restart(leader);
    cluster.converge();
    expect(cluster.on(newcomer).node.raft.configuration.learners).toContain(newcomer.nodeId);
  });

  test('a lost voter is missed by nobody: the others go on, a new server joins', () => {
    const cluster = new Cluster(3);
    const [lost] = cluster.followers();
    if (lost === undefined) throw new Error('no follower');
    cluster.world.destroy(lost);
    cluster.commit();
    cluster.world.addServer([cluster.leader().nodeId]).start();
    cluster.converge();
    expect(cluster.leader().running?.node.raft.configuration.learners).toHaveLength(1);
  });
});

describe('sessions', () => {
  test('a client whose session was evicted gets another one, and every write once', () => {
    const cluster = new Cluster(3, 1, { maxSessions: 2 });
    const values: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const server of cluster.servers) values.push(cluster.commit(server));
    }
    expect(cluster.values).toEqual(values);
    expect(cluster.world.check.counters.evictedSessions).toBeGreaterThan(0);
    cluster.converge();
  });
});
