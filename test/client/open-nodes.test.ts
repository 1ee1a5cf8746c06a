/** One node per page and cluster, counted; and what a tab remembers over a reload. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ResqliteError } from '../../src/client/errors.ts';
import { formatInviteLink } from '../../src/client/invite-link.ts';
import { OpenNodes } from '../../src/client/open-nodes.ts';
import type { Keepsake } from '../../src/client/protocol.ts';
import { Signalling, type StartSignalling } from '../../src/client/signalling.ts';
import { RpcFailure } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import type { SignallingSettings } from '../../src/node/signalling-settings.ts';
import type { StateRequest } from '../../src/node/sql.ts';
import type { LogIndex, NodeId } from '../../src/raft/types.ts';
import { CLUSTER_ID, FakeTab, NODE_ID, statusOf, QUIET_PAGE } from './fake-workers.ts';

const OTHER_CLUSTER = 'z'.repeat(16);
const invite = {
  clusterId: OTHER_CLUSTER,
  secret: 'A'.repeat(43),
  members: ['b'.repeat(16) as NodeId],
  token: `${'B'.repeat(42)}A`,
};
const LINK = formatInviteLink('https://example.org/', invite);

let tabs: FakeTab[];
let remembered: Map<string, string>;
let watched: number;
let prepare: (tab: FakeTab) => void;
/** The settings that signalling was started with. */
let signalled: SignallingSettings[];
let startSignalling: StartSignalling;

beforeEach(() => {
  tabs = [];
  remembered = new Map();
  watched = 0;
  prepare = () => undefined;
  signalled = [];
  startSignalling = (_port, settings) => {
    signalled.push(settings);
    return { use: (later) => signalled.push(later), close: () => undefined };
  };
});

afterEach(() => {
  for (const tab of tabs) {
    tab.node.terminate();
    tab.sql.terminate();
  }
});

function page(checkSupport: () => void = () => undefined): OpenNodes {
  return new OpenNodes({
    ...QUIET_PAGE,
    startWorkers: () => {
      const tab = new FakeTab();
      prepare(tab);
      tabs.push(tab);
      return tab;
    },
    memory: {
      getItem: (key) => remembered.get(key) ?? null,
      setItem: (key, value) => remembered.set(key, value),
    },
    checkSupport,
    startSignalling: (port, settings) => startSignalling(port, settings),
    watchPage: () => {
      watched += 1;
      return () => {
        watched -= 1;
      };
    },
  });
}

function deny(): never {
  throw new Error('SecurityError');
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  return error instanceof ResqliteError ? error.code : String(error);
}

describe('open', () => {
  test('starts one node however often it is called, and the last handle closes it', async () => {
    const nodes = page();
    const handles = await Promise.all([
      nodes.open({}),
      nodes.open({}),
      nodes.open({ cluster: CLUSTER_ID }),
    ]);
    expect(tabs).toHaveLength(1);
    expect(new Set(handles).size).toBe(3);
    const [tab] = tabs;
    await handles[0]?.close();
    await handles[0]?.close();
    await handles[1]?.close();
    expect([tab?.node.terminated, watched]).toEqual([false, 1]);
    expect((await handles[2]?.query('select 1'))?.rows).toEqual([[1]]);
    await handles[2]?.close();
    expect([tab?.node.terminated, watched]).toEqual([true, 0]);
    await nodes.open({});
    expect(tabs).toHaveLength(2);
  });

  test('hands on how the cluster is to look after its size, and refuses what makes no sense', async () => {
    const nodes = page();
    await nodes.open({ autopilot: { maxVoters: 3, voterTimeoutMs: 20_000 } });
    expect(tabs[0]?.requests[0]?.autopilot).toEqual({ maxVoters: 3, voterTimeoutMs: 20_000 });
    for (const maxVoters of [0, 2, 33, 3.5]) {
      const opened = page().open({ autopilot: { maxVoters } });
      expect(await codeOf(opened)).toBe('InvalidArgument');
    }
    expect(await codeOf(page().open({ autopilot: { voterTimeoutMs: 100 } }))).toBe(
      'InvalidArgument',
    );
    expect(tabs).toHaveLength(1);
  });

  test('with migrations resolves when they are applied, and holds up no other', async () => {
    const applied: StateRequest[] = [];
    let goOn: () => void = () => undefined;
    const majority = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    prepare = (tab) => {
      const { execute } = tab.nodeMethods;
      tab.nodeMethods.execute = (request, timeoutMs) => {
        applied.push(request);
        return execute(request, timeoutMs);
      };
      tab.nodeMethods.readIndex = async () => {
        await majority;
        return 5 as LogIndex;
      };
      tab.readerMethods.query = async () => ({
        columns: ['version', 'name', 'hash'],
        rows: [],
        appliedIndex: 5 as LogIndex,
      });
    };
    const nodes = page();
    const migrations = [{ name: 'notes', up: 'CREATE TABLE note (body)' }];
    const migrated = nodes.open({ migrations });
    const other = await nodes.open({});
    expect(applied).toEqual([]);
    goOn();
    const db = await migrated;
    expect(applied).toHaveLength(1);
    await other.close();
    expect(tabs[0]?.node.terminated).toBe(false);
    await db.close();
    expect(tabs[0]?.node.terminated).toBe(true);
  });

  test('with migrations that cannot be applied closes its handle', async () => {
    const nodes = page();
    const migrations = [{ name: '', up: '' }];
    expect(await codeOf(nodes.open({ migrations }))).toBe('InvalidArgument');
    expect([tabs[0]?.node.terminated, watched]).toEqual([true, 0]);
    const other = await nodes.open({});
    const signal = AbortSignal.abort();
    expect(await codeOf(nodes.open({ migrations: [], signal }))).toBe('Aborted');
    expect(tabs[1]?.node.terminated).toBe(false);
    await other.close();
    expect(tabs[1]?.node.terminated).toBe(true);
  });

  test('of a node that turns out to be removed is of the next one, which is not', async () => {
    const reason = 'this node was removed';
    const stopped = { type: 'stopped', code: 'Removed', reason, keepsake: null } as const;
    prepare = (tab) => {
      if (tabs.length === 2) return;
      const { open } = tab.nodeMethods;
      tab.nodeMethods.open = async (request) => {
        // The first is told before its opening is answered, the second behind that.
        if (tabs.length === 1) tab.events.push(stopped);
        return open(request);
      };
      tab.nodeMethods.status = async () => {
        tab.events.push({ type: 'status', status: statusOf({ state: 'stopped' }) });
        tab.events.push(stopped);
        return statusOf();
      };
    };
    const db = await page().open({});
    expect(tabs.map(({ node }) => node.terminated)).toEqual([true, true, false]);
    expect((await db.query('select 1')).rows).toEqual([[1]]);
    expect(watched).toBe(1);
  });

  test('fails at once for any other reason, and in the end where every node was removed', async () => {
    prepare = (tab) => {
      tab.nodeMethods.open = async () => {
        throw new RpcFailure(failure('StorageDenied', 'no', 'no room'));
      };
    };
    expect(await codeOf(page().open({}))).toBe('StorageDenied');
    expect(tabs).toHaveLength(1);
    prepare = (tab) => {
      tab.nodeMethods.open = async () => {
        const stopped = { type: 'stopped', code: 'Removed', reason: '', keepsake: null } as const;
        tab.events.push(stopped);
        throw new Error('it stopped before');
      };
    };
    expect(await codeOf(page().open({}))).toBe('Removed');
    expect(tabs).toHaveLength(17);
  });

  test('of another cluster is another node; an invite to an open one is not', async () => {
    const nodes = page();
    const first = await nodes.open({});
    const second = await nodes.open({ cluster: LINK });
    const third = await nodes.open({ cluster: OTHER_CLUSTER });
    expect([first.clusterId, second.clusterId, third.clusterId]).toEqual([
      CLUSTER_ID,
      OTHER_CLUSTER,
      OTHER_CLUSTER,
    ]);
    expect(tabs).toHaveLength(2);
    expect(tabs[1]?.requests[0]).toMatchObject({ invite, clusterId: null });
  });

  test('of the default cluster gives the node that is open under its id', async () => {
    const nodes = page();
    await nodes.open({ cluster: CLUSTER_ID });
    const db = await nodes.open({});
    // No second node is started to find out: it would be a further member.
    expect(tabs.map(({ node }) => node.terminated)).toEqual([false]);
    expect((await db.query('select 1')).rows).toEqual([[1]]);
    // After a reload the tab asks for what it is, by whichever name.
    expect(remembered.size).toBe(2);
    expect(new Set(remembered.values())).toEqual(new Set([NODE_ID]));
  });

  test('of a cluster that went on as an open one gives the node that is open', async () => {
    const nodes = page();
    await nodes.open({ cluster: CLUSTER_ID });
    prepare = (tab) => {
      const nodeId = 'b'.repeat(16) as NodeId;
      tab.nodeMethods.open = async () => ({ clusterId: CLUSTER_ID, nodeId, founded: false });
    };
    const db = await nodes.open({ cluster: OTHER_CLUSTER });
    // After a reload the tab asks for what it is, not for what was closed at once.
    expect(new Set(remembered.values())).toEqual(new Set([NODE_ID]));
    expect(tabs.map(({ node }) => node.terminated)).toEqual([false, true]);
    expect((await db.query('select 1')).rows).toEqual([[1]]);
    await nodes.open({ cluster: CLUSTER_ID });
    expect(tabs).toHaveLength(2);
  });

  test('of the default cluster is another node where a node of another cluster is open', async () => {
    const nodes = page();
    await nodes.open({ cluster: OTHER_CLUSTER });
    expect((await nodes.open({})).clusterId).toBe(CLUSTER_ID);
    expect(tabs).toHaveLength(2);
  });

  test('after a crash starts anew', async () => {
    const nodes = page();
    const dead = await nodes.open({});
    dead.faults.crash();
    const db = await nodes.open({});
    await dead.close();
    expect(tabs).toHaveLength(2);
    expect((await db.query('select 1')).rows).toEqual([[1]]);
    await nodes.open({});
    expect(tabs).toHaveLength(2);
  });

  test('after its data were deleted asks for the cluster by its id, and by what is remembered', async () => {
    const nodes = page();
    const keepsake = { remembered: CLUSTER_ID } as unknown as Keepsake;
    const lost = await nodes.open({});
    expect(tabs[0]?.requests[0]).toMatchObject({ clusterId: null, keepsake: null });
    const stopped = { type: 'stopped', code: 'StorageLost', reason: '', keepsake } as const;
    tabs[0]?.events.push(stopped);
    await vi.waitFor(async () => {
      await expect(lost.execute('insert')).rejects.toMatchObject({ code: 'StorageLost' });
    });
    await lost.close();
    const other = await nodes.open({ cluster: LINK });
    const db = await nodes.open({});
    expect(tabs[1]?.requests[0]).toMatchObject({ invite, keepsake: null });
    expect(tabs[2]?.requests[0]).toMatchObject({ invite: null, clusterId: CLUSTER_ID, keepsake });
    expect([other.clusterId, db.clusterId]).toEqual([OTHER_CLUSTER, CLUSTER_ID]);
  });

  test('that fails ends its workers, tells why, and may be tried again', async () => {
    const nodes = page();
    prepare = (tab) => {
      tab.nodeMethods.open = async () => {
        throw new RpcFailure(failure('StorageDenied', 'no', 'a private window'));
      };
    };
    expect(await codeOf(nodes.open({}))).toBe('StorageDenied');
    expect([tabs[0]?.node.terminated, tabs[0]?.sql.terminated]).toEqual([true, true]);
    prepare = () => undefined;
    expect((await nodes.open({})).nodeId).toBe(NODE_ID);
  });

  test('whose workers cannot be loaded fails', async () => {
    const nodes = page();
    prepare = (tab) => {
      tab.nodeMethods.open = () => new Promise(() => tab.node.fail('error', ''));
    };
    expect(await codeOf(nodes.open({}))).toBe('Internal');
  });

  test('starts nothing for a garbled invite, a wrong argument or an unfit browser', async () => {
    expect(await codeOf(page().open({ cluster: LINK.slice(0, -1) }))).toBe('InvalidInvite');
    expect(await codeOf(page().open({ cluster: 'hello' }))).toBe('InvalidInvite');
    expect(await codeOf(page().open({ cluster: 3 as never }))).toBe('InvalidArgument');
    const unfit = page(() => {
      throw new ResqliteError(failure('Unsupported', 'no', 'no storage'));
    });
    expect(await codeOf(unfit.open({}))).toBe('Unsupported');
    expect(tabs).toEqual([]);
  });
});

describe('a tab that is reloaded', () => {
  test('asks for the identity it had in that cluster', async () => {
    await page().open({});
    await page().open({});
    await page().open({ cluster: CLUSTER_ID });
    await page().open({ cluster: LINK });
    const asked = tabs.map(({ requests }) => requests[0]?.preferredNodeId);
    expect(asked).toEqual([null, NODE_ID, NODE_ID, null]);
  });

  test('gives its SQL worker the compiled module, and nothing where that cannot cross', async () => {
    // The shortest module there is: a magic number and a version.
    const module = await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    const uncloneable = (() => undefined) as unknown as WebAssembly.Module;
    const given: unknown[] = [];
    for (const compiled of [module, null, uncloneable]) {
      prepare = (tab) => {
        tab.sqlite = Promise.resolve(compiled);
      };
      await page().open({});
      const tab = tabs.at(-1);
      await vi.waitFor(() => expect(tab?.modules).toHaveLength(1));
      given.push(tab?.modules[0]);
    }
    expect(given).toEqual([expect.any(WebAssembly.Module), null, null]);
  });

  test('runs without a memory, too', async () => {
    const nodes = new OpenNodes({
      ...QUIET_PAGE,
      startWorkers: () => {
        const tab = new FakeTab();
        tabs.push(tab);
        return tab;
      },
      memory: { getItem: deny, setItem: deny },
    });
    expect((await nodes.open({})).nodeId).toBe(NODE_ID);
  });
});

test('signalling gets its end of a port to the node worker, and is stopped with the node', async () => {
  const ports: MessagePort[] = [];
  prepare = (tab) => {
    const opened = tab.nodeMethods.open;
    tab.nodeMethods.open = async (request) => {
      request.signallingPort.postMessage('dial', []);
      return opened(request);
    };
  };
  let stopped = false;
  startSignalling = (port) => {
    ports.push(port as MessagePort);
    return {
      use: () => undefined,
      close: () => {
        stopped = true;
      },
    };
  };
  const db = await page().open({ signalling: {} });
  const [port] = ports;
  if (port === undefined) throw new Error('signalling was not started');
  const said = await new Promise((resolve) => {
    port.addEventListener('message', ({ data }) => resolve(data));
    port.start();
  });
  expect(said).toBe('dial');
  expect(stopped).toBe(false);
  await db.close();
  expect(stopped).toBe(true);
  port.close();
});

describe('signalling by settings', () => {
  test('is started with what the caller said of the server', async () => {
    const settings = { host: 'example.org', path: '/', iceServers: [{ urls: 'stun:example.org' }] };
    await page().open({ signalling: settings });
    expect(signalled).toEqual([
      { host: 'example.org', path: '/', iceServers: [{ urls: ['stun:example.org'] }] },
    ]);
  });

  test('is on the page’s own origin where nothing is said of it, and not at all without', async () => {
    await page().open({ signalling: {} });
    await page().open({ cluster: LINK });
    expect(signalled).toEqual([{}]);
  });

  test('is refused where the settings are none, and no worker is started', async () => {
    const wrong = page().open({ signalling: { port: 0 } });
    await expect(wrong).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(tabs).toHaveLength(0);
  });
});

describe('signalling that can be changed', () => {
  test('tells what runs, and what is started later, until that is closed', async () => {
    const signalling = new Signalling();
    const nodes = page();
    const db = await nodes.open({ signalling });
    signalling.use({ host: 'one.example.org' });
    await nodes.open({ signalling, cluster: LINK });
    expect(signalled).toEqual([{}, { host: 'one.example.org' }, { host: 'one.example.org' }]);
    signalled = [];
    await db.close();
    signalling.use({ host: 'two.example.org' });
    expect(signalled).toEqual([{ host: 'two.example.org' }]);
  });

  test('stays as it is where the settings are none', async () => {
    const signalling = new Signalling({ host: 'one.example.org' });
    expect(() => signalling.use({ port: 0 })).toThrow('port');
    await page().open({ signalling });
    expect(signalled).toEqual([{ host: 'one.example.org' }]);
  });
});

describe('the list of clusters', () => {
  const LIST = [{ clusterId: CLUSTER_ID, isDefault: true, nodes: 3 }];

  test('comes from the node that is open', async () => {
    const nodes = page();
    await nodes.open({});
    expect(await nodes.clusters()).toEqual(LIST);
    expect(tabs).toHaveLength(1);
    expect(tabs[0]?.node.terminated).toBe(false);
  });

  test('comes from workers of its own where none is open, which end with it', async () => {
    expect(await page().clusters()).toEqual(LIST);
    expect([tabs[0]?.calls, tabs[0]?.node.terminated]).toEqual([['node clusters'], true]);
  });

  test('fails as everything does', async () => {
    prepare = (tab) => {
      tab.nodeMethods.clusters = async () => {
        throw new RpcFailure(failure('StorageDenied', 'no', 'no storage'));
      };
    };
    await expect(page().clusters()).rejects.toBeInstanceOf(ResqliteError);
  });
});
