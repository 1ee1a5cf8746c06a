/** What a closed load tells follows from the delays that it is under. */

import { expect, test } from 'vitest';

import { LOAD_DELAYS, LoadedCluster } from '../../src/simulation/closed-load.ts';

const { network, disk, apply } = LOAD_DELAYS;
const COUNT = 40;

test('one voter waits for its disk and the transaction alone, and sends nothing', () => {
  const loaded = new LoadedCluster({ seed: 1, voters: 1, learners: 0 });
  // The first opens a session.
  loaded.run(1, 1);
  const { latenciesMs, messages } = loaded.run(1, COUNT);
  expect(latenciesMs).toHaveLength(COUNT);
  for (const latencyMs of latenciesMs) {
    expect(latencyMs).toBeGreaterThanOrEqual((disk.minUs + apply.minUs) / 1_000);
    expect(latencyMs).toBeLessThanOrEqual((2 * disk.maxUs + apply.maxUs) / 1_000);
  }
  expect(messages).toBe(0);
  loaded.verify();
});

test('three voters wait for a round trip and the disk at its end, also when one of them is dead', () => {
  const loaded = new LoadedCluster({ seed: 1, voters: 3, learners: 0 });
  const leastMs = (2 * network.minUs + disk.minUs + apply.minUs) / 1_000;
  const all = loaded.run(1, COUNT);
  expect(Math.min(...all.latenciesMs)).toBeGreaterThanOrEqual(leastMs);
  const dead = loaded.world.servers.find((server) => server !== loaded.world.leader());
  if (dead === undefined) throw new Error('there is no follower');
  loaded.world.crash(dead);
  const without = loaded.run(8, COUNT);
  expect(without.latenciesMs).toHaveLength(COUNT);
  expect(Math.min(...without.latenciesMs)).toBeGreaterThanOrEqual(leastMs);
  dead.start();
  loaded.verify();
});

test('many clients share what a commit waits for, and learners are waited for by nobody', () => {
  const loaded = new LoadedCluster({ seed: 1, voters: 3, learners: 4 });
  const alone = loaded.run(1, COUNT);
  const together = loaded.run(COUNT, COUNT);
  expect(together.elapsedMs).toBeLessThan(alone.elapsedMs / 4);
  // Whoever learns is slow: it is told all the same, later.
  for (const server of loaded.world.servers.slice(3)) {
    server.disk.conditions = { writeMinUs: 80_000, writeMaxUs: 80_000 };
  }
  expect(Math.max(...loaded.run(1, COUNT).latenciesMs)).toBeLessThan(80);
  loaded.verify();
});

test('a cluster without a majority answers nothing, and that is no figure', () => {
  const loaded = new LoadedCluster({ seed: 1, voters: 3, learners: 0 });
  const leader = loaded.world.leader();
  for (const server of loaded.world.servers) if (server !== leader) loaded.world.crash(server);
  expect(() => loaded.run(1, COUNT)).toThrow('writes failed');
});
