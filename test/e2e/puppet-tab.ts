/**
 * A tab that Puppeteer drives: in Firefox over WebDriver BiDi, in Chromium over CDP. Nothing in it
 * pretends to be in front, so a tab behind another is as hidden as a user's.
 */

import type { CDPSession, Page } from 'puppeteer-core';

import { REPORT_VIOLATIONS } from './policy-watch.ts';
import { AnyTab } from './tab.ts';

export class PuppetTab extends AnyTab<Page> {
  constructor(page: Page) {
    super(page);
    this.watch(page.evaluateOnNewDocument(REPORT_VIOLATIONS));
    page.on('console', this.on.console);
    page.on('pageerror', this.on.pageerror);
    page.on('request', this.on.request);
    // Whoever reloads or closes a tab here means it, whatever the page warns of.
    page.on('dialog', (dialog) => {
      this.note('dialog', dialog.type());
      dialog.accept().catch(() => undefined);
    });
  }

  async bringToFront(): Promise<void> {
    await this.page.bringToFront();
  }

  async isHidden(): Promise<boolean> {
    return (await this.evaluate('document.visibilityState')) === 'hidden';
  }

  /** Chromium's own protocol; rejects in Firefox. */
  async devtools(): Promise<CDPSession> {
    return this.page.createCDPSession();
  }
}
