/** The settings: what is kept in the browser, and what is done with the tab's node. */

import { expect } from 'vitest';

import { leaderOf, test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
/** Each is a chance for members that are caught up to become voters. */
const WRITES = 5;
const GROUND = 'getComputedStyle(document.body).backgroundColor';

test('a theme is in force at once, in other tabs too, and outlives a reload', async ({
  browser,
  server,
}) => {
  const [here, there] = [await browser.open(server.url), await browser.open(server.url)];
  await Promise.all([here.waitRunning(), there.waitRunning()]);
  for (const { page } of [here, there]) await page.emulateMedia({ colorScheme: 'light' });
  const light = await here.evaluate(GROUND);
  await goTo(here, 'Settings');
  await here.page.getByRole('radio', { name: 'Dark' }).check();
  await here.page.getByText('Saved. The page is dark.').waitFor();
  const dark = await here.evaluate(GROUND);
  expect(dark).not.toBe(light);
  await waitFor('the other tab to be dark', BOUND_MS, async () => {
    return (await there.evaluate(GROUND)) === dark;
  });
  await here.reload();
  await here.page.getByRole('radio', { name: 'Dark', checked: true }).waitFor();
  expect(await here.evaluate(GROUND)).toBe(dark);
});

test('a maximum of one voter is in force after a reload: further tabs have no vote', async ({
  browser,
  server,
}) => {
  const first = await (await browser.open(server.url)).waitRunning();
  await goTo(first, 'Settings');
  const form = first.page.getByRole('region', { name: 'Cluster size' });
  const timeout = form.getByLabel('A silent voter is replaced after');
  await timeout.fill('7');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByRole('alert').getByText('from 8 to').waitFor();
  await timeout.fill('9');
  await form.getByLabel('Voters at most').selectOption('1');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Saved.').waitFor();
  await form.getByRole('button', { name: 'Reload now' }).click();
  await form.getByText('Reload now').waitFor({ state: 'detached' });
  await first.waitRunning();
  expect(await timeout.inputValue()).toBe('9');

  const others = [await browser.open(server.url), await browser.open(server.url)];
  await Promise.all(others.map((tab) => tab.waitRunning()));
  await first.db((db) => db.execute('create table t (x)'));
  for (let x = 0; x < WRITES; x += 1) {
    await first.db(
      (db, value) => db.execute({ sql: 'insert into t values (?)', params: [value] }),
      x,
    );
    await waitFor('the write at all members', BOUND_MS, async () => {
      const { members, lastIndex } = await first.status();
      return members.length === 3 && members.every(({ matchIndex }) => matchIndex === lastIndex);
    });
  }
  const { voters, learners } = await first.status();
  expect([voters.length, learners.length]).toEqual([1, 2]);
});

test('what another tab sets comes into a form in which nothing is typed', async ({
  browser,
  server,
}) => {
  const [here, there] = [await browser.open(server.url), await browser.open(server.url)];
  await Promise.all([here.waitRunning(), there.waitRunning()]);
  const [mine, theirs] = await Promise.all(
    [here, there].map(async (tab) => {
      await goTo(tab, 'Settings');
      return tab.page.getByRole('region', { name: 'Connections' });
    }),
  );
  if (mine === undefined || theirs === undefined) throw new Error('There are no two tabs.');
  await theirs.getByRole('button', { name: 'Add a server' }).waitFor();
  await mine.getByRole('button', { name: 'Add a server' }).click();
  await mine.getByLabel('Address').fill('stun:example.org:3478');
  await mine.getByRole('button', { name: 'Save' }).click();
  await mine.getByText('Saved.').waitFor();
  await theirs.getByLabel('Address').waitFor();
  expect(await theirs.getByLabel('Address').inputValue()).toBe('stun:example.org:3478');
  // A change by a click is one, too.
  await mine.getByRole('button', { name: 'Remove' }).click();
  await mine.getByText('Saved.').waitFor({ state: 'detached' });
});

test('a tab leaves by the view, which tells first what it means, and comes back as a new node', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { leader, followers } = await leaderOf(tabs);
  const [leaver, stayer] = followers;
  if (leaver === undefined || stayer === undefined) throw new Error('There are no three tabs.');
  const { nodeId } = await leaver.status();
  await goTo(leaver, 'Settings');
  const zone = leaver.page.getByRole('region', { name: 'Danger zone' });
  const first = zone.getByRole('button', { name: 'Leave the cluster…' });
  const second = zone.getByRole('button', { name: 'Leave for good' });
  await first.click();
  await second.waitFor();
  await leaver.page.keyboard.press('Escape');
  await second.waitFor({ state: 'detached' });
  await first.click();
  await zone.getByText('its id is never used again').waitFor();
  await second.click();
  await zone.getByRole('heading', { name: 'is no member any more' }).waitFor();
  await zone.getByText('Two voters are left').waitFor();
  await waitCluster([leader, stayer], 2);

  await zone.getByRole('button', { name: 'Begin anew' }).click();
  await waitCluster(await reopened(leaver, [leader, stayer], nodeId), 3);
  expect((await leaver.status()).nodeId).not.toBe(nodeId);
});

test('why a tab may not leave is told beside the button', async ({ browser, server }) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await goTo(tab, 'Settings');
  const zone = tab.page.getByRole('region', { name: 'Danger zone' });
  await zone.getByRole('button', { name: 'Leave the cluster…' }).click();
  await zone.getByRole('button', { name: 'Leave for good' }).click();
  await zone.getByRole('alert').getByText('It was not done').waitFor();
  expect((await tab.status()).state).toBe('running');
});

/** All tabs, once the one that was reloaded runs another node. */
async function reopened(tab: Tab, others: readonly Tab[], formerId: string): Promise<Tab[]> {
  await waitFor('another node in the tab', BOUND_MS, async () => {
    try {
      return (await tab.hasDatabase()) && (await tab.status()).nodeId !== formerId;
    } catch {
      // The page is being loaded.
      return false;
    }
  });
  await tab.waitRunning();
  return [tab, ...others];
}
