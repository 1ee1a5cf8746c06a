/** The cluster's view: the truth of each tab, faults by click and by keyboard, and what happened. */

import { expect } from 'vitest';

import { leaderOf, openCluster, test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const PHONE = { width: 360, height: 740 };
/** Room for what a busy machine adds. */
const DELAY_STEPS = 10;
const DELAY_MS = 100;
/** Longer than a node that is looked at keeps silent. */
const QUIET_MS = 3_000;

test('three members and one leader, each by its own word; a link is cut at both ends, and heals', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const { leader, followers } = await leaderOf(tabs);
  const [viewer, other] = followers;
  if (viewer === undefined || other === undefined) throw new Error('There are no followers.');
  await showCluster(viewer);
  const names = await Promise.all(tabs.map((tab) => nameOf(tab)));
  for (const name of names) await memberOf(viewer, name).getByText('term').waitFor();
  await waitTold(viewer, tabs.length);
  // Of a tab that has not told by itself it is the word of before.
  expect(await rolesIn(viewer)).toEqual(['follower', 'follower', 'leader']);

  await showCluster(other);
  const link = linkOf(viewer, await nameOf(leader), await nameOf(other));
  // By keyboard the members come first, and what is picked is said, right below the ring.
  const [first] = await viewer.page.locator('.ring [role=button]').all();
  expect(await first?.getAttribute('aria-label')).toMatch(/^Member /);
  await link.focus();
  await viewer.page.keyboard.press('Enter');
  const panel = viewer.page.locator('.cluster-ring').getByRole('status');
  await panel.getByText('is open: messages pass both ways').waitFor();
  await panel.getByRole('button', { name: 'Cut the link' }).click();
  for (const tab of [viewer, other]) {
    await linkOf(tab, await nameOf(leader), await nameOf(other), 'cut').waitFor();
  }
  const { nodeId } = await leader.status();
  await waitFor('the other end to have lost its leader', BOUND_MS, async () => {
    return (await other.status()).leaderId !== nodeId;
  });
  await viewer.page.getByRole('button', { name: 'Heal the link' }).click();
  for (const tab of [viewer, other]) {
    await linkOf(tab, await nameOf(leader), await nameOf(other), 'open').waitFor();
  }
  await waitCluster(tabs, 3);
  await viewer.page.setViewportSize(PHONE);
  expect(await viewer.evaluate(OVERFLOW)).toBe(0);
});

test('an isolated leader and the one elected in its place are both shown; killing that one tells of the next', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const { leader, followers } = await leaderOf(tabs);
  const [viewer] = followers;
  if (viewer === undefined) throw new Error('There are no followers.');
  await showCluster(viewer);
  const events = viewer.page.getByRole('region', { name: 'Events' });

  const isolated = memberOf(viewer, await nameOf(leader));
  await isolated.getByText('leader', { exact: true }).first().waitFor();
  await isolated.getByRole('button').first().click();
  await isolated.getByRole('button', { name: 'Isolate' }).click();
  await isolated.getByText('isolated').first().waitFor();
  const next = await waitFor('another leader', BOUND_MS, async () => {
    const statuses = await Promise.all(followers.map((tab) => tab.status()));
    return followers[statuses.findIndex(({ role }) => role === 'leader')] ?? false;
  });
  const nextMember = memberOf(viewer, await nameOf(next));
  await nextMember.getByText('leader', { exact: true }).first().waitFor();
  await events
    .getByText(new RegExp(`${await nameOf(next)} won term \\d+ with the vote of`))
    .waitFor();
  await events.getByText(`${await nameOf(leader)} was cut off from everybody.`).waitFor();
  // The one that is cut off has no leader by its own word, and its older term.
  const { term } = await next.status();
  expect((await leader.status()).term).toBeLessThan(term);
  expect(await isolated.innerText()).toContain(`term ${(await leader.status()).term}`);

  await viewer.page.getByRole('button', { name: 'Heal everything' }).click();
  await waitCluster(tabs, 3);
  await killLeader(viewer);
  const crashed = memberOf(viewer, 'crashed');
  await crashed.waitFor();
  await events.getByText(/^\w+ crashed\./).waitFor();
  if (!(await crashed.innerText()).includes('this tab')) {
    await crashed.getByRole('button').first().click();
    await viewer.page.getByRole('button', { name: 'Reload its tab' }).click();
    await crashed.waitFor({ state: 'detached' });
  }
  await waitFor('the election to be told', BOUND_MS, async () => {
    const won = await events.getByText(/ won term \d+ with the vote of/).count();
    return won >= 2;
  });
});

test('the slider delays the messages of all tabs, and healing takes that back', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const { leader } = await leaderOf(tabs);
  await leader.db((db) => db.execute('create table t (a)'));
  await showCluster(leader);
  const slider = leader.page.getByRole('slider', { name: 'Latency' });
  await waitTold(leader, tabs.length);
  await slider.focus();
  for (let step = 0; step < DELAY_STEPS; step += 1) {
    await leader.page.keyboard.press('ArrowRight');
    await leader.page.getByText(`+${(step + 1) * (DELAY_MS / DELAY_STEPS)} ms`).waitFor();
  }
  // There and back again, from the leader to a majority.
  await waitFor('a write to take a delayed round trip', BOUND_MS, async () => {
    return (await writeTime(leader)) >= 2 * DELAY_MS;
  });
  await leader.page.getByRole('button', { name: 'Heal everything' }).click();
  await leader.page.getByText('+0 ms').waitFor();
  await waitFor('a write to be quick again', BOUND_MS, async () => {
    return (await writeTime(leader)) < 2 * DELAY_MS;
  });
});

test('while the page is hidden no tab looks at its node for it, and what was drawn stands', async ({
  browser,
  server,
}) => {
  const tabs = await openCluster(browser, server.url);
  const [viewer, other] = tabs;
  if (viewer === undefined || other === undefined) throw new Error('three tabs are open');
  await other.db((db) => {
    const seen = { toldMs: 0 };
    const channel = new BroadcastChannel(`resqlite-view ${db.clusterId}`);
    channel.addEventListener('message', ({ data }: MessageEvent<{ readonly type: string }>) => {
      if (data.type === 'inspection') seen.toldMs = performance.now();
    });
    Object.assign(globalThis, { seen, channel });
  });
  const lastTold = async (): Promise<number> =>
    Number(await other.evaluate('seen.toldMs === 0 ? Infinity : performance.now() - seen.toldMs'));
  await showCluster(viewer);
  await waitFor('a look', BOUND_MS, async () => (await lastTold()) < QUIET_MS);
  await setHidden(viewer, true);
  await waitFor('the looks to end', BOUND_MS, async () => (await lastTold()) > QUIET_MS);
  expect(await viewer.page.locator('.ring .ring-member').count()).toBe(tabs.length);
  await setHidden(viewer, false);
  await waitFor('another look', BOUND_MS, async () => (await lastTold()) < QUIET_MS);
});

/** As the browser says it of a page behind others, which it says of none that is under test. */
async function setHidden(tab: Tab, isHidden: boolean): Promise<void> {
  await tab.evaluate(`
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => '${isHidden ? 'hidden' : 'visible'}',
    });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

async function showCluster({ page }: Tab): Promise<void> {
  await page.getByRole('link', { name: 'Cluster', exact: true }).click();
  await page.getByRole('heading', { name: 'What happened' }).waitFor();
}

/** All logs are drawn as each tab tells its own, not by what members say of each other. */
async function waitTold({ page }: Tab, tabs: number): Promise<void> {
  const logs = page.getByRole('region', { name: 'Logs', exact: true });
  await waitFor('all tabs to tell of themselves', BOUND_MS, async () => {
    if ((await logs.locator('.log-strip').count()) < tabs) return false;
    return (await logs.getByRole('cell', { name: 'not told', exact: true }).count()) === 0;
  });
}

/** As the page calls it. */
async function nameOf(tab: Tab): Promise<string> {
  return (await tab.status()).nodeId.slice(0, 6);
}

/** By its name, or by what is said of it. */
function memberOf({ page }: Tab, name: string) {
  const members = page.getByRole('list', { name: 'Members' }).getByRole('listitem');
  return members.filter({ hasText: name });
}

async function rolesIn({ page }: Tab): Promise<string[]> {
  return (await page.locator('.member-role').allInnerTexts()).toSorted();
}

function linkOf({ page }: Tab, one: string, other: string, state = '') {
  const [first, second] = [one, other].toSorted();
  return page.getByRole('button', { name: new RegExp(`^Link ${first} – ${second}: ${state}`) });
}

async function killLeader({ page }: Tab): Promise<void> {
  await page.getByRole('button', { name: 'Kill the leader…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Kill it' }).click();
}

async function writeTime(tab: Tab): Promise<number> {
  return tab.db(async (db) => {
    const startMs = performance.now();
    await db.execute('insert into t values (1)');
    return performance.now() - startMs;
  });
}
