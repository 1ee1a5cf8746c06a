/** The outbox in a browser: its two copies, and many tabs at once, which hear of each other's changes. */

import { expect, test } from 'vitest';

import { outboxDatabase, OUTBOX_SLOTS } from '../../../src/storage/names.ts';
import { deleteDatabase, deleteEntry, newRoot, StorageProcess } from './storage-process.ts';

const CLUSTER = 'abcdefghijklmnop';

async function idsIn(tab: StorageProcess, root: string): Promise<string[]> {
  const { entries } = await tab.call('readOutbox', root, CLUSTER);
  return entries.map(({ id }) => id);
}

test('what many tabs queue at once is all there, in each one’s order, and each hears of it', async () => {
  const root = newRoot();
  const tabs = Array.from({ length: 3 }, () => new StorageProcess());
  const [listener = new StorageProcess()] = tabs;
  const lists = tabs.map((_, tab) => Array.from({ length: 6 }, (__, at) => `tab${tab}-${at}`));
  await idsIn(listener, root);
  await Promise.all(tabs.map((tab, at) => tab.call('addQueued', root, CLUSTER, lists[at] ?? [])));
  const ids = await idsIn(listener, root);
  expect(ids.toSorted()).toEqual(lists.flat().toSorted());
  for (const list of lists) expect(ids.filter((id) => list.includes(id))).toEqual(list);
  // The last of another tab's changes is heard of, and none after one that came later.
  await expect.poll(async () => (await listener.call('toldOfOutbox')).at(-1)).toBe(ids.join());
  const told = await listener.call('toldOfOutbox');
  for (const text of told) expect(ids.join().startsWith(text)).toBe(true);
  const lengths = told.map((text) => text.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  for (const tab of tabs) tab.kill();
});

test('either copy mends the other, and a tab that dies while it queues leaves it whole', async () => {
  const root = newRoot();
  const [tab, dying] = [new StorageProcess(), new StorageProcess()];
  await tab.call('addQueued', root, CLUSTER, ['a', 'b']);
  await deleteDatabase(outboxDatabase(root, CLUSTER));
  expect(await idsIn(tab, root)).toEqual(['a', 'b']);
  for (const slot of OUTBOX_SLOTS) await deleteEntry([root, CLUSTER], slot);
  expect(await idsIn(tab, root)).toEqual(['a', 'b']);
  const list = Array.from({ length: 12 }, (_, at) => `c${at}`);
  dying.call('addQueued', root, CLUSTER, list).catch(() => undefined);
  await expect.poll(() => idsIn(tab, root)).toContain('c0');
  dying.kill();
  const added = (await idsIn(tab, root)).slice(2);
  expect(added).toEqual(list.slice(0, added.length));
  await tab.call('addQueued', root, CLUSTER, ['d']);
  expect((await idsIn(tab, root)).at(-1)).toBe('d');
  tab.kill();
});
