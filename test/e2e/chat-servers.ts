/**
 * The servers that the chat's functions run on, by their numbers from 1, each of them a tab. What is stopped
 * crashes. A tab that is opened takes over a node that is free, whichever of those that were stopped.
 */

import { waitCluster, type Cluster } from './harness.ts';
import type { Browser } from './browser.ts';
import type { Tab } from './tab.ts';

export interface ChatServers {
  /** Between two functions. */
  restart(): Promise<void>;
  stop(...servers: readonly number[]): Promise<void>;
  start(server: number): Promise<void>;
  on(server: number): Tab;
  /** One that runs. */
  running(): number;
}

/**
 * Three tabs, which are all closed before any of them is opened again, between two functions and, where that is
 * asked for, wherever one stops a server: what is there then was stored.
 */
export class RestartedTabs implements ChatServers {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #alsoWithin: boolean;
  #tabs: readonly Tab[];
  /** Somebody may have asked something of them since they were opened. */
  #hasServed = true;
  #asked = 0;

  constructor({ browser, tabs }: Cluster, url: string, alsoWithin: boolean) {
    this.#browser = browser;
    this.#tabs = tabs;
    this.#url = url;
    this.#alsoWithin = alsoWithin;
  }

  async restart(): Promise<void> {
    if (!this.#hasServed) return;
    this.#hasServed = false;
    await Promise.all(this.#browser.tabs.filter((tab) => !tab.isGone).map((tab) => tab.close()));
    this.#tabs = await Promise.all(this.#tabs.map(() => this.#browser.open(this.#url)));
    await Promise.all(this.#tabs.map((tab) => tab.waitRunning()));
    await waitCluster(this.#tabs, this.#tabs.length);
  }

  async stop(): Promise<void> {
    if (this.#alsoWithin) await this.restart();
  }

  async start(): Promise<void> {
    // All of them run.
  }

  on(server: number): Tab {
    this.#hasServed = true;
    return there(this.#tabs[server - 1], server);
  }

  /** Another one each time. */
  running(): number {
    this.#asked += 1;
    return (this.#asked % this.#tabs.length) + 1;
  }
}

const SERVERS = [1, 2, 3, 4, 5];

/** Five tabs that are voters, two of which may be down at any time. */
export class KilledTabs implements ChatServers {
  readonly #browser: Browser;
  readonly #url: string;
  /** Whether two others are down in each function. */
  readonly #othersEachTime: boolean;
  readonly #tabs = new Map<number, Tab>();
  #down: readonly number[] = [];

  private constructor(browser: Browser, url: string, othersEachTime: boolean) {
    this.#browser = browser;
    this.#url = url;
    this.#othersEachTime = othersEachTime;
  }

  /** Opens what is missing in the browser. */
  static async open(browser: Browser, url: string, othersEachTime: boolean): Promise<KilledTabs> {
    const servers = new KilledTabs(browser, url, othersEachTime);
    const open = browser.tabs.filter((tab) => !tab.isGone);
    while (open.length < SERVERS.length) open.push(await browser.open(url));
    await Promise.all(open.map((tab) => tab.waitRunning()));
    for (const [at, tab] of open.entries()) servers.#tabs.set(at + 1, tab);
    await waitCluster(open, SERVERS.length);
    return servers;
  }

  /** Two are down afterwards. */
  async restart(): Promise<void> {
    const areTwoDown = this.#down.length === 2;
    if (areTwoDown && !this.#othersEachTime) return;
    const next = SERVERS.filter((server) => !this.#down.includes(server));
    for (const server of this.#down) await this.start(server);
    await this.stop(...next.slice(-2));
  }

  async stop(...servers: readonly number[]): Promise<void> {
    const running = servers.filter((server) => !this.#down.includes(server));
    this.#down = [...this.#down, ...running];
    if (this.#down.length > 2) throw new Error(`${this.#down.join()} down: no majority is left.`);
    await Promise.all(running.map((server) => this.on(server).crash()));
    for (const server of running) this.#tabs.delete(server);
  }

  async start(server: number): Promise<void> {
    if (!this.#down.includes(server)) return;
    this.#tabs.set(server, await (await this.#browser.open(this.#url)).waitRunning());
    this.#down = this.#down.filter((other) => other !== server);
  }

  on(server: number): Tab {
    return there(this.#tabs.get(server), server);
  }

  running(): number {
    return SERVERS.find((server) => !this.#down.includes(server)) ?? 0;
  }
}

function there(tab: Tab | undefined, server: number): Tab {
  if (tab === undefined) throw new Error(`Server ${server} does not run.`);
  return tab;
}
