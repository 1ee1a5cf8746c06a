/**
 * The Lab's session: what the worker's world looks like, and everything that is done to it. What is shown
 * always stands in the page's address, and what the address says is shown; so each session is a link.
 *
 * Calls go to the worker in the order in which they are made, and their answers come in it.
 */

import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { RpcFailure } from '../../client/rpc.ts';
import type {
  HandAction,
  LabEvent,
  LabPicture,
  LabUpdate,
  StoryOutline,
  StoryStepOutline,
} from '../../lab/protocol.ts';
import { replaceView, showView, view, viewQuery } from '../views.ts';
import { endEngine, isEnded, labEngine, type LabEngine } from './engine.ts';
import { extendEvents, momentBefore, tellEvents } from './event-list.ts';
import { keptSelection, type LabSelection } from './scene.ts';
import { cutSession, linkOfQuery, queryOfLink } from './session-text.ts';
import { formatShortMoment } from './virtual-time.ts';

/** Null: no session is open. It changes with every moment. */
export const picture = signal<LabPicture | null>(null);
/** The same, as of the last event: for what changes with events only. */
export const still = signal<LabPicture | null>(null);
export const events = signal<readonly LabEvent[]>([]);
export const stories = signal<readonly StoryOutline[]>([]);
export const selection = signal<LabSelection | null>(null);
export const isPlaying = signal(false);
/** Why the last act was not done. */
export const refusal = signal<string | null>(null);
/** Why there is nothing to see. */
export const problem = signal<string | null>(null);
/** What has just happened, for those who hear it; silent while time flows. */
export const told = signal('');
/** Something takes longer: a replay, or the way to an end. */
export const isBusy = signal(false);

export const story = computed((): StoryOutline | null => {
  const id = still.value?.story?.id;
  return stories.value.find((known) => known.id === id) ?? null;
});

/** What is to be looked at now; null outside of stories. */
export const focus = computed((): StoryStepOutline | null => {
  const { value: now } = still;
  if (now?.story === null || now?.story.isLeft === true) return null;
  return story.value?.steps[now?.story.step ?? -1] ?? null;
});

/** Whether time can pass: neither is the world at its end, nor does a story wait for its next step. */
export const canFlow = computed((): boolean => still.value !== null && flows(still.value));

function flows({ ended, story, nowUs }: LabPicture): boolean {
  return !ended && nowUs < HORIZON_US && (story === null || story.isLeft || !story.isStepOver);
}

/** WebKit takes a hundred addresses in half a minute, others some more. */
const ADDRESS_INTERVAL_MS = 320;
/** The latest moment that can be gone back to. */
const HORIZON_US = 3_600_000_000;
const BUSY_AFTER_MS = 250;
/** While time flows, what is read rather than watched changes no more often. */
const SETTLE_INTERVAL_MS = 120;

/** What the address says by our own doing. */
let writtenQuery: string | null = null;
let writtenAtMs = -ADDRESS_INTERVAL_MS;
let addressTimer: ReturnType<typeof setTimeout> | null = null;
let pendingCalls = 0;
let isPauseAsked = false;
/** Sessions that were asked for and are not there yet: the address is theirs. */
let openings = 0;
/** All events, those included that are not shown yet. */
let known: readonly LabEvent[] = [];
let settledAtMs = 0;

/** Until the answer is called: the Lab is on the screen. */
export function enterLab(): () => void {
  void loadStories();
  const unfollow = effect(() => {
    if (view.value === 'lab') follow(viewQuery.value);
  });
  const unpause = effect(() => {
    const now = picture.peek();
    if (isPlaying.value || now === null) return;
    untracked(() => {
      settle(now);
      writeAddressSoon();
    });
  });
  return () => {
    isPlaying.value = false;
    unfollow();
    unpause();
    // The session is in its address, and so is opened again by whoever comes back.
    writtenQuery = null;
    endEngine();
  };
}

function follow(query: string): void {
  if (query === writtenQuery) return;
  writtenQuery = null;
  isPlaying.value = false;
  problem.value = null;
  // What may take for ever is not waited for.
  if (openings > 0 || isBusy.peek()) {
    endEngine();
    void loadStories();
  }
  if (query !== '') void openQuery(query);
}

/** A session by the text that stands behind the `?` of its address. */
export function openSession(query: string): void {
  showView('lab', query);
}

async function openQuery(query: string): Promise<void> {
  openings += 1;
  const update = await ask((lab) => lab.call('open', [linkOfQuery(query)]));
  openings -= 1;
  // Somebody wants another one by now.
  if (update === null || openings > 0) return;
  selection.value = null;
  show(update, true);
  told.value = `The world stands at ${formatShortMoment(update.picture.nowUs)}.`;
}

async function loadStories(): Promise<void> {
  if (stories.value.length > 0) return;
  try {
    stories.value = await labEngine().call('stories', []);
  } catch (error) {
    if (!isEnded(error)) problem.value = messageOf(error);
  }
}

/** Time stands still, as soon as the slice that passes has passed. */
export function pause(): void {
  if (pendingCalls > 0) isPauseAsked = true;
  else isPlaying.value = false;
}

/** Lets a slice of virtual time pass, as part of playing. */
export async function passTime(durationUs: number): Promise<void> {
  const update = await ask((lab) => lab.call('run', [durationUs]));
  if (update !== null) show(update, false);
}

/** On to the next event, or to the next that a person would notice. */
export async function step(to: 'event' | 'notable'): Promise<void> {
  if (!canFlow.value) return;
  refusal.value = null;
  const update = await ask((lab) => lab.call('step', [to]));
  if (update === null) return;
  show(update, false);
  if (!isPlaying.value) told.value = tellEvents(update.events);
}

/** The same step back: by running again from the beginning. */
export async function stepBack(to: 'event' | 'notable'): Promise<void> {
  const { value: now } = picture;
  if (now !== null) await goTo(momentBefore(events.value, now.nowUs, to));
}

export async function goTo(atUs: number): Promise<void> {
  isPlaying.value = false;
  const update = await ask((lab) => lab.call('goTo', [atUs]));
  if (update === null) return;
  show(update, false);
  told.value = tellEvents(update.events.slice(-1));
}

export async function restart(): Promise<void> {
  isPlaying.value = false;
  const update = await ask((lab) => lab.call('reset', []));
  if (update === null) return;
  show(update, true);
  told.value = 'Back at the beginning.';
}

export async function act(actions: readonly HandAction[]): Promise<void> {
  for (const action of actions) {
    const update = await ask((lab) => lab.call('act', [action]));
    if (update === null) return;
    show(update, false);
    refusal.value = update.refused;
    if (update.refused !== null) return;
    if (!isPlaying.value) told.value = tellEvents(update.events);
  }
}

/** The world as if the last act had not been done, in the moment in which it was. */
export async function undo(): Promise<void> {
  const { value: now } = picture;
  if (now === null || now.actionsDone === 0) return;
  await replay(now, now.actionsDone - 1);
}

/** Of a story: the next step begins; or the one under way comes to its end at once. */
export async function nextStep(): Promise<void> {
  const { value: now } = picture;
  if (now === null || now.story === null || now.story.isLeft || now.story.isOver) return;
  if (now.story.isStepOver) {
    await act([{ type: 'next' }]);
    isPlaying.value = true;
    return;
  }
  await finish();
}

/** Of a story: to the end of the step before. */
export async function previousStep(): Promise<void> {
  const { value: now } = picture;
  if (now === null) return;
  const at = now.actions.slice(0, now.actionsDone).findLastIndex(({ type }) => type === 'next');
  if (at !== -1) await replay(now, at);
}

/** Of a story that was left: to the moment before anything was done by hand. */
export async function backToStory(): Promise<void> {
  const { value: now } = picture;
  if (now === null) return;
  const at = now.actions.findIndex(({ type }) => type !== 'next');
  if (at !== -1) await replay(now, at);
}

/** To the end of a step of a story, at once. */
async function finish(): Promise<void> {
  isPlaying.value = false;
  const update = await ask((lab) => lab.call('runToEnd', []));
  if (update === null) return;
  show(update, false);
  told.value = tellEvents(update.events);
}

/** Only the first `count` acts are done; to the moment of the one behind them. */
async function replay({ actions, link }: LabPicture, count: number): Promise<void> {
  isPlaying.value = false;
  const query = cutSession(queryOfLink(link), count, actions[count]?.atUs ?? 0);
  const update = await ask((lab) => lab.call('open', [linkOfQuery(query)]));
  if (update === null) return;
  show(update, false);
  refusal.value = null;
  told.value = tellEvents(update.events.slice(-1));
}

export function select(picked: LabSelection | null): void {
  selection.value = picked;
  refusal.value = null;
}

function show(update: LabUpdate, isNewWorld: boolean): void {
  const { picture: now } = update;
  known = extendEvents(known, update, isNewWorld);
  batch(() => {
    picture.value = now;
    if (isNewWorld) refusal.value = null;
    if (!flows(now)) isPlaying.value = false;
    if (now.nowUs >= HORIZON_US)
      refusal.value = 'An hour has passed here, which is the end of time.';
    const isDue = performance.now() - settledAtMs >= SETTLE_INTERVAL_MS;
    if (isNewWorld) still.value = now;
    if (isNewWorld || !isPlaying.value || isDue) settle(now);
  });
  writeAddressSoon();
}

function writeAddressSoon(): void {
  const sinceMs = performance.now() - writtenAtMs;
  if (sinceMs >= ADDRESS_INTERVAL_MS) writeAddress();
  else addressTimer ??= setTimeout(writeAddress, ADDRESS_INTERVAL_MS - sinceMs);
}

function writeAddress(): void {
  if (addressTimer !== null) clearTimeout(addressTimer);
  addressTimer = null;
  writtenAtMs = performance.now();
  const { value: now } = picture;
  const isShown = view.value === 'lab' && viewQuery.value !== '' && problem.value === null;
  if (now === null || openings > 0 || !isShown) return;
  writtenQuery = queryOfLink(now.link);
  replaceView('lab', writtenQuery);
}

/** Shows what changes with events only, where it has. */
function settle(now: LabPicture): void {
  settledAtMs = performance.now();
  events.value = known;
  selection.value = keptSelection(selection.value, now);
  if (still.value === null || hasChanged(still.value, now)) still.value = now;
}

/** Beyond what time alone does: timers and places of messages. */
function hasChanged(before: LabPicture, now: LabPicture): boolean {
  return (
    now.steps !== before.steps ||
    now.nowUs < before.nowUs ||
    now.actionsDone !== before.actionsDone ||
    now.story?.step !== before.story?.step ||
    now.story?.isStepOver !== before.story?.isStepOver ||
    now.ended !== before.ended
  );
}

/** Null: it could not be had, and the problem says why. */
async function ask(call: (lab: LabEngine) => Promise<LabUpdate>): Promise<LabUpdate | null> {
  pendingCalls += 1;
  const timer = setTimeout(() => (isBusy.value = true), BUSY_AFTER_MS);
  try {
    return await call(labEngine());
  } catch (error) {
    isPlaying.value = false;
    if (!isEnded(error)) problem.value = messageOf(error);
    return null;
  } finally {
    clearTimeout(timer);
    pendingCalls -= 1;
    if (pendingCalls === 0) {
      isBusy.value = false;
      if (isPauseAsked) isPlaying.value = false;
      isPauseAsked = false;
    }
  }
}

function messageOf(error: unknown): string {
  if (error instanceof RpcFailure) return error.failure.message;
  return error instanceof Error ? error.message : String(error);
}
