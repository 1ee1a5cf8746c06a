/** Messages that are made late on purpose. */

import { expect, test } from 'vitest';
import { MAX_LATE_BYTES, MAX_LATE_MESSAGES } from '../../src/node/limits.ts';
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

function messageOf(requestId: number): NodeMessage {
  const [from, to] = ['a' as NodeId, 'b' as NodeId];
  const administration = { type: 'transfer', nodeId: null } as const;
  return { type: 'administration-request', from, to, requestId, administration };
}

/** A link that keeps the numbers of the requests that left. */
function link() {
  const left: number[] = [];
  const send = (message: NodeMessage): void => {
    left.push('requestId' in message ? message.requestId : Number.NaN);
  };
  return { left, send };
}

test('a longer delay holds up what waits; what waits at the end never leaves', () => {
  const clock = new ManualClock();
  const faults = new LinkFaults(clock);
  const way = link();
  faults.delay(100);
  faults.send(messageOf(1), way);
  clock.advance(50);
  faults.send(messageOf(2), way);
  faults.delay(300);
  clock.advance(249);
  expect(way.left).toEqual([]);
  clock.advance(1);
  expect(way.left).toEqual([1]);
  expect(faults.waiting).toBe(1);
  faults.close();
  clock.advance(10_000);
  expect(way.left).toEqual([1]);
  expect(faults.waiting).toBe(0);
});

test('only so many messages wait for their time, and only so many bytes', () => {
  const clock = new ManualClock();
  const faults = new LinkFaults(clock);
  const way = link();
  faults.delay(1_000);
  let taken = 0;
  while (faults.send(messageOf(taken), way)) taken += 1;
  expect([taken, faults.waiting]).toEqual([MAX_LATE_MESSAGES, MAX_LATE_MESSAGES]);
  clock.advance(1_000);
  expect(way.left).toHaveLength(MAX_LATE_MESSAGES);

  const data = new Uint8Array(MAX_LATE_BYTES / 4);
  const { from, to } = messageOf(0);
  const chunk = { type: 'install-snapshot', from, to, data } as unknown as NodeMessage;
  const large = [0, 1, 2, 3, 4].map(() => faults.send(chunk, way));
  expect(large).toEqual([true, true, true, true, false]);
  expect(faults.send(messageOf(1), way)).toBe(true);
  clock.advance(1_000);
  expect(faults.waiting).toBe(0);
  expect(faults.send(chunk, way)).toBe(true);
});

test('what there is no room for is counted, and what waits is told of', async () => {
  const world = new World();
  const [a, b] = await pair(world);
  a.mesh.faults.delay(5_000);
  for (let id = 0; id < MAX_LATE_MESSAGES + 3; id += 1) a.mesh.send(requestOf(a, b.nodeId, id));
  const { unsent, counters } = a.mesh.status();
  expect(unsent).toBe(MAX_LATE_MESSAGES);
  expect(counters['droppedNoRoom']).toBe(3);
});
