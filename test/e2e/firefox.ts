/** A stock Firefox, driven by WebDriver BiDi, the protocol that it speaks by itself. */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch, type Browser as RemoteControl } from 'puppeteer-core';

import { findFirefox } from '../../src/dev/firefox.ts';
import { killGroup } from './chromium-process.ts';
import { CALL_TIMEOUT_MS, PuppetBrowser } from './puppet-browser.ts';
import type { PuppetTab } from './puppet-tab.ts';

const START_TIMEOUT_MS = 120_000;
/** A connection that came to nothing, which Firefox tells of like of an error of the page. */
const NO_DEFECT = /WebRTC: ICE failed/;

export class Firefox extends PuppetBrowser {
  readonly engine = 'firefox';
  #running: RemoteControl | null = null;

  static async launch(): Promise<Firefox> {
    const firefox = new Firefox(await mkdtemp(join(tmpdir(), 'resqlite-firefox-')));
    await firefox.start();
    return firefox;
  }

  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('The browser runs already.');
    const path = findFirefox();
    if (path === null) throw new Error('No Firefox: npm test installs one.');
    this.#running = await launch({
      browser: 'firefox',
      executablePath: path,
      headless: true,
      userDataDir: this.profile,
      defaultViewport: null,
      timeout: START_TIMEOUT_MS,
      protocolTimeout: CALL_TIMEOUT_MS,
    });
  }

  override async open(url: string): Promise<PuppetTab> {
    const tab = await super.open(url);
    tab.expectErrors(NO_DEFECT);
    return tab;
  }

  async kill(): Promise<void> {
    const child = this.#running?.process() ?? null;
    this.#running = null;
    if (child !== null) await killGroup(child);
  }

  protected remoteControl(): RemoteControl {
    if (this.#running === null) throw new Error('The browser does not run.');
    return this.#running;
  }
}
