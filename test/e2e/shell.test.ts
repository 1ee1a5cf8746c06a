/** The shell in a real tab: what is typed and entered, a file that is dropped, a million rows. */

import { expect } from 'vitest';

import { test } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const LONGEST_TASK_MS = 100;

const FILE = `-- a file as a person has it
.print from the file
create table item(id integer primary key, name text);
begin;
insert into item(name) values ('semi;colon'), ('it''s');
insert into missing values (1);
commit;
create trigger named after insert on item begin select 1; end;
${"insert into item(name) values ('one more');\n".repeat(1_200)}
select count(*) as counted from item;
`;

test('commands and statements are entered as in sqlite3, and a file is dropped', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  const editor = page.getByRole('textbox', { name: 'SQL' });
  await editor.focus();
  await type(tab, 'create table note(id integer primary key, text text)', 'Enter');
  // Enter only went on to the next line.
  await type(tab, ";insert into note(text) values ('hello'), (null);", 'Enter');
  await page.getByText('2 statements').waitFor();
  await expectGone(tab, 'create table');

  await type(tab, '.tables', 'Enter');
  await page.getByRole('region', { name: '.tables' }).getByText('note').waitFor();
  await type(tab, '.tabels', 'Enter');
  await page.getByText('Did you mean .tables?').waitFor();
  await page.keyboard.press('ControlOrMeta+a');
  await type(tab, '.mode box\n.nullvalue NIL\nselect * from note;', 'ControlOrMeta+Enter');
  await page.getByText('│ 2  │ NIL   │').waitFor();
  await page.keyboard.press('ControlOrMeta+a');
  const plan = 'explain query plan select * from note order by text;';
  await type(tab, `.mode table\n${plan}`, 'ControlOrMeta+Enter');
  await page.getByText('USE TEMP B-TREE FOR ORDER BY').waitFor();

  await page.reload();
  await tab.waitRunning();
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  // What was there before is there again.
  await page.keyboard.press('ControlOrMeta+a');
  await type(tab, 'select text from note where id = 2;', 'Enter');
  await page.getByRole('gridcell', { name: 'NIL' }).waitFor();

  await drop(tab, 'items.sql', FILE);
  await page.getByRole('gridcell', { name: '1202', exact: true }).waitFor();
  await page.getByText('1,207 statements · 1 error · 1,202 rows changed').waitFor();
  await page.getByRole('region', { name: '.print from the file' }).waitFor();
  await page.getByText('no such table: missing').waitFor();
  await page.getByText('Progress on the way').click();
  await page.getByText('1,000 statements (1 error) after').waitFor();

  // A line ends where it fails, the next one goes on, and both are there again to be mended.
  const line =
    "insert into note values (7, 'kept'); insert into no_such_table values (1); delete from note;" +
    "\ninsert into note values (8, 'next');";
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await type(tab, line, 'ControlOrMeta+Enter');
  await page.getByText('What was left of the line was not run.').waitFor();
  await page.getByText('no such table: no_such_table').waitFor();
  const added = await tab.rows('select text from note where id in (7, 8)');
  expect(added).toEqual([['kept'], ['next']]);
  await page.keyboard.press('ControlOrMeta+a');

  // The file is known by its name from now on; a second time it stops at its first error.
  await page.getByLabel('Stop at errors').check();
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await type(tab, '.read items.sql', 'Enter');
  await page.getByText('Stopped at the first error.').waitFor();
  await page.getByText('table item already exists').waitFor();

  await drop(tab, 'more people.csv', 'id,name\n1,Ada\n2,"Grace, H."\n');
  await page.getByRole('dialog', { name: 'Import more people.csv' }).waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('2 rows imported into more_people, a new table.').waitFor();
  expect(await tab.rows('select name from more_people where id = 2')).toEqual([['Grace, H.']]);

  // What is typed while a statement runs is a line of its own, and runs nothing twice.
  await editor.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await type(tab, "insert into note values (10, 'quick');", 'Enter');
  await type(tab, "insert into note values (11, 'quick');", 'Enter');
  await page.getByText('1 statement · 1 row changed').waitFor();
  // Nothing, unless the first one was still running.
  await page.keyboard.press('ControlOrMeta+Enter');
  await waitFor('both rows, once', 10_000, async () => {
    const ids = await tab.rows("select id from note where text = 'quick'");
    return ids.length === 2;
  });
  expect(await page.getByText('UNIQUE constraint failed').count()).toBe(0);
});

test('a million rows are shown, and none of the page’s tasks is long', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  const { page } = tab;
  const tasks = await watchTasks(tab);
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  const numbers = 'with recursive c(n) as (select 1 union all select n + 1 from c limit 1000000)';
  await type(tab, `${numbers} select n, 'row ' || n as name from c;`, 'Enter');
  const grid = page.getByRole('grid');
  await grid.waitFor({ timeout: 90_000 });
  await page.getByRole('gridcell', { name: 'row 1', exact: true }).click();

  for (const part of [0.25, 0.5, 0.75]) {
    await page.evaluate(`(() => {
      const scroller = document.querySelector('.table-scroll');
      scroller.scrollTop = scroller.scrollHeight * ${part};
    })()`);
    await page
      .getByRole('gridcell', { name: new RegExp(`^row ${part * 1_000}\\d{3}$`) })
      .first()
      .waitFor();
  }
  await page.keyboard.press('ControlOrMeta+End');
  await page.getByRole('gridcell', { name: 'row 1000000', exact: true }).waitFor();
  await page.keyboard.press('PageUp');
  await page.keyboard.press('ArrowLeft');
  await page.getByText('Row 1,000,000 of 1,000,000').waitFor({ state: 'hidden' });
  expect(await page.getByRole('row').count()).toBeLessThan(100);
  expect(await grid.getAttribute('aria-rowcount')).toBe('1000001');
  const tookMs = (await tasks()).toSorted((a, b) => b - a);
  expect(tookMs.length).toBeGreaterThan(100);
  expect(tookMs[0]).toBeLessThan(LONGEST_TASK_MS);
});

/** Types into what has the focus; the key ends it. */
async function type({ page }: Tab, text: string, key: string): Promise<void> {
  await page.keyboard.insertText(text);
  await page.keyboard.press(key);
}

/** Lets a file go on the page, as a person does. */
async function drop({ page }: Tab, name: string, content: string): Promise<void> {
  const transfer = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([${JSON.stringify(content)}], ${JSON.stringify(name)}));
    return transfer;
  })()`);
  await page.dispatchEvent('.editor', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('.editor', 'drop', { dataTransfer: transfer });
}

async function expectGone({ page }: Tab, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'SQL' }).getByText(text).waitFor({ state: 'detached' });
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time in microseconds: what else the machine does makes no task long. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The answer ends it, and tells how long the tasks of the page's own thread took, in ms. */
async function watchTasks({ page }: Tab): Promise<() => Promise<number[]>> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    events.push(...(value as unknown as TraceEvent[]));
  });
  const includedCategories = ['disabled-by-default-devtools.timeline'];
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories },
  });
  return async () => {
    const complete = new Promise((resolve) => {
      session.once('Tracing.tracingComplete', resolve);
    });
    await session.send('Tracing.end');
    await complete;
    const mainThreads = new Set(
      events
        .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
        .map(({ pid, tid }) => `${pid}/${tid}`),
    );
    return events
      .filter(({ name, pid, tid }) => name === 'RunTask' && mainThreads.has(`${pid}/${tid}`))
      .map(({ tdur = 0 }) => tdur / 1_000);
  };
}
