/** What the tab says of itself when the service worker asks whether it serves the key-value store. */

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import type { Database } from '../../../../src/client/database.ts';
import type { ClusterEntry } from '../../../../src/client/protocol.ts';
import type { NodeStatus } from '../../../../src/node/status.ts';

/** The cluster that this tab was opened with, and remembers. */
const CLUSTER = 'a';
const ENTRY = { clusterId: CLUSTER, nodes: 1 };

let serviceWorker: EventTarget;

beforeEach(() => {
  vi.resetModules();
  serviceWorker = new EventTarget();
  const getItem = (key: string): string | null => (key === 'resqlite:cluster' ? CLUSTER : null);
  const storage = { getItem, setItem: () => undefined, removeItem: () => undefined };
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
  vi.stubGlobal('location', { hash: '#/database', href: '', pathname: '/', search: '' });
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('navigator', { serviceWorker });
});

/** Asks, as the service worker does. */
function ask(): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const told = new Promise((resolve) => {
    port1.addEventListener('message', ({ data }: MessageEvent<unknown>) => resolve(data));
  });
  port1.start();
  const question = Object.assign(new Event('message'), {
    data: { type: 'kv desk' },
    ports: [port2],
  });
  serviceWorker.dispatchEvent(question);
  return told;
}

test.each<[string, () => Promise<readonly ClusterEntry[]>, boolean]>([
  ['yes', async () => [{ ...ENTRY, isDefault: true }], true],
  ['no', async () => [{ ...ENTRY, isDefault: false }], false],
  [
    'that there is no list',
    async () => {
      throw new Error('no list');
    },
    false,
  ],
])(
  'where it does not know whether its cluster is the default one it asks: %s',
  async (answer, list, isDefault) => {
    const { watchClusters } = await import('../../../../src/ui/cluster-store.ts');
    const { database, status } = await import('../../../../src/ui/store.ts');
    const { openRestDesk } = await import('../../../../src/ui/apps/kv/rest-desk.ts');
    // The list is looked at by itself only later.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const asked = vi.fn<() => Promise<readonly ClusterEntry[]>>(list);
    watchClusters(asked);
    openRestDesk();
    database.value = { clusterId: CLUSTER } as Database;
    status.value = { state: 'running' } as NodeStatus;
    const desk = { isReady: true, clusterId: CLUSTER, isDefault, isVisible: true };
    expect(await ask()).toEqual(desk);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(await ask()).toEqual(desk);
    expect(asked).toHaveBeenCalledTimes(answer === 'that there is no list' ? 2 : 1);
  },
);
