/**
 * The Database view in a real tab: the schema as it changes, a large table that is scrolled, sorted and
 * filtered, query tabs that survive a reload, results as JSON and as files, plans, and hashes.
 */

import { readFile } from 'node:fs/promises';

import { expect } from 'vitest';

import { leaderOf, test } from './harness.ts';
import type { Tab } from './tab.ts';
import { editorText } from './views.ts';

const WIDE = { width: 1280, height: 900 };
/** How much wider than the window the page is. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const LONG_MS = 90_000;
const STATE_CHECK_TIMEOUT_MS = 75_000;

const ROWS = 100_000;
const FILL = `insert into "big one" with recursive n(i) as (select 1 union all select i + 1 from n
  where i < ${ROWS}) select i, 'row ' || i, i % 7, x'00ff' from n`;

test('a table of 100,000 rows is browsed to its end, sorted, filtered, and follows what is written', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.setViewportSize(WIDE);
  const tables = page.getByRole('list', { name: 'Tables', exact: true });
  await page.getByText('No tables yet.').waitFor();
  // The tree follows the schema, whoever changes it.
  await tab.db(
    (db, fill) =>
      db.execute([
        'create table "big one" (id integer primary key, name text, rest integer, bytes blob)',
        'create index by_rest on "big one"(rest)',
        fill,
      ]),
    FILL,
  );
  await tables.getByRole('button', { name: 'Columns of big one' }).click();
  await page
    .getByRole('list', { name: 'Columns of big one' })
    .getByText('INTEGER')
    .first()
    .waitFor();
  await page.getByRole('list', { name: 'Indexes of big one' }).getByText('by_rest').waitFor();
  await page.getByRole('button', { name: 'Count rows' }).click();
  await tables.getByText('100,000 rows').waitFor();

  await tables.getByRole('button', { name: 'big one', exact: true }).click();
  await page.getByRole('tab', { name: 'big one', selected: true }).waitFor();
  const grid = page.getByRole('grid', { name: 'Rows of big one' });
  await cell(tab, 'row 1').click();
  expect(await grid.getAttribute('aria-rowcount')).toBe(String(ROWS + 1));
  await page.keyboard.press('ControlOrMeta+End');
  await cell(tab, `row ${ROWS}`).waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(100);

  // Sorted by text, downwards: what comes first then does not look like a number's last.
  const head = page.getByRole('columnheader', { name: 'name' });
  expect(await head.getAttribute('aria-sort')).toBe('none');
  await head.getByRole('button').click();
  await cell(tab, 'row 10').waitFor();
  await head.getByRole('button').click();
  await cell(tab, 'row 99999').waitFor();
  expect(await head.getAttribute('aria-sort')).toBe('descending');

  await page.getByRole('searchbox', { name: 'Value to filter by' }).fill('row 4242');
  await page.getByText('11 rows found').waitFor();
  await page.getByRole('combobox', { name: 'Column to filter by' }).selectOption('name');
  await page.getByRole('combobox', { name: 'How it compares' }).selectOption('=');
  await page.getByText('1 row found').waitFor();
  await cell(tab, 'row 4242').waitFor();
  // A small result that costs little follows what is written; on a slow machine the person asks for it.
  await page.getByRole('combobox', { name: 'Column to filter by' }).selectOption('id');
  await page.getByRole('searchbox', { name: 'Value to filter by' }).fill('4242');
  await page.getByText('1 row found').waitFor();
  await tab.db((db) => db.execute(`update "big one" set rest = 777 where id = 4242`));
  const changes = page.getByRole('button', { name: 'Show the changes' });
  await cell(tab, '777').or(changes).waitFor();
  if (await changes.isVisible()) await changes.click();
  await cell(tab, '777').click();
  // Another value is written by an UPDATE that is shown first.
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'New value of rest' }).fill('778');
  await page.getByText(`set "rest" = 778 where t."id" is 4242 and t."rest" is 777`).waitFor();
  await page.keyboard.press('ControlOrMeta+Enter');
  await cell(tab, '778').waitFor();
  expect(await tab.rows('select rest from "big one" where id = 4242')).toEqual([[778]]);
  // A large one only says so: it may be read just now.
  await page.getByRole('searchbox', { name: 'Value to filter by' }).fill('');
  await page.getByText('100,000 rows · as of index').waitFor();
  await tab.db((db) => db.execute(`insert into "big one" values (-5, 'zzz', 0, null)`));
  await page.getByText('The table has changed since.').waitFor();
  expect(await cell(tab, 'zzz').count()).toBe(0);
  await page.getByRole('button', { name: 'Show the changes' }).click();
  await cell(tab, 'zzz').waitFor();

  await page.getByRole('button', { name: 'Structure' }).click();
  await page
    .getByRole('region', { name: 'Statements that make big one' })
    .getByText('CREATE INDEX by_rest')
    .waitFor();
  await tab.db((db) => db.execute('drop table "big one"'));
  await page.getByText('There is no table big one in the database now.').waitFor();
});

test('query tabs have results of their own, and survive a reload with what is written in them', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.getByRole('tab', { name: 'Query 1', selected: true }).waitFor();
  await enter(tab, "select 'first' as a;");
  await cell(tab, 'first').waitFor();

  // What is typed before the next frame is the new tab's.
  const editor = page.getByRole('textbox', { name: 'SQL' });
  const shownAtOnce = await editor.evaluate((element: HTMLElement & { value?: string }) => {
    document.querySelector<HTMLElement>('[aria-label="New query tab"]')?.click();
    return element.value ?? element.innerText;
  });
  expect(shownAtOnce).not.toContain('first');
  await page.getByRole('tab', { name: 'Query 2', selected: true }).waitFor();
  expect(await page.getByRole('grid').count()).toBe(0);
  await enter(tab, "select 'second' as b;");
  await cell(tab, 'second').waitFor();
  await page.getByRole('button', { name: 'Rename this tab' }).click();
  await page.getByLabel('Name', { exact: true }).fill('People');
  await page.keyboard.press('Enter');
  // It has the keyboard again in the frame behind the one that shows its name.
  await page
    .getByRole('tab', { name: 'People', selected: true })
    .and(page.locator(':focus'))
    .waitFor();

  // One stop for the keyboard, and arrows from there.
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('tab', { name: 'Query 1', selected: true }).waitFor();
  await cell(tab, 'first').waitFor();
  expect(await editorText(tab)).toBe("select 'first' as a;");
  expect(await page.getByRole('textbox', { name: 'SQL' }).count()).toBe(1);
  expect(await page.locator('[role=tab][tabindex="0"]').count()).toBe(1);
  // What can be undone is the tab's own.
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await page.keyboard.press('Alt+PageDown');
  await cell(tab, 'second').waitFor();
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await page.keyboard.press('ControlOrMeta+z');
  expect(await editorText(tab)).not.toContain('first');
  await enter(tab, "select 'kept' as c;");
  await cell(tab, 'kept').waitFor();

  await page.reload();
  await tab.waitRunning();
  await page.getByRole('tab', { name: 'People', selected: true }).waitFor();
  expect(await editorText(tab)).toBe("select 'kept' as c;");
  await page.getByRole('tab', { name: 'Query 1' }).click();
  expect(await editorText(tab)).toBe("select 'first' as a;");

  // What is closed is in the history, also where it was never run.
  await enter(tab, 'select precious', '');
  await page.keyboard.press('Alt+w');
  await page.getByRole('tab', { name: 'Query 1' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'History' }).click();
  await page.getByRole('button', { name: 'select precious' }).click();
  expect(await editorText(tab)).toBe('select precious');
});

test('what is typed about a table outlives a look at another tab, and its sort ends with its column', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.setViewportSize(WIDE);
  await tab.db((db) =>
    db.execute([
      'create table t (id integer primary key, a text, b text)',
      "insert into t values (1, 'one', 'x'), (2, 'two', 'y')",
    ]),
  );
  await page.getByRole('button', { name: 't', exact: true }).click();
  await cell(tab, 'one').click();
  await page.keyboard.press('Enter');
  const typed = page.getByRole('textbox', { name: 'New value of a' });
  await typed.fill('half');
  // The tab is left before the keys have rested.
  const filter = page.getByRole('searchbox', { name: 'Value to filter by' });
  await filter.evaluate((field: HTMLElement & { value: string }) => {
    field.value = 'on';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    for (const tab of document.querySelectorAll<HTMLElement>('[role=tab]')) {
      if (tab.textContent?.includes('Query 1') === true) tab.click();
    }
  });
  await page.getByRole('textbox', { name: 'SQL' }).waitFor();
  await page.getByRole('tab', { name: 't', exact: true }).click();
  await page.getByText('1 row found').waitFor();
  expect([await typed.inputValue(), await filter.inputValue()]).toEqual(['half', 'on']);

  await page.getByRole('columnheader', { name: 'b' }).getByRole('button').click();
  await page
    .getByRole('columnheader', { name: 'b' })
    .and(page.locator('[aria-sort=ascending]'))
    .waitFor();
  await tab.db((db) => db.execute('alter table t drop column b'));
  await page.getByRole('columnheader', { name: 'b' }).waitFor({ state: 'detached' });
  await cell(tab, 'one').waitFor();
  expect(await typed.inputValue()).toBe('half');
  await page.getByRole('button', { name: 'Run the UPDATE' }).click();
  await typed.waitFor({ state: 'detached' });
  expect(await tab.rows('select * from t')).toEqual([
    [1, 'half'],
    [2, 'two'],
  ]);
});

test('a tab is not closed over a loss without a question, and too many are refused with a word', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.setViewportSize(WIDE);
  await tab.db((db) => db.execute('create table t (id integer primary key)'));
  await page.getByRole('tab', { name: 'Query 1', selected: true }).waitFor();
  const long = `select ${'1 + '.repeat(2_500)}1`;
  await enter(tab, long, 'Alt+w');
  const question = page.getByRole('dialog', { name: 'Close Query 1' });
  await question.getByText('10,000 characters').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  expect((await editorText(tab)).length).toBe(long.length);

  await page.getByRole('textbox', { name: 'SQL' }).focus();
  for (let more = 0; more < 19; more += 1) await page.keyboard.press('Alt+n');
  await page.getByRole('tab', { name: 'Query 20', selected: true }).waitFor();
  expect(await page.getByText('There are 20 tabs already.').count()).toBe(0);
  await page.getByRole('button', { name: 't', exact: true }).click();
  await page.getByRole('status').getByText('There are 20 tabs already.').waitFor();
  await page.getByRole('tab', { name: 'Query 1', exact: true }).click();
  await page.getByText('There are 20 tabs already.').waitFor({ state: 'detached' });
  await page.keyboard.press('Delete');
  await question.getByRole('button', { name: 'Close it' }).click();
  await page.getByRole('tab', { name: 'Query 1', exact: true }).waitFor({ state: 'detached' });
});

test('a running statement says so where another is begun; other tabs go on meanwhile', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.getByRole('tab', { name: 'Query 1' }).waitFor();
  // Long enough for what is done meanwhile.
  const long = 'with recursive c(n) as (select 1 union all select n + 1 from c limit 20000000)';
  await enter(tab, `${long} select 'counted ' || max(n) as a from c`);
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  await enter(tab, 'select 5 as five');
  const notice = page.getByRole('status').getByText('A statement is still running.');
  await notice.waitFor();
  expect(await editorText(tab)).toBe('select 5 as five');

  await page.getByRole('button', { name: 'New query tab' }).click();
  await page.getByRole('button', { name: 'Run' }).waitFor();
  await notice.waitFor({ state: 'detached' });
  expect(await page.getByRole('button', { name: 'Stop' }).count()).toBe(0);
  await page.getByRole('tab', { name: 'Query 1' }).click();
  await cell(tab, 'counted 20000000').waitFor({ timeout: LONG_MS });
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('columnheader', { name: 'five' }).waitFor();
});

test('on a phone the schema folds away above the tabs, and nothing is wider than the screen', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.setViewportSize({ width: 360, height: 740 });
  const wide = Array.from({ length: 12 }, (_, at) => `a_rather_long_column_${at} text`);
  await tab.db((db, columns) => db.execute(`create table wide (${columns})`), wide.join(', '));
  const fold = page.getByRole('button', { name: /^Schema/ });
  await fold.click();
  await page.getByRole('button', { name: 'wide', exact: true }).click();
  // It gives way to what was asked for.
  expect(await fold.getAttribute('aria-expanded')).toBe('false');
  await page.getByRole('grid', { name: 'Rows of wide' }).waitFor();
  for (let more = 0; more < 6; more += 1) await page.keyboard.press('Alt+n');
  await page.getByRole('tab', { name: 'Query 7', selected: true }).waitFor();
  expect(await page.evaluate(OVERFLOW)).toBe(0);
  await fold.click();
  await page.getByRole('button', { name: 'Columns of wide' }).click();
  expect(await page.evaluate(OVERFLOW)).toBe(0);
});

test('rows are a table or JSON, are copied and downloaded; a plan says what its steps mean', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await enter(
    tab,
    "select 9007199254740993 as big, 'a \"b\"' as text, x'00ff' as bytes, null as none;" +
      '\nselect count(*) from sqlite_schema order by 1',
  );
  await cell(tab, '9007199254740993').waitFor();
  const first = page.getByRole('listitem').filter({ hasText: 'as big' });
  // It says so for two seconds.
  await Promise.all([
    first.getByRole('button', { name: 'Copied' }).waitFor(),
    first.getByRole('button', { name: 'Copy table' }).click(),
  ]);
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
    `big\ttext\tbytes\tnone\n9007199254740993\t"a ""b"""\tX'00ff'\t`,
  );
  expect(await downloaded(tab, first.getByRole('button', { name: 'Download CSV' }))).toBe(
    `big,text,bytes,none\r\n9007199254740993,"a ""b""",X'00ff',\r\n`,
  );
  const json = `[\n  { "big": 9007199254740993, "text": "a \\"b\\"", "bytes": "X'00ff'", "none": null }\n]`;
  const file = first.getByRole('button', { name: 'Download JSON' });
  expect(await downloaded(tab, file)).toBe(`${json}\n`);

  await first.getByRole('button', { name: 'JSON', exact: true }).click();
  await page.getByRole('region', { name: 'Statement 1 as JSON' }).waitFor();
  expect(await page.getByRole('region', { name: 'Statement 1 as JSON' }).innerText()).toBe(json);
  await page.reload();
  await tab.waitRunning();
  await enter(tab, 'select 1 as kept');
  await page.getByRole('region', { name: 'Statement 1 as JSON' }).getByText('"kept": 1').waitFor();
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page.getByRole('columnheader', { name: 'kept' }).waitFor();

  // Of several the statement at the cursor.
  await tab.db((db) => db.execute('create table t (id integer primary key, a)'));
  await enter(tab, 'select 1;\nselect * from t order by a', '');
  await page.getByRole('button', { name: 'Explain' }).click();
  const plan = page.getByRole('group', { name: 'query plan' });
  const scan = plan.getByRole('button', { name: 'SCAN t' });
  await scan.focus();
  await page
    .locator('.plan-meaning')
    .getByText('Every row is read, one after the other.')
    .waitFor();
  const meaning = await scan.evaluate(
    (step) => document.getElementById(step.getAttribute('aria-describedby') ?? '')?.textContent,
  );
  expect(meaning).toContain('Every row is read');
  await plan.getByRole('button', { name: 'USE TEMP B-TREE FOR ORDER BY' }).hover();
  await page.locator('.plan-meaning').getByText('sorted in temporary storage').waitFor();
  // Also of what writes, which is not done, and in whatever mode.
  await enter(tab, '.mode box\ninsert into t values (1, 2)');
  await page.getByText('1 row changed').first().waitFor();
  await enter(tab, 'delete from t where a > 1', '');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.getByText('explain query plan delete').waitFor();
  await plan.getByRole('button', { name: 'SCAN t' }).waitFor();
  expect(await tab.rows('select count(*) from t')).toEqual([[1]]);
});

test('every member’s hash is shown beside the others, and found equal', async ({ cluster }) => {
  const { leader } = await leaderOf(cluster.tabs);
  const { page } = leader;
  await page.setViewportSize(WIDE);
  await page.getByText('Same on every member?').click();
  // The leader puts a check into the log every 30 seconds.
  await page
    .getByText('Equal: at this entry all 3 members')
    .waitFor({ timeout: STATE_CHECK_TIMEOUT_MS });
  const hashes = page.getByRole('list', { name: 'Hash of each member' }).locator('li code + code');
  const texts = await hashes.allInnerTexts();
  expect([texts.length, new Set(texts).size]).toEqual([3, 1]);
  await page.getByRole('button', { name: 'Hash all of it in this tab' }).click();
  const { hash } = await leader.db((db) => db.hash());
  await page.getByText(hash).waitFor();
});

/** In the results, by all of its text. */
function cell({ page }: Tab, name: string) {
  return page.getByRole('gridcell', { name, exact: true }).first();
}

/** Puts SQL into the editor in place of what is there; `key` runs it. */
async function enter({ page }: Tab, sql: string, key = 'ControlOrMeta+Enter'): Promise<void> {
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(sql);
  if (key !== '') await page.keyboard.press(key);
}

/** What is in the file that the button gives. */
async function downloaded({ page }: Tab, button: { click(): Promise<void> }): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return readFile(await download.path(), 'utf8');
}
