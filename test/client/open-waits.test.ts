/** What waits for `open`, and what may end the wait: a program that runs the page, and a signal. */

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { OpenNodes } from '../../src/client/open-nodes.ts';
import type { PageHost } from '../../src/client/page-host.ts';
import { verdict } from './fake-database.ts';
import { CLUSTER_ID, FakeTab, QUIET_PAGE } from './fake-workers.ts';

const REFUSED = [{ name: '', up: '' }];

let tabs: FakeTab[];
let prepare: (tab: FakeTab) => void;
/** How often late parts were asked for. */
let fetched: number;

beforeEach(() => {
  tabs = [];
  fetched = 0;
  prepare = () => undefined;
});

function page(host: PageHost | null = null): OpenNodes {
  onTestFinished(() => {
    for (const tab of tabs) {
      tab.node.terminate();
      tab.sql.terminate();
    }
  });
  return new OpenNodes({
    ...QUIET_PAGE,
    startWorkers: () => {
      const tab = new FakeTab();
      prepare(tab);
      tabs.push(tab);
      return tab;
    },
    host: () => host,
    fetchLateParts: () => {
      fetched += 1;
    },
  });
}

/** Page and host, and what the host has heard. */
function hosted() {
  const heard: Promise<Database>[] = [];
  return { nodes: page((opened) => heard.push(opened)), heard };
}

const isEnded = (): (boolean | undefined)[] => tabs.map(({ node }) => node.terminated);

test('a host has the node before migrations are applied, and keeps it where they fail', async () => {
  const { nodes, heard } = hosted();
  prepare = (tab) => {
    tab.nodeMethods.readIndex = () => new Promise(() => undefined);
    tab.readerMethods.query = async () => ({ columns: [], rows: [], appliedIndex: 1 as never });
  };
  const leaving = new AbortController();
  const migrations = [{ name: 'notes', up: 'CREATE TABLE note (body)' }];
  const waiting = verdict(nodes.open({ migrations, signal: leaving.signal }));
  const own = await heard[0];
  expect(own?.clusterId).toBe(CLUSTER_ID);
  leaving.abort();
  expect(await waiting).toBe('Aborted no');
  expect(await verdict(nodes.open({ migrations: REFUSED }))).toBe('InvalidArgument no');
  expect((await own?.status())?.clusterId).toBe(CLUSTER_ID);
  expect(isEnded()).toEqual([false]);
  await (await nodes.open({})).close();
  expect(isEnded()).toEqual([false]);
  await own?.close();
  expect(isEnded()).toEqual([true]);
  await Promise.all(heard.map(async (opened) => (await opened).close()));
});

test('a host keeps no node that has ended, and hears of those that cannot be opened', async () => {
  const { nodes, heard } = hosted();
  expect(await verdict(nodes.open({ migrations: REFUSED }))).toBe('InvalidArgument no');
  (await nodes.open({})).faults.crash();
  const db = await nodes.open({});
  expect(isEnded()).toEqual([true, false]);
  expect((await heard.at(-1))?.nodeId).toBe(db.nodeId);
  const wrong = nodes.open({ cluster: 'hello', migrations: [] });
  expect(await verdict(wrong)).toBe('InvalidInvite no');
  expect(await verdict(heard.at(-1) ?? wrong)).toBe('InvalidInvite no');
});

test('a node that ended under the host alone is put away by the next one', async () => {
  const { nodes } = hosted();
  expect(await verdict(nodes.open({ migrations: REFUSED }))).toBe('InvalidArgument no');
  const stopped = { type: 'stopped', code: 'StorageLost', reason: '', keepsake: null } as const;
  tabs[0]?.events.push(stopped);
  await vi.waitFor(
    async () => {
      const db = await nodes.open({});
      await db.close();
      expect(isEnded()).toEqual([true, true]);
    },
    { timeout: 10_000 },
  );
});

test('a signal ends the wait, and a node that nobody else wants is closed', async () => {
  const nodes = page();
  let goOn: () => void = () => undefined;
  prepare = (tab) => {
    const { open } = tab.nodeMethods;
    tab.nodeMethods.open = async (request) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      return open(request);
    };
  };
  const leaving = new AbortController();
  const { signal } = leaving;
  const given = [verdict(nodes.open({ signal })), verdict(nodes.open({ signal }))];
  await vi.waitFor(() => expect(tabs[0]?.calls).toContain('node open'), { timeout: 10_000 });
  leaving.abort();
  expect(await Promise.all(given)).toEqual(['Aborted no', 'Aborted no']);
  prepare = () => undefined;
  goOn();
  await vi.waitFor(() => expect(isEnded()).toEqual([true]), { timeout: 10_000 });
  expect(await verdict(nodes.open({ signal }))).toBe('Aborted no');
  expect(tabs).toHaveLength(1);

  const db = await nodes.open({ signal: new AbortController().signal });
  expect(await verdict(nodes.open({ signal }))).toBe('Aborted no');
  expect((await db.query('select 1')).rows).toEqual([[1]]);
});

test('late parts are fetched when a node runs whose page does not leave them', async () => {
  const nodes = page();
  expect(await verdict(nodes.open({ cluster: 'hello' }))).toBe('InvalidInvite no');
  await (await nodes.open({ lateParts: 'when-needed' })).close();
  expect(fetched).toBe(0);
  for (const lateParts of ['when-idle', undefined] as const) {
    const db = await nodes.open(lateParts === undefined ? {} : { lateParts });
    await nodes.open({});
    expect(fetched).toBe(1);
    fetched = 0;
    db.faults.crash();
  }
});

test('who is to be told of newer schemas says which is its own', async () => {
  const onNewerSchema = (): void => undefined;
  expect(await verdict(page().open({ onNewerSchema }))).toBe('InvalidArgument no');
  expect(tabs).toEqual([]);
});
