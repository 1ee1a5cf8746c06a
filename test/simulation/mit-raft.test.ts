/**
 * The Raft tests of MIT 6.824 by their names, on production servers in virtual time: what each does
 * and demands, with writes through the runtime in place of Start. Exactly-once makes them stricter:
 * a value that is retried is committed once.
 */

import { describe, expect, test } from 'vitest';
import { GOOD_NETWORK } from '../../src/simulation/network.ts';
import { Random } from '../../src/simulation/random.ts';
import type { Server } from '../../src/simulation/server.ts';
import { Cluster, MILLISECOND_US, SECOND_US, type Attempt } from './cluster.ts';

const UNRELIABLE = {
  ...GOOD_NETWORK,
  latencyMinUs: 0,
  latencyMaxUs: 26 * MILLISECOND_US,
  lossPerMillion: 100_000,
  reorders: true,
};
const LONG_REORDERING = {
  ...UNRELIABLE,
  longDelaysPerMillion: 300_000,
  longDelayMinUs: 200 * MILLISECOND_US,
  longDelayMaxUs: 2_200 * MILLISECOND_US,
};

function leaders(cluster: Cluster): Server[] {
  return cluster.servers.filter((server) => server.running?.node.raft.role === 'leader');
}

function termOf(cluster: Cluster): number {
  return cluster.on(cluster.leader()).node.raft.term;
}

describe('elections', () => {
  test('InitialElection: one leader, and its term stays while nothing happens', () => {
    const cluster = new Cluster(3);
    const before = termOf(cluster);
    cluster.pass(2 * SECOND_US);
    expect(leaders(cluster)).toHaveLength(1);
    expect(termOf(cluster)).toBe(before);
  });

  test('ReElection: a majority elects, a minority does not', () => {
    const cluster = new Cluster(3);
    const first = cluster.leader();
    cluster.isolate(first);
    const rest = cluster.servers.filter((server) => server !== first);
    const second = cluster.leader(rest);
    cluster.heal();
    cluster.converge();
    expect(leaders(cluster)).toEqual([second]);

    const [other, ...others] = cluster.servers.filter((server) => server !== second);
    if (other === undefined) throw new Error('no other');
    cluster.partition([second], [other], others);
    cluster.pass(2 * SECOND_US);
    expect(leaders(cluster)).toEqual([]);

    cluster.partition([second], [other, ...others]);
    cluster.leader([other, ...others]);
    cluster.heal();
    cluster.converge();
    expect(leaders(cluster)).toHaveLength(1);
  });

  test('ManyElections: five servers, two of them cut off again and again', () => {
    const cluster = new Cluster(5);
    const random = Random.fromSeed(7);
    for (let round = 0; round < 10; round += 1) {
      const cut = random.shuffle(cluster.servers).slice(0, 2);
      cluster.isolate(...cut);
      cluster.leader(cluster.servers.filter((server) => !cut.includes(server)));
      cluster.heal();
      cluster.leader();
    }
    cluster.converge();
    expect(leaders(cluster)).toHaveLength(1);
  });
});

describe('agreement', () => {
  test('BasicAgree: writes are committed one after the other, on all five', () => {
    const cluster = new Cluster(5);
    const before = cluster.world.check.committedIndex;
    const values = [cluster.commit(), cluster.commit(), cluster.commit()];
    cluster.waitApplied(5);
    expect(cluster.values).toEqual(values);
    // The session's registration, then the three.
    expect(cluster.world.check.committedIndex).toBe(before + 4);
  });

  test('FailAgree: two of three go on, the third catches up', () => {
    const cluster = new Cluster(3);
    const values = [cluster.commit()];
    const [follower] = cluster.followers();
    if (follower === undefined) throw new Error('no follower');
    cluster.isolate(follower);
    values.push(cluster.commit(), cluster.commit());
    cluster.pass(SECOND_US);
    values.push(cluster.commit(), cluster.commit());
    cluster.heal();
    values.push(cluster.commit());
    cluster.waitApplied(3);
    cluster.pass(SECOND_US);
    values.push(cluster.commit());
    cluster.waitApplied(3);
    expect(cluster.values).toEqual(values);
  });

  test('FailNoAgree: without a majority nothing is committed', () => {
    const cluster = new Cluster(5);
    const leader = cluster.leader();
    const first = cluster.commit(leader);
    const committed = cluster.world.check.committedIndex;
    const cut = cluster.followers().slice(0, 3);
    cluster.isolate(...cut);
    const attempt = cluster.append(leader, 60_000);
    cluster.pass(2 * SECOND_US);
    expect(cluster.world.check.committedIndex).toBe(committed);
    expect(attempt.state).not.toBe('ok');
    cluster.heal();
    const last = cluster.commit();
    cluster.converge();
    expect(cluster.values.filter((value) => value !== attempt.value)).toEqual([first, last]);
  });

  test('ConcurrentStarts: five at once are all committed, in order', () => {
    const cluster = new Cluster(3);
    const leader = cluster.leader();
    const attempts = Array.from({ length: 5 }, () => cluster.append(leader));
    cluster.waitFor(() => attempts.every(({ state }) => state === 'ok'), SECOND_US, 'five writes');
    cluster.waitApplied(3);
    expect(cluster.values).toEqual(attempts.map(({ value }) => value));
  });

  test('Rejoin: what a cut-off leader appended gives way to what the others committed', () => {
    const cluster = new Cluster(3);
    cluster.commit();
    const first = cluster.leader();
    cluster.isolate(first);
    const lost = Array.from({ length: 3 }, () => cluster.append(first, 500));
    const rest = cluster.servers.filter((server) => server !== first);
    const second = cluster.leader(rest);
    cluster.commit(second);
    cluster.waitFor(() => lost.every(({ state }) => state === 'failed'), 10 * SECOND_US, 'failure');
    cluster.isolate(second);
    const third = cluster.leader(cluster.servers.filter((server) => server !== second));
    cluster.commit(third);
    cluster.heal();
    cluster.commit();
    cluster.converge();
  });

  test('Backup: long diverging logs are mended fast', () => {
    const cluster = new Cluster(5);
    cluster.commit();
    const leader = cluster.leader();
    const [a, b, c, d] = cluster.followers();
    if (!a || !b || !c || !d) throw new Error('not five');
    cluster.partition([leader, a], [b, c, d]);
    for (let i = 0; i < 50; i += 1) cluster.append(leader, 300);
    cluster.pass(SECOND_US / 2);
    const second = cluster.leader([b, c, d]);
    const kept = Array.from({ length: 50 }, () => cluster.append(second));
    cluster.waitFor(() => kept.every(({ state }) => state === 'ok'), 10 * SECOND_US, '50 writes');

    const [other, last] = [b, c, d].filter((server) => server !== second);
    if (!other || !last) throw new Error('not three');
    cluster.partition([second, last], [other], [leader, a]);
    for (let i = 0; i < 50; i += 1) cluster.append(second, 300);
    cluster.pass(SECOND_US / 2);
    cluster.partition([leader, a, other], [second, last]);
    const third = cluster.leader([leader, a, other]);
    const more = Array.from({ length: 50 }, () => cluster.append(third));
    cluster.waitFor(() => more.every(({ state }) => state === 'ok'), 10 * SECOND_US, '50 writes');
    cluster.heal();
    cluster.commit();
    cluster.converge();
    const values = new Set(cluster.values);
    for (const { value } of [...kept, ...more]) expect(values.has(value)).toBe(true);
  });

  test('Count: few messages for an election, for ten writes and for an idle second', () => {
    const cluster = new Cluster(3);
    const requests = () =>
      cluster.trace.filter((line) => /deliver +(append-entries|request-vote|pre-vote) /.test(line));
    const leader = cluster.leader();
    cluster.commit(leader);
    cluster.pass(SECOND_US);
    const before = requests().length;
    const attempts = Array.from({ length: 10 }, () => cluster.append(leader));
    cluster.waitFor(() => attempts.every(({ state }) => state === 'ok'), SECOND_US, 'ten writes');
    expect(requests().length - before).toBeLessThanOrEqual((10 + 1 + 3) * 3);
    const idleFrom = requests().length;
    cluster.pass(SECOND_US);
    expect(requests().length - idleFrom).toBeLessThanOrEqual(3 * 20);
  });
});

describe('persistence', () => {
  test('Persist1: everything survives crashes of one and of all', () => {
    const cluster = new Cluster(3);
    const values = [cluster.commit()];
    cluster.crash(...cluster.servers);
    cluster.restart(...cluster.servers);
    values.push(cluster.commit());
    const leader = cluster.leader();
    cluster.crash(leader);
    cluster.restart(leader);
    values.push(cluster.commit());
    const second = cluster.leader();
    cluster.isolate(second);
    const rest = cluster.servers.filter((server) => server !== second);
    values.push(cluster.commit(cluster.leader(rest)));
    cluster.crash(second);
    cluster.heal();
    cluster.restart(second);
    cluster.converge();
    expect(cluster.values).toEqual(values);
    const [cut] = cluster.followers();
    if (cut === undefined) throw new Error('no follower');
    cluster.isolate(cut);
    values.push(cluster.commit());
    cluster.crash(cut);
    cluster.heal();
    cluster.restart(cut);
    values.push(cluster.commit());
    cluster.converge();
    expect(cluster.values).toEqual(values);
  });

  test('Persist2: changing majorities of five keep every write', () => {
    const cluster = new Cluster(5);
    const values: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      values.push(cluster.commit());
      cluster.waitApplied(5);
      const followers = cluster.followers();
      const firstTwo = followers.slice(0, 2);
      cluster.crash(...firstTwo);
      values.push(cluster.commit());
      const otherThree = cluster.servers.filter((server) => !firstTwo.includes(server));
      cluster.crash(...otherThree);
      cluster.restart(...firstTwo);
      cluster.pass(SECOND_US);
      expect(leaders(cluster)).toEqual([]);
      cluster.restart(...otherThree.slice(0, 1));
      values.push(cluster.commit());
      cluster.restart(...otherThree.slice(1));
    }
    values.push(cluster.commit());
    cluster.converge();
    expect(cluster.values).toEqual(values);
  });

  test('Persist3: a server with a short log does not win', () => {
    const cluster = new Cluster(3);
    const values = [cluster.commit()];
    cluster.waitApplied(3);
    const leader = cluster.leader();
    const [f1, f2] = cluster.followers();
    if (!f1 || !f2) throw new Error('no followers');
    cluster.isolate(f2);
    values.push(cluster.commit(leader));
    cluster.crash(leader, f1);
    cluster.heal();
    cluster.restart(leader);
    values.push(cluster.commit(leader));
    cluster.restart(f1);
    values.push(cluster.commit());
    cluster.converge();
    expect(cluster.values).toEqual(values);
  });
});

describe('storms', () => {
  test('Figure8: leaders crash after every appended entry, 1,000 times', () => {
    const cluster = new Cluster(5);
    const random = Random.fromSeed(8);
    for (let round = 0; round < 1_000; round += 1) {
      for (const server of leaders(cluster)) cluster.append(server);
      const long = random.chance(100_000);
      cluster.pass(random.below(long ? 500 : 13) * MILLISECOND_US);
      const [leader] = leaders(cluster);
      if (leader !== undefined) cluster.crash(leader);
      const down = cluster.servers.filter((server) => server.running === null);
      if (down.length > 2) cluster.restart(random.pick(down));
    }
    cluster.restart(...cluster.servers.filter((server) => server.running === null));
    cluster.commit();
    cluster.converge();
    expect(cluster.world.crashes).toBeGreaterThan(5);
  });

  test('UnreliableAgree: 245 writes over a lossy network', () => {
    const cluster = new Cluster(5);
    cluster.world.network.conditions = UNRELIABLE;
    const random = Random.fromSeed(9);
    const attempts: Attempt[] = [];
    for (let round = 0; round < 49; round += 1) {
      for (let i = 0; i < 4; i += 1) attempts.push(cluster.append(random.pick(cluster.servers)));
      attempts.push(cluster.append(cluster.leader()));
      cluster.pass(20 * MILLISECOND_US);
    }
    cluster.waitFor(
      () => attempts.every(({ state }) => state !== 'pending'),
      30 * SECOND_US,
      '245',
    );
    cluster.world.network.conditions = GOOD_NETWORK;
    cluster.commit();
    cluster.converge();
    const values = new Set(cluster.values);
    for (const { value, state } of attempts) if (state === 'ok') expect(values).toContain(value);
    expect(attempts.filter(({ state }) => state === 'ok').length).toBeGreaterThan(240);
  });

  test('Figure8Unreliable: leaders are cut off, messages lost and long on their way', () => {
    const cluster = new Cluster(5);
    const random = Random.fromSeed(10);
    const cut = new Set<Server>();
    cluster.world.network.conditions = UNRELIABLE;
    for (let round = 0; round < 1_000; round += 1) {
      if (round === 200) cluster.world.network.conditions = LONG_REORDERING;
      for (const server of leaders(cluster)) cluster.append(server);
      cluster.pass(random.below(random.chance(100_000) ? 500 : 13) * MILLISECOND_US);
      const [leader] = leaders(cluster);
      if (leader !== undefined && random.chance(500_000)) cut.add(leader);
      if (cut.size > 2) cut.delete(random.pick([...cut]));
      cluster.isolate(...cut);
    }
    cluster.world.network.conditions = GOOD_NETWORK;
    cluster.heal();
    cluster.commit();
    cluster.converge();
    expect(cluster.world.check.elections).toBeGreaterThan(3);
  });

  test.each([
    ['ReliableChurn', GOOD_NETWORK],
    ['UnreliableChurn', LONG_REORDERING],
  ])('%s: what a client saw committed is there in the end', (_name, conditions) => {
    const cluster = new Cluster(5);
    const random = Random.fromSeed(11);
    cluster.world.network.conditions = conditions;
    const attempts: Attempt[] = [];
    const cut = new Set<Server>();
    for (let round = 0; round < 20; round += 1) {
      for (let i = 0; i < 15; i += 1) {
        const { running } = cluster.world;
        if (running.length > 0) attempts.push(cluster.append(random.pick(running).server));
        cluster.pass(45 * MILLISECOND_US);
      }
      const server = random.pick(cluster.servers);
      if (random.chance(200_000)) cut.add(server);
      if (random.chance(500_000)) {
        if (server.running === null) cluster.restart(server);
        cut.delete(server);
      }
      if (random.chance(200_000)) cluster.crash(server);
      cluster.isolate(...cut);
    }
    cluster.world.network.conditions = GOOD_NETWORK;
    cluster.heal();
    cluster.restart(...cluster.servers.filter((server) => server.running === null));
    cluster.converge();
    const values = cluster.values;
    const acknowledged = attempts.filter(({ state }) => state === 'ok');
    expect(acknowledged.length).toBeGreaterThan(20);
    for (const { value } of acknowledged) {
      expect(values.filter((other) => other === value)).toHaveLength(1);
    }
  });
});
