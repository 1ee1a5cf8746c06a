/** The list of what happened follows the world ahead, back and again ahead. */

import { expect, test } from 'vitest';
import type { LabEvent, LabPicture, LabUpdate } from '../../../src/lab/protocol.ts';
import {
  extendEvents,
  listEvents,
  momentBefore,
  tellEvents,
} from '../../../src/ui/lab/event-list.ts';

function event(number: number, isNotable = true): LabEvent {
  return {
    number,
    atUs: number * 10,
    type: 'append',
    server: 0,
    flight: null,
    text: `event ${number}`,
    isNotable,
  };
}

function update(nowUs: number, events: readonly LabEvent[]): LabUpdate {
  return { picture: { nowUs } as LabPicture, events, omittedEvents: 0, refused: null };
}

const numbers = (events: readonly LabEvent[]): number[] => events.map(({ number }) => number);

test('what is new comes behind what is known, and what is told again takes its place', () => {
  const known = [event(1), event(2), event(3)];
  expect(numbers(extendEvents(known, update(50, [event(4), event(5)]), false))).toEqual([
    1, 2, 3, 4, 5,
  ]);
  const again = event(2, false);
  const told = extendEvents(known, update(20, [event(1), again]), false);
  expect(numbers(told)).toEqual([1, 2]);
  expect(told[1]).toBe(again);
});

test('back in time what has not happened yet is gone, and a new world begins with nothing', () => {
  const known = [event(1), event(2), event(3)];
  expect(numbers(extendEvents(known, update(25, []), false))).toEqual([1, 2]);
  expect(extendEvents(known, update(40, []), false)).toBe(known);
  expect(extendEvents(known, update(40, []), true)).toEqual([]);
});

test('the list tells what is left out, and leaves out what nobody would notice', () => {
  const events = [event(1), event(2, false), event(5), event(6, false)];
  expect(listEvents(events, true, 10).map(({ event, omitted }) => [event.number, omitted])).toEqual(
    [
      [1, 0],
      [2, 0],
      [5, 2],
      [6, 0],
    ],
  );
  expect(numbers(listEvents(events, false, 10).map(({ event }) => event))).toEqual([1, 5]);
  expect(numbers(listEvents(events, false, 1).map(({ event }) => event))).toEqual([5]);
});

test('a step back leads to the last event before now, or to the beginning', () => {
  const events = [event(1), event(2, false), event(3)];
  expect(momentBefore(events, 30, 'event')).toBe(20);
  expect(momentBefore(events, 30, 'notable')).toBe(10);
  expect(momentBefore(events, 10, 'notable')).toBe(0);
});

test('a step is told by what is notable in it, the newest', () => {
  expect(tellEvents([event(1, false)])).toBe('event 1');
  expect(tellEvents([event(1), event(2, false), event(3)])).toBe('event 1. event 3');
  expect(tellEvents([1, 2, 3, 4, 5].map((number) => event(number)))).toBe(
    '2 more events. event 3. event 4. event 5',
  );
});
