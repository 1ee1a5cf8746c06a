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
/** The first test waits for all visits. */
const ALL_WAYS_MS = 240_000;
/** Browsers wait more than they work, so one way is built while another one's page is open. */
const AT_A_TIME = 2;
const WITH_SIGNALLING: Way = 'vite, built, beside a signalling server';
/** Where what a browser has to understand differs; Chromium goes all ways. */
const IN_FIREFOX: ReadonlySet<Way> = new Set<Way>([
  'vite, in development, with nothing optimized yet',
  WITH_SIGNALLING,
  'webpack, for production',
  'no bundler, by an import map, where only the worker may compile SQLite',
  'no bundler, by a relative address, under the strictest policy',
]);
const WAY_NAMES = Object.keys(WAYS) as Way[];

interface Visit {
  readonly browser: string;
  readonly outcome: unknown;
  readonly errors: readonly string[];
}

interface Visited {
  readonly url: string;
  readonly visits: readonly Visit[];
}

interface Browsers {
  readonly chromium: Browser;
  readonly firefox: Firefox;
}

/** Every way is built, served and visited once. */
const test = plainTest
  .extend('served', { scope: 'file' }, async ({}, { onCleanup }) => {
    const served = new Consumers();
    onCleanup(() => served.end());
    return served;
  })
  // Behind the servers, as fixtures end in reverse.
  .extend('browsers', { scope: 'file' }, async ({}, { onCleanup }): Promise<Browsers> => {
    const [chromium, firefox] = await Promise.all([Browser.launch(), Firefox.launch()]);
    onCleanup(() => endBrowsers([chromium, firefox], false));
    return { chromium, firefox };
  })
  .extend('visited', { scope: 'file' }, async ({ served, browsers }) => {
    const outcomes = new Map<Way, PromiseSettledResult<Visited>>();
    const left = [...WAY_NAMES];
    const goOn = async (): Promise<void> => {
      for (let way = left.shift(); way !== undefined; way = left.shift()) {
        const [outcome] = await Promise.allSettled([visit(way, served, browsers)]);
        outcomes.set(way, outcome);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, goOn));
    return (way: Way): Visited => {
      const outcome = outcomes.get(way);
      if (outcome?.status !== 'fulfilled') throw outcome?.reason;
      return outcome.value;
    };
  });

async function visit(way: Way, served: Consumers, browsers: Browsers): Promise<Visited> {
  const url = await WAYS[way](served);
  const visits = browsersOf(way).map(async (name) => {
    const tab = await browsers[name].open(url);
    const outcome = await outcomeOf(tab);
    const errors = tab.unexpectedErrors();
    await tab.close();
    return { browser: name, outcome, errors };
  });
  return { url, visits: await Promise.all(visits) };
}

function browsersOf(way: Way): (keyof Browsers)[] {
  return IN_FIREFOX.has(way) ? ['chromium', 'firefox'] : ['chromium'];
}

async function outcomeOf<Outcome>(tab: AnyTab): Promise<Outcome> {
  const outcome = await waitFor('the page to have run', BOUND_MS, () =>
    tab.evaluate('window.outcome ?? false'),
  );
  return outcome as Outcome;
}

test.for(WAY_NAMES)('works by %s', { timeout: ALL_WAYS_MS }, (way, { visited }) => {
  const outcome = { visits: 1, doubled: 2, rows: 2, csv: 'name\r\npear\r\n' };
  const good = browsersOf(way).map((browser) => ({ browser, outcome, errors: [] }));
  expect(visited(way).visits).toEqual(good);
});

test('a second tab joins by the signalling server beside the page', async ({
  browsers,
  visited,
}) => {
  const { url } = visited(WITH_SIGNALLING);
  const first = await browsers.chromium.open(url);
  const before = await outcomeOf<{ visits: number }>(first);
  const second = await browsers.chromium.open(url);
  const after = await outcomeOf<{ visits: number }>(second);
  await second.close();
  await first.close();
  expect(after.visits - before.visits).toBe(1);
});

test('an error says which file was not there, where it was looked for, and what to do', async ({
  browsers,
  served,
  visited,
}) => {
  const { url: otherUrl } = visited(WITH_SIGNALLING);
  const url = await failingPage(served, otherUrl);
  const told = [browsers.chromium, browsers.firefox].map(async (browser) => {
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
