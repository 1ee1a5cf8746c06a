/** The page as a person uses it: the keyboard, what is shown, and how it fits a phone. */

import { expect } from 'vitest';

import { test } from './harness.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
/** How much wider than the window the page is. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const PHONE = { width: 360, height: 740 };

test('SQL typed in one tab is read in another; an error shows SQLite’s words and the effect', async ({
  cluster,
}) => {
  const [first, second] = cluster.tabs;
  if (first === undefined || second === undefined) throw new Error('There are no tabs.');
  await enter(first, "create table note (text); insert into note values ('typed') returning text");
  await first.page.getByRole('gridcell', { name: 'typed' }).waitFor();

  await enter(second, 'select text from note');
  await second.page.getByRole('gridcell', { name: 'typed' }).waitFor();
  await enter(second, 'select tex from note');
  await second.page.getByText('no such column: tex').waitFor();
  await second.page.getByText('It changed nothing.').waitFor();

  await goTo(second, 'Cluster');
  const members = second.page.getByRole('list', { name: 'Members' }).getByRole('listitem');
  await members.nth(2).waitFor();
  expect(await members.count()).toBe(3);
  await waitFor('one leader', BOUND_MS, async () => {
    return (await members.filter({ hasText: 'leader' }).count()) === 1;
  });
});

test('three tabs may lose one, and the page says when a majority is missing', async ({
  cluster,
}) => {
  const [first, ...others] = cluster.tabs;
  if (first === undefined) throw new Error('There are no tabs.');
  await first.page.getByText('no fault tolerance yet').waitFor({ state: 'hidden' });
  await Promise.all(others.map((tab) => tab.close()));
  // Their nodes are stored here: the offer to wake them takes the place of the advice at once.
  await first.page
    .getByText(/No quorum/)
    .first()
    .waitFor();
});

test('a tab alone says that none may be lost, and fits a phone, in light and dark', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await tab.page.getByText('1 of 3 tabs is here: no fault tolerance yet.').waitFor();
  await tab.page.setViewportSize(PHONE);
  await enter(tab, `select '${'wide '.repeat(40)}' as a, randomblob(50) as b, 1 as c, 2 as d`);
  await tab.page.getByRole('grid').waitFor();
  const backgrounds = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.page.emulateMedia({ colorScheme });
    expect(await tab.page.evaluate(OVERFLOW)).toBe(0);
    backgrounds.push(await tab.page.evaluate('getComputedStyle(document.body).backgroundColor'));
  }
  expect(new Set(backgrounds).size).toBe(2);
});

test('a plain editor runs SQL until the full one is there, which goes on where it was', async ({
  browser,
  server,
}) => {
  const tab = await browser.open('about:blank');
  const { page } = tab;
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  await page.route('**/assets/sql-editor-*', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(server.url);
  await tab.waitRunning();
  await enter(tab, "select 'plain' as a;");
  await page.getByRole('gridcell', { name: 'plain' }).waitFor();
  await enter(tab, "select 'typed' as b; ");
  await page.getByRole('gridcell', { name: 'typed' }).waitFor();
  for (let step = 0; step < 2; step += 1) await page.keyboard.press('ArrowLeft');
  expect(await page.locator('.cm-content').count()).toBe(0);

  // A part that cannot be had is told of, and asked for again with the next try.
  await page.route('**/assets/settings-view-*', (route) => route.abort());
  tab.expectErrors(/ERR_FAILED/);
  await goTo(tab, 'Settings');
  await page.getByText('A part of this page could not be loaded').waitFor();
  await page.unroute('**/assets/settings-view-*');
  await goTo(tab, 'Database');
  await goTo(tab, 'Settings');
  await page.getByRole('heading', { name: 'Connections' }).waitFor();
  await page.getByText('A part of this page could not be loaded').waitFor({ state: 'detached' });
  await goTo(tab, 'Database');
  await page.getByRole('textbox', { name: 'SQL' }).focus();

  letGo();
  await page.locator('.cm-content').waitFor();
  // The keyboard still goes to where the cursor was: behind the name.
  await page.keyboard.insertText('2');
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('columnheader', { name: 'b2' }).waitFor();
  expect(await page.getByRole('textbox', { name: 'SQL' }).count()).toBe(1);
});

/** Puts SQL into the editor in place of what is there, and runs it; with the keyboard alone. */
async function enter(tab: Tab, sql: string): Promise<void> {
  const editor = tab.page.getByRole('textbox', { name: 'SQL' });
  await editor.focus();
  await tab.page.keyboard.press('ControlOrMeta+a');
  await tab.page.keyboard.insertText(sql);
  await tab.page.keyboard.press('ControlOrMeta+Enter');
}
