/**
 * How browsers of tests end, and what the tests of a file share. A test fails, too, when a tab reports an
 * error that it did not expect; a failed test tells what every tab was doing.
 */

import type { Browser } from './browser.ts';
import type { PuppetBrowser } from './puppet-browser.ts';
import type { AnyTab } from './tab.ts';

const LOG_LINES_SHOWN = 30;

type AnyBrowser = Browser | PuppetBrowser;

interface Steps<World> {
  /** `own` is told of every browser that is launched, and ends it with the rest. */
  readonly open: (own: Own, url: string) => Promise<World>;
  /** Goes before each test, the first one, too. */
  readonly renew: (world: World, url: string) => Promise<void>;
}

export type Own = <Launched extends AnyBrowser>(launched: Launched) => Launched;

/**
 * Browsers with tabs in them that the tests of a file share, one after the other: to open a cluster costs
 * more than most of what is asked of it. Where a test has failed, the next one finds new browsers.
 */
export class Shared<World> {
  readonly #steps: Steps<World>;
  #browsers: AnyBrowser[] = [];
  #world: World | null = null;

  constructor(steps: Steps<World>) {
    this.#steps = steps;
  }

  async take(url: string): Promise<World> {
    const own = <Launched extends AnyBrowser>(launched: Launched): Launched => {
      this.#browsers.push(launched);
      return launched;
    };
    try {
      this.#world ??= await this.#steps.open(own, url);
      await this.#steps.renew(this.#world, url);
      return this.#world;
    } catch (error) {
      // Nobody takes the test for one that has failed yet.
      await this.giveBack(true);
      throw error;
    }
  }

  /** Throws for errors that nobody expected. */
  async giveBack(failed: boolean): Promise<void> {
    const tabs = tabsOf(this.#browsers);
    if (failed) await tellAbout(tabs);
    const errors = tabs.flatMap((tab) => tab.unexpectedErrors());
    if (failed || errors.length > 0) await this.end();
    throwFor(errors);
  }

  async end(): Promise<void> {
    const browsers = this.#browsers;
    this.#browsers = [];
    this.#world = null;
    for (const browser of browsers) await browser.dispose();
  }
}

/** Ends them, tells of a failed test's tabs first, and throws for errors that nobody expected. */
export async function endBrowsers(browsers: readonly AnyBrowser[], failed: boolean): Promise<void> {
  const tabs = tabsOf(browsers);
  if (failed) await tellAbout(tabs);
  for (const browser of browsers) await browser.dispose();
  throwFor(tabs.flatMap((tab) => tab.unexpectedErrors()));
}

function tabsOf(browsers: readonly AnyBrowser[]): AnyTab[] {
  return browsers.flatMap((browser): readonly AnyTab[] => browser.tabs);
}

function throwFor(errors: readonly string[]): void {
  if (errors.length > 0) throw new Error(`Tabs reported errors:\n${errors.join('\n')}`);
}

export async function tellAbout(tabs: readonly AnyTab[]): Promise<void> {
  for (const [index, tab] of tabs.entries()) {
    const state = await withinASecond(tab.state());
    const status = await withinASecond(tab.status());
    console.error(`Tab ${index + 1}: ${state}\n  ${status}`);
    for (const line of tab.log.slice(-LOG_LINES_SHOWN)) console.error(`  | ${line}`);
  }
}

/** A tab that is gone or hangs must not keep the others from being told about. */
async function withinASecond(asked: Promise<unknown>): Promise<string> {
  const late = new Promise((resolve) => {
    setTimeout(() => resolve('no answer'), 1_000);
  });
  return Promise.race([asked, late]).then(
    (value) => JSON.stringify(value),
    (error: unknown) => String(error),
  );
}
