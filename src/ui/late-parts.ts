/**
 * What of the page is fetched late, and when it is if nobody asks for it: once the database has given
 * its first answer, or will not soon, and the main thread is idle. However long opening takes, nothing
 * of this is to make it longer. What everybody sees comes
 * first: the editor, the tabs and the schema.
 */

import { computed, effect } from '@preact/signals';
import { shell } from './console-store.ts';
import { LatePart } from './late-part.ts';
import { isSchemaKnown } from './schema.ts';
import { pageState } from './store.ts';

export const sqlEditor = new LatePart(() => import('./sql-editor.ts'));
export const sidebar = new LatePart(() => import('./database/sidebar.tsx'));
export const tabStrip = new LatePart(() => import('./database/tab-strip.tsx'));
export const tableBrowser = new LatePart(() => import('./database/table-browser.tsx'));
export const explanation = new LatePart(() => import('./database/explained.ts'));
export const results = new LatePart(() => import('./results.tsx'));
export const questionDialog = new LatePart(() => import('./question-dialog.tsx'));
export const outboxList = new LatePart(() => import('./outbox-list.tsx'));
export const invitesDialog = new LatePart(() => import('./invites-dialog.tsx'));
export const clustersDialog = new LatePart(() => import('./clusters-dialog.tsx'));
export const guideActions = new LatePart(() => import('./guide/guide-actions.tsx'));
export const clusterView = new LatePart(() => import('./cluster/cluster-view.tsx'));
/** What this page does for others. */
const background = new LatePart(() => import('./background.ts'));
export const settingsView = new LatePart(() => import('./settings/settings-view.tsx'));
/** Large, and not asked for in every tab: these come only then, mostly from what the service worker keeps. */
export const appsView = new LatePart(() => import('./apps/apps-view.tsx'));
export const metricsView = new LatePart(() => import('./metrics/metrics-view.tsx'));
export const labView = new LatePart(() => import('./lab/lab-view.tsx'));
export const benchmarkDialog = new LatePart(() => import('./benchmark/benchmark-dialog.tsx'));

/** A node that is open and has not joined answers nothing for as long as that lasts. */
const LONGEST_WAIT_MS = 4_000;
/** A page that is never idle gets on with it all the same. */
const IDLE_TIMEOUT_MS = 1_000;

/** Resolves when all that can be had is there. */
export async function fetchLateParts(): Promise<void> {
  await firstAnswer();
  await idle();
  await fetchAll([sqlEditor, sidebar, tabStrip]);
  await idle();
  const dialogs = [questionDialog, invitesDialog, clustersDialog];
  await fetchAll([shell, results, guideActions, tableBrowser, explanation, ...dialogs]);
  await fetchAll([outboxList, clusterView]);
  await idle();
  await fetchAll([settingsView]);
  await serve();
}

/** Without it this tab is only not shown by others, and serves them nothing. */
async function serve(): Promise<void> {
  try {
    (await background.get()).startBackground();
  } catch {
    // The next load of the page has another chance.
  }
}

/** Whoever needs one that cannot be had asks for it, and is told. */
async function fetchAll(parts: readonly LatePart<unknown>[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.get()));
}

function firstAnswer(): Promise<void> {
  return new Promise((resolve) => {
    const isOver = computed(() => isSchemaKnown.value || pageState.value === 'failed');
    const isOpening = computed(() => pageState.value === 'opening');
    effect(() => {
      if (isOver.value) resolve();
      if (isOver.value || isOpening.value) return undefined;
      const timer = setTimeout(resolve, LONGEST_WAIT_MS);
      return () => clearTimeout(timer);
    });
  });
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in window) {
      requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS });
    } else {
      setTimeout(resolve, 0);
    }
  });
}
