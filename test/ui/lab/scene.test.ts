/** What is drawn of a world that the engine made, and what can be done to it by hand. */

import { expect, test } from 'vitest';
import type { LabPicture } from '../../../src/lab/protocol.ts';
import type { Session } from '../../../src/lab/session.ts';
import { handChoices } from '../../../src/ui/lab/hand-choices.ts';
import { cellsOf, windowOfServers } from '../../../src/ui/lab/log-cells.ts';
import { addressOfSection } from '../../../src/ui/raft/paper.ts';
import {
  drawnLinks,
  drawnMembers,
  keptSelection,
  placedMessages,
  positionOf,
} from '../../../src/ui/lab/scene.ts';
import { formatMoment, formatSpan } from '../../../src/ui/lab/virtual-time.ts';
import { newSession, SECOND_US } from '../../lab/session.ts';

/** Three servers that have grown together, and at least one message on its way. */
function grownWorld(): { session: Session; picture: LabPicture } {
  const session = newSession();
  session.load({ type: 'free', seed: 1, servers: 3, clients: 1 });
  session.run(6 * SECOND_US);
  for (let i = 0; i < 1_000; i += 1) {
    const { picture } = session.step('event');
    if (picture.flights.length > 0) return { session, picture };
  }
  throw new Error('no message was sent');
}

test('members, links and logs of a grown world of three', () => {
  const { picture } = grownWorld();
  const members = drawnMembers(picture, null);
  expect(members.map(({ name }) => name)).toEqual(['S1', 'S2', 'S3']);
  expect(members.filter(({ role }) => role === 'leader')).toHaveLength(1);
  expect(drawnLinks(picture).map(({ state }) => state)).toEqual(['open', 'open', 'open']);
  const window = windowOfServers(picture.servers, 10);
  const longest = picture.servers.toSorted((a, b) => b.lastIndex - a.lastIndex)[0];
  if (longest === undefined) throw new Error('no server');
  const cells = cellsOf(longest, window);
  // The last column is for what comes next.
  expect(window.lastIndex).toBe(longest.lastIndex + 1);
  expect(cells.at(-1)?.index).toBe(longest.lastIndex);
  expect(cells).toHaveLength(9);
  expect(cells.every(({ term, label }) => term !== null && label !== '')).toBe(true);
});

test('a crash, a partition and what is still possible then', () => {
  const { session } = grownWorld();
  session.act({ type: 'crash', server: 1 });
  const { picture } = session.act({ type: 'partition', groups: [[0], [1, 2]] });
  expect(drawnMembers(picture, null)[1]).toMatchObject({ state: 'down', timer: null });
  const cut = drawnLinks(picture).filter(({ state }) => state === 'cut');
  expect(cut.map(({ one, other }) => `${one} ${other}`).toSorted()).toEqual(['0 1', '0 2']);
  const labels = (selection: Parameters<typeof handChoices>[1]): string[] =>
    handChoices(picture, selection).map(({ label }) => label);
  expect(labels({ type: 'server', server: 1 })).toEqual(['Restart']);
  expect(labels({ type: 'link', one: 0, other: 2 })).toEqual(['Unblock']);
  expect(labels({ type: 'link', one: 1, other: 2 })).toContain('Block S2 → S3');
  expect(labels(null)).toEqual([]);
});

test('what is blocked one way is told apart from what is cut', () => {
  const { session } = grownWorld();
  const { picture } = session.act({ type: 'block', from: 1, to: 0 });
  const [link, ...more] = drawnLinks(picture).filter(({ state }) => state !== 'open');
  expect([link, more]).toEqual([{ one: '0', other: '1', state: 'one-way', silent: '1' }, []]);
});

test('a candidate’s votes are counted in both halves of a joint configuration', () => {
  const { picture } = grownWorld();
  const servers = picture.servers.map((server) => ({
    ...server,
    role: 'candidate' as const,
    votes: [0, 1],
    configuration: { voters: [0, 3, 4], outgoing: [0, 1, 2], learners: [] },
  }));
  expect(drawnMembers({ ...picture, servers }, null)[0]).toMatchObject({
    role: 'candidate',
    note: '2 of 3 + 1 of 3 votes',
  });
});

test('every choice at hand is one that the engine takes', () => {
  const { session, picture } = grownWorld();
  const selections = [
    ...picture.servers.map(({ number }) => ({ type: 'server', server: number }) as const),
    ...picture.flights.map(({ id }) => ({ type: 'message', flight: id }) as const),
    { type: 'link', one: 0, other: 1 } as const,
  ];
  const choices = selections.flatMap((selection) => handChoices(picture, selection));
  expect(choices.length).toBeGreaterThan(20);
  for (const { actions, label } of choices) {
    session.open(picture.link);
    for (const action of actions) {
      expect([label, session.act(action).refused]).toEqual([label, null]);
    }
  }
});

test('messages stand where they are on their way, and a selection ends with what it is of', () => {
  const { session, picture } = grownWorld();
  const [flight] = picture.flights;
  if (flight === undefined) throw new Error('no message');
  expect(positionOf(flight, flight.sentAtUs)).toBe(0);
  expect(positionOf(flight, (flight.sentAtUs + flight.arrivesAtUs) / 2)).toBe(0.5);
  expect(positionOf(flight, flight.arrivesAtUs + 1)).toBe(1);
  const selection = { type: 'message', flight: flight.id } as const;
  expect(keptSelection(selection, picture)).toBe(selection);
  expect(placedMessages(picture, selection, null)[0]).toMatchObject({ isSelected: true });
  const dropped = session.act({ type: 'drop', flight: flight.id }).picture;
  expect(placedMessages(dropped, selection, null)[0]).toMatchObject({ isLost: true });
  expect(keptSelection(selection, session.run(5 * SECOND_US).picture)).toBe(null);
});

test('moments, spans and sections', () => {
  expect(formatMoment(12_345_678)).toBe('12.345 678 s');
  expect(formatMoment(7)).toBe('0.000 007 s');
  expect([850, 12_300, 120_000, 1_500_000].map(formatSpan)).toEqual([
    '850 µs',
    '12.3 ms',
    '120 ms',
    '1.50 s',
  ]);
  expect(addressOfSection('§5.4.2')).toBe('https://raft.github.io/raft.pdf#page=8');
  expect(addressOfSection('§5.3, thesis 10.2.1')).toBe('https://raft.github.io/raft.pdf#page=6');
  expect(addressOfSection('thesis 9.6')).toMatch(/OngaroPhD\.pdf$/);
});
