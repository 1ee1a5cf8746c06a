/**
 * The page for everybody: no view breaks a rule that axe-core can check (WCAG 2.2 A and AA and its best
 * practices), in either theme, wide or narrow; and everything can be done by the keyboard alone.
 */

import { expect } from 'vitest';

import { VIEWS, VIEW_TITLES, type ViewName } from '../../src/ui/views.ts';
import { flawsOf, loadAxe, SIZES } from './axe.ts';
import { test } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const VIEW_TIMEOUT_MS = 20_000;
/** Tab presses until the keyboard must have come by everything. */
const STOPS_MAX = 60;

test('no view breaks a rule, and none is wider than the window', async ({ cluster }) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  await loadAxe(tab);
  await tab.db(async (db) => {
    await db.execute(['create table note(id integer primary key, text text)']);
    await db.execute("insert into note(text) values ('one'), (null), ('three')");
  });
  await run(tab, 'select * from note; select no_such_column;');
  const found: string[] = [];
  for (const size of SIZES) {
    await tab.page.setViewportSize(size);
    for (const view of VIEWS) {
      await show(tab, view);
      found.push(...(await flawsOf(tab, `${view}, ${size.width} px`)));
    }
  }
  expect(found).toEqual([]);
});

test('from the head to a result by the keyboard alone', async ({ cluster }) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  const { page } = tab;
  await page.setViewportSize({ width: 1280, height: 900 });
  for (const view of VIEWS) {
    await tabTo(tab, `a[href="#/${view}"]`);
    await page.keyboard.press('Enter');
    await waitFor(`the view ${view}`, VIEW_TIMEOUT_MS, async () => {
      return (await page.getByRole('main').getAttribute('aria-label')) === VIEW_TITLES[view];
    });
  }
  // The link in front of everything leads past the navigation.
  await show(tab, 'database');
  await page.evaluate('document.activeElement?.blur()');
  await tabTo(tab, '.skip');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('view');
  await tabTo(tab, '.editor, .editor *');
  await page.keyboard.insertText("select 'by hand' as answer");
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('gridcell', { name: 'by hand' }).waitFor();
});

async function show(tab: Tab, view: ViewName): Promise<void> {
  await tab.page.evaluate((fragment) => {
    location.hash = fragment;
  }, `#/${view}`);
  await waitFor(`the view ${view}`, VIEW_TIMEOUT_MS, async () => {
    const main = tab.page.getByRole('main');
    const isNamed = (await main.getAttribute('aria-label')) === VIEW_TITLES[view];
    return isNamed && (await main.innerText()).trim() !== '';
  });
}

/** Presses Tab until the element that the selector names has the focus. */
async function tabTo(tab: Tab, selector: string): Promise<void> {
  const isThere = `document.activeElement?.matches(${JSON.stringify(selector)}) === true`;
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    if ((await tab.page.evaluate(isThere)) === true) return;
    await tab.page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not come by ${selector}.`);
}

async function run(tab: Tab, sql: string): Promise<void> {
  await tab.page.getByRole('textbox', { name: 'SQL' }).focus();
  await tab.page.keyboard.insertText(sql);
  await tab.page.keyboard.press('ControlOrMeta+Enter');
  await tab.page.getByText('no such column').first().waitFor();
}
