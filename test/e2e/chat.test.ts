/**
 * The chat in real tabs: as a person uses it, between two browsers, and by the nine functions of the suite
 * that it comes from. Those run on three tabs that are all closed and opened again before every other one of them, and on five of
 * which two are down. The suite that they are from stops two of three servers: a majority of three cannot
 * be had from one, and without a majority Raft serves nothing, so five tabs stand for its three.
 *
 * With RESQLITE_APPS=whole the three are restarted before each function and within, and other tabs are down in each.
 */

import { expect } from 'vitest';

import { flawsOf, loadAxe, SIZES } from './axe.ts';
import { Browser } from './browser.ts';
import { chat, CHAT_FUNCTIONS } from './chat-functions.ts';
import { KilledTabs, RestartedTabs, type ChatServers } from './chat-servers.ts';
import { openCluster, test as clusterTest, type Cluster } from './harness.ts';
import type { PuppetTab } from './puppet-tab.ts';
import { Shared } from './shared.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const IS_WHOLE = process.env['RESQLITE_APPS'] === 'whole';
/** Of the tests that do much, on a machine that does much else. */
const LONG = { timeout: 240_000 };
const SHOWN_TIMEOUT_MS = 20_000;
const VIEW = '#/apps?chat';
const PHONE = { width: 390, height: 844 };

interface Profile extends Cluster {
  restarted: RestartedTabs | null;
  killed: KilledTabs | null;
}

/** One browser for the whole file; what a test leaves in it, the next one finds. */
const test = clusterTest
  .extend('sharedProfile', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shared = new Shared<Profile>({
      open: async (own, url) => {
        const browser = own(await Browser.launch());
        return { browser, tabs: await openCluster(browser, url), restarted: null, killed: null };
      },
      renew: async () => undefined,
    });
    onCleanup(() => shared.end());
    return shared;
  })
  .extend('profile', async ({ sharedProfile, server, task }, { onCleanup }) => {
    onCleanup(() => sharedProfile.giveBack(task.result?.state === 'fail'));
    return sharedProfile.take(server.url);
  });

test(
  'a person signs up, sends, reads, deletes and signs out on a phone',
  LONG,
  async ({ profile }) => {
    const [tab, other] = profile.tabs;
    if (tab === undefined || other === undefined) throw new Error('There are no tabs.');
    const { page } = tab;
    await openChat(tab);
    await loadAxe(tab);
    const flaws = await lookAt(tab, 'entry', false);
    await enter(tab, 'ann o', 'hush hush', 'Sign up');
    await entrySays(tab, 'Username must be alphanumeric');
    await enter(tab, 'ann', 'hush hush', 'Sign up');
    await page.getByText('Logged in as: ann').waitFor();
    await page.getByText('No messages yet.').waitFor();
    // What comes of a deletion is said also when it was the last message.
    expect(await page.locator('.chat-inbox > .chat-outcome[aria-live=polite]').count()).toBe(1);

    await chat(other, 'signUp', 'ben', 'ben’s');
    const toAnn = { sender: 'ben', recipient: 'ann' };
    for (const [at, body] of ['one', 'two\nlines', 'w'.repeat(400)].entries()) {
      await chat(other, 'send', { ...toAnn, body, timestamp: 1_800_000_000 + at });
    }
    await page.getByRole('status').filter({ hasText: 'Unread: 3' }).waitFor();
    await readMessages(tab, '0');
    await page.getByText('Please enter a number of messages to read.').waitFor();
    await readMessages(tab, '2');
    const messages = page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
    await messages.nth(1).waitFor();
    await page.getByRole('status').filter({ hasText: 'Unread: 1' }).waitFor();
    expect(await messages.locator('.chat-line').allInnerTexts()).toEqual([
      expect.stringMatching(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ben: two\nlines$/),
      expect.stringMatching(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ben: one$/),
    ]);
    // What is marked stays marked when a message comes.
    await messages.nth(1).getByRole('checkbox').check();
    await readMessages(tab, '100');
    await messages.nth(2).waitFor();
    expect(await messages.nth(2).getByRole('checkbox').isChecked()).toBe(true);
    await readMessages(tab, '1');
    await page.getByText('No messages to read').waitFor();
    flaws.push(...(await lookAt(tab, 'inside', true)));
    expect(flaws).toEqual([]);
    await page.getByRole('button', { name: 'Delete Selected (1)' }).click();
    await messages.nth(2).waitFor({ state: 'detached' });
    expect((await chat(other, 'messages', 'ann')).map(({ body }) => body.length)).toEqual([400, 9]);

    await page.getByLabel('Search users').fill('b*');
    await page.getByText('1 found').waitFor();
    await page.getByRole('button', { name: 'ben', exact: true }).click();
    await page.keyboard.type('Hello, Ben');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Sent to ben.').waitFor();
    expect(await chat(other, 'messages', 'ben')).toMatchObject([{ sender: 'ann', read: false }]);

    await page.reload();
    await page.getByText('Logged in as: ann').waitFor();
    await page.getByLabel('To', { exact: true }).fill('nobody');
    await page.getByLabel('Message', { exact: true }).fill('hello?');
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByText('Recipient does not exist.').waitFor();
    await expectNoSecret(tab, 'hush hush');
    await leave(tab);
    await chat(other, 'deleteAccount', 'ben');
  },
);

/** The fields are empty for the next one; then the account goes. */
async function leave({ page }: Tab): Promise<void> {
  await page.getByRole('button', { name: 'Sign Out' }).click();
  await enter({ page }, 'ann', 'wrong', 'Log in');
  await entrySays({ page }, 'Invalid username or password.');
  await enter({ page }, 'ann', 'hush hush', 'Log in');
  await page.getByText('Logged in as: ann').waitFor();
  expect(await page.getByLabel('To', { exact: true }).inputValue()).toBe('');
  expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('');
  const region = await page.$('#chat-entry-news');
  expect(await region?.getAttribute('aria-live')).toBe('polite');
  await page.getByRole('button', { name: 'Delete Account' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete Account' }).click();
  await entrySays({ page }, 'The account ann is deleted.');
  // It is said by what was there before, and is still in the page.
  expect(await region?.innerText()).toBe('The account ann is deleted.');
  expect(await region?.evaluate((element) => element.isConnected)).toBe(true);
}

/** Neither what is replicated nor what the tab keeps has the password in it. */
async function expectNoSecret(tab: Tab, password: string): Promise<void> {
  const users = await tab.rows(
    `select iterations, length(salt), cast(password_hash as text) from chat_users
     where username = 'ann'`,
  );
  expect(users.map((row) => row.slice(0, 2))).toEqual([[600_000, 16]]);
  const kept = await tab.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
  expect(`${JSON.stringify(users)}${String(kept)}`).not.toContain(password);
}

test('a Chromium and a Firefox chat through an invite', LONG, async ({ profile, firefox }) => {
  const [tab] = profile.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  const fox = await firefox.open(await tab.db((db) => db.invite()));
  await fox.waitRunning();
  await fox.evaluate(`location.hash = '${VIEW}'`);
  await fox.page.waitForSelector('input[name=username]');
  await fox.page.type('input[name=username]', 'fay');
  await fox.page.type('input[name=password]', 'fay’s');
  await fox.page.click('button[value=signUp]');
  await shows(fox, 'Logged in as: fay');

  await openChat(tab);
  await enter(tab, 'carl', 'carl’s', 'Sign up');
  await tab.page.getByRole('button', { name: 'fay', exact: true }).click();
  await tab.page.keyboard.type('Hello from Chromium');
  await tab.page.getByRole('button', { name: /^Send/ }).click();
  await shows(fox, 'Unread: 1');
  await fox.page.type('.chat-read input', '1');
  await fox.page.click('.chat-read button');
  await shows(fox, 'carl: Hello from Chromium');

  await fox.page.click('.chat-reply');
  await fox.page.type('#chat-body', 'Hello from Firefox');
  await fox.page.click('.chat-send button');
  await tab.page.getByRole('status').filter({ hasText: 'Unread: 1' }).waitFor();
  await readMessages(tab, '1');
  await tab.page.getByText('Hello from Firefox').waitFor();
  for (const user of ['carl', 'fay']) await chat(tab, 'deleteAccount', user);
  await shows(fox, 'The account fay does not exist any more.');
  await entrySays(tab, 'The account carl does not exist any more.');
  await fox.db((db) => db.leave());
});

for (const [at, { name, does, run }] of CHAT_FUNCTIONS.entries()) {
  test(`${name}, over restarts of all three tabs: ${does}`, async ({ profile, server }) => {
    profile.restarted ??= new RestartedTabs(profile, server.url, IS_WHOLE);
    // Each finds what the one before has left; every other one, in new tabs.
    if (IS_WHOLE || at % 2 === 0) await profile.restarted.restart();
    await run(profile.restarted);
  });
}

// Those that stop servers themselves go first: they leave two down, and the others go on so.
const byKills = CHAT_FUNCTIONS.toSorted((a, b) => Number(b.drives) - Number(a.drives));

for (const { name, does, drives, run } of byKills) {
  test(`${name}, with two of five tabs killed: ${does}`, async ({ profile, server }) => {
    profile.killed ??= await openFive(profile, server.url);
    if (!drives) await profile.killed.restart();
    if (name === 'test_auth') await deleteEverybody(profile.killed);
    await run(profile.killed);
  });
}

async function openFive({ browser }: Cluster, url: string): Promise<KilledTabs> {
  const five = await KilledTabs.open(browser, url, IS_WHOLE);
  await deleteEverybody(five);
  return five;
}

async function deleteEverybody(servers: ChatServers): Promise<void> {
  const tab = servers.on(servers.running());
  for (const user of await chat(tab, 'listUsers')) await chat(tab, 'deleteAccount', user);
}

/** In front of the others: a page behind them has a frame a second, and Playwright waits for frames. */
async function openChat({ page }: Tab): Promise<void> {
  await page.bringToFront();
  await page.setViewportSize(PHONE);
  await page.evaluate(`location.hash = '${VIEW}'`);
  await page.getByLabel('Username').waitFor();
}

async function enter(
  { page }: Pick<Tab, 'page'>,
  username: string,
  password: string,
  way: 'Log in' | 'Sign up',
): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: way }).click();
}

async function entrySays({ page }: Pick<Tab, 'page'>, text: string): Promise<void> {
  await page.locator('.chat-entry').getByText(text).waitFor();
}

async function readMessages({ page }: Tab, count: string): Promise<void> {
  await page.getByLabel('Number of messages to read').fill(count);
  await page.getByRole('button', { name: 'Read', exact: true }).click();
}

/** At every size, and with `isFull` in each theme at each of them; it is a phone again afterwards. */
async function lookAt(tab: Tab, place: string, isFull: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const size of SIZES) {
    await tab.page.setViewportSize(size);
    const one = size === SIZES[0] ? (['light'] as const) : (['dark'] as const);
    const themes = isFull ? (['light', 'dark'] as const) : one;
    found.push(...(await flawsOf(tab, `${place}, ${size.width} px`, themes)));
  }
  await tab.page.setViewportSize(PHONE);
  return found;
}

async function shows(tab: PuppetTab, text: string): Promise<void> {
  await waitFor(`Firefox to show ${text}`, SHOWN_TIMEOUT_MS, async () => {
    return (await tab.text()).includes(text);
  });
}
