/** The measurements that run in the page, in three tabs and in one alone of another origin. */

import type { Figure, Report } from '../../bench/report.ts';
import type { Browser } from './browser.ts';
import type { BenchOptions } from './options.ts';

const VOTERS = 3;

/** What the page reports as it goes. */
interface Progress {
  readonly measurement: string;
  readonly subject: string;
  readonly round: number;
  readonly rounds: number;
}

export async function runInTabs(
  browser: Browser,
  port: number,
  { only, rounds, scale }: BenchOptions,
  notes: string[],
): Promise<readonly Figure[]> {
  const cluster = await browser.openCluster(`http://localhost:${port}/`, VOTERS);
  const alone = await browser.openCluster(`http://127.0.0.1:${port}/`, 1);
  const [oneTab] = alone.tabs;
  const { leader } = await cluster.roles();
  await leader.page.exposeFunction('benchmarkOneTab', (method: string, args: unknown[]) =>
    oneTab?.suite('return suite.call(argument.method, argument.args);', { method, args }),
  );
  await leader.page.exposeFunction('benchmarkProgress', tellProgress);
  const report = await leader.suite<Report>(
    `const oneTab = (method, ...args) => window.benchmarkOneTab(method, args);
     const onProgress = (progress) => void window.benchmarkProgress(progress);
     return suite.run(db, { ...argument, oneTab, onProgress });`,
    { only, rounds, scale },
  );
  notes.push(...report.notes);
  for (const tab of [...cluster.tabs, ...alone.tabs]) await tab.close();
  return report.figures;
}

function tellProgress({ measurement, subject, round, rounds }: Progress): void {
  const step = round === 0 ? 'warming up' : `round ${round} of ${rounds}`;
  console.error(`${measurement}: ${subject}, ${step}`);
}
