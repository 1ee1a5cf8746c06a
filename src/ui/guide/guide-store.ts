/**
 * Where the guide is: one place for all tabs of this browser, since it leads from one tab to the next.
 * It is for newcomers: whoever closed it, or came by an invite, does not see it.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { keep, kept } from '../browser-memory.ts';
import { consoleOf, lastRunNumber } from '../console-store.ts';
import { queryId } from '../database/tab-store.ts';
import { LatePart } from '../late-part.ts';
import {
  GUIDE_STEPS,
  isMissingOne,
  nextGuideStep,
  skipped,
  type GuideStep,
} from './guide-steps.ts';
import { database, isGuided, openedWith, status } from '../store.ts';

const KEY = 'resqlite:guide';
/** What is kept of a guide that nobody wants to see any more. */
const CLOSED = 'closed';

const sampleLoader = new LatePart(() => import('../sample/sample-store.ts'));

const at = signal<GuideStep | typeof CLOSED>(read());
const isSampleLoaded = signal(false);
/** The number of the page's last run when the guide came to suggest a query. */
let lastRunBefore = 0;
/** Since the guide came to ask for a kill. */
let hasSeenLoss = false;

/** Of the tab for queries that is shown. */
const lastRun = computed(() => consoleOf(queryId.value).run.value);

/** Null: it is not shown. */
export const guideStep = computed((): GuideStep | null => {
  return at.value === CLOSED || openedWith !== null ? null : at.value;
});

/** To be called once. */
export function followGuide(): void {
  if (openedWith !== null) return;
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) at.value = read();
  });
  effect(() => {
    isGuided.value = guideStep.value === 'tabs' || guideStep.value === 'reopen';
  });
  effect(() => {
    const { value: step } = at;
    if (step === 'query') lastRunBefore = lastRunNumber();
    if (step === 'sample' && database.value !== null) void lookForSample(database.value);
  });
  effect(() => {
    const { value: step } = at;
    const { value: known } = status;
    if (known === null || step === CLOSED) return;
    const last = lastRun.value;
    const isNewer = last !== null && last.number > lastRunBefore;
    const hasQueried = isNewer && last.end?.type === 'done' && last.counts.errors === 0;
    hasSeenLoss = (step === 'kill' || step === 'reopen') && (hasSeenLoss || isMissingOne(known));
    const isLoaded = isSampleLoaded.value;
    goTo(nextGuideStep({ status: known, step, isSampleLoaded: isLoaded, hasQueried, hasSeenLoss }));
  });
}

export function closeGuide(): void {
  goTo(CLOSED);
}

/** From the beginning. */
export function openGuide(): void {
  goTo('tabs');
}

export function skipStep(): void {
  if (at.value !== CLOSED) goTo(skipped(at.value));
}

/** The sample's tables are there, and all their rows. */
export function sampleIsLoaded(): void {
  isSampleLoaded.value = true;
}

function goTo(next: GuideStep | typeof CLOSED): void {
  if (next === at.peek()) return;
  at.value = next;
  keep(KEY, next);
}

/** Somebody may have loaded it before, in another tab. */
async function lookForSample(from: Database): Promise<void> {
  try {
    const { isSampleThere } = await sampleLoader.get();
    if (await isSampleThere(from)) sampleIsLoaded();
  } catch {
    // Whoever wants to load it is told.
  }
}

function read(): GuideStep | typeof CLOSED {
  const stored = kept(KEY);
  if (stored === CLOSED) return CLOSED;
  return GUIDE_STEPS.find((step) => step === stored) ?? 'tabs';
}
