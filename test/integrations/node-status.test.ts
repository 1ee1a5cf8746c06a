/** The store behind `useStatus`, and that what is picked of a status stays the same object. */

import { expect, test, vi } from 'vitest';
import type { NodeStatus } from '../../src/client/resqlite.ts';
import { Selection, statusStore } from '../../src/integrations/node-status.ts';
import { openFake } from '../client/fake-database.ts';
import { statusOf } from '../client/fake-workers.ts';

test('statuses come, the last one at once', async () => {
  const { db, tab } = await openFake();
  const store = statusStore(db);
  expect(store.snapshot()).toBeUndefined();
  const end = store.subscribe(() => undefined);
  expect(store.snapshot()?.survivesLosses).toBe(0);
  tab.events.push({ type: 'status', status: statusOf({ survivesLosses: 1 }) });
  await vi.waitFor(() => expect(store.snapshot()?.survivesLosses).toBe(1));
  expect(store.initial()).toBeUndefined();
  end();
});

test('a database that is being opened, or was closed, has no status', async () => {
  const { another } = await openFake();
  const handle = another();
  await handle.close();
  for (const database of [null, undefined, handle]) {
    const store = statusStore(database);
    store.subscribe(() => undefined)();
    expect(store.snapshot()).toBeUndefined();
  }
});

test('what is picked stays the same object while it is the same by value', () => {
  const selection = new Selection<readonly string[]>();
  const voters = (status: NodeStatus): readonly string[] => [...status.voters];
  expect(selection.of(undefined, voters)).toBeUndefined();
  const first = selection.of(statusOf(), voters);
  expect(selection.of(statusOf({ survivesLosses: 1 }), voters)).toBe(first);
  expect(selection.of(statusOf({ voters: [] }), voters)).toEqual([]);
  expect(selection.of(undefined, voters)).toBeUndefined();
});

test('without a choice it is all of it', () => {
  const selection = new Selection<NodeStatus>();
  const first = selection.of(statusOf(), undefined);
  expect(first).toEqual(statusOf());
  expect(selection.of(statusOf(), undefined)).toBe(first);
  expect(selection.of(statusOf({ survivesLosses: 2 }), undefined)).not.toBe(first);
});

test('null and undefined may be picked', () => {
  expect(new Selection<null>().of(statusOf(), () => null)).toBeNull();
  const selection = new Selection<string | null | undefined>();
  expect(selection.of(statusOf(), () => 'x')).toBe('x');
  expect(selection.of(statusOf(), () => undefined)).toBeUndefined();
  expect(selection.of(statusOf(), () => null)).toBeNull();
});
