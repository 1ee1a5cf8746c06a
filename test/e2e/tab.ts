/**
 * One tab with the page in it. Calls run in the page against `window.db`, as a user's code would;
 * their errors come back with `code` and `applied`. Every error the page or its workers report to
 * the console, and every uncaught one, is kept, and fails the test unless it was expected.
 */

import type { Page } from 'playwright-core';

import type { Database } from '../../src/client/database.ts';
import type { Applied, ErrorCode } from '../../src/node/errors.ts';
import type { NodeStatus } from '../../src/node/status.ts';
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

/** What is asked of tabs of any browser. */
export type DatabaseTab = Pick<Tab, 'db' | 'status'>;

const RUNNING_TIMEOUT_MS = 20_000;
const MAX_LOG_LINES = 200;

export class Tab {
  readonly page: Page;
  /** The console's last lines, for the account of a failed test. */
  readonly log: string[] = [];
  readonly #errors: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      this.#note(`${message.type()}: ${message.text()}`);
      if (message.type() === 'error') {
        this.#errors.push(`${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => {
      this.#note(`uncaught: ${error.stack ?? error.message}`);
      this.#errors.push(`uncaught: ${error.message}`);
    });
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
    return callDatabase((expression) => this.page.evaluate(expression), run, argument);
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

  async status(): Promise<NodeStatus> {
    return this.db((db) => db.status());
  }

  async state(): Promise<PageState> {
    return this.page.evaluate('({ ...document.documentElement.dataset })');
  }

  /** What a person sees. */
  async text(): Promise<string> {
    return this.page.evaluate('document.body.innerText');
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

  async close(): Promise<void> {
    await this.page.close();
  }

  /** The renderer dies as it does of a bug: no event handler runs, nothing is said to anybody. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash');
    await Promise.allSettled([this.page.goto('chrome://crash'), crashed]);
    await crashed;
  }

  /** Rows of a query as plain values, at a read level. */
  async rows(sql: string, level: 'none' | 'linearizable' = 'linearizable'): Promise<unknown[][]> {
    const { rows } = await this.db((db, [text, at]) => db.query(text, [], { level: at }), [
      sql,
      level,
    ] as const);
    return rows.map((row) => [...row]);
  }

  #note(line: string): void {
    this.log.push(line);
    if (this.log.length > MAX_LOG_LINES) this.log.shift();
  }
}

/** `evaluate` gives what the expression comes to in the page, once it is settled. */
export async function callDatabase<Value, Argument>(
  evaluate: (expression: string) => Promise<unknown>,
  run: (db: Database, argument: Argument) => Promise<Value> | Value,
  argument?: Argument,
): Promise<Value> {
  const answer = (await evaluate(`(async () => {
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
