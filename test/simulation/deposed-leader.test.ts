/**
 * A leader that was deposed without knowing it: what it may still say (paper section 8, thesis sections
 * 6.2 and 6.4). Its clock runs slow, so that it believes in itself for long after others were elected.
 */

import { expect, test } from 'vitest';
import type { Server } from '../../src/simulation/server.ts';
import { Cluster, MILLISECOND_US, SECOND_US } from './cluster.ts';

const MILLION = 1_000_000;
const SLOW_PPM = -800_000;

/** From now on the server's clock runs at a fifth of the world's speed. */
function slowDown(cluster: Cluster, { clock }: Server): void {
  const { nowUs } = cluster.world.queue;
  // What it shows now it has shown since its start at the beginning of the world.
  const shownUs = (nowUs - clock.sleptUs) * (1 + clock.driftPpm / MILLION);
  const sleptUs = Math.ceil(nowUs - shownUs / (1 + SLOW_PPM / MILLION));
  Object.assign(clock, { driftPpm: SLOW_PPM, sleptUs });
}

/** A leader that still leads, cut off from another one that has committed something since. */
function depose(seed: number): { cluster: Cluster; deposed: Server; value: number } {
  const cluster = new Cluster(3, seed);
  const deposed = cluster.leader();
  cluster.commit(deposed);
  cluster.waitApplied(3);
  const others = cluster.followers();
  slowDown(cluster, deposed);
  cluster.isolate(deposed);
  const value = cluster.commit(cluster.leader(others));
  expect(cluster.on(deposed).node.raft.role).toBe('leader');
  return { cluster, deposed, value };
}

test.each([1, 2, 3])('answers no linearizable read from what it knows (seed %i)', (seed) => {
  const { cluster, deposed, value } = depose(seed);
  const read = cluster.read(deposed, 'linearizable');
  cluster.pass(20 * MILLISECOND_US);
  expect(read.state).toBe('pending');
  const isDown = (): boolean => cluster.on(deposed).node.raft.role !== 'leader';
  cluster.waitFor(isDown, 30 * SECOND_US, 'the end of its leadership');
  cluster.pass(SECOND_US);
  expect(read.state).not.toBe('ok');
  cluster.heal();
  cluster.converge();
  expect(cluster.values).toContain(value);
});

test('stops leading by itself, without hearing of the other', () => {
  const cluster = new Cluster(3);
  const leader = cluster.leader();
  cluster.isolate(leader);
  cluster.pass(10 * SECOND_US);
  expect(cluster.on(leader).node.raft.role).not.toBe('leader');
});

test('acknowledges no write', () => {
  const { cluster, deposed, value } = depose(4);
  const attempt = cluster.append(deposed);
  cluster.pass(3 * SECOND_US);
  expect(attempt.state).not.toBe('ok');
  cluster.heal();
  cluster.converge();
  expect(cluster.values).toContain(value);
});
