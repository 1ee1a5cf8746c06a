/** The Lab as a person uses it: a story by keyboard alone, acts by hand and their link, a seed to its verdict. */

import { expect } from 'vitest';

import { runSeed } from '../../src/simulation/run.ts';
import { flawsOf, loadAxe, SIZES } from './axe.ts';
import { test } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const STEP_TIMEOUT_MS = 30_000;
const RUN_TIMEOUT_MS = 90_000;
const SECOND_US = 1_000_000;
const PHONE = { width: 360, height: 740 };

test('a story is opened by its link and told to its end by one key; every claim is ticked, and Back takes one away', async ({
  browser,
  server,
}) => {
  const tab = await browser.open(`${server.url}#/lab?story=leader-election`);
  const { page } = tab;
  await page.getByRole('button', { name: 'Begin' }).waitFor();
  await page.keyboard.press('n');
  const told = (await page.getByText(/^Step 1 of \d+$/).textContent()) ?? '';
  const steps = Number(/\d+$/.exec(told)?.[0]);
  expect(steps).toBeGreaterThan(2);

  const claims = page.getByRole('list', { name: 'Checked facts' }).getByRole('listitem');
  for (let step = 1; step <= steps; step += 1) {
    await waitFor(`claim ${step}`, STEP_TIMEOUT_MS, async () => {
      if ((await claims.count()) >= step) return true;
      await page.keyboard.press('n');
      return false;
    });
  }
  await page.getByRole('button', { name: 'The end' }).waitFor();
  expect(await claims.count()).toBe(steps);
  const texts = await claims.allInnerTexts();
  expect(texts.filter((text) => !/^✓\s+Holds:\s/.test(text))).toEqual([]);
  await page.getByRole('heading', { name: 'That was all of it. And now?' }).waitFor();

  await page.keyboard.press('b');
  await page.getByText(`Step ${steps - 1} of ${steps}`).waitFor();
  expect(await claims.count()).toBe(steps - 1);
});

test('a message is dropped by hand; the link leads another tab to the same moment and trace; Undo takes it back', async ({
  browser,
  server,
}) => {
  const tab = await browser.open(`${server.url}#/lab?seed=3&servers=3&clients=1`);
  const { page } = tab;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await playTo(tab, 3 * SECOND_US);
  await waitFor('a message on its way', STEP_TIMEOUT_MS, async () => {
    if (!(await page.getByText('Messages on their way: 0').isVisible())) return true;
    await page.keyboard.press('ArrowRight');
    return false;
  });
  await page.keyboard.press('m');
  await page.getByRole('button', { name: /^Drop/ }).waitFor();
  const before = await moment(tab);
  await page.keyboard.press('d');
  await page.getByText(/By hand: message \d+ is dropped/).waitFor();
  const dropped = await moment(tab);
  expect(dropped.hash).not.toBe(before.hash);

  await playTo(tab, dropped.atUs + SECOND_US);
  // It says so for two seconds.
  await Promise.all([
    page.getByRole('button', { name: 'Copied' }).waitFor(),
    page.getByRole('button', { name: 'Copy link' }).click(),
  ]);
  const link = (await tab.evaluate('navigator.clipboard.readText()')) as string;
  const here = await moment(tab);
  await waitFor('the address to say so', STEP_TIMEOUT_MS, () => page.url() === link);
  expect(link).toMatch(/do=\d+:drop\.\d+&at=\d+$/);

  const other = await browser.open(link);
  await other.page.getByRole('button', { name: /^Undo/ }).waitFor();
  expect(await moment(other)).toEqual(here);

  await page.keyboard.press('u');
  await page.getByRole('button', { name: /^Undo/ }).waitFor({ state: 'hidden' });
  expect(await moment(tab)).toEqual(before);
});

test('a seed has the hash of the command line at its end, and a step back is before it', async ({
  browser,
  server,
}) => {
  const seed = 12;
  const { traceHash, failure } = runSeed(seed, null);
  expect(failure).toBe(null);
  const tab = await browser.open(`${server.url}#/lab`);
  const { page } = tab;
  await page
    .getByRole('textbox', { name: 'Seed or link' })
    .fill(`npm run simulate -- --seed ${seed}`);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: `Run of seed ${seed}` }).waitFor();
  await page.keyboard.press('e');
  await page.getByRole('heading', { name: 'Everything held' }).waitFor({ timeout: RUN_TIMEOUT_MS });
  const end = await moment(tab);
  expect(end.hash).toBe(traceHash);

  await page.keyboard.press('ArrowLeft');
  await page
    .getByRole('heading', { name: 'Everything held' })
    .waitFor({ state: 'hidden', timeout: RUN_TIMEOUT_MS });
  expect((await moment(tab)).atUs).toBeLessThan(end.atUs);
});

test('a link that makes no sense says so and leads on; nothing is wider than a small phone', async ({
  browser,
  server,
}) => {
  const tab = await browser.open(`${server.url}#/lab?seed=one`);
  const { page } = tab;
  await page.setViewportSize(PHONE);
  await page.getByRole('alert').filter({ hasText: 'The link has no number' }).waitFor();
  await expectFits(tab);
  await page.getByRole('link', { name: 'All stories' }).click();
  await page.getByRole('link', { name: /^Leader election/ }).waitFor();
  await expectFits(tab);
  await page.getByRole('textbox', { name: 'Seed or link' }).fill('nothing');
  await page.keyboard.press('Enter');
  await page.getByText('neither a seed nor a link').waitFor();
  await page.getByRole('link', { name: /^Leader election/ }).click();
  await page.getByRole('button', { name: 'Begin' }).waitFor();
  await expectFits(tab);
});

test('a link that keeps the simulator busy for long does not keep anybody from another one', async ({
  browser,
  server,
}) => {
  const anHour = '#/lab?seed=1&servers=7&clients=9&at=3600000000';
  const tab = await browser.open(`${server.url}${anHour}`);
  const { page } = tab;
  await page.getByText('The simulator is starting').waitFor();
  const goTo = (hash: string): Promise<void> =>
    page.evaluate((asked) => {
      location.hash = asked;
    }, hash);
  await goTo('#/lab?story=leader-election');
  await page.getByRole('button', { name: 'Begin' }).waitFor();
  await goTo(anHour);
  await goTo('#/cluster');
  await goTo('#/lab');
  await page.getByRole('link', { name: /^Go on where you were/ }).click();
  await page.getByRole('button', { name: 'Begin' }).waitFor();
});

test('a story and a world in disorder break no rule, in either theme, wide or narrow', async ({
  browser,
  server,
}) => {
  const disorder = 'do=4000000:crash.2,4000000:partition.0-1.3-4,4000100:freeze.3&at=4400000';
  const tab = await browser.open(`${server.url}#/lab?seed=1&servers=5&clients=3&${disorder}`);
  const { page } = tab;
  await loadAxe(tab);
  await page.getByText(/^Messages on their way/).click();
  await page.getByRole('button', { name: 'Partition…' }).click();
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: 'S1', exact: true }).waitFor();
  const found = await inAllSizes(tab, 'a world in disorder');

  await tab.evaluate("location.hash = '#/lab?story=split-vote'");
  const claims = page.getByRole('list', { name: 'Checked facts' }).getByRole('listitem');
  await page.getByRole('button', { name: 'Begin' }).waitFor();
  await waitFor('a claim', STEP_TIMEOUT_MS, async () => {
    await page.keyboard.press('n');
    return (await claims.count()) > 0;
  });
  found.push(...(await inAllSizes(tab, 'a story')));
  expect(found).toEqual([]);
});

async function inAllSizes(tab: Tab, place: string): Promise<string[]> {
  const found: string[] = [];
  for (const size of SIZES) {
    await tab.page.setViewportSize(size);
    found.push(...(await flawsOf(tab, `${place}, ${size.width} px`)));
  }
  return found;
}

/** At the highest speed, to a moment or a little beyond. */
async function playTo(tab: Tab, atUs: number): Promise<void> {
  const { page } = tab;
  const speed = page.getByRole('slider', { name: 'Speed' });
  while ((await speed.getAttribute('aria-valuetext')) !== 'as fast as it goes') {
    await page.keyboard.press('+');
  }
  await page.keyboard.press('Space');
  await waitFor(
    'virtual time to pass',
    STEP_TIMEOUT_MS,
    async () => (await moment(tab)).atUs >= atUs,
  );
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: /^Play/ }).waitFor();
}

/** What the view shows once it stands still. */
async function moment({ page }: Tab): Promise<{ atUs: number; hash: string }> {
  const atUs = await page.locator('[data-virtual-us]').getAttribute('data-virtual-us');
  const hash = await page.locator('dt', { hasText: 'Trace hash' }).locator('+ dd').innerText();
  return { atUs: Number(atUs), hash };
}

async function expectFits(tab: Tab): Promise<void> {
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  expect(await tab.evaluate(overflow)).toBe(0);
}
