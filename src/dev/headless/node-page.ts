/** One life of a headless node: a Chromium with the page in it, until something ends either. */

import type { BrowserContext, Page } from 'playwright-core';

import { startChromium, type Sandboxing } from './chromium-start.ts';
import { CommandError, EXIT } from './exit.ts';
import { answers, leaveCluster, putAway, WATCH_SCRIPT, type Told } from './page-script.ts';
import type { Place } from './place.ts';
import { idOf, plainText, toldOf } from './told.ts';

const LOAD_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 20_000;
const PUT_AWAY_TIMEOUT_MS = 15_000;
const LEAVE_TIMEOUT_MS = 45_000;
const CLOSE_NEWS_MS = 200;
const NET_ERROR = /net::(\w+)/;

export class NodePage {
  /** Resolves with what has ended it. */
  readonly ended: Promise<string>;
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #clusterId: string;

  private constructor(context: BrowserContext, page: Page, clusterId: string) {
    this.#context = context;
    this.#page = page;
    this.#clusterId = clusterId;
    this.ended = new Promise((resolve) => {
      page.on('crash', () => resolve('the page crashed'));
      // With the browser its page goes, a little earlier.
      page.on('close', () => setTimeout(() => resolve('the page was closed'), CLOSE_NEWS_MS));
      context.on('close', () => resolve('the browser ended'));
    });
  }

  /** `stop` ends it while it loads. Throws `CommandError`, of browser, profile or page. */
  static async open(
    place: Place,
    options: Sandboxing,
    onTold: (told: Told) => void,
    stop: AbortSignal,
  ): Promise<NodePage> {
    const context = await startChromium(place, options);
    const end = (): void => void context.close();
    stop.addEventListener('abort', end);
    try {
      stop.throwIfAborted();
      const page = context.pages()[0] ?? (await context.newPage());
      const opened = new NodePage(context, page, place.clusterId);
      await watchPage(page, onTold);
      await load(page, place.link);
      return opened;
    } catch (error) {
      await context.close();
      if (error instanceof CommandError) throw error;
      throw new CommandError(EXIT.browser, `Chromium ended at once: ${String(error)}`);
    } finally {
      stop.removeEventListener('abort', end);
    }
  }

  /** Whether the page, and the node in it, answer in time. */
  async answers(): Promise<boolean> {
    const answered = this.#page.evaluate(answers, this.#clusterId).catch(() => false);
    return within(ANSWER_TIMEOUT_MS, answered, false);
  }

  /** The node leads no more and has put its data away, if it manages in time; answers its successor. */
  async putAway(): Promise<string | null> {
    const done = this.#page.evaluate(putAway, this.#clusterId).catch(() => null);
    return idOf(await within(PUT_AWAY_TIMEOUT_MS, done, null));
  }

  /** Answers the cluster's warning. Throws `CommandError`. */
  async leave(): Promise<string> {
    const asked = this.#page
      .evaluate(leaveCluster, this.#clusterId)
      .catch((error: unknown) => ({ error: String(error) }));
    const answer = await within(LEAVE_TIMEOUT_MS, asked, { error: 'it does not answer' });
    if ('warning' in answer) return plainText(answer.warning);
    throw new CommandError(EXIT.failed, `The node cannot leave: ${plainText(answer.error)}`);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

async function watchPage(page: Page, onTold: (told: Told) => void): Promise<void> {
  // A frame in it may be anybody's.
  await page.exposeBinding('tellResqliteNode', ({ frame }, told: unknown) => {
    if (frame === page.mainFrame()) onTold(toldOf(told));
  });
  await page.addInitScript(WATCH_SCRIPT);
  page.on('pageerror', ({ message }) => {
    onTold({ type: 'complaint', message: plainText(message) });
  });
}

async function load(page: Page, link: string): Promise<void> {
  const url = link.replace(/#.*$/s, '');
  const response = await page
    .goto(link, { waitUntil: 'domcontentloaded', timeout: LOAD_TIMEOUT_MS })
    .catch((error: unknown) => {
      // What the driver says has the whole link in it.
      const message = error instanceof Error ? error.message : String(error);
      const why =
        NET_ERROR.exec(message)?.[1] ?? (/timeout/i.test(message) ? 'timed out' : 'failed');
      throw new CommandError(EXIT.page, `${url} cannot be loaded: ${why}.`);
    });
  if (response !== null && !response.ok()) {
    throw new CommandError(EXIT.page, `${url} cannot be loaded: status ${response.status()}.`);
  }
}

async function within<T>(boundMs: number, asked: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), boundMs);
  });
  try {
    return await Promise.race([asked, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
