/**
 * A Chromium with a profile of its own, as a user has it: the profile is on disk (an incognito
 * context would not show what storage keeps), and tabs are ordinary tabs. Playwright only holds its
 * remote control. Playwright makes every tab believe that it is in front: for hidden tabs see
 * `puppet-browser.ts`.
 */

import {
  chromium,
  type Browser as RemoteControl,
  type BrowserContext,
  type Page,
} from 'playwright-core';

import { ChromiumProcess, makeProfile, removeProfile } from './chromium-process.ts';
import { Tab } from './tab.ts';

interface Running {
  readonly process: ChromiumProcess;
  readonly remoteControl: RemoteControl;
  readonly context: BrowserContext;
}

export class Browser {
  /** The profile's folder, the browser's `--user-data-dir`. */
  readonly profile: string;
  /** Every tab there was, also those that are gone. */
  readonly tabs: Tab[] = [];
  #running: Running | null = null;

  private constructor(profile: string) {
    this.profile = profile;
  }

  /** Starts a browser on a fresh profile; `preferences` are what its settings pages would write. */
  static async launch(preferences: object = {}): Promise<Browser> {
    const browser = new Browser(await makeProfile(preferences));
    await browser.start();
    return browser;
  }

  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('The browser runs already.');
    const process = await ChromiumProcess.start(this.profile);
    const remoteControl = await chromium.connectOverCDP(process.address);
    const [context] = remoteControl.contexts();
    if (context === undefined) throw new Error('The browser has no default context.');
    this.#running = { process, remoteControl, context };
  }

  /** A new tab, not waited for: what becomes of the page is for the caller to see. */
  async open(url: string): Promise<Tab> {
    const tab = this.adopt(await this.#context().newPage());
    await tab.watched;
    await tab.page.goto(url);
    return tab;
  }

  /** A page that is none of ReSqlite's, and that nobody watches over. */
  async plainPage(url: string): Promise<Page> {
    const page = await this.#context().newPage();
    await page.goto(url);
    return page;
  }

  /** Watches over a page that something else opened. */
  adopt(page: Page): Tab {
    const tab = new Tab(page, this.tabs);
    this.tabs.push(tab);
    return tab;
  }

  /** What opens in this browser while `action` runs. */
  async opens(action: () => Promise<unknown>): Promise<Tab> {
    const [page] = await Promise.all([this.#context().waitForEvent('page'), action()]);
    return this.adopt(page);
  }

  /** "Clear site data" for everything `origin` stores. */
  async clearSiteData(origin: string): Promise<void> {
    const session = await this.#context().newCDPSession(await this.#context().newPage());
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
  }

  /** SIGKILL to all its processes at once: nothing gets to finish what it was writing. */
  async kill(): Promise<void> {
    await this.#forget()?.process.kill();
  }

  /** Quits as a user does. */
  async quit(): Promise<void> {
    const running = this.#forget();
    if (running === null) return;
    const ended = running.process.exited();
    const session = await running.remoteControl.newBrowserCDPSession();
    // The answer may be lost in the closing of the connection it would come over.
    await Promise.allSettled([session.send('Browser.close'), ended]);
  }

  /** Kills it and removes the profile. */
  async dispose(): Promise<void> {
    await this.kill();
    await removeProfile(this.profile);
  }

  #context(): BrowserContext {
    if (this.#running === null) throw new Error('The browser does not run.');
    return this.#running.context;
  }

  #forget(): Running | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }
}
