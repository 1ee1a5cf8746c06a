/** A browser that has no storage for a node, or refuses it: said clearly, and nothing falls back. */

import { expect, test } from 'vitest';

import { listNames, newRoot, StorageProcess } from './storage-process.ts';
import type { Denied } from './storage-worker.ts';

const CASES: readonly (readonly [Denied, RegExp])[] = [
  ['secure-context', /^Unsupported: .*not a secure context.*https/],
  ['locks', /^Unsupported: .*Web Locks/],
  ['indexeddb', /^Unsupported: .*IndexedDB/],
  ['opfs', /^Unsupported: .*file system/],
  ['opfs-refused', /^StorageDenied: .*private window/],
  ['handles', /^Unsupported: .*synchronous file access/],
];

for (const [denied, message] of CASES) {
  test(`no ${denied}`, async () => {
    const root = newRoot();
    const tab = new StorageProcess();
    await tab.call('deny', denied);
    const place = { root, clusterId: null, invite: null, preferredNodeId: null };
    await expect(tab.call('openNode', place)).rejects.toThrow(message);
    await expect(tab.call('readRegistry', root)).rejects.toThrow(message);
    tab.kill();
    const names = await indexedDB.databases();
    expect(names.filter(({ name }) => name?.startsWith(`${root}-log`))).toEqual([]);
    expect((await listNames([root])).filter((name) => !name.startsWith('registry'))).toEqual([]);
  });
}

test('a full disk while the registry is written', async () => {
  for (const copy of ['indexeddb', 'journal'] as const) {
    const tab = new StorageProcess();
    await tab.call('failNextWrite', copy);
    const place = { root: newRoot(), clusterId: null, invite: null, preferredNodeId: null };
    await expect(tab.call('openNode', place)).rejects.toThrow(/^StorageDenied: .*no room left/);
    // With room again it goes on where it was.
    expect(await tab.call('openNode', place)).toMatchObject({ founded: true });
    tab.kill();
  }
});
