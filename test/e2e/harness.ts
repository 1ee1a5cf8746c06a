/**
 * What end-to-end tests are written with: a served page, browsers that are ended with the test, and
 * what is asked of several tabs at once. A test fails, too, when a tab reports an error the test
 * did not expect; a failed test tells what every tab was doing.
 */

import { test as plainTest } from 'vitest';

import type { NodeStatus } from '../../src/node/status.ts';
import { Browser } from './browser.ts';
import { PageServer } from './server.ts';
import type { DatabaseTab, Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const CLUSTER_TIMEOUT_MS = 20_000;
const HASH_TIMEOUT_MS = 20_000;
const LOG_LINES_SHOWN = 30;
/** How often a machine may be too busy for what is measured. */
const MACHINE_PATIENCE = 3;

/** Starts another browser with a profile of its own. */
type Launch = (preferences?: object) => Promise<Browser>;

export const test = plainTest
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await PageServer.start();
    onCleanup(() => server.stop());
    return server;
  })
  .extend('launch', async ({ task }, { onCleanup }): Promise<Launch> => {
    const browsers: Browser[] = [];
    onCleanup(async () => {
      const tabs = browsers.flatMap((browser) => browser.tabs);
      if (task.result?.state === 'fail') await tellAbout(tabs);
      for (const browser of browsers) await browser.dispose();
      const errors = tabs.flatMap((tab) => tab.unexpectedErrors());
      if (errors.length > 0) throw new Error(`Tabs reported errors:\n${errors.join('\n')}`);
    });
    return async (preferences) => {
      const browser = await Browser.launch(preferences);
      browsers.push(browser);
      return browser;
    };
  })
  .extend('browser', async ({ launch }) => launch());

/** Opens three tabs and waits until they are a leader and its followers, all voters. */
export async function openCluster(browser: Browser, url: string): Promise<Tab[]> {
  const tabs: Tab[] = [];
  while (tabs.length < 3) tabs.push(await browser.open(url));
  await Promise.all(tabs.map((tab) => tab.waitRunning()));
  await waitCluster(tabs, 3);
  return tabs;
}

/**
 * Waits until the tabs agree on a leader among them and on the number of voters, and all of them
 * are in. Answers their statuses.
 */
export async function waitCluster(
  tabs: readonly DatabaseTab[],
  voters: number,
): Promise<NodeStatus[]> {
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
export async function leaderOf<AnyTab extends DatabaseTab>(
  tabs: readonly AnyTab[],
): Promise<{ leader: AnyTab; followers: AnyTab[] }> {
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
 * not run a member's thread for a while, which is to cost an election, it tells so, and the step is
 * carried out again.
 */
export async function keepsLeader(
  tabs: readonly DatabaseTab[],
  step: () => Promise<void>,
): Promise<boolean> {
  let before = await leadershipOf(tabs);
  for (let attempt = 1; ; attempt += 1) {
    await step();
    const after = await leadershipOf(tabs);
    if (after.leadership === before.leadership) return true;
    console.log(`another leader or term: ${before.leadership}, then ${after.leadership}`);
    if (after.pauses === before.pauses || attempt === MACHINE_PATIENCE) return false;
    console.log(`threads did not run in time (${before.pauses}, then ${after.pauses}): once more`);
    await waitCluster(tabs, tabs.length);
    before = await leadershipOf(tabs);
  }
}

async function leadershipOf(
  tabs: readonly DatabaseTab[],
): Promise<{ leadership: string; pauses: number }> {
  const statuses = await Promise.all(tabs.map((tab) => tab.status()));
  const roles = statuses.map(({ role, term, leaderId }) => `${role} of ${term} under ${leaderId}`);
  const pauses = statuses.reduce((total, { counters }) => total + (counters['pauses'] ?? 0), 0);
  return { leadership: roles.join(', '), pauses };
}

/** Waits until all tabs tell their hash at the same index, and answers the different hashes. */
export async function hashesAtOneIndex(
  tabs: readonly DatabaseTab[],
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

async function tellAbout(tabs: readonly Tab[]): Promise<void> {
  for (const [index, tab] of tabs.entries()) {
    const state = await withinASecond(tab.state());
    const status = await withinASecond(tab.status());
    console.error(`Tab ${index + 1}: ${state}\n  ${status}`);
    for (const line of tab.log.slice(-LOG_LINES_SHOWN)) console.error(`  | ${line}`);
  }
}

/** A tab that is gone or hangs must not keep the others from being told about. */
async function withinASecond(asked: Promise<unknown>): Promise<string> {
  const late = new Promise((resolve) => {
    setTimeout(() => resolve('no answer'), 1_000);
  });
  return Promise.race([asked, late]).then(
    (value) => JSON.stringify(value),
    (error: unknown) => String(error),
  );
}
