/**
 * A newcomer, who has read nothing: from the first page by clicking what is in sight to a cluster that
 * has lost its leader and got it back. Of each step there is a picture.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Locator } from 'playwright-core';
import { expect } from 'vitest';

import type { Browser } from './browser.ts';
import { test } from './harness.ts';
import type { Tab } from './tab.ts';

const PICTURES = 'node_modules/.cache/resqlite/screenshots';
const SIZES = [
  { width: 1280, height: 900 },
  { width: 390, height: 844 },
];
const STEP_TIMEOUT_MS = 30_000;

test.for(SIZES)(
  'gets from one tab to a cluster that lost nothing, at $width px',
  async (size, { browser, server }) => {
    const album = new Album(`newcomer-${size.width}`);
    const walk = new Walk(browser, size, album);
    let tab = await walk.enter(server.url);
    await tab.page.getByText('A SQL database that lives in your browser tabs').waitFor();
    for (const here of ['1 of 3 tabs is here', '2 of 3 tabs are here']) {
      await tab.page.getByText(here).waitFor({ timeout: STEP_TIMEOUT_MS });
      await album.add(tab);
      tab = await walk.opens(tab, link(tab, 'Open the next tab'));
    }
    await tab.page.getByText('it is fault-tolerant now').waitFor({ timeout: STEP_TIMEOUT_MS });
    await album.add(tab);
    await click(button(tab, 'Load the sample'));
    await click(button(tab, 'Run this query'));
    const rows = await answerOf(tab);
    await album.add(tab);
    await click(button(tab, 'Kill the leader'));

    // Whoever killed itself looks at another tab.
    tab = await walk.survivor();
    await tab.page.getByText(/leads now/).waitFor({ timeout: STEP_TIMEOUT_MS });
    await click(button(tab, 'Run the query again'));
    expect(await answerOf(tab)).toEqual(rows);
    await album.add(tab);
    const reopened = await walk.opens(tab, link(tab, 'Open a tab in its place'));
    await reopened.page.getByText('you have killed a leader and lost nothing').waitFor({
      timeout: STEP_TIMEOUT_MS,
    });
    await album.add(reopened);
    expect((await reopened.status()).survivesLosses).toBe(1);
    await click(button(reopened, 'Close the guide').last());
    await reopened.page.getByText('Whole again').waitFor({ state: 'detached' });
  },
);

/** The newcomer's tabs, all of one size. */
class Walk {
  readonly #browser: Browser;
  readonly #size: { width: number; height: number };
  readonly #album: Album;
  readonly #tabs: Tab[] = [];

  constructor(browser: Browser, size: { width: number; height: number }, album: Album) {
    this.#browser = browser;
    this.#size = size;
    this.#album = album;
  }

  async enter(url: string): Promise<Tab> {
    return this.#take(await this.#browser.open(url));
  }

  async opens(from: Tab, what: Locator): Promise<Tab> {
    expect(from.isGone).toBe(false);
    return this.#take(await this.#browser.opens(() => click(what)));
  }

  /** A tab whose node has not stopped; of one that has there is a picture, too. */
  async survivor(): Promise<Tab> {
    const dead = await Promise.any(
      this.#tabs.map(async (tab) => {
        await tab.page.locator('html[data-state=stopped]').waitFor({ timeout: STEP_TIMEOUT_MS });
        return tab;
      }),
    );
    await dead.page.getByText('This tab’s node is dead').waitFor();
    await this.#album.add(dead);
    const other = this.#tabs.find((tab) => tab !== dead);
    if (other === undefined) throw new Error('There is no other tab.');
    await other.page.bringToFront();
    return other;
  }

  async #take(tab: Tab): Promise<Tab> {
    this.#tabs.push(tab);
    await tab.page.setViewportSize(this.#size);
    return tab;
  }
}

/** Pictures, numbered in the order in which they were taken. */
class Album {
  readonly #name: string;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  async add(tab: Tab): Promise<void> {
    this.#count += 1;
    await mkdir(PICTURES, { recursive: true });
    // One that is behind others is not drawn.
    await tab.page.bringToFront();
    await tab.page.screenshot({ path: join(PICTURES, `${this.#name}-${this.#count}.png`) });
  }
}

function button(tab: Tab, name: string): Locator {
  return tab.page.getByRole('button', { name });
}

function link(tab: Tab, name: string): Locator {
  return tab.page.getByRole('link', { name });
}

/** Only what is in sight: a click does not scroll, and what lies over it gets it instead. */
async function click(what: Locator): Promise<void> {
  await what.waitFor({ timeout: STEP_TIMEOUT_MS });
  await expect.poll(async () => what.isEnabled(), { timeout: STEP_TIMEOUT_MS }).toBe(true);
  const box = await what.boundingBox();
  const size = what.page().viewportSize();
  if (box === null || size === null) throw new Error('It is not in sight.');
  expect(box.y + box.height).toBeLessThanOrEqual(size.height);
  await what.page().mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

async function answerOf(tab: Tab): Promise<string[]> {
  const cells = tab.page.getByRole('gridcell');
  await cells.first().waitFor({ timeout: STEP_TIMEOUT_MS });
  return cells.allInnerTexts();
}
