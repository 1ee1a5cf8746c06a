/**
 * A tab that Puppeteer drives: in Firefox over WebDriver BiDi, in Chromium over CDP. Nothing in it
 * pretends to be in front, so a tab behind another is as hidden as a user's.
 */

import type { CDPSession, Page } from 'puppeteer-core';

import { REPORT_VIOLATIONS } from './policy-watch.ts';
import { AnyTab } from './tab.ts';

export class PuppetTab extends AnyTab<Page> {
  readonly #engine: 'chromium' | 'firefox';

  constructor(page: Page, engine: 'chromium' | 'firefox') {
    super(page);
    this.#engine = engine;
    this.watch(page.evaluateOnNewDocument(REPORT_VIOLATIONS));
    if (engine === 'chromium') this.watch(this.#watchSockets());
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

  /**
   * Firefox asks again by itself, in the new document, what was under way in one that a reload replaced: a
   * write would be made twice, or be answered 'no' by a page without a database after it has committed.
   */
  protected override async evaluateOnce(expression: string): Promise<unknown> {
    if (this.#engine === 'chromium') return this.evaluate(expression);
    const origin = Number(await this.evaluate('performance.timeOrigin'));
    return this.evaluate(`(async () => {
      if (performance.timeOrigin !== ${origin}) throw new Error('The document was replaced.');
      return ${expression};
    })()`);
  }

  /**
   * Puppeteer tells of requests and leaves out Chromium's WebSockets. Those of workers have sessions of
   * their own and are not seen; the page's signalling is not in them. Firefox tells of every handshake,
   * a worker's too, as of a request.
   */
  async #watchSockets(): Promise<void> {
    const session = await this.devtools();
    session.on('Network.webSocketCreated', ({ url }) => this.noteRequest(url, false));
    await session.send('Network.enable');
  }
}
