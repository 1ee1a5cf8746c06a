/**
 * The to-do lists of `test/examples`, each built by vite from the library's package, as whoever copies it does,
 * in real tabs. To the entry is added what lets a test look behind the page: a handle of the node that the
 * page runs anyway.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import { formatInviteLink } from '../../src/client/invite-link.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { flawsOf, loadAxe, SIZES } from './axe.ts';
import type { Browser } from './browser.ts';
import type { Consumers, Files } from './consumer.ts';
import { hashesAtOneIndex, leaderOf, test, waitCluster } from './harness.ts';
import { ROOT } from './server.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 30_000;
/** `npm run soak -- examples`: also what becomes of invites, of a tab alone, and of all when nobody was there. */
const IS_WHOLE = process.env['RESQLITE_EXAMPLES'] === 'whole';
const FIRST_TODOS = [
  'Open this page in two more tabs',
  'Close or kill any one of them',
  'Tick this one off, wherever you are',
];
const HANDLE = `
import { open } from 'resqlite';
void open({ signalling: {} }).then((db) => Object.assign(globalThis, { db }));
`;

interface Example {
  readonly name: string;
  readonly entry: string;
  readonly packages: readonly string[];
  /** As many open at the same time. */
  readonly tabs: number;
  /** Whether it is looked at in all sizes and themes, and without a majority: much is the same in all. */
  readonly isTriedWhole: boolean;
}

const EXAMPLES: readonly Example[] = [
  { name: 'todo', entry: 'src/main.ts', packages: ['vite'], tabs: 5, isTriedWhole: true },
  {
    name: 'todo-react-kysely',
    entry: 'src/main.tsx',
    packages: ['vite', 'kysely', 'react', 'react-dom', '@types/react', '@types/react-dom'],
    tabs: 3,
    isTriedWhole: false,
  },
];

async function filesOf(name: string): Promise<Files> {
  const folder = join(ROOT, 'test/examples', name);
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const file of found.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    files[path.slice(folder.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

/** Where the example is served; its types are checked on the way. */
async function serve(consumers: Consumers, { name, entry, packages }: Example): Promise<string> {
  const files = await filesOf(name);
  const consumer = await consumers.create(files, packages);
  await consumer.checkTypes();
  await consumer.write({ [entry]: `${files[entry]}${HANDLE}` });
  const { url } = await consumers.serve(await consumer.build());
  return url;
}

async function openTabs(browser: Browser, url: string, count: number): Promise<Tab[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => browser.open(url)));
  await waitFor('the databases to be open', BOUND_MS, async () => {
    const open = await Promise.all(tabs.map((tab) => tab.hasDatabase()));
    return open.every(Boolean);
  });
  return tabs;
}

/** The list as it is shown, a done to-do with a sign before it. */
async function todosIn({ page }: Tab): Promise<string[]> {
  return page
    .getByRole('listitem')
    .filter({ has: page.getByRole('checkbox') })
    .evaluateAll((items) =>
      items.map((item) => {
        const isDone = item.querySelector('input')?.checked === true;
        return `${isDone ? '✓ ' : ''}${item.querySelector('.title')?.textContent ?? ''}`;
      }),
    );
}

async function waitTodos(tabs: readonly Tab[], expected: readonly string[]): Promise<void> {
  let last: string[][] = [];
  await waitFor('the list', BOUND_MS, async () => {
    last = await Promise.all(tabs.map(todosIn));
    return last.every((todos) => JSON.stringify(todos) === JSON.stringify(expected));
  }).catch((error: unknown) => {
    throw new Error(`not the list: ${JSON.stringify(last)}`, { cause: error });
  });
}

/** What a person does in a tab behind another takes a second each, for want of frames. */
async function inFront({ page }: Tab): Promise<Tab['page']> {
  await page.bringToFront();
  return page;
}

/** Enter is hit twice, as happens. */
async function add(tab: Tab, title: string): Promise<void> {
  const page = await inFront(tab);
  const field = page.getByLabel('A new to-do');
  await field.fill(title);
  await field.press('Enter');
  await field.press('Enter');
}

async function waitText(tab: Tab, text: string): Promise<void> {
  await waitFor(`"${text}"`, BOUND_MS, async () => (await tab.text()).includes(text)).catch(
    async (error: unknown) => {
      throw new Error(`the page says: ${await tab.text()}`, { cause: error });
    },
  );
}

/** With everything shown that there is. Answers the invite link. */
async function inviteFrom(tab: Tab): Promise<string> {
  const page = await inFront(tab);
  await page.getByRole('button', { name: 'Invite another browser' }).click();
  await page.getByRole('button', { name: 'Copy' }).waitFor();
  return page.getByLabel('Open this link in the other browser').inputValue();
}

async function expectAccessible(tab: Tab, { isTriedWhole }: Example): Promise<void> {
  const page = await inFront(tab);
  await loadAxe(tab);
  for (const { width, height } of isTriedWhole ? SIZES : SIZES.slice(0, 1)) {
    await page.setViewportSize({ width, height });
    const themes = isTriedWhole ? undefined : (['light'] as const);
    expect(await flawsOf(tab, `${width} px`, themes)).toEqual([]);
  }
}

/** The same of what is short and stands in the same frame: narrow, and in the light. */
async function expectShortAccessible(tab: Tab): Promise<void> {
  const page = await inFront(tab);
  await loadAxe(tab);
  for (const { width, height } of SIZES.slice(1)) {
    await page.setViewportSize({ width, height });
    expect(await flawsOf(tab, `${width} px`, ['light'])).toEqual([]);
  }
}

/** Tabs that have migrated at once: each migration has run once. */
async function expectOneSchema(tabs: readonly Tab[]): Promise<void> {
  await waitTodos(tabs, FIRST_TODOS);
  await waitCluster(tabs, tabs.length);
  const [first] = tabs as [Tab];
  expect(await first.rows('select name from resqlite_migrations')).toHaveLength(2);
  expect((await first.status()).members).toHaveLength(tabs.length);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
  const losses = tabs.length === 5 ? '2 losses' : '1 loss';
  for (const tab of tabs) await waitText(tab, `Survives ${losses}`);
}

const DONE = '✓ Water the plants';
const KEPT = ['Mourn the leader', 'Tick this one off, wherever you are'] as const;

/** The renderer of the leader dies; the others go on, and are answered. */
async function outliveLeader(tabs: readonly Tab[]): Promise<Tab[]> {
  const { leader, followers } = await leaderOf(tabs);
  await leader.crash();
  // A write is answered or fails within 10 s, which an election on a busy machine may take.
  await leaderOf(followers);
  const page = await inFront((followers as [Tab])[0]);
  await page.getByRole('button', { name: `Edit ${FIRST_TODOS[1]}` }).press('Enter');
  const field = page.getByLabel('To-do', { exact: true });
  await field.fill('Mourn the leader');
  await field.press('Enter');
  await waitTodos(followers, [...KEPT, DONE]);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await waitTodos(followers.slice(0, 1), KEPT);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  return followers;
}

/** A tab that is left alone reads, and says why it does not write. */
async function tryAlone(tab: Tab): Promise<void> {
  await waitText(tab, 'No majority');
  // Who leads still may take a write of which it is not known what comes.
  await waitFor('nobody to lead', BOUND_MS, async () => (await tab.status()).leaderId === null);
  await add(tab, 'Find the others');
  await waitText(tab, 'Not saved: "Find the others" (no majority of the tabs can be reached).');
  expect(await tab.page.getByLabel('A new to-do').inputValue()).toBe('Find the others');
  await tab.page.getByRole('checkbox', { name: KEPT[0] }).click();
  await waitText(tab, `Not saved: "${KEPT[0]}" (no majority of the tabs can be reached).`);
  expect(await tab.text()).toContain('Not saved: "Find the others"');
  await waitTodos([tab], KEPT);
  await tab.page.getByRole('button', { name: 'Dismiss' }).click();
  expect(await tab.text()).not.toContain('Not saved');
}

/** To a cluster that nobody is in. */
function strangeInvite(url: string): string {
  const [secret, members] = ['A'.repeat(43), ['b'.repeat(16) as NodeId]];
  return formatInviteLink(url, { clusterId: 'a'.repeat(16), secret, token: secret, members });
}

/** Who is invited to a list that is news to the browser is asked, and may go on with the others. */
async function declineInvite(browser: Browser, url: string, example: Example): Promise<Tab> {
  const tab = await browser.open(strangeInvite(url));
  await waitText(tab, 'Join this list?');
  if (example.isTriedWhole) await expectShortAccessible(tab);
  await tab.page.getByRole('button', { name: 'Open my own list' }).click();
  await waitTodos([tab], [...KEPT, DONE]);
  expect(tab.page.url()).toBe(url);
  return tab;
}

/** Who waits to be let in is told so. */
async function joinNobody(browser: Browser, url: string): Promise<void> {
  const tab = await browser.open(strangeInvite(url));
  await tab.page.getByRole('button', { name: 'Join' }).click();
  await waitText(tab, 'Joining…');
  await waitText(tab, 'A tab that is in lets this one in');
  await expectShortAccessible(tab);
  expect(tab.page.url()).toMatch(/#c=a{16}$/);
  await tab.close();
}

async function tryExample(browser: Browser, url: string, example: Example): Promise<void> {
  const tabs = await openTabs(browser, url, example.tabs);
  await expectOneSchema(tabs);

  const [first, second, third] = tabs as [Tab, Tab, Tab];
  await add(second, 'Water the plants');
  await waitTodos(tabs, [...FIRST_TODOS, 'Water the plants']);
  const page = await inFront(third);
  await page.getByRole('checkbox', { name: 'Water the plants' }).click();
  await page.getByRole('button', { name: `Delete ${FIRST_TODOS[0]}` }).click();
  await waitTodos(tabs, [...FIRST_TODOS.slice(1), DONE]);
  const invite = await inviteFrom(first);
  await expectAccessible(first, example);

  const left = await outliveLeader(tabs);
  if (!IS_WHOLE) return closeAll(left);

  const newcomer = await declineInvite(browser, url, example);
  await newcomer.page.getByRole('button', { name: 'Clear done' }).click();
  await waitTodos([newcomer, ...left], KEPT);
  if (!example.isTriedWhole) return closeAll([newcomer, ...left]);

  await joinNobody(browser, url);
  const [last, ...others] = left as [Tab, ...Tab[]];
  await closeAll([newcomer, ...others]);
  await tryAlone(last);
  await last.close();

  // Nobody is there, and then some are again: nobody is asked whether to, and the invite does not stay.
  const again = await openTabs(browser, invite, 3);
  await waitTodos(again, KEPT);
  const [one] = again as [Tab];
  await waitFor('the key to go', BOUND_MS, () => /#c=[a-z2-7]{16}$/.test(one.page.url()));
  await waitText(one, 'Survives');
  await add(one, 'Go on');
  await waitTodos(again, [...KEPT, 'Go on']);
  await closeAll(again);
}

async function closeAll(tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) await tab.close();
}

test('an example is one list in all tabs, whichever of them goes', async ({
  consumers,
  browser,
}) => {
  const urls = await Promise.all(EXAMPLES.map((example) => serve(consumers, example)));
  for (const [at, example] of EXAMPLES.entries()) {
    await tryExample(browser, urls[at] ?? '', example).catch((error: unknown) => {
      throw new Error(`in the example ${example.name}`, { cause: error });
    });
  }
});
