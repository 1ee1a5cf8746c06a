/** The package, as `npm pack` makes it, in pages of others: by every bundler as it comes, and by none. */

import { expect } from 'vitest';

import { Browser } from './browser.ts';
import { Consumers } from './consumer.ts';
import { Firefox } from './firefox.ts';
import { test as plainTest } from './harness.ts';
import { failingPage, WAYS, type Way } from './package-ways.ts';
import { endBrowsers } from './shared.ts';
import type { AnyTab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 30_000;
const WITH_SIGNALLING: Way = 'vite, built, beside a signalling server';

/** Every way is built and served once, all of them side by side, and one browser of each kind goes there. */
const test = plainTest
  .extend('pages', { scope: 'file' }, async ({}, { onCleanup }) => {
    const consumers = new Consumers();
    onCleanup(() => consumers.end());
    const ways = Object.keys(WAYS) as Way[];
    const built = await Promise.allSettled(ways.map((way) => WAYS[way](consumers)));
    const urlOf = (way: Way): string => {
      const outcome = built[ways.indexOf(way)];
      if (outcome?.status !== 'fulfilled') throw outcome?.reason;
      return outcome.value;
    };
    return { urlOf };
  })
  .extend('browsers', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browsers = await Promise.all([Browser.launch(), Firefox.launch()]);
    onCleanup(() => endBrowsers(browsers, false));
    return browsers;
  });

async function outcomeOf<Outcome>(tab: AnyTab): Promise<Outcome> {
  const outcome = await waitFor('the page to have run', BOUND_MS, () =>
    tab.evaluate('window.outcome ?? false'),
  );
  return outcome as Outcome;
}

test.for(Object.keys(WAYS) as Way[])('works by %s', async (way, { pages, browsers }) => {
  const url = pages.urlOf(way);
  const told = browsers.map(async (browser) => {
    const tab = await browser.open(url);
    const outcome = await outcomeOf(tab);
    const errors = tab.unexpectedErrors();
    await tab.close();
    return { outcome, errors };
  });
  const outcome = { visits: 1, doubled: 2, rows: 2, csv: 'name\r\npear\r\n' };
  const good = { outcome, errors: [] };
  expect(await Promise.all(told)).toEqual([good, good]);
});

test('a second tab joins by the signalling server beside the page', async ({ pages, browsers }) => {
  const url = pages.urlOf(WITH_SIGNALLING);
  const visits = browsers.map(async (browser) => {
    const first = await browser.open(url);
    const before = await outcomeOf<{ visits: number }>(first);
    const second = await browser.open(url);
    const after = await outcomeOf<{ visits: number }>(second);
    await second.close();
    await first.close();
    return after.visits - before.visits;
  });
  expect(await Promise.all(visits)).toEqual([1, 1]);
});

test('an error says which file was not there, where it was looked for, and what to do', async ({
  pages,
  browsers,
  consumers,
}) => {
  const otherUrl = pages.urlOf(WITH_SIGNALLING);
  const url = await failingPage(consumers, otherUrl);
  const told = browsers.map(async (browser) => {
    const tab = await browser.open(url);
    tab.expectErrors(/./);
    return outcomeOf<readonly { message: string }[]>(tab);
  });
  for (const outcome of await Promise.all(told)) {
    expect(outcome).toMatchObject([
      { code: 'Internal', applied: 'no' },
      { code: 'Internal', applied: 'no' },
      { code: 'InvalidArgument', applied: 'no' },
    ]);
    const [missing, foreign] = outcome;
    expect(missing?.message).toContain(`could not be loaded from ${url}nowhere/`);
    expect(missing?.message).toContain('`assets`');
    expect(foreign?.message).toContain(otherUrl);
    expect(foreign?.message).toContain("the page's own origin");
  }
});
