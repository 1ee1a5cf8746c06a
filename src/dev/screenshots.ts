/**
 * `npm run screenshots [-- folder]`: pictures of every view, wide and narrow, light and dark, taken in a
 * real Chromium of a cluster of three tabs with the sample in it and somebody who writes. To be looked at.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Page } from 'playwright-core';

import { chatABit, countWords, fillStore } from './app-scenes.ts';
import { Browser } from './bench/browser.ts';
import { waitFor, type Tab } from './bench/tab.ts';
import { servePage } from './served-page.ts';

const FOLDER = 'node_modules/.cache/resqlite/screenshots';
const SIZES = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];
const THEMES = ['light', 'dark'] as const;
const VOTERS = 3;
/** For what is drawn over time. */
const LOAD_MS = 8_000;
const WRITES_PER_SECOND = 50;
const SHOWN_TIMEOUT_MS = 30_000;

/** A view, and what a person does there before the picture. */
interface Subject {
  readonly name: string;
  readonly fragment: string;
  readonly prepare?: (tab: Tab) => Promise<void>;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'database', fragment: '#/database', prepare: askGenres },
  { name: 'table', fragment: '#/database', prepare: openTable },
  { name: 'apps-kv', fragment: '#/apps?kv', prepare: fillStore },
  { name: 'apps-chat', fragment: '#/apps?chat', prepare: chatABit },
  { name: 'apps-mapreduce', fragment: '#/apps?mapreduce', prepare: countWords },
  { name: 'cluster', fragment: '#/cluster' },
  { name: 'metrics', fragment: '#/metrics' },
  { name: 'lab', fragment: '#/lab' },
  { name: 'lab-story', fragment: '#/lab?story=split-vote' },
  { name: 'settings', fragment: '#/settings' },
];

async function main(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const server = await servePage({ port: 0 });
  const url = server.resolvedUrls?.local[0];
  try {
    if (url === undefined) throw new Error('the page has no address');
    await Browser.during((browser) => takeAll(browser, url, folder));
  } finally {
    await server.close();
  }
}

async function takeAll(browser: Browser, url: string, folder: string): Promise<void> {
  const first = await browser.open(url);
  await first.waitRunning();
  await inAllLooks(first, folder, 'first-minute');
  await first.page.setViewportSize({ width: 1280, height: 900 });
  await browser.open(url);
  const tab = await browser.open(url);
  await waitFor('three voters', SHOWN_TIMEOUT_MS, async () => {
    return (await tab.status().catch(() => null))?.voters.length === VOTERS;
  });
  await click(tab, 'Load the sample');
  await tab.page
    .getByRole('button', { name: 'Run this query' })
    .waitFor({ timeout: SHOWN_TIMEOUT_MS });
  await inAllLooks(tab, folder, 'guide');
  await click(tab, 'Close the guide');
  await write(tab);
  for (const { name, fragment, prepare } of SUBJECTS) {
    await tab.page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
    await prepare?.(tab);
    if (name === 'metrics') await tab.page.waitForTimeout(LOAD_MS);
    await inAllLooks(tab, folder, name);
  }
}

async function inAllLooks({ page }: Tab, folder: string, name: string): Promise<void> {
  for (const size of SIZES) {
    for (const colorScheme of THEMES) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      // Fonts, canvases and whatever follows a change of size.
      await page.waitForTimeout(500);
      const path = join(folder, `${name}-${size.width}-${colorScheme}.png`);
      await page.setViewportSize({ ...size, height: await heightOf(page, size.height) });
      await page.screenshot({ path });
      console.log(path);
    }
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** As high as what is shown, so that what is fixed to the window's edge lies over nothing. */
async function heightOf(page: Page, least: number): Promise<number> {
  const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
  return Math.max(height, least);
}

async function click({ page }: Tab, name: string): Promise<void> {
  await page.getByRole('button', { name }).first().click({ timeout: SHOWN_TIMEOUT_MS });
}

async function askGenres(tab: Tab): Promise<void> {
  const { page } = tab;
  await page.getByRole('textbox', { name: 'SQL' }).focus();
  await page.keyboard.insertText(
    'select genre.name, count(*) as tracks from track join genre using (genre_id)\n' +
      'group by 1 order by 2 desc;',
  );
  await page.keyboard.press('ControlOrMeta+Enter');
  await page.getByRole('gridcell').first().waitFor({ timeout: SHOWN_TIMEOUT_MS });
}

async function openTable({ page }: Tab): Promise<void> {
  await page.getByRole('button', { name: 'track', exact: true }).click();
  await page.getByRole('gridcell').first().waitFor({ timeout: SHOWN_TIMEOUT_MS });
}

/** Goes on until the tab is closed. */
async function write(tab: Tab): Promise<void> {
  await tab.db(
    `await db.execute('create table if not exists visit(id integer primary key, at text)');
     setInterval(() => {
       db.execute("insert into visit(at) values (datetime('now'))").catch(() => undefined);
     }, argument);`,
    1_000 / WRITES_PER_SECOND,
  );
}

main(process.argv[2] ?? FOLDER).then(
  // The signalling server's timers would keep the process.
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exit(1);
  },
);
