/** Stored nodes run beside the page's own: which, how many, and how long. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { OpenNodes } from '../../src/client/open-nodes.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import { MAX_WOKEN_NODES } from '../../src/node/limits.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { verdict } from './fake-database.ts';
import { FakeTab, NODE_ID, statusOf, QUIET_PAGE } from './fake-workers.ts';

const [B, C, D] = ['b', 'c', 'd'].map((name) => name.repeat(16)) as [NodeId, NodeId, NodeId];

let tabs: FakeTab[];
let inUse: Set<NodeId>;
let stored: NodeId[];
let watched: number;
let prepare: (tab: FakeTab) => void;

beforeEach(() => {
  tabs = [];
  stored = [NODE_ID, B, C, D];
  inUse = new Set([NODE_ID]);
  watched = 0;
  prepare = () => undefined;
});

afterEach(() => {
  for (const tab of tabs) {
    tab.node.terminate();
    tab.sql.terminate();
  }
});

/** A page whose workers claim what they are told to. */
function page(): OpenNodes {
  return new OpenNodes({
    ...QUIET_PAGE,
    startWorkers: () => {
      const tab = new FakeTab();
      tab.nodeMethods.open = async (request) => {
        tab.requests.push(request);
        const nodeId = request.woken ? (request.preferredNodeId ?? NODE_ID) : NODE_ID;
        inUse.add(nodeId);
        return { clusterId: request.clusterId ?? 'abcdefghijklmnop', nodeId, founded: false };
      };
      tab.nodeMethods.status = async () => statusOf({ voters: [NODE_ID, D] });
      tab.nodeMethods.storedNodes = async () => {
        return stored.map((nodeId) => ({ nodeId, inUse: inUse.has(nodeId) }));
      };
      prepare(tab);
      tabs.push(tab);
      return tab;
    },
    watchPage: () => {
      watched += 1;
      return () => {
        watched -= 1;
      };
    },
  });
}

function wokenIds(): (NodeId | null | undefined)[] {
  return tabs.slice(1).map(({ requests }) => requests[0]?.preferredNodeId);
}

function terminated(): boolean[] {
  return tabs.flatMap(({ node, sql }) => [node.terminated, sql.terminated]);
}

describe('wake', () => {
  test('runs exactly the free nodes, voters first, and says what each stored node is', async () => {
    inUse.add(B);
    const db = await page().open({ autopilot: { maxVoters: 3 } });
    const told: (readonly NodeId[])[] = [];
    db.onWoken((nodeIds) => told.push(nodeIds));
    expect(await db.wake()).toBe(2);
    expect(wokenIds()).toEqual([D, C]);
    expect(tabs[1]?.requests[0]).toMatchObject({
      woken: true,
      clusterId: db.clusterId,
      invite: null,
      autopilot: { maxVoters: 3 },
    });
    expect(tabs[0]?.requests[0]?.woken).toBe(false);
    expect((await db.storedNodes()).map(({ state }) => state)).toEqual([
      'here',
      'other-tab',
      'woken',
      'woken',
    ]);
    expect(told.map((nodeIds) => nodeIds.length)).toEqual([0, 1, 2]);
    expect(await db.wake()).toBe(0);
    await db.close();
  });

  test('called twice at once starts each once, and no more than a page may run', async () => {
    stored = Array.from({ length: 40 }, (_, at) => `${at}`.padStart(16, 'x') as NodeId);
    const db = await page().open({});
    expect(await Promise.all([db.wake(), db.wake()])).toEqual([MAX_WOKEN_NODES, MAX_WOKEN_NODES]);
    expect(await db.wake()).toBe(0);
    expect(tabs).toHaveLength(1 + MAX_WOKEN_NODES);
    await db.close();
  });

  test('does with those that can be had, and fails where none can', async () => {
    prepare = (tab) => {
      const open = tab.nodeMethods.open;
      tab.nodeMethods.open = async (request) => {
        if (request.woken && request.preferredNodeId !== C) {
          throw new RpcFailure(failure('StorageDenied', 'no', 'another tab was quicker'));
        }
        return open(request);
      };
    };
    const db = await page().open({});
    expect(await db.wake()).toBe(1);
    expect(tabs.map(({ node }) => node.terminated)).toEqual([false, true, true, false]);
    expect(await verdict(db.wake())).toBe('StorageDenied no');
    await db.close();
  });
});

describe('a woken node', () => {
  test('goes when another tab has taken it over, and nothing else does', async () => {
    const db = await page().open({});
    await db.wake();
    let woken: readonly NodeId[] = [];
    const given = new Promise<void>((resolve) => {
      db.onWoken((nodeIds) => {
        woken = nodeIds;
        if (nodeIds.length === 2) resolve();
      });
    });
    tabs[1]?.events.push({ type: 'given-up' });
    await given;
    expect([...woken].toSorted()).toEqual([B, C]);
    expect(terminated()).toEqual([false, false, true, true, false, false, false, false]);
    expect(watched).toBe(3);
    expect((await db.query('select 1')).rows).toEqual([[1]]);
    await db.close();
  });

  test('goes on where a recovery is refused, and ends before one is made', async () => {
    const db = await page().open({});
    await db.wake();
    const methods = tabs[0]?.nodeMethods;
    if (methods === undefined) throw new Error('no tab');
    methods.checkRecoverable = async () => {
      throw new RpcFailure(failure('Refused', 'no', 'the cluster is alive'));
    };
    expect(await verdict(db.recover())).toBe('Refused no');
    expect(terminated()).not.toContain(true);
    methods.checkRecoverable = async () => undefined;
    const ended: boolean[] = [];
    methods.recover = async () => {
      ended.push(...terminated());
      return { clusterId: 'recovered' };
    };
    await db.recover();
    expect(ended).toEqual([false, false, true, true, true, true, true, true]);
    await db.close();
  });

  test('ends before a recovery also where it was only being woken', async () => {
    let opens = (): void => undefined;
    const isOpening = new Promise<void>((resolve) => {
      opens = resolve;
    });
    prepare = (tab) => {
      const { open } = tab.nodeMethods;
      tab.nodeMethods.open = async (request) => {
        if (request.woken) await isOpening;
        return open(request);
      };
    };
    const db = await page().open({});
    const methods = tabs[0]?.nodeMethods;
    if (methods === undefined) throw new Error('no tab');
    methods.checkRecoverable = async () => undefined;
    const ended: boolean[] = [];
    methods.recover = async () => {
      ended.push(...terminated());
      return { clusterId: 'recovered' };
    };
    const woken = db.wake();
    const recovered = db.recover();
    opens();
    await Promise.all([woken, recovered]);
    expect(ended).toEqual([false, false, true, true, true, true, true, true]);
    await db.close();
  });

  test('closes with the page’s node, however that ends', async () => {
    const nodes = page();
    const closed = await nodes.open({});
    await closed.wake();
    await closed.close();
    expect(terminated()).not.toContain(false);
    expect(tabs.map(({ calls }) => calls.filter((call) => call === 'node close').length)).toEqual([
      1, 1, 1, 1,
    ]);
    expect(watched).toBe(0);

    tabs = [];
    inUse = new Set([NODE_ID]);
    const crashed = await nodes.open({});
    await crashed.wake();
    const gone = new Promise<void>((resolve) => {
      crashed.onWoken((nodeIds) => nodeIds.length === 0 && resolve());
    });
    crashed.faults.crash();
    await gone;
    expect(terminated()).not.toContain(false);
  });
});
