/** Tabs with the program of examples: a cluster of three, and others where an example asks for them. */

import type { Browser } from './browser.ts';
import { fileOf } from './example-program.ts';
import type { Example } from './examples.ts';
import type { Tab } from './tab.ts';
import { waitFor, within } from './wait.ts';

const BOUND_MS = 30_000;
const TABS = 3;

interface Failed {
  /** In the source; 0: it is not known. */
  readonly line: number;
  readonly message: string;
}

export class ExampleTabs {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #members: readonly Tab[];
  /** The one of them in which examples run. */
  readonly #member: Tab;
  #origins = 0;

  private constructor(browser: Browser, url: string, members: readonly Tab[]) {
    const [member] = members;
    if (member === undefined) throw new Error('there is no tab');
    this.#browser = browser;
    this.#url = url;
    this.#members = members;
    this.#member = member;
  }

  static async start(browser: Browser, url: string): Promise<ExampleTabs> {
    const opening = Array.from({ length: TABS }, async () => join(await open(browser, url)));
    const tabs = new ExampleTabs(browser, url, await Promise.all(opening));
    const voters = (): Promise<unknown> => tabs.#member.evaluate('voters()');
    await waitFor('three voters', BOUND_MS, async () => (await voters()) === TABS);
    await tabs.#show();
    return tabs;
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((tab) => tab.close()));
  }

  /** What is not as the example says. Throws where it does not end. */
  async run(example: Example, at: number): Promise<string[]> {
    const { name, source, line } = example;
    const failures = await within(BOUND_MS, this.#failuresOf(example, at)).catch(
      (error: unknown) => {
        throw new Error(`${name}, ${source}:${line}: ${String(error)}`, { cause: error });
      },
    );
    return failures.map((failed) => `${name}, ${source}:${failed.line || line}: ${failed.message}`);
  }

  async #failuresOf(example: Example, at: number): Promise<readonly Failed[]> {
    const tab = await this.#tabFor(example);
    const isMember = tab === this.#member;
    const told = await tab.evaluate(`run(${JSON.stringify(fileOf(example, at))}, ${isMember})`);
    if (!isMember) {
      await tab.close();
      await this.#member.evaluate('empty()');
      await this.#show();
    }
    return told as readonly Failed[];
  }

  /** What is behind others is drawn once a second. */
  async #show(): Promise<void> {
    await this.#member.page.bringToFront();
  }

  async #tabFor({ words }: Example): Promise<Tab> {
    switch (/^\w*/.exec(words)?.[0]) {
      case 'alone':
        this.#origins += 1;
        return open(
          this.#browser,
          this.#url.replace('localhost', `origin-${this.#origins}.localhost`),
        );
      case 'newcomer':
        return join(await open(this.#browser, this.#url));
      case '':
        return this.#member;
      default:
        throw new Error(`an example cannot be '${words}'`);
    }
  }
}

async function open(browser: Browser, url: string): Promise<Tab> {
  const tab = await browser.open(url);
  await waitFor('the program', BOUND_MS, () => tab.evaluate('window.ready ?? false'));
  return tab;
}

async function join(tab: Tab): Promise<Tab> {
  await tab.evaluate('join()');
  return tab;
}
