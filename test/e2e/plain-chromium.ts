/** A Chromium as a user has it, hidden tabs included: see `PuppetBrowser`. */

import { connect, type Browser as RemoteControl } from 'puppeteer-core';

import { ChromiumProcess, makeProfile } from './chromium-process.ts';
import { CALL_TIMEOUT_MS, PuppetBrowser } from './puppet-browser.ts';
import type { PuppetTab } from './puppet-tab.ts';

interface Running {
  readonly process: ChromiumProcess;
  readonly remoteControl: RemoteControl;
}

export class PlainChromium extends PuppetBrowser {
  readonly engine = 'chromium';
  #running: Running | null = null;

  static async launch(): Promise<PlainChromium> {
    const browser = new PlainChromium(await makeProfile());
    await browser.start();
    return browser;
  }

  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('The browser runs already.');
    const process = await ChromiumProcess.start(this.profile);
    const remoteControl = await connect({
      browserWSEndpoint: process.address,
      defaultViewport: null,
      protocolTimeout: CALL_TIMEOUT_MS,
    });
    this.#running = { process, remoteControl };
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    await running?.process.kill();
  }

  /** "Clear site data" for everything `origin` stores. */
  async clearSiteData(tab: PuppetTab, origin: string): Promise<void> {
    const session = await tab.devtools();
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    await session.detach();
  }

  protected remoteControl(): RemoteControl {
    if (this.#running === null) throw new Error('The browser does not run.');
    return this.#running.remoteControl;
  }
}
