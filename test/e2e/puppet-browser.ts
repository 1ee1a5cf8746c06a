/**
 * A browser that Puppeteer drives, on a profile of its own that outlives its processes: a Chromium in
 * which tabs behind others are truly hidden, or a stock Firefox. Both are started, killed and started
 * again by the same calls as `Browser`.
 */

import type { Browser as RemoteControl } from 'puppeteer-core';

import { removeProfile } from './chromium-process.ts';
import { PuppetTab } from './puppet-tab.ts';

/** How long a single call into a page may take before the driver gives it up. */
export const CALL_TIMEOUT_MS = 600_000;

export abstract class PuppetBrowser {
  /** What it is called in accounts of a run. */
  abstract readonly engine: 'chromium' | 'firefox';
  readonly profile: string;
  /** Every tab there was, also those that are gone. */
  readonly tabs: PuppetTab[] = [];

  constructor(profile: string) {
    this.profile = profile;
  }

  abstract start(): Promise<void>;

  /** SIGKILL to all its processes at once. */
  abstract kill(): Promise<void>;

  protected abstract remoteControl(): RemoteControl;

  async version(): Promise<string> {
    return this.remoteControl().version();
  }

  /** A new tab, in front of the others, not waited for. */
  async open(url: string): Promise<PuppetTab> {
    const tab = new PuppetTab(await this.remoteControl().newPage(), this.engine);
    this.tabs.push(tab);
    await tab.watched;
    await tab.page.goto(url);
    return tab;
  }

  /** Kills it and removes the profile. */
  async dispose(): Promise<void> {
    await this.kill();
    await removeProfile(this.profile);
  }
}
