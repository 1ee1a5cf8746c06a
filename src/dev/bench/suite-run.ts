/** The measurements that run in the page, in three tabs and in one alone of another origin. */

import type { Figure, Report } from '../../bench/report.ts';
import { isAskedFor, MEASUREMENT_NAMES } from '../../bench/targets.ts';
import { Browser } from './browser.ts';
import { clusterUrl, otherUrl, tellProgress, type Progress, type Session } from './session.ts';

const VOTERS = 3;

export async function runInTabs(session: Session): Promise<readonly Figure[]> {
  const { only } = session.options;
  if (!MEASUREMENT_NAMES.some((name) => isAskedFor(name, only))) return [];
  return Browser.during((browser) => runIn(browser, session));
}

async function runIn(browser: Browser, session: Session): Promise<readonly Figure[]> {
  const { options, note } = session;
  const { only, rounds, scale } = options;
  const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
  const alone = await browser.openCluster(otherUrl(session), 1);
  const [oneTab] = alone.tabs;
  const { leader } = await cluster.roles();
  await leader.page.exposeFunction('benchmarkOneTab', (method: string, args: unknown[]) =>
    oneTab?.suite('return suite.call(argument.method, argument.args);', { method, args }),
  );
  await leader.page.exposeFunction('benchmarkProgress', (told: Progress) => tellProgress(told));
  const report = await leader.suite<Report>(
    `const oneTab = (method, ...args) => window.benchmarkOneTab(method, args);
     const onProgress = (progress) => void window.benchmarkProgress(progress);
     return suite.run(db, { ...argument, oneTab, onProgress });`,
    { only, rounds, scale },
  );
  report.notes.forEach(note);
  return report.figures;
}
