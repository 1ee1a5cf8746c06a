/**
 * What happened, as a list that follows the world when it goes on, back and ahead. Pure.
 *
 * An event has the same number in every replay of a session, so what an update brings takes the place of
 * what is known from its first number on. Numbers that are missing in between were left out.
 */

import type { LabEvent, LabUpdate } from '../../lab/protocol.ts';

/** Older ones are forgotten. */
const KEPT_MAX = 2_000;
const TOLD_MAX = 3;

/** `isNewWorld`: nothing of what is known is of this world. */
export function extendEvents(
  known: readonly LabEvent[],
  { picture, events }: LabUpdate,
  isNewWorld: boolean,
): readonly LabEvent[] {
  const from = events[0]?.number ?? Infinity;
  const isKept = ({ number, atUs }: LabEvent): boolean => number < from && atUs <= picture.nowUs;
  const kept = isNewWorld ? [] : known.every(isKept) ? known : known.filter(isKept);
  if (kept === known && events.length === 0) return known;
  return [...kept, ...events].slice(-KEPT_MAX);
}

/** An event, and how many are left out between it and the one before in the list. */
export interface ListedEvent {
  readonly event: LabEvent;
  readonly omitted: number;
}

/** The newest `count`, oldest first; of those a person would notice, or of all. */
export function listEvents(
  events: readonly LabEvent[],
  isEverything: boolean,
  count: number,
): readonly ListedEvent[] {
  const listed: ListedEvent[] = [];
  for (let at = events.length - 1; at >= 0 && listed.length < count; at -= 1) {
    const event = events[at];
    if (event === undefined) break;
    const before = events[at - 1]?.number ?? (at === 0 ? event.number - 1 : 0);
    const omitted = event.number - before - 1;
    if (isEverything || event.isNotable) listed.push({ event, omitted });
  }
  return listed.toReversed();
}

/** The moment before the present to which a step back leads: the last event's before it. */
export function momentBefore(
  events: readonly LabEvent[],
  nowUs: number,
  to: 'event' | 'notable',
): number {
  const latest = events.findLast(({ atUs, isNotable }) => {
    return atUs < nowUs && (to === 'event' || isNotable);
  });
  return latest?.atUs ?? 0;
}

/** A step in words: the sentences of what a person would notice, or of all where that is nothing. */
export function tellEvents(events: readonly LabEvent[]): string {
  const notable = events.filter(({ isNotable }) => isNotable);
  const told = notable.length > 0 ? notable : events;
  const sentences = told.slice(-TOLD_MAX).map(({ text }) => text);
  const more = told.length - sentences.length;
  return `${more > 0 ? `${more} more events. ` : ''}${sentences.join('. ')}`;
}
