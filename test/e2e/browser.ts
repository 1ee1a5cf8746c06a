/**
 * A Chromium with a profile of its own, as a user has it: the profile is on disk (an incognito
 * context would not show what storage keeps), tabs are ordinary tabs, and no flag softens how
 * Chromium treats hidden ones. The process is ours rather than Playwright's, so that it can be
 * killed without warning and started again on the same profile, changed in between at will.
 * Playwright only holds its remote control.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  chromium,
  type Browser as RemoteControl,
  type BrowserContext,
  type Page,
} from 'playwright-core';

import { CHROMIUM_FLAGS, findChromium } from '../../src/dev/chromium.ts';
import { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const START_TIMEOUT_MS = 60_000;

interface Running {
  readonly process: ChildProcess;
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
    const browser = new Browser(await mkdtemp(join(tmpdir(), 'resqlite-e2e-')));
    const folder = join(browser.profile, 'Default');
    await mkdir(folder);
    await writeFile(join(folder, 'Preferences'), JSON.stringify(preferences));
    await browser.start();
    return browser;
  }

  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('The browser runs already.');
    const path = findChromium();
    if (path === null) throw new Error('No Chromium: npm test installs one.');
    const flags = ['--headless=new', '--remote-debugging-port=0', '--hide-crash-restore-bubble'];
    const args = [...flags, ...CHROMIUM_FLAGS, `--user-data-dir=${this.profile}`, 'about:blank'];
    // A process group of its own, so that its renderers die with it at the same moment.
    const child = spawn(path, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    const remoteControl = await chromium.connectOverCDP(await debuggingAddress(child));
    const [context] = remoteControl.contexts();
    if (context === undefined) throw new Error('The browser has no default context.');
    this.#running = { process: child, remoteControl, context };
  }

  /** A new tab, not waited for: what becomes of the page is for the caller to see. */
  async open(url: string): Promise<Tab> {
    const tab = this.adopt(await this.#context().newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** Watches over a page that something else opened. */
  adopt(page: Page): Tab {
    const tab = new Tab(page);
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
    const running = this.#forget();
    if (running === null) return;
    const ended = exited(running.process);
    if (running.process.pid !== undefined && running.process.exitCode === null) {
      process.kill(-running.process.pid, 'SIGKILL');
    }
    await ended;
  }

  /** Quits as a user does. */
  async quit(): Promise<void> {
    const running = this.#forget();
    if (running === null) return;
    const ended = exited(running.process);
    const session = await running.remoteControl.newBrowserCDPSession();
    // The answer may be lost in the closing of the connection it would come over.
    await Promise.allSettled([session.send('Browser.close'), ended]);
  }

  /** Kills it and removes the profile. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
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

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Where the browser listens for its remote control, which it writes to its standard error. */
async function debuggingAddress(child: ChildProcess): Promise<string> {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000);
  });
  return waitFor('the browser to start', START_TIMEOUT_MS, () => {
    if (child.exitCode !== null) throw new Error(`Chromium ended at once:\n${output}`);
    return /DevTools listening on (ws:\S+)/.exec(output)?.[1] ?? false;
  });
}
