/**
 * A stock Firefox with a profile of its own, driven by WebDriver BiDi: the protocol that it speaks by
 * itself. Its tabs are asked what Chromium's are asked (test/e2e/tab.ts), and nothing else.
 */

import { accessSync, constants } from 'node:fs';

import { launch, type Browser, type Page } from 'puppeteer-core';

import type { Database } from '../../src/client/database.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { callDatabase, type DatabaseTab, type PageState } from '../e2e/tab.ts';
import { waitFor } from '../e2e/wait.ts';

const PATHS: readonly string[] = [
  '/usr/bin/firefox',
  '/usr/bin/firefox-esr',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
];
const RUNNING_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 600_000;
const MAX_LOG_LINES = 200;

/** What FIREFOX_PATH names, else the first of the usual places; throws where there is none. */
function findFirefox(): string {
  const named = process.env['FIREFOX_PATH'];
  if (named !== undefined && named !== '') return named;
  const found = PATHS.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('No Firefox: install one, or set FIREFOX_PATH.');
  return found;
}

export class Firefox {
  readonly tabs: FirefoxTab[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<Firefox> {
    const browser = await launch({
      browser: 'firefox',
      executablePath: findFirefox(),
      headless: true,
      protocolTimeout: CALL_TIMEOUT_MS,
    });
    return new Firefox(browser);
  }

  async version(): Promise<string> {
    return this.#browser.version();
  }

  async open(url: string): Promise<FirefoxTab> {
    const page = await this.#browser.newPage();
    const tab = new FirefoxTab(page);
    this.tabs.push(tab);
    await page.goto(url);
    return tab;
  }

  async dispose(): Promise<void> {
    await this.#browser.close();
  }
}

export class FirefoxTab implements DatabaseTab {
  /** The console's last lines. */
  readonly log: string[] = [];
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    page.on('console', (message) => this.#note(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.#note(`uncaught: ${String(error)}`));
  }

  /** What the console called an error. */
  get errors(): string[] {
    return this.log.filter((line) => /^(error|uncaught)/.test(line));
  }

  async db<Value, Argument>(
    run: (db: Database, argument: Argument) => Promise<Value> | Value,
    argument?: Argument,
  ): Promise<Value> {
    return callDatabase((expression) => this.#page.evaluate(expression), run, argument);
  }

  async status(): Promise<NodeStatus> {
    return this.db((db) => db.status());
  }

  async waitRunning(): Promise<this> {
    await waitFor('a tab of Firefox to run', RUNNING_TIMEOUT_MS, async () => {
      const state = (await this.#page.evaluate(
        '({ ...document.documentElement.dataset })',
      )) as PageState;
      if (state.state === 'failed') throw new Error(`The page has failed: ${String(state.error)}`);
      return state.state === 'running';
    });
    return this;
  }

  async reload(): Promise<void> {
    await this.#page.reload();
  }

  #note(line: string): void {
    this.log.push(line);
    if (this.log.length > MAX_LOG_LINES) this.log.shift();
  }
}
