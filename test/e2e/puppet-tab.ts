/**
 * A tab that Puppeteer drives: in Firefox over WebDriver BiDi, in Chromium over CDP. Nothing in it
 * pretends to be in front, so a tab behind another is as hidden as a user's.
 */

import type { CDPSession, Page } from 'puppeteer-core';

import { REPORT_VIOLATIONS } from './policy-watch.ts';
import { AnyTab } from './tab.ts';

export class PuppetTab extends AnyTab {
  readonly page: Page;
  /** Settled when what the page's policy forbids is reported. */
  readonly watched: Promise<unknown>;

  constructor(page: Page) {
    super();
    this.page = page;
    page.on('console', (message) => {
      this.noteConsole(message.type(), message.text(), message.location().url);
    });
    page.on('pageerror', (error) => this.noteUncaught(error));
    // Whoever reloads or closes a tab here means it, whatever the page warns of.
    page.on('dialog', (dialog) => {
      this.note('dialog', dialog.type());
      dialog.accept().catch(() => undefined);
    });
    page.on('request', (request) => {
      this.noteRequest(request.url(), request.isNavigationRequest());
    });
    this.watched = page.evaluateOnNewDocument(REPORT_VIOLATIONS);
    // A page that is closed at once is watched no more.
    this.watched.catch(() => undefined);
  }

  async evaluate(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  async bringToFront(): Promise<void> {
    await this.page.bringToFront();
  }

  async isHidden(): Promise<boolean> {
    return (await this.evaluate('document.visibilityState')) === 'hidden';
  }

  /** Keeps the page's main thread busy; answers when it is free again. */
  async block(blockMs: number): Promise<void> {
    await this.evaluate(`(() => {
      const endMs = performance.now() + ${blockMs};
      while (performance.now() < endMs);
    })()`);
  }

  /** Chromium's own protocol; rejects in Firefox. */
  async devtools(): Promise<CDPSession> {
    return this.page.createCDPSession();
  }
}
