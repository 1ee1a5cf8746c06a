/** Nodes that run beside a page's own, claimed by name and taken over by tabs: workers stand for all. */

import { describe, expect, test } from 'vitest';

import type { NodeId } from '../../../src/raft/types.ts';
import { openAndKill, openNode, placeIn } from './node-tabs.ts';
import { newRoot, StorageProcess } from './storage-process.ts';
import type { NodePlace } from './storage-worker.ts';

/** Later than a tab waits for all answers, and sooner than it gives up. */
const SLOW_MS = 1_000;

interface Yesterday {
  readonly root: string;
  readonly clusterId: string;
  readonly nodeIds: readonly NodeId[];
}

/** As many identities, of which nobody is any now. */
async function yesterday(count: number): Promise<Yesterday> {
  const root = newRoot();
  const tabs = [];
  while (tabs.length < count) tabs.push(await openNode(placeIn(root)));
  for (const { process } of tabs) await process.killed();
  const nodeIds = tabs.map(({ node }) => node.nodeId);
  const clusterId = tabs[0]?.node.cluster.clusterId ?? '';
  return { root, clusterId, nodeIds };
}

async function list(root: string, clusterId: string) {
  const process = new StorageProcess();
  try {
    return await process.call('listStoredNodes', root, clusterId);
  } finally {
    process.kill();
  }
}

function inUse(stored: Awaited<ReturnType<typeof list>>): NodeId[] {
  return stored.filter((node) => node.inUse).map(({ nodeId }) => nodeId);
}

function exactly(root: string, nodeId: NodeId): NodePlace {
  return { ...placeIn(root, nodeId), mode: 'exactly' };
}

async function wake(root: string, nodeId: NodeId, leads = false): Promise<StorageProcess> {
  const { process } = await openNode(exactly(root, nodeId));
  await process.call('offerNode', leads);
  return process;
}

/** Tabs that are nothing yet, but loaded: what they are asked they do at once. */
async function begunTabs(count: number, root: string): Promise<StorageProcess[]> {
  const tabs = Array.from({ length: count }, () => new StorageProcess());
  for (const tab of tabs) await tab.call('readRegistry', root);
  return tabs;
}

describe('an identity claimed by name', () => {
  test('is that one or none, and no other is made', async () => {
    const { root, clusterId, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const { process, node } = await openNode(exactly(root, second));
    expect(node.nodeId).toBe(second);
    const late = new StorageProcess();
    await expect(late.call('openNode', exactly(root, second))).rejects.toThrow(/^StorageDenied: /);
    const unknown = 'unknownunknownun' as NodeId;
    await expect(late.call('openNode', exactly(root, unknown))).rejects.toThrow(/in use/);
    const stored = await list(root, clusterId);
    expect(stored.map(({ nodeId }) => nodeId)).toEqual([first, second, third]);
    expect(inUse(stored)).toEqual([second]);
    // What could not be had is not kept from others either.
    await process.call('closeNode');
    expect((await openAndKill(exactly(root, second))).nodeId).toBe(second);
    process.kill();
    late.kill();
  });

  test('and found retired is refused, and is not among the stored ones', async () => {
    const { root, clusterId, nodeIds } = await yesterday(2);
    const [, second] = nodeIds as [NodeId, NodeId];
    const { process } = await openNode(exactly(root, second));
    await process.call('retireRemovedNode');
    const late = new StorageProcess();
    await expect(late.call('openNode', exactly(root, second))).rejects.toThrow(/not used any more/);
    const stored = await list(root, clusterId);
    expect(stored.map(({ nodeId }) => nodeId)).not.toContain(second);
    process.kill();
    late.kill();
  });
});

describe('a tab that finds no free identity', () => {
  test('takes a woken follower over rather than the leader, never the page’s own', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    const woken = [await wake(root, second, true), await wake(root, third)];
    const tabs = [];
    while (tabs.length < 3) tabs.push(await openNode(placeIn(root)));
    const ids = tabs.map(({ node }) => node.nodeId);
    expect(ids.slice(0, 2)).toEqual([third, second]);
    expect(nodeIds).not.toContain(ids[2]);
    for (const { process } of [own, ...tabs]) process.kill();
    for (const process of woken) process.kill();
  });

  test('gets the one that it was before, at once', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root));
    const woken = [await wake(root, second), await wake(root, third, true)];
    const tab = await openNode(placeIn(root, third));
    expect(tab.node.nodeId).toBe(third);
    for (const { process } of [own, tab]) process.kill();
    for (const process of woken) process.kill();
  });

  test('and another at the same moment get one each; a third makes its own', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    const woken = [await wake(root, second), await wake(root, third)];
    const tabs = await Promise.all([1, 2, 3].map(() => openNode(placeIn(root))));
    const ids = tabs.map(({ node }) => node.nodeId);
    expect(new Set(ids).size).toBe(3);
    expect(ids.filter((id) => nodeIds.includes(id)).toSorted()).toEqual([second, third].toSorted());
    for (const { process } of [own, ...tabs]) process.kill();
    for (const process of woken) process.kill();
  });

  test('waits for a follower that is slow to answer rather than take the leader', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    const [leader, slow] = [await wake(root, second, true), await wake(root, third)];
    const [tab] = await begunTabs(1, root);
    const blocked = slow.call('block', SLOW_MS);
    expect((await tab?.call('openNode', placeIn(root)))?.nodeId).toBe(third);
    await blocked;
    for (const process of [own.process, leader, slow, tab]) process?.kill();
  });

  test('and is refused, because another was quicker, gets one that is slow to answer', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    const [prompt, slow] = [await wake(root, second), await wake(root, third)];
    const tabs = await begunTabs(2, root);
    const blocked = slow.call('block', SLOW_MS);
    const nodes = await Promise.all(tabs.map((tab) => tab.call('openNode', placeIn(root))));
    expect(nodes.map(({ nodeId }) => nodeId).toSorted()).toEqual([second, third].toSorted());
    await blocked;
    for (const process of [own.process, prompt, slow, ...tabs]) process.kill();
  });

  test('takes what is offered where another gives no answer', async () => {
    const { root, nodeIds } = await yesterday(3);
    const [first, second, third] = nodeIds as [NodeId, NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    const silent = await openNode(exactly(root, second));
    const woken = await wake(root, third);
    const tab = await openNode(placeIn(root));
    expect(tab.node.nodeId).toBe(third);
    woken.kill();
    for (const { process } of [own, silent, tab]) process.kill();
  });

  test('waits for no answer from one that does not give any', async () => {
    const { root, nodeIds } = await yesterday(2);
    const [first, second] = nodeIds as [NodeId, NodeId];
    const own = await openNode(placeIn(root, first));
    // Claimed, but not offered: as while it is being opened, or hangs.
    const silent = await openNode(exactly(root, second));
    const tab = await openNode(placeIn(root));
    expect(nodeIds).not.toContain(tab.node.nodeId);
    for (const { process } of [own, silent, tab]) process.kill();
  });
});
