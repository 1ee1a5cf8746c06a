/** The page's benchmark: chosen, run and shown there, within the page's policy. */

import { expect } from 'vitest';

import { LEADER, RAW_DEFAULT } from '../../src/bench/targets.ts';
import { test, waitKept } from './harness.ts';
import { goTo } from './views.ts';
import { waitFor } from './wait.ts';

const RUN_TIMEOUT_MS = 60_000;
/** The page goes on looking for the server; Chromium tells of each failed attempt. */
const NO_SERVER = /ERR_CONNECTION_REFUSED|WebSocket connection|PeerJS/;

test('one measurement is chosen, run and shown as rows and plots; without the server it is told why not', async ({
  browser,
  server,
}) => {
  const tab = await (await browser.open(server.url)).waitRunning();
  await waitKept(tab);
  const { page } = tab;
  await goTo(tab, 'Cluster');
  await page.getByRole('button', { name: 'Benchmark…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Benchmark' });
  await dialog.getByText('open 2 more tabs').waitFor();
  for (const name of ['Concurrent writes', 'Batches', 'Reads', 'Files']) {
    await dialog.getByRole('checkbox', { name }).uncheck();
  }
  const start = dialog.getByRole('button', { name: 'Start' });
  await start.press('Enter');

  await dialog
    .getByRole('row', { name: LEADER })
    .filter({ hasText: RAW_DEFAULT })
    .waitFor({ timeout: RUN_TIMEOUT_MS });
  await dialog.getByRole('button', { name: 'Download as JSON' }).waitFor();
  const drawn = (await tab.evaluate(`[...document.querySelectorAll('.benchmark-plot canvas')].map(
    (canvas) => new Set(
      new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer),
    ).size,
  )`)) as number[];
  // The commit's alone, and more in it than one colour.
  expect(drawn).toHaveLength(1);
  expect(drawn[0]).toBeGreaterThan(2);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: 'Download as JSON' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('benchmark.json');

  // What a page without its server keeps does not include the baselines.
  tab.expectErrors(NO_SERVER);
  await server.stop();
  await start.press('Enter');
  await waitFor('the reason', RUN_TIMEOUT_MS, async () =>
    (await dialog.getByRole('alert').textContent())?.includes('server cannot be reached'),
  );
});
