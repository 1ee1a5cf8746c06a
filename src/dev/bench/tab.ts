/**
 * One tab with the page in it, as the benchmark's command drives it: by expressions in the page, where
 * `db` is its database and `suite` the benchmark.
 */

import type { CDPSession, Page } from 'playwright-core';

import type { CallTab } from '../../bench/tab-api.ts';

const RUNNING_TIMEOUT_MS = 30_000;
const POLL_INTERVAL_MS = 20;

export interface TabStatus {
  readonly nodeId: string;
  readonly role: string;
  readonly term: number;
  readonly leaderId: string | null;
  readonly voters: readonly string[];
}

export class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** What the body of an async function of `db` comes to, which may name `argument`. */
  async db<Value>(body: string, argument: unknown = null): Promise<Value> {
    const value: unknown = await this.page.evaluate(
      `(async (db, argument) => { ${body} })(window.db, ${JSON.stringify(argument)})`,
    );
    return value as Value;
  }

  async suite<Value>(body: string, argument: unknown = null): Promise<Value> {
    return this.db(`const suite = await globalThis.benchmark(); ${body}`, argument);
  }

  /** A call of the benchmark's own interface in this tab (`bench/tab-api.ts`). */
  readonly call = ((method: string, ...args: unknown[]) =>
    this.suite('return suite.call(argument.method, argument.args);', { method, args })) as CallTab;

  status(): Promise<TabStatus> {
    return this.db(
      'const { nodeId, role, term, leaderId, voters } = await db.status();' +
        ' return { nodeId, role, term, leaderId, voters };',
    );
  }

  async waitRunning(): Promise<void> {
    await waitFor('a tab to run', RUNNING_TIMEOUT_MS, async () => {
      const state = await this.page.evaluate('document.documentElement.dataset.state');
      if (state === 'failed')
        throw new Error(String(await this.page.evaluate('document.body.innerText')));
      return state === 'running';
    });
  }

  devtools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page);
  }

  /** Its renderer dies, as it does of a bug: no event handler runs, nothing is said to anybody. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash');
    const session = await this.devtools();
    // Never answered.
    session.send('Page.crash').catch(() => undefined);
    await crashed;
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

/** Rejects after `boundMs`. */
export async function waitFor(
  what: string,
  boundMs: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadlineMs = performance.now() + boundMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited ${boundMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
}
