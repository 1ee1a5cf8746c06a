/** The registry in a browser: its two copies, and many tabs at once. */

import { expect, test } from 'vitest';

import type { NodeId } from '../../../src/raft/types.ts';
import { registryDatabase, REGISTRY_SLOTS } from '../../../src/storage/names.ts';
import { nodeId } from '../../storage/records.ts';
import {
  changeFile,
  changeValue,
  deleteDatabase,
  deleteEntry,
  listNames,
  newRoot,
  StorageProcess,
} from './storage-process.ts';

const [SLOT_A, SLOT_B] = REGISTRY_SLOTS;

function member(tab: number, number: number): NodeId {
  return nodeId(`member${'abcdefgh'.charAt(tab)}${'abcdefghijkl'.charAt(number)}aaaaaaaa`);
}

/** A registry with one cluster, and the process that made it. */
async function registered(): Promise<{ root: string; tab: StorageProcess; clusterId: string }> {
  const root = newRoot();
  const tab = new StorageProcess();
  const place = { root, clusterId: null, invite: null, preferredNodeId: null };
  const { cluster } = await tab.call('openNode', place);
  return { root, tab, clusterId: cluster.clusterId };
}

async function membersOf(tab: StorageProcess, root: string): Promise<readonly NodeId[]> {
  const { clusters } = await tab.call('readRegistry', root);
  return clusters[0]?.members ?? [];
}

test('updates of many tabs at once are all there', async () => {
  const { root, tab, clusterId } = await registered();
  const before = await membersOf(tab, root);
  const tabs = Array.from({ length: 4 }, () => new StorageProcess());
  const lists = tabs.map((_, i) => Array.from({ length: 8 }, (__, j) => member(i, j)));
  await Promise.all(
    tabs.map((each, i) => each.call('addMembers', root, clusterId, lists[i] ?? [])),
  );
  const members = await membersOf(tab, root);
  expect(members.toSorted()).toEqual([...before, ...lists.flat()].toSorted());
  for (const [i, list] of lists.entries()) {
    expect(members.filter((each) => lists[i]?.includes(each))).toEqual(list);
  }
  for (const each of [tab, ...tabs]) each.kill();
});

test('a tab that dies while it changes the registry leaves it whole, and free', async () => {
  const { root, tab, clusterId } = await registered();
  for (let round = 0; round < 5; round += 1) {
    const dying = new StorageProcess();
    const list = Array.from({ length: 12 }, (_, j) => member(round, j));
    const adding = dying.call('addMembers', root, clusterId, list);
    adding.catch(() => {});
    // The first one is in; the others are being written.
    await expect.poll(() => membersOf(tab, root)).toContain(list[0]);
    dying.kill();
    const members = await membersOf(tab, root);
    const added = members.filter((each) => list.includes(each));
    expect(added).toEqual(list.slice(0, added.length));
  }
  tab.kill();
});

test('either copy mends the other, and a damaged slot is no loss', async () => {
  const { root, tab, clusterId } = await registered();
  const members = [member(0, 0)];
  await tab.call('rememberMembers', root, clusterId, { members });
  await deleteDatabase(registryDatabase(root));
  expect(await membersOf(tab, root)).toEqual(members);
  for (const slot of REGISTRY_SLOTS) await deleteEntry([root], slot);
  expect(await membersOf(tab, root)).toEqual(members);
  expect((await listNames([root])).filter((name) => name.startsWith('registry'))).toHaveLength(1);
  await deleteDatabase(registryDatabase(root));
  expect(await membersOf(tab, root)).toEqual(members);

  await tab.call('rememberMembers', root, clusterId, { members: [member(0, 1)] });
  await tab.call('rememberMembers', root, clusterId, { members: [member(0, 2)] });
  for (const slot of [SLOT_A, SLOT_B]) {
    await changeFile([root], slot, (bytes) => bytes.fill(0, 70, 75));
    expect(await membersOf(tab, root)).toEqual([member(0, 2)]);
  }
  tab.kill();
});

test('a database of a newer version is said to be that', async () => {
  const root = newRoot();
  const newer = indexedDB.open(registryDatabase(root), 2);
  await new Promise((resolve) => {
    newer.addEventListener('success', resolve);
  });
  newer.result.close();
  const tab = new StorageProcess();
  await expect(tab.call('readRegistry', root)).rejects.toThrow(/^NewerVersion: .*newer version/);
  tab.kill();
});

test('a registry that cannot be read is said to be that, and is left as it is', async () => {
  const { root, tab } = await registered();
  await changeValue(registryDatabase(root), 'registry', () => 'rubbish');
  for (const slot of [SLOT_A, SLOT_B]) {
    await changeFile([root], slot, (bytes) => bytes.fill(0, 70, 75));
  }
  await expect(tab.call('readRegistry', root)).rejects.toThrow(/^Corrupt: /);
  const place = { root, clusterId: null, invite: null, preferredNodeId: null };
  await expect(tab.call('openNode', place)).rejects.toThrow(/^Corrupt: /);
  let value: unknown = null;
  await changeValue(registryDatabase(root), 'registry', (found) => {
    value = found;
    return found;
  });
  expect(value).toBe('rubbish');
  tab.kill();
});
