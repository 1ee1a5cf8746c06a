/**
 * How much processor time the tasks of a page's main thread take, by the browser's own trace. Beside other
 * tests the clock says little: a task that the machine does not run for a while is long by the clock only.
 */

import type { CDPSession } from 'playwright-core';

import type { Tab } from './tab.ts';

/** Of the trace's format, as far as it is needed; times are microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** Of the thread's own time. */
  readonly tdur?: number;
  readonly args?: { readonly data?: { readonly frames?: readonly Frame[] } };
}

/** Of the page whose session it is, and of no other. */
interface Frame {
  readonly isOutermostMainFrame: boolean;
  readonly processId: number;
}

const CATEGORY = 'disabled-by-default-devtools.timeline';

export class TaskTimes {
  readonly #session: CDPSession;
  readonly #events: TraceEvent[] = [];

  private constructor(session: CDPSession) {
    this.#session = session;
    session.on('Tracing.dataCollected', ({ value }) => {
      this.#events.push(...(value as unknown as TraceEvent[]));
    });
  }

  static async start({ page }: Tab): Promise<TaskTimes> {
    const session = await page.context().newCDPSession(page);
    const times = new TaskTimes(session);
    const traceConfig = { includedCategories: [CATEGORY], excludedCategories: ['*'] };
    await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
    return times;
  }

  /** The longest, in milliseconds of processor time, longest first; empty: the page cannot be told. */
  async end(count: number): Promise<number[]> {
    const complete = new Promise<void>((resolve) => {
      this.#session.once('Tracing.tracingComplete', () => resolve());
    });
    await this.#session.send('Tracing.end');
    await complete;
    await this.#session.detach();
    const frames = this.#events.flatMap(({ args }) => args?.data?.frames ?? []);
    const own = frames.find(({ isOutermostMainFrame }) => isOutermostMainFrame)?.processId;
    return this.#events
      .filter(({ name, pid, tid }) => name === 'RunTask' && pid === own && tid === own)
      .map(({ tdur = 0 }) => tdur / 1_000)
      .toSorted((a, b) => b - a)
      .slice(0, count);
  }
}
