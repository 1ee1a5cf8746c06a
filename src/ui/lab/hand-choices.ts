/** What a person can do by hand to what is selected, in this moment. Pure. */

import type { Flight, HandAction, LabPicture, LabServer } from '../../lab/protocol.ts';
import { isBlocked, nameOfServer, type LabSelection } from './scene.ts';

export interface HandChoice {
  readonly label: string;
  /** Does the same while this is selected; null: none. */
  readonly key: string | null;
  /** Done one behind the other. */
  readonly actions: readonly HandAction[];
  readonly isDanger: boolean;
}

const DELAYS: readonly (readonly [string, number, string | null])[] = [
  ['Delay 10 ms', 10_000, null],
  ['Delay 100 ms', 100_000, 'y'],
  ['Delay 1 s', 1_000_000, null],
];

export function handChoices(
  picture: LabPicture,
  selection: LabSelection | null,
): readonly HandChoice[] {
  switch (selection?.type) {
    case 'server': {
      const server = picture.servers[selection.server];
      return server === undefined ? [] : serverChoices(server);
    }
    case 'link':
      return linkChoices(picture, selection.one, selection.other);
    case 'message': {
      const flight = picture.flights.find(({ id }) => id === selection.flight);
      return flight === undefined ? [] : messageChoices(flight);
    }
    case undefined:
      return [];
  }
}

function serverChoices({ number: server, state, role }: LabServer): readonly HandChoice[] {
  switch (state) {
    case 'lost':
      return [];
    case 'down':
      return [choice('Restart', 'x', { type: 'restart', server })];
    case 'frozen':
      return [
        choice('Thaw', 'f', { type: 'thaw', server }),
        danger('Crash', 'x', { type: 'crash', server }),
      ];
    case 'up': {
      const leads = role === 'leader';
      return [
        choice('Client writes', 'w', { type: 'write', server }),
        ...(leads ? [] : [choice('Time out now', 't', { type: 'time-out', server })]),
        ...(leads ? [] : [choice('Let it lead', 'l', { type: 'transfer', server })]),
        choice('Freeze', 'f', { type: 'freeze', server }),
        danger('Crash', 'x', { type: 'crash', server }),
        danger('Remove', null, { type: 'remove', server }),
      ];
    }
  }
}

function linkChoices(picture: LabPicture, one: number, other: number): readonly HandChoice[] {
  const there: HandAction = { type: 'block', from: one, to: other };
  const back: HandAction = { type: 'block', from: other, to: one };
  const isThere = isBlocked(picture, one, other);
  const isBack = isBlocked(picture, other, one);
  const way = (from: number, to: number): string =>
    `${nameOfServer(picture, from)} → ${nameOfServer(picture, to)}`;
  const both = isThere || isBack ? 'Unblock' : 'Block both ways';
  const toBoth: readonly HandAction[] =
    isThere || isBack
      ? [...(isThere ? [unblocked(there)] : []), ...(isBack ? [unblocked(back)] : [])]
      : [there, back];
  return [
    { label: both, key: 'x', actions: toBoth, isDanger: !(isThere || isBack) },
    ...(isThere ? [] : [danger(`Block ${way(one, other)}`, null, there)]),
    ...(isBack ? [] : [danger(`Block ${way(other, one)}`, null, back)]),
  ];
}

function unblocked(block: Extract<HandAction, { type: 'block' | 'unblock' }>): HandAction {
  return { ...block, type: 'unblock' };
}

function messageChoices({ id: flight, isLost }: Flight): readonly HandChoice[] {
  if (isLost) return [];
  return [
    danger('Drop', 'd', { type: 'drop', flight }),
    ...DELAYS.map(([label, byUs, key]) => choice(label, key, { type: 'delay', flight, byUs })),
  ];
}

function choice(label: string, key: string | null, action: HandAction): HandChoice {
  return { label, key, actions: [action], isDanger: false };
}

function danger(label: string, key: string | null, action: HandAction): HandChoice {
  return { label, key, actions: [action], isDanger: true };
}
