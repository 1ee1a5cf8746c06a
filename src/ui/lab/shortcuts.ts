/**
 * The Lab by keyboard. Keys count while the focus is in the session, or nowhere; never where something
 * is typed or moved by them, nor with a modifier, which is the browser's.
 */

import { copyLink } from './copy-link.ts';
import { handChoices } from './hand-choices.ts';
import {
  act,
  nextStep,
  picture,
  previousStep,
  restart,
  select,
  selection,
  step,
  stepBack,
  still,
  undo,
} from './lab-store.ts';
import { changeSpeed, playToEnd, togglePlaying } from './player.ts';

const KEYS: Readonly<Record<string, (event: KeyboardEvent) => void>> = {
  ' ': togglePlaying,
  k: togglePlaying,
  ArrowRight: (event) => void step(event.shiftKey ? 'event' : 'notable'),
  ArrowLeft: (event) => void stepBack(event.shiftKey ? 'event' : 'notable'),
  '+': () => changeSpeed(1),
  '=': () => changeSpeed(1),
  '-': () => changeSpeed(-1),
  r: () => void restart(),
  e: toEnd,
  n: () => void nextStep(),
  b: () => void previousStep(),
  u: () => void undo(),
  c: () => void copyLink(),
  h: () => void act([{ type: 'heal' }]),
  m: nextMessage,
  Escape: () => select(null),
};

/** Until the answer is called. */
export function listenToKeys(section: HTMLElement): () => void {
  const onKey = (event: KeyboardEvent): void => {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(target instanceof Element)) return;
    if (target !== document.body && !section.contains(target)) return;
    if (isTakenBy(target, key)) return;
    const run =
      ofSelection(key) ?? ofNumber(key) ?? KEYS[key.length === 1 ? key.toLowerCase() : key];
    if (run === undefined) return;
    event.preventDefault();
    run(event);
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

/** Something that has a use for the key of its own. */
function isTakenBy(target: Element, key: string): boolean {
  if (target.matches('input[type="text"], select, textarea')) return true;
  if (target.matches('input[type="range"]')) return key.startsWith('Arrow');
  return key === ' ' && target.matches('button, a, summary, input, [role="button"]');
}

function ofSelection(key: string): (() => void) | undefined {
  const { value: now } = still;
  if (now === null) return undefined;
  const found = handChoices(now, selection.value).find(
    (choice) => choice.key === key.toLowerCase(),
  );
  return found === undefined ? undefined : () => void act(found.actions);
}

/** `1` is the first server. */
function ofNumber(key: string): (() => void) | undefined {
  if (!/^[1-9]$/.test(key)) return undefined;
  const server = Number(key) - 1;
  if (still.value?.servers[server] === undefined) return undefined;
  return () => select({ type: 'server', server });
}

function toEnd(): void {
  const { value: now } = still;
  if (now === null || now.source.type === 'free') return;
  if (now.story === null) playToEnd();
  else void nextStep();
}

/** The one behind the selected one, in the order in which they arrive. */
function nextMessage(): void {
  const flights = picture.value?.flights.filter(({ isLost }) => !isLost) ?? [];
  const byArrival = flights.toSorted((a, b) => a.arrivesAtUs - b.arrivesAtUs);
  const { value: selected } = selection;
  const at =
    selected?.type === 'message' ? byArrival.findIndex(({ id }) => id === selected.flight) : -1;
  const next = byArrival[at + 1] ?? byArrival[0];
  if (next !== undefined) select({ type: 'message', flight: next.id });
}
