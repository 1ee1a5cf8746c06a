/**
 * One tab with the page in it, whatever browser it is in and however that is driven. Calls run in the
 * page against `window.db`, as a user's code would; their errors come back with `code` and `applied`.
 * Every error the page or its workers report to the console, every uncaught one, every violation of the
 * page's policy and every request to another origin is kept, and fails the test unless it was expected.
 */

import type { Page } from 'playwright-core';

import type { Database } from '../../src/client/database.ts';
import type { Applied, ErrorCode } from '../../src/node/errors.ts';
import type { ReadLevel } from '../../src/node/sql.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import { isForeign, REPORT_VIOLATIONS } from './policy-watch.ts';
import { waitFor } from './wait.ts';

/** What `document.documentElement.dataset` of the page says. */
export interface PageState {
  readonly state: 'opening' | 'joining' | 'running' | 'stopped' | 'failed';
  readonly error: ErrorCode | undefined;
}

/** A `ResqliteError` that came out of the page. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly code: ErrorCode;
  readonly applied: Applied;
  readonly offset: number | null;

  constructor(told: PageErrorFields) {
    super(told.message);
    this.code = told.code;
    this.applied = told.applied;
    this.offset = told.offset;
  }
}

interface PageErrorFields {
  readonly message: string;
  readonly code: ErrorCode;
  readonly applied: Applied;
  readonly offset: number | null;
}

type Answer<Value> =
  | { readonly type: 'value'; readonly value: Value }
  | { readonly type: 'error'; readonly error: PageErrorFields };

const RUNNING_TIMEOUT_MS = 20_000;
const BLANK = 'about:blank';

/** What the drivers' pages have alike. */
interface DrivenPage {
  evaluate(expression: string): Promise<unknown>;
  reload(): Promise<unknown>;
  close(): Promise<void>;
}

interface DrivenMessage {
  type(): string;
  text(): string;
  location(): { readonly url?: string | undefined };
}

interface DrivenRequest {
  url(): string;
  isNavigationRequest(): boolean;
}

export abstract class AnyTab<DriversPage extends DrivenPage = DrivenPage> {
  readonly page: DriversPage;
  /** All lines of the console, for the account of a failed test. */
  readonly log: string[] = [];
  /** What each driver's events of these names come to; their types have no `on` in common. */
  protected readonly on = {
    console: (message: DrivenMessage): void => {
      this.#noteConsole(message.type(), message.text(), message.location().url);
    },
    pageerror: (thrown: unknown): void => this.#noteUncaught(thrown),
    request: (request: DrivenRequest): void => {
      this.noteRequest(request.url(), request.isNavigationRequest());
    },
  };
  readonly #errors: string[] = [];
  readonly #expected: RegExp[] = [];
  readonly #watches: Promise<unknown>[] = [];
  #pageUrl = BLANK;

  constructor(page: DriversPage) {
    this.page = page;
  }

  /** Settled when all is watched that a driver has to be asked to watch. */
  get watched(): Promise<unknown> {
    return Promise.all(this.#watches);
  }

  /** What an expression comes to in the page, once it is settled. */
  async evaluate(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }

  /** The same of what has effects: rejects where the document is replaced before it has answered. */
  protected evaluateOnce(expression: string): Promise<unknown> {
    return this.evaluate(expression);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** Keeps the page's main thread busy; answers when it is free again. */
  async block(blockMs: number): Promise<void> {
    await this.evaluate(`(() => {
      const endMs = performance.now() + ${blockMs};
      while (performance.now() < endMs);
    })()`);
  }

  /** Errors that match are part of what the test does. */
  expectErrors(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** Errors nobody expected. */
  unexpectedErrors(): string[] {
    return this.#errors.filter((error) => !this.#expected.some((pattern) => pattern.test(error)));
  }

  /**
   * Runs a function in the page with its database; what it closes over does not go with it, so
   * everything it needs is in `argument`. Throws `PageError` where it throws.
   */
  async db<Value, Argument>(
    run: (db: Database, argument: Argument) => Promise<Value> | Value,
    argument?: Argument,
  ): Promise<Value> {
    const answer = (await this.evaluateOnce(`(async () => {
      try {
        const value = await (${String(run)})(window.db, ${JSON.stringify(argument ?? null)});
        return { type: 'value', value };
      } catch (error) {
        const { code = 'Internal', applied = 'unknown', offset = null } = error;
        return { type: 'error', error: { message: String(error.message), code, applied, offset } };
      }
    })()`)) as Answer<Value>;
    if (answer.type === 'error') throw new PageError(answer.error);
    return answer.value;
  }

  /** The same, where an error is what the test is after. */
  async dbError<Argument>(
    run: (db: Database, argument: Argument) => Promise<unknown>,
    argument?: Argument,
  ): Promise<PageError> {
    const outcome = await this.db(run, argument).catch((error: unknown) => error);
    if (outcome instanceof PageError) return outcome;
    throw new Error(`The call should have failed, but answered ${JSON.stringify(outcome)}.`);
  }

  /** Its node is there, whatever its state. */
  async hasDatabase(): Promise<boolean> {
    return (await this.evaluate('window.db !== undefined')) === true;
  }

  async status(): Promise<NodeStatus> {
    return this.db((db) => db.status());
  }

  /** Nothing yet of a document that has only begun. */
  async state(): Promise<PageState> {
    return (await this.evaluate('({ ...document.documentElement?.dataset })')) as PageState;
  }

  /** What a person sees. */
  async text(): Promise<string> {
    return String(await this.evaluate('document.body.innerText'));
  }

  /** A page that has failed does not get over it: waiting for anything else ends then. */
  async waitState(state: PageState['state'], boundMs = RUNNING_TIMEOUT_MS): Promise<PageState> {
    let last: PageState | null = null;
    try {
      return await waitFor(`the page's state to be ${state}`, boundMs, async () => {
        last = await this.state();
        if (last.state === 'failed' && state !== 'failed') throw new Error(await this.text());
        return last.state === state && last;
      });
    } catch (error) {
      throw new Error(`The page is ${JSON.stringify(last)}, not ${state}.`, { cause: error });
    }
  }

  async waitRunning(): Promise<this> {
    await this.waitState('running');
    return this;
  }

  /** Rows of a query as plain values, at a read level. */
  async rows(sql: string, level: ReadLevel = 'linearizable'): Promise<unknown[][]> {
    const { rows } = await this.db((db, [text, at]) => db.query(text, [], { level: at }), [
      sql,
      level,
    ] as const);
    return rows.map((row) => [...row]);
  }

  /** `begun` is settled when the driver watches. */
  protected watch(begun: Promise<unknown>): void {
    // A page that is closed at once is watched no more.
    begun.catch(() => undefined);
    this.#watches.push(begun);
  }

  protected note(type: string, text: string): void {
    this.log.push(`${type}: ${text}`);
  }

  /** By default nobody but the page's own server is asked for anything. */
  protected noteRequest(url: string, isNavigation: boolean): void {
    // Where the test takes the tab is no request of the page's. Drivers are late to say where it is, and
    // what a page opens has begun to load before anybody watches it: then its first request says so.
    if (isNavigation || this.#pageUrl === BLANK) this.#pageUrl = url;
    if (!isForeign(this.#pageUrl, url)) return;
    this.note('request', url);
    this.#noteError(`a request to another origin: ${url}`);
  }

  #noteConsole(type: string, text: string, url = ''): void {
    this.note(type, text);
    if (type === 'error') this.#noteError(`${text} (${url})`);
  }

  #noteUncaught(thrown: unknown): void {
    const { stack, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.note('uncaught', stack || message);
    this.#noteError(`uncaught: ${message}`);
  }

  /** An error that nobody has caught or that somebody thought worth the console's telling. */
  #noteError(error: string): void {
    this.#errors.push(error);
  }
}

/** With a tab the service worker may die that was fetching late parts of others. */
const LOST_PARTS = /ERR_FAILED .*\/assets\//;

/** A tab that Playwright drives. */
export class Tab extends AnyTab<Page> {
  /** All tabs of its browser. */
  readonly #siblings: readonly Tab[];
  #crashed = false;

  constructor(page: Page, siblings: readonly Tab[]) {
    super(page);
    this.#siblings = siblings;
    this.watch(page.addInitScript(REPORT_VIOLATIONS));
    page.on('console', this.on.console);
    page.on('pageerror', this.on.pageerror);
    page.on('request', this.on.request);
    page.on('crash', () => (this.#crashed = true));
    page.on('websocket', (socket) => this.noteRequest(socket.url(), false));
  }

  /** Closed, or crashed. */
  get isGone(): boolean {
    return this.#crashed || this.page.isClosed();
  }

  /** The renderer dies as it does of a bug: no event handler runs, nothing is said to anybody. */
  async crash(): Promise<void> {
    for (const tab of this.#siblings) tab.expectErrors(LOST_PARTS);
    const crashed = this.page.waitForEvent('crash');
    await Promise.allSettled([this.page.goto('chrome://crash'), crashed]);
    await crashed;
  }
}
