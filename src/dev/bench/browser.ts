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

export interface BrowserOptions {
  /** Service workers do their part. */
  readonly keepsPages?: boolean;
}

export class Browser {
  readonly version: string;
  readonly #context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
    this.version = context.browser()?.version() ?? 'unknown';
  }

  /** Starts one for as long as `work` takes. */
  static async during<T>(
    work: (browser: Browser) => Promise<T>,
    options: BrowserOptions = {},
  ): Promise<T> {
    const browser = await Browser.launch(options);
    try {
      return await work(browser);
    } finally {
      await browser.close();
    }
  }

  static async launch({ keepsPages = true }: BrowserOptions = {}): Promise<Browser> {
    const executablePath = findChromium();
    const profile = await mkdtemp(join(tmpdir(), 'resqlite-bench-'));
    const context = await chromium.launchPersistentContext(profile, {
      ...(executablePath === null ? {} : { executablePath }),
      headless: true,
      serviceWorkers: keepsPages ? 'allow' : 'block',
      args: [...CHROMIUM_FLAGS],
    });
    return new Browser(context, profile);
  }

  /** The page in it has loaded; `script` ran before anything of it. */
  async open(url: string, script: string | null = null): Promise<Tab> {
    const tab = new Tab(await this.#context.newPage());
    if (script !== null) await tab.page.addInitScript(script);
    await tab.page.goto(url);
    return tab;
  }

  /** So many tabs, all of them voters. */
  async openCluster(url: string, size: number): Promise<Cluster> {
    const cluster = new Cluster(this, url);
    while (cluster.tabs.length < size) await cluster.add();
    await cluster.waitVoters();
    return cluster;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The tabs of one cluster. */
export class Cluster {
  readonly tabs: Tab[] = [];
  readonly #browser: Browser;
  readonly #url: string;

  constructor(browser: Browser, url: string) {
    this.#browser = browser;
    this.#url = url;
  }

  /** One more tab, whose node runs. */
  async add(): Promise<Tab> {
    const tab = await this.begin();
    await tab.waitRunning();
    return tab;
  }

  /** One more tab, not waited for. */
  async begin(): Promise<Tab> {
    const tab = await this.#browser.open(this.#url);
    this.tabs.push(tab);
    return tab;
  }

  /** Closes a tab, also one that has crashed. */
  async remove(tab: Tab): Promise<void> {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    await tab.close();
  }

  /** Until all agree on a leader, and the voters are just these tabs. */
  async waitVoters(): Promise<void> {
    await waitFor(`${this.tabs.length} voters`, CLUSTER_TIMEOUT_MS, async () => {
      const statuses = await Promise.all(this.tabs.map((tab) => tab.status()));
      const leaders = new Set(statuses.map(({ leaderId }) => leaderId));
      const nodeIds = statuses.map(({ nodeId }) => nodeId).toSorted();
      return (
        leaders.size === 1 &&
        !leaders.has(null) &&
        statuses.every(({ voters }) => String(voters.toSorted()) === String(nodeIds))
      );
    });
  }

  async roles(): Promise<{ leader: Tab; followers: readonly Tab[] }> {
    let leader: Tab | undefined;
    await waitFor('a leader', CLUSTER_TIMEOUT_MS, async () => {
      const statuses = await Promise.all(this.tabs.map((tab) => tab.status()));
      leader = this.tabs[statuses.findIndex(({ role }) => role === 'leader')];
      return leader !== undefined;
    });
    if (leader === undefined) throw new Error('there is no leader');
    return { leader, followers: this.tabs.filter((tab) => tab !== leader) };
  }
}
