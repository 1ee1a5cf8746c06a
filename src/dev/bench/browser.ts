/**
 * A real Chromium with a profile on the disk that goes with it, and tabs in it: what the benchmark runs
 * in. Playwright holds its remote control only.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type BrowserContext } from 'playwright-core';

import { CHROMIUM_FLAGS, findChromium } from '../chromium.ts';
import { Tab, waitFor } from './tab.ts';

const CLUSTER_TIMEOUT_MS = 60_000;

export class Browser {
  readonly version: string;
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
    this.version = context.browser()?.version() ?? 'unknown';
  }

  static async launch(): Promise<Browser> {
    const executablePath = findChromium();
    const profile = await mkdtemp(join(tmpdir(), 'resqlite-bench-'));
    const context = await chromium.launchPersistentContext(profile, {
      ...(executablePath === null ? {} : { executablePath }),
      headless: true,
      args: [...CHROMIUM_FLAGS],
    });
    return new Browser(context, profile);
  }

  /** The page in it has begun to load. */
  async open(url: string): Promise<Tab> {
    const tab = new Tab(await this.#context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** So many tabs, all of them voters. */
  async openCluster(url: string, size: number): Promise<Cluster> {
    const tabs: Tab[] = [];
    while (tabs.length < size) {
      const tab = await this.open(url);
      await tab.waitRunning();
      tabs.push(tab);
    }
    const cluster = new Cluster(tabs);
    await cluster.waitVoters(size);
    return cluster;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The tabs of one cluster. */
export class Cluster {
  readonly tabs: Tab[];

  constructor(tabs: readonly Tab[]) {
    this.tabs = [...tabs];
  }

  /** Until all agree on a leader and on so many voters. */
  async waitVoters(count: number): Promise<void> {
    await waitFor(`${count} voters`, CLUSTER_TIMEOUT_MS, async () => {
      const statuses = await Promise.all(this.tabs.map((tab) => tab.status()));
      const leaders = new Set(statuses.map(({ leaderId }) => leaderId));
      return (
        leaders.size === 1 &&
        !leaders.has(null) &&
        statuses.every(({ voters }) => voters.length === count)
      );
    });
  }

  async roles(): Promise<{ leader: Tab; followers: readonly Tab[] }> {
    let leader: Tab | undefined;
    await waitFor('a leader', CLUSTER_TIMEOUT_MS, async () => {
      for (const tab of this.tabs) {
        const { role } = await tab.status();
        if (role === 'leader') leader = tab;
      }
      return leader !== undefined;
    });
    if (leader === undefined) throw new Error('there is no leader');
    return { leader, followers: this.tabs.filter((tab) => tab !== leader) };
  }
}
