/**
 * What end-to-end tests are written with: a served page, browsers that are ended with the test, and
 * what is asked of several tabs at once. A test fails, too, when a tab reports an error the test
 * did not expect; a failed test tells what every tab was doing.
 */

import { expect, test as plainTest } from 'vitest';

import type { NodeStatus } from '../../src/node/status.ts';
import { Browser } from './browser.ts';
import { Consumers } from './consumer.ts';
import { dropEverything } from './empty-database.ts';
import { Firefox } from './firefox.ts';
import { PlainChromium } from './plain-chromium.ts';
import { ProcessorWait } from './processor-wait.ts';
import { PageServer } from './server.ts';
import { endBrowsers, Shared } from './shared.ts';
import type { AnyTab, Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const CLUSTER_TIMEOUT_MS = 20_000;
const HASH_TIMEOUT_MS = 20_000;
const KEPT_TIMEOUT_MS = 30_000;
/** How often a machine may be too busy for what is measured. */
const MACHINE_PATIENCE = 3;

const VOTERS = 3;

/** Three tabs of a browser that are one cluster, a leader and its followers. */
export interface Cluster {
  readonly browser: Browser;
  readonly tabs: Tab[];
}

/** Starts another browser with a profile of its own. */
type Launch = (preferences?: object) => Promise<Browser>;

export const test = plainTest
  .extend('sharedServer', { scope: 'worker' }, async ({}, { onCleanup }) => {
    const server = await PageServer.start();
    onCleanup(() => server.stop());
    return server;
  })
  .extend('server', async ({ sharedServer }) => {
    await sharedServer.revive();
    return sharedServer;
  })
  // Before any browser, as fixtures end in reverse: tabs go before the servers of their pages.
  .extend('consumers', async ({}, { onCleanup }) => {
    const consumers = new Consumers();
    onCleanup(() => consumers.end());
    return consumers;
  })
  .extend('launch', async ({ task }, { onCleanup }): Promise<Launch> => {
    const browsers: Browser[] = [];
    onCleanup(() => endBrowsers(browsers, task.result?.state === 'fail'));
    return async (preferences) => {
      const browser = await Browser.launch(preferences);
      browsers.push(browser);
      return browser;
    };
  })
  .extend('firefox', async ({ task }, { onCleanup }) => {
    const firefox = await Firefox.launch();
    onCleanup(() => endBrowsers([firefox], task.result?.state === 'fail'));
    return firefox;
  })
  .extend('plainChromium', async ({ task }, { onCleanup }) => {
    const chromium = await PlainChromium.launch();
    onCleanup(() => endBrowsers([chromium], task.result?.state === 'fail'));
    return chromium;
  })
  .extend('browser', async ({ launch }) => launch())
  .extend('sharedCluster', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shared = new Shared<Cluster>({
      open: async (own) => ({ browser: own(await Browser.launch()), tabs: [] }),
      renew: renewCluster,
    });
    onCleanup(() => shared.end());
    return shared;
  })
  .extend('cluster', async ({ sharedCluster, server, task }, { onCleanup }) => {
    onCleanup(() => sharedCluster.giveBack(task.result?.state === 'fail'));
    const { browser, tabs } = await sharedCluster.take(server.url);
    return { browser, tabs: [...tabs] };
  });

/**
 * Of the cluster that the tests of a file share each finds three tabs that are its voters, and no table. What
 * the last test has closed, or let crash, is opened again; what it has opened more is closed.
 */
async function renewCluster({ browser, tabs }: Cluster, url: string): Promise<void> {
  const open = [...new Set([...tabs, ...browser.tabs])].filter((tab) => !tab.isGone);
  for (const tab of open.splice(VOTERS)) await tab.close();
  while (open.length < VOTERS) open.push(await browser.open(url));
  tabs.splice(0, tabs.length, ...open);
  await Promise.all(tabs.map((tab) => tab.waitRunning()));
  await waitCluster(tabs, VOTERS);
  await tabs[0]?.db(dropEverything);
  // What a person does in a tab behind another takes a second each, for want of frames.
  await tabs[0]?.page.bringToFront();
}

/** Opens three tabs and waits until they are a leader and its followers, all voters. */
export async function openCluster(browser: Browser, url: string): Promise<Tab[]> {
  const tabs: Tab[] = [];
  while (tabs.length < VOTERS) tabs.push(await browser.open(url));
  await Promise.all(tabs.map((tab) => tab.waitRunning()));
  await waitCluster(tabs, VOTERS);
  return tabs;
}

/**
 * Waits until the tabs agree on a leader among them and on the number of voters, and all of them
 * are in. Answers their statuses.
 */
export async function waitCluster(tabs: readonly AnyTab[], voters: number): Promise<NodeStatus[]> {
  let last: NodeStatus[] = [];
  try {
    return await waitFor(`one leader and ${voters} voters`, CLUSTER_TIMEOUT_MS, async () => {
      last = await Promise.all(tabs.map((tab) => tab.status()));
      return isCluster(last, voters) && last;
    });
  } catch (error) {
    throw new Error(`No cluster of ${voters}: ${JSON.stringify(last)}`, { cause: error });
  }
}

function isCluster(statuses: readonly NodeStatus[], voters: number): boolean {
  const leaders = statuses.filter(({ role }) => role === 'leader');
  const [leader] = leaders;
  return (
    leader !== undefined &&
    leaders.length === 1 &&
    statuses.every(
      (status) =>
        status.state === 'running' &&
        status.leaderId === leader.nodeId &&
        status.term === leader.term &&
        status.voters.length === voters &&
        status.voters.includes(status.nodeId) &&
        status.outgoingVoters.length === 0,
    )
  );
}

/** The tab whose node leads, and the others. Waits for a leader where there is none. */
export async function leaderOf<SomeTab extends AnyTab>(
  tabs: readonly SomeTab[],
): Promise<{ leader: SomeTab; followers: SomeTab[] }> {
  return waitFor('a leader', CLUSTER_TIMEOUT_MS, async () => {
    const statuses = await Promise.all(tabs.map((tab) => tab.status()));
    const terms = statuses.map(({ role, term }) => (role === 'leader' ? term : 0));
    const leader = tabs[terms.indexOf(Math.max(...terms) as NodeStatus['term'])];
    if (leader === undefined || Math.max(...terms) === 0) return false;
    return { leader, followers: tabs.filter((tab) => tab !== leader) };
  });
}

/**
 * Whether the step left leader and term as they were. Where they changed because a busy machine did
 * not run a thread for a while, which is to cost an election, it tells so, and the step is carried
 * out again.
 */
export async function keepsLeader(
  tabs: readonly AnyTab[],
  step: () => Promise<void>,
): Promise<boolean> {
  return holdsUnlessBusy(async () => {
    const before = await waitCluster(tabs, tabs.length);
    const watch = new MachineWatch(before);
    await step();
    const after = await Promise.all(tabs.map((tab) => tab.status()));
    const leaderships = [leadershipIn(before), leadershipIn(after)];
    if (leaderships[0] === leaderships[1]) return true;
    console.log(`another leader or term: ${leaderships.join(', then ')}`);
    return watch.excuse(after);
  });
}

function leadershipIn(statuses: readonly NodeStatus[]): string {
  const roles = statuses.map(({ role, term, leaderId }) => `${role} of ${term} under ${leaderId}`);
  return roles.join(', ');
}

/**
 * Whether it holds what is measured; where it does not, and the machine was busy meanwhile, it is measured
 * again.
 */
export async function holdsUnlessBusy(measure: () => Promise<boolean | 'busy'>): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const held = await measure();
    if (held !== 'busy') return held;
    if (attempt === MACHINE_PATIENCE) return false;
    console.log('the machine was too busy: once more');
  }
}

/**
 * Whether a machine is too busy for what is measured on it, from now on: it did not run a member's thread
 * in time, of which the member tells, or perhaps one of the browser's, which carry its messages.
 */
export class MachineWatch {
  readonly #pauses: number;
  readonly #wait = new ProcessorWait();

  constructor(before: readonly NodeStatus[]) {
    this.#pauses = pausesIn(before);
  }

  /** For what did not hold; `after` is of the same members. */
  excuse(after: readonly NodeStatus[]): 'busy' | false {
    const isWaitTooLong = this.#wait.isTooLong();
    const pauses = pausesIn(after) - this.#pauses;
    console.log(`${pauses} times a thread of a member did not run in time`);
    return (isWaitTooLong || pauses > 0) && 'busy';
  }
}

/** How often threads of these nodes came late. */
export function pausesIn(statuses: readonly NodeStatus[]): number {
  return statuses.reduce((total, { counters }) => total + (counters['pauses'] ?? 0), 0);
}

export async function statusesOf(tabs: readonly AnyTab[]): Promise<NodeStatus[]> {
  return Promise.all(tabs.map((tab) => tab.status()));
}

/** That a busy machine does not run a member's thread for a while is to cost an election. */
export function expectSameLeader(
  before: readonly NodeStatus[],
  after: readonly NodeStatus[],
): void {
  const pauses = pausesIn(after) - pausesIn(before);
  if (pauses > 0) {
    console.log(`threads did not run in time (${pauses}): leader and term are not compared`);
    return;
  }
  const leadership = ({ term, leaderId }: NodeStatus) => ({ term, leaderId });
  expect(after.map(leadership)).toEqual(before.map(leadership));
}

/** Hands the leadership to the tab's node, and waits until it has it. */
export async function lead(tab: AnyTab, tabs: readonly AnyTab[]): Promise<void> {
  const { leader } = await leaderOf(tabs);
  if (leader === tab) return;
  const { nodeId } = await tab.status();
  await leader.db((db, id) => db.transferLeadership(id), nodeId);
  await waitFor('the chosen tab to lead', CLUSTER_TIMEOUT_MS, async () => {
    return (await tab.status()).role === 'leader';
  });
}

/** Waits until all tabs tell their hash at the same index, and answers the different hashes. */
export async function hashesAtOneIndex(
  tabs: readonly AnyTab[],
  boundMs = HASH_TIMEOUT_MS,
): Promise<string[]> {
  return waitFor('equal indexes', boundMs, async () => {
    const told = await Promise.all(tabs.map((tab) => tab.db((db) => db.hash())));
    if (new Set(told.map(({ index }) => index)).size > 1) return false;
    return [...new Set(told.map(({ hash }) => hash))];
  });
}

/** A page of the origin on which nothing runs: what the signalling server says of itself. */
export async function emptyPage(browser: Browser, url: string): Promise<Tab> {
  const tab = await browser.open('about:blank');
  tab.expectErrors(/favicon/);
  await tab.page.goto(`${url}peerjs`);
  return tab;
}

/** Until the service worker has the page, and this tab. */
export async function waitKept(tab: AnyTab): Promise<void> {
  await waitFor('the page to be kept', KEPT_TIMEOUT_MS, async () => {
    return (await tab.evaluate('navigator.serviceWorker.controller !== null')) === true;
  });
}
