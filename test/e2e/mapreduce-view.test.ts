/** A person's way through MapReduce: files, a job, its progress in every tab, results, a search, a file. */

import { readFile } from 'node:fs/promises';

import { expect } from 'vitest';

import { flawsOf, loadAxe } from './axe.ts';
import { test } from './harness.ts';
import { chooseTimeLimit, setTakingPart, showMapReduce } from './mapreduce-page.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 30_000;
const SAMPLES = 12;
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const NARROWEST = { width: 360, height: 740 };
const DROP_SCRIPT = `{
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['create table dropped (birnen)'], 'text.sql'));
  const event = { dataTransfer, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent('drop', event));
}`;

test('word count of the sample files at 1280 px: the other tabs see it, it is searched, downloaded and deleted', async ({
  cluster,
}) => {
  const [tab, other] = cluster.tabs;
  if (tab === undefined || other === undefined) throw new Error('There are no tabs.');
  const { page } = tab;
  await loadAxe(tab);
  await page.setViewportSize(WIDE);
  await goTo(tab, 'Apps');
  await page.getByRole('link', { name: 'MapReduce', exact: true }).click();
  await page.getByText('It needs at least one file.').waitFor();
  await page.getByRole('button', { name: 'Make sample files' }).click();
  await page.getByText(`${SAMPLES} files,`).waitFor();
  await showMapReduce(other);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  // The job goes on while nobody looks.
  await goTo(tab, 'Database');
  await waitDone(other);
  await showMapReduce(tab);
  await waitDone(tab);

  const job = page.getByRole('region', { name: 'Word count' });
  await job.getByText(`${SAMPLES} of ${SAMPLES} done`).waitFor();
  // Results are read later than the job is said to be done.
  await job.getByText(/^[\d,]+ keys$/).waitFor({ timeout: BOUND_MS });
  const keys = Number(/([\d,]+) keys/.exec(await job.innerText())?.[1]?.replaceAll(',', ''));
  await job.getByRole('searchbox', { name: 'Search keys' }).fill('lighthou');
  await job.getByRole('gridcell', { name: 'lighthouse' }).waitFor();
  await job.getByText(/^1 of \d+ keys$/).waitFor();
  expect(await flawsOf(tab, 'results, 1280 px')).toEqual([]);
  const lines = await downloadOf(tab);
  expect(lines).toHaveLength(keys);
  expect(lines.every((line) => /^[A-Za-z]+: \d+$/.test(line))).toBe(true);
  expect(lines.toSorted()).toEqual(lines);

  await job.getByRole('button', { name: 'Delete…' }).click();
  const question = page.getByRole('dialog', { name: 'Delete job' });
  await question.getByRole('button', { name: 'Delete', exact: true }).click();
  await other.page.getByText('No job yet.').waitFor({ timeout: BOUND_MS });
  await page.getByRole('button', { name: 'Remove all' }).click();
  await page.getByText('It needs at least one file.').waitFor();
});

test('own functions on a phone: files that are no text are told of, a job is cancelled half-way, one fails with its task', async ({
  cluster,
}) => {
  const [tab, ...others] = cluster.tabs;
  if (tab === undefined) throw new Error('There are no tabs.');
  const { page } = tab;
  await loadAxe(tab);
  // One worker, so that a task that loops stands for as long as it is looked at.
  for (const other of others) await setTakingPart(other, false);
  await chooseTimeLimit(tab, 60_000);
  await page.setViewportSize(PHONE);
  await page
    .getByLabel('Text files')
    .setInputFiles({ name: 'image.png', mimeType: 'image/png', buffer: Buffer.from([0x89, 0xff]) });
  await page.getByText('image.png is no text in UTF-8.').waitFor();
  // The console behind the view would run it.
  await page.evaluate(DROP_SCRIPT);
  await page.getByText('1 file, 29 bytes').waitFor();
  await page.getByRole('combobox', { name: 'Job' }).selectOption('typed');
  // The example works as it stands.
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await waitDone(tab);
  await page.getByRole('gridcell', { name: '1 words, the longest is birnen' }).waitFor();

  await page.getByLabel('Map function').fill('() => { for (;;); }');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('Working on map task 0.').waitFor({ timeout: BOUND_MS });
  await page.getByText('0 of 1 done, 1 running').waitFor();
  await page.setViewportSize(NARROWEST);
  expect(await flawsOf(tab, 'half-way, 360 px', ['light'])).toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await statusOf(tab, 'Cancelled').waitFor({ timeout: BOUND_MS });
  await page.getByText('Waiting for tasks.').waitFor({ timeout: BOUND_MS });

  await page.getByLabel('Map function').fill('() => { throw new Error("own words"); }');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await statusOf(tab, 'Failed').waitFor({ timeout: BOUND_MS });
  await page.getByText('map task 0 (text.sql), 3 times').waitFor();
  await page.getByText('map: Error: own words').first().waitFor();
  expect(await flawsOf(tab, 'failed, 360 px', ['dark'])).toEqual([]);
  expect(await tab.rows("select name from sqlite_schema where name = 'dropped'")).toEqual([]);
  // Over, and unharmed: the tab is still one of three.
  await waitFor('three voters', BOUND_MS, async () => (await tab.status()).voters.length === 3);
});

async function waitDone(tab: Tab): Promise<void> {
  await statusOf(tab, 'Done').waitFor({ timeout: BOUND_MS });
}

/** Of the job that is shown. */
function statusOf({ page }: Tab, state: string) {
  return page.locator('.mapreduce-head').getByRole('status').filter({ hasText: state });
}

async function downloadOf({ page }: Tab): Promise<string[]> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download', exact: true }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}
