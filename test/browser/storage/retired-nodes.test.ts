/** Identities that are given up: why, what takes their place, and what becomes of their files. */

import { describe, expect, test } from 'vitest';

import { sealFrame } from '../../../src/storage/frame.ts';
import { JOURNAL_FILES, logDatabase, nodeDirectory, nodeLock } from '../../../src/storage/names.ts';
import { effectOf, nodeId } from '../../storage/records.ts';
import { loseLog, openAndKill, openNode, placeIn } from './node-tabs.ts';
import {
  changeFile,
  deleteDatabase,
  listNames,
  newRoot,
  StorageProcess,
} from './storage-process.ts';
import type { ShownNode } from './storage-worker.ts';

/** A node whose cluster has another member, elsewhere; its process is gone. */
async function memberOf(root: string): Promise<ShownNode> {
  const { process, node } = await openNode(placeIn(root));
  const members = [node.nodeId, nodeId('elsewhereaaaaaaa')];
  await process.call('rememberMembers', root, node.cluster.clusterId, { members });
  await process.killed();
  return node;
}

async function damageLog(root: string, { cluster, nodeId }: ShownNode): Promise<void> {
  const identity = { clusterId: cluster.clusterId, nodeId };
  const [name] = JOURNAL_FILES;
  await deleteDatabase(logDatabase(root, identity));
  await changeFile(nodeDirectory(root, identity), name, (bytes) => bytes.fill(1, 60, 61));
}

async function retirementOf(root: string, { nodeId }: ShownNode): Promise<unknown> {
  const reader = new StorageProcess();
  const { clusters } = await reader.call('readRegistry', root);
  reader.kill();
  return clusters[0]?.identities.find((identity) => identity.nodeId === nodeId)?.retired;
}

function directoriesOf(root: string, { cluster }: ShownNode): Promise<string[]> {
  return listNames([root, cluster.clusterId]);
}

async function hasDatabase(root: string, { cluster, nodeId }: ShownNode): Promise<boolean> {
  const wanted = logDatabase(root, { clusterId: cluster.clusterId, nodeId });
  return (await indexedDB.databases()).some(({ name }) => name === wanted);
}

describe('a corrupt log of a cluster that has other members', () => {
  test('its identity is replaced, and its files stay for ever', async () => {
    const root = newRoot();
    const before = await memberOf(root);
    await damageLog(root, before);
    const after = await openAndKill(placeIn(root, before.nodeId));
    expect(after).toMatchObject({ founded: false, replacedNodeId: before.nodeId });
    expect(after.replacedReason).toMatch(/^Its log was corrupt: /);
    expect(after.log).toEqual(effectOf([]));
    expect(await retirementOf(root, before)).toMatchObject({
      replacedBy: after.nodeId,
      reason: after.replacedReason,
      files: 'kept',
    });

    // A later start, which deletes those of another retired one.
    await loseLog(root, after);
    const third = await openAndKill(placeIn(root));
    const fourth = await openNode(placeIn(root));
    await expect.poll(() => retirementOf(root, after)).toMatchObject({ files: 'deleted' });
    expect(fourth.node.nodeId).toBe(third.nodeId);
    expect(await directoriesOf(root, before)).toEqual([before.nodeId, third.nodeId].toSorted());
    expect(await hasDatabase(root, before)).toBe(true);
    fourth.process.kill();
  });

  test('a log of a newer version is left alone, under its own id', async () => {
    const root = newRoot();
    const before = await memberOf(root);
    const identity = { clusterId: before.cluster.clusterId, nodeId: before.nodeId };
    const [name] = JOURNAL_FILES;
    const newer = sealFrame({ kind: 'log', version: 9 }, 2, new Uint8Array(16), new Uint8Array(5));
    await changeFile(nodeDirectory(root, identity), name, (bytes) => {
      return new Uint8Array([...bytes, ...newer.bytes]);
    });
    const tab = new StorageProcess();
    await expect(tab.call('openNode', placeIn(root))).rejects.toThrow(
      /^NewerVersion: .*newer version/,
    );
    tab.kill();
    expect(await retirementOf(root, before)).toBeNull();
  });

  test('the last of several corrupt ones here stops, if there is none elsewhere', async () => {
    const root = newRoot();
    const one = await openNode(placeIn(root));
    const two = await openNode(placeIn(root));
    const members = [one.node.nodeId, two.node.nodeId];
    await one.process.call('rememberMembers', root, one.node.cluster.clusterId, { members });
    for (const { process } of [one, two]) await process.killed();
    for (const { node } of [one, two]) await damageLog(root, node);
    const first = await openNode(placeIn(root, one.node.nodeId));
    expect(first.node.replacedNodeId).toBe(one.node.nodeId);
    const tab = new StorageProcess();
    const opening = tab.call('openNode', placeIn(root, two.node.nodeId));
    await expect(opening).rejects.toThrow(/^Corrupt: /);
    for (const process of [first.process, tab]) process.kill();
  });
});

describe('what retired identities leave behind', () => {
  test('is deleted by a later start, unless it is in use', async () => {
    const root = newRoot();
    const first = await memberOf(root);
    await loseLog(root, first);
    const second = await openAndKill(placeIn(root));
    await loseLog(root, second);
    const third = await openAndKill(placeIn(root));
    expect(third.replacedNodeId).toBe(second.nodeId);
    // The start that retired the second one has left it, whatever it did with the first one.
    expect(await retirementOf(root, second)).toMatchObject({ files: 'unneeded' });
    expect(await directoriesOf(root, first)).toContain(second.nodeId);
    expect(await hasDatabase(root, second)).toBe(true);

    const lock = nodeLock(root, { clusterId: second.cluster.clusterId, nodeId: second.nodeId });
    await navigator.locks.request(lock, async () => {
      const { process } = await openNode(placeIn(root));
      await expect.poll(() => retirementOf(root, first)).toMatchObject({ files: 'deleted' });
      await process.killed();
      expect(await retirementOf(root, second)).toMatchObject({ files: 'unneeded' });
    });
    const { process, node } = await openNode(placeIn(root));
    await expect.poll(() => retirementOf(root, second)).toMatchObject({ files: 'deleted' });
    expect(node.nodeId).toBe(third.nodeId);
    expect(await directoriesOf(root, first)).toEqual([third.nodeId]);
    for (const gone of [first, second]) expect(await hasDatabase(root, gone)).toBe(false);
    expect(await hasDatabase(root, third)).toBe(true);
    process.kill();
  });

  test('is kept where no other member is known', async () => {
    const root = newRoot();
    const before = await openAndKill(placeIn(root));
    await loseLog(root, before);
    await openAndKill(placeIn(root));
    expect(await retirementOf(root, before)).toMatchObject({ files: 'kept' });
  });
});

test('a node that was removed from its cluster is another one at the next start', async () => {
  const root = newRoot();
  const before = await memberOf(root);
  const { process, node } = await openNode(placeIn(root));
  expect(node.nodeId).toBe(before.nodeId);
  await process.call('retireRemovedNode');
  const after = await process.call('openNode', placeIn(root, before.nodeId));
  expect(after).toMatchObject({ founded: false, replacedNodeId: before.nodeId });
  expect(after.replacedReason).toMatch(/removed/);
  expect(after.log).toEqual(effectOf([]));
  await expect.poll(() => retirementOf(root, before)).toMatchObject({ files: 'deleted' });
  process.kill();
});
