/** The measurements that run in the page, in three tabs and in one alone of another origin. */

import type { Figure } from '../../bench/report.ts';
import { isAskedFor, MEASUREMENT_NAMES } from '../../bench/targets.ts';
import { Browser } from './browser.ts';
import { clusterUrl, otherUrl, tellProgress, type Progress, type Session } from './session.ts';

const VOTERS = 3;
const RUN = `
  const oneTab = (method, ...args) => window.benchmarkOneTab(method, args);
  const onProgress = (progress) => void window.benchmarkProgress(progress);
  const onFigures = (figures) => void window.benchmarkFigures(figures);
  const report = await suite.run(db, { ...argument, oneTab, onProgress, onFigures });
  return report.notes;`;

export async function runInTabs(session: Session): Promise<readonly Figure[]> {
  const { only } = session.options;
  if (!MEASUREMENT_NAMES.some((name) => isAskedFor(name, only))) return [];
  return Browser.during((browser) => runIn(browser, session));
}

async function runIn(browser: Browser, session: Session): Promise<readonly Figure[]> {
  const { options, note, fail } = session;
  const { only, rounds, scale } = options;
  const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
  const alone = await browser.openCluster(otherUrl(session), 1);
  const [oneTab] = alone.tabs;
  const { leader } = await cluster.roles();
  await leader.page.exposeFunction('benchmarkOneTab', (method: string, args: unknown[]) =>
    oneTab?.suite('return suite.call(argument.method, argument.args);', { method, args }),
  );
  await leader.page.exposeFunction('benchmarkProgress', (told: Progress) => tellProgress(told));
  const figures: Figure[] = [];
  await leader.page.exposeFunction('benchmarkFigures', (told: readonly Figure[]) => {
    figures.push(...told);
  });
  try {
    const notes = await leader.suite<readonly string[]>(RUN, { only, rounds, scale });
    notes.forEach(note);
  } catch (error) {
    fail(error);
  }
  return figures;
}
