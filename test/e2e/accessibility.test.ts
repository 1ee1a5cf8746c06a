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
/** The history does not take it. */
const LONG_TEXT = `select ${'1 + '.repeat(2_500)}1`;

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

test('what opens within the views breaks no rule either', async ({ cluster }) => {
  const [tab] = cluster.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  await loadAxe(tab);
  await tab.db(async (db) => {
    await db.execute([
      'create table note(id integer primary key, text text not null, bytes blob)',
      'create index by_text on note(text)',
    ]);
    await db.execute("insert into note values (1, 'one', null), (2, 'two', x'00ff')");
  });
  await show(tab, 'database');
  const found: string[] = [];
  for (const size of SIZES) {
    await tab.page.setViewportSize(size);
    // What opens has the colours of the views, which are looked at in both themes at both sizes.
    const themes = size === SIZES[0] ? (['light'] as const) : (['dark'] as const);
    const look = async (place: string): Promise<void> => {
      found.push(...(await flawsOf(tab, `${place}, ${size.width} px`, themes)));
    };
    await show(tab, 'database');
    await lookAtSchema(tab, look);
    await lookAtTable(tab, look);
    await lookAtQuestion(tab, look);
    await show(tab, 'cluster');
    await tab.page.getByRole('button', { name: 'Invite…' }).click();
    await tab.page.getByRole('button', { name: 'Make a link' }).click();
    await tab.page.getByLabel('Invite link').waitFor();
    await look('invites');
    await tab.page.keyboard.press('Escape');
    await show(tab, 'settings');
    await tab.page.getByRole('button', { name: 'Leave the cluster…' }).click();
    await tab.page.getByRole('button', { name: 'Leave for good' }).waitFor();
    await look('danger zone');
    await tab.page.keyboard.press('Escape');
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
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText("select 'by hand' as answer");
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('gridcell', { name: 'by hand' }).waitFor();
});

type Look = (place: string) => Promise<void>;

/** With a table and the state of the members unfolded. */
async function lookAtSchema({ page }: Tab, look: Look): Promise<void> {
  const fold = page.getByRole('button', { name: /^Schema/ });
  // It is there on a narrow screen only.
  if (await fold.isVisible()) await fold.click();
  const columns = page.getByRole('button', { name: 'Columns of note' });
  await columns.waitFor();
  if ((await columns.getAttribute('aria-expanded')) === 'false') await columns.click();
  const hash = page.getByRole('button', { name: 'Hash all of it in this tab' });
  if (!(await hash.isVisible())) await page.getByText('Same on every member?').click();
  await hash.waitFor();
  await look('schema');
}

/** As rows, with a cell that is edited, as JSON, and how it is made. */
async function lookAtTable({ page }: Tab, look: Look): Promise<void> {
  await page.getByRole('button', { name: 'note', exact: true }).click();
  await page.getByRole('gridcell', { name: 'two', exact: true }).click();
  await look('table');
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'New value of text' }).waitFor();
  await look('cell editor');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  await page.getByRole('region', { name: 'Rows of note as JSON' }).waitFor();
  await look('JSON');
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page.getByRole('button', { name: 'Structure' }).click();
  await page.getByRole('region', { name: 'Statements that make note' }).waitFor();
  await look('structure');
  await page.getByRole('button', { name: 'Rows', exact: true }).click();
}

/** One that warns of a loss. */
async function lookAtQuestion({ page }: Tab, look: Look): Promise<void> {
  await page.keyboard.press('Alt+n');
  const editor = page.getByRole('textbox', { name: 'SQL' });
  await editor.waitFor();
  await editor.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(LONG_TEXT);
  await editor.filter({ hasText: 'select 1 + 1' }).waitFor();
  await page.keyboard.press('Alt+w');
  await page.getByRole('dialog', { name: 'Close Query' }).waitFor();
  await look('question');
  await page.getByRole('button', { name: 'Close it' }).click();
  // Tabs are kept: the table's does not stay for another page of this browser.
  const table = page.getByRole('tab', { name: 'note', selected: true });
  await table.press('Delete');
  await table.waitFor({ state: 'detached' });
}

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
