/** The metrics: what other tabs do is seen in figures, plots and the file that is exported. */

import { readFile } from 'node:fs/promises';

import { expect } from 'vitest';

import type { MetricsFile } from '../../src/ui/metrics/metrics-export.ts';
import { lead, leaderOf, test } from './harness.ts';
import type { Tab } from './tab.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
/** How many different colours each plot has, its ground included. */
const COLOURS = `[...document.querySelectorAll('.metrics-canvas canvas')].map((canvas) => new Set(
  new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer),
).size)`;
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

test('writes of another tab and an election are seen, and exported with units and times', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const [watcher, writer] = tabs;
  if (watcher === undefined || writer === undefined) throw new Error('There are no tabs.');
  await lead(watcher, tabs);
  await goTo(watcher, 'Metrics');
  await watcher.page.getByRole('heading', { name: 'Commit latency' }).waitFor();
  await writer.db((db) => db.execute('create table t (x)'));
  await waitFor('commits', BOUND_MS, async () => {
    // What a commit took is known to the leader alone.
    await lead(watcher, tabs);
    await writer.db((db) => db.execute('insert into t values (1)'));
    return (await figure(watcher, 'Commits')) > 0 && (await figure(watcher, 'Commit, p99')) > 0;
  });
  await watcher.db((db) => db.execute('insert into t values (1)'));
  await lead(writer, tabs);
  await waitFor('the election', BOUND_MS, async () => (await figure(watcher, 'Elections')) > 0);
  const { term } = await writer.status();
  const elections = watcher.page.getByRole('region', { name: 'Elections' });
  await elections.getByText(`term ${term}`).waitFor();
  expect(((await watcher.evaluate(COLOURS)) as number[]).filter((count) => count < 3)).toEqual([]);

  const file = await waitFor('a whole file', BOUND_MS, async () => {
    const exported = await exportOf(watcher);
    return mostOf(exported, 'own:p50') > 0 && exported;
  });
  expect(file).toMatchObject({ format: 'resqlite-metrics', version: 1, ...(await idsOf(watcher)) });
  expect(file.times.every((time) => new Date(time).toISOString() === time)).toBe(true);
  expect(file.series.every(({ values }) => values.length === file.times.length)).toBe(true);
  const written = ['commits', 'commit:p50', 'messages:append', 'traffic:out', 'bytes:log'];
  expect(written.filter((name) => !(mostOf(file, name) > 0))).toEqual([]);
  expect(mostOf(file, 'bytes:database')).toBeGreaterThan(4_096);
  expect(file.series.filter(({ name }) => name.startsWith('lag:'))).toHaveLength(2);
  expect(file.leaderChanges.map((change) => change.term)).toContain(term);
});

test('a pause holds what is in sight; readings go on while another view is looked at', async ({
  cluster,
}) => {
  const { tabs } = cluster;
  const { leader } = await leaderOf(tabs);
  await goTo(leader, 'Metrics');
  await samples(leader, 3);
  await leader.page.getByRole('button', { name: 'Pause' }).click();
  await leader.page.getByText('Paused at').waitFor();
  const held = (await exportOf(leader)).times;
  await goTo(leader, 'Database');
  await leader.db((db) => db.execute('create table u (x)'));
  await goTo(leader, 'Metrics');
  expect((await exportOf(leader)).times).toEqual(held);
  await leader.page.getByRole('button', { name: 'Go on' }).click();
  await samples(leader, held.length + 2);
});

test('the plots fit a phone, and change their colours with the theme', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await tab.page.setViewportSize({ width: 360, height: 740 });
  await goTo(tab, 'Metrics');
  await samples(tab, 3);
  const drawn: unknown[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.page.emulateMedia({ colorScheme });
    await waitFor('the other colours', BOUND_MS, async () => {
      const seen = await tab.evaluate(GRID_COLOUR);
      if (drawn.includes(seen)) return false;
      drawn.push(seen);
      return true;
    });
    expect(await tab.evaluate(OVERFLOW)).toBe(0);
  }
  expect(drawn).toHaveLength(2);
});

/** The most frequent colour of the first plot that is not its ground. */
const GRID_COLOUR = `(() => {
  const canvas = document.querySelector('.metrics-canvas canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const counts = new Map();
  for (const pixel of new Uint32Array(data.buffer)) {
    if (pixel !== 0) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
})()`;

/** What the row of figures says under that name; 0 where nothing is known. */
async function figure({ page }: Tab, name: string): Promise<number> {
  const shown = page.locator('.metrics-figure', { hasText: name }).first().locator('dd');
  const value = Number.parseFloat((await shown.innerText()).replaceAll(',', ''));
  return Number.isNaN(value) ? 0 : value;
}

async function samples(tab: Tab, count: number): Promise<void> {
  await waitFor(`${count} samples`, BOUND_MS, async () => {
    return (await exportOf(tab)).times.length >= count;
  });
}

async function exportOf({ page }: Tab): Promise<MetricsFile> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export JSON' }).click(),
  ]);
  return JSON.parse(await readFile(await download.path(), 'utf8')) as MetricsFile;
}

function mostOf({ series }: MetricsFile, name: string): number {
  const values = series.find((one) => one.name === name)?.values ?? [];
  return Math.max(0, ...values.map((value) => value ?? 0));
}

async function idsOf(tab: Tab): Promise<{ clusterId: string; nodeId: string }> {
  const { clusterId, nodeId } = await tab.status();
  return { clusterId, nodeId };
}
