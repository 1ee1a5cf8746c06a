/** Messages that are made late on purpose. */

import { expect, test } from 'vitest';
import type { NodeMessage } from '../../src/node/messages.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { LinkFaults } from '../../src/transport/link-faults.ts';
import { ManualClock } from './manual-clock.ts';
import { type TestNode, World } from './mesh-world.ts';

function requestOf(from: TestNode, to: NodeId, requestId: number): NodeMessage {
  const administration = { type: 'transfer', nodeId: null } as const;
  return { type: 'administration-request', from: from.nodeId, to, requestId, administration };
}

async function pair(world: World): Promise<[TestNode, TestNode]> {
  const [a, b] = [world.add('a'), world.add('b')];
  a.mesh.setPeers([b.nodeId]);
  b.mesh.setPeers([a.nodeId]);
  await world.until(() => a.linked === 'b' && b.linked === 'a', 5_000, 'a link');
  return [a, b];
}

function requestIds({ received }: TestNode): number[] {
  return received.map((message) => ('requestId' in message ? message.requestId : Number.NaN));
}

test('messages leave that much later, in order, and what comes is not late', async () => {
  const world = new World();
  const [a, b] = await pair(world);
  a.mesh.faults.delay(200);
  a.mesh.send(requestOf(a, b.nodeId, 1));
  b.mesh.send(requestOf(b, a.nodeId, 7));
  await world.run(100);
  a.mesh.send(requestOf(a, b.nodeId, 2));
  expect([requestIds(a), requestIds(b)]).toEqual([[7], []]);
  await world.run(150);
  expect(requestIds(b)).toEqual([1]);
  await world.run(100);
  expect(requestIds(b)).toEqual([1, 2]);
});

test('a shorter delay is one for what waits, too, and nothing overtakes', async () => {
  const world = new World();
  const [a, b] = await pair(world);
  a.mesh.faults.delay(5_000);
  for (const id of [1, 2, 3]) a.mesh.send(requestOf(a, b.nodeId, id));
  await world.run(1_000);
  expect(requestIds(b)).toEqual([]);
  a.mesh.faults.delay(0);
  a.mesh.send(requestOf(a, b.nodeId, 4));
  await world.run(50);
  expect(requestIds(b)).toEqual([1, 2, 3, 4]);
});

test('what waits is lost with the link it was for', async () => {
  const world = new World();
  const [a, b] = await pair(world);
  a.mesh.faults.delay(2_000);
  a.mesh.send(requestOf(a, b.nodeId, 1));
  a.mesh.isolate(true);
  a.mesh.isolate(false);
  await world.until(() => a.linked === 'b' && b.linked === 'a', 10_000, 'a link again');
  a.mesh.send(requestOf(a, b.nodeId, 2));
  await world.run(3_000);
  expect(requestIds(b)).toEqual([2]);
});

test('a longer delay holds up what waits; what waits at the end never leaves', () => {
  const clock = new ManualClock();
  const faults = new LinkFaults(clock);
  const left: number[] = [];
  faults.delay(100);
  faults.later(() => left.push(1));
  clock.advance(50);
  faults.later(() => left.push(2));
  faults.delay(300);
  clock.advance(249);
  expect(left).toEqual([]);
  clock.advance(1);
  expect(left).toEqual([1]);
  faults.close();
  clock.advance(10_000);
  expect(left).toEqual([1]);
});
