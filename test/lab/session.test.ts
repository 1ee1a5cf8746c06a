/**
 * Sessions of the Lab: that a world is the same however it is watched, and the same as on the command line;
 * that what is done by hand is done again; and that pictures have their bounds.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LinkError } from '../../src/lab/link.ts';
import type { HandAction, LabPicture, LabUpdate } from '../../src/lab/protocol.ts';
import { Session } from '../../src/lab/session.ts';
import { MODEL_DATABASES } from '../../src/simulation/model-database.ts';
import { REGRESSION_SEEDS } from '../../src/simulation/regression-seeds.ts';
import { runSeed } from '../../src/simulation/run.ts';
import { newSession, SECOND_US } from './session.ts';

const SEEDS = [1, 2, ...REGRESSION_SEEDS.slice(0, 2).map(({ seed }) => seed)];

function run(seed: number) {
  return { type: 'run', seed, servers: null, clients: null, engine: 'model' } as const;
}

/** A grown cluster of five that rests. */
function cluster(seed = 7, clients = 0): Session {
  const session = newSession();
  session.load({ type: 'free', seed, servers: 5, clients });
  const { picture } = session.run(4 * SECOND_US);
  expect(picture.servers[0]?.configuration.voters).toHaveLength(5);
  return session;
}

function leaderOf({ leader }: LabPicture): number {
  if (leader === null) throw new Error('nobody leads');
  return leader;
}

/** Whoever comes to lead within ten seconds. */
function waitLeader(session: Session, among: readonly number[]): LabUpdate {
  for (let i = 0; i < 200; i += 1) {
    const update = session.run(SECOND_US / 20);
    if (update.picture.leader !== null && among.includes(update.picture.leader)) return update;
  }
  throw new Error('nobody came to lead');
}

test('the databases of a run are given back when another one is shown', () => {
  const given = { taken: 0, cleared: 0 };
  const session = new Session(() => {
    given.taken += 1;
    return { ...MODEL_DATABASES, clear: () => void (given.cleared += 1) };
  });
  session.load({ ...run(1), engine: 'sql' });
  expect(given).toEqual({ taken: 1, cleared: 0 });
  const { picture } = session.run(SECOND_US);
  session.goTo(picture.nowUs - 1);
  expect(given).toEqual({ taken: 2, cleared: 1 });
  session.load(run(1));
  expect(given).toEqual({ taken: 2, cleared: 2 });
  session.load(run(2));
  expect(given).toEqual({ taken: 2, cleared: 2 });
});

describe('a seed of the command line', () => {
  test.each(SEEDS)('%i ends with the same trace, in one go and in slices', (seed) => {
    const { traceHash, failure } = runSeed(seed, null);
    expect(failure).toBeNull();
    const session = newSession();
    session.load(run(seed));
    const inOneGo = session.runToEnd();
    expect(inOneGo.picture).toMatchObject({ traceHash, ended: true, verdict: { type: 'held' } });
    let update = session.reset();
    while (!update.picture.ended) update = session.run(211_011);
    expect(update.picture).toEqual(inOneGo.picture);
  });

  test('ends with the same trace event by event', () => {
    const session = newSession();
    let update = session.load(run(2));
    while (!update.picture.ended) update = session.step('event');
    expect(update.picture.traceHash).toBe(runSeed(2, null).traceHash);
  });

  test('takes wishes', () => {
    const wishes = { servers: 3, clients: 6 };
    const session = newSession();
    session.load({ ...run(11), ...wishes });
    expect(session.runToEnd().picture.traceHash).toBe(runSeed(11, null, wishes).traceHash);
  });

  test('says what was violated, and ends there', () => {
    const session = newSession();
    let { picture } = session.load({ ...run(3), servers: 3 });
    while (['grow', 'faults'].includes(picture.phase) || picture.nowUs === 0) {
      ({ picture } = session.run(SECOND_US / 50));
    }
    expect(picture.ended).toBe(false);
    session.act({ type: 'partition', groups: [[0]] });
    const { picture: end, events } = session.runToEnd();
    expect(end.verdict).toMatchObject({ type: 'violated', property: 'convergence' });
    expect(events.at(-1)?.type).toBe('violation');
    expect(session.run(SECOND_US).picture).toEqual(end);
    expect(session.act({ type: 'heal' }).refused).toContain('end');
    expect(newSession().open(end.link).picture).toEqual(end);
  });

  test('goes another way once somebody interferes', () => {
    const session = newSession();
    session.load(run(2));
    session.run(SECOND_US);
    expect(session.act({ type: 'write', server: 0 }).refused).toBeNull();
    const { picture } = session.runToEnd();
    expect(picture.traceHash).not.toBe(runSeed(2, null).traceHash);
    expect(newSession().open(picture.link).picture).toEqual(picture);
  });
});

describe('a free world', () => {
  test.each([1, 2, 5, 7])('of %i servers grows and works', (servers) => {
    const session = newSession();
    session.load({ type: 'free', seed: 3, servers, clients: 1 });
    const { picture } = session.run(10 * SECOND_US);
    expect(picture.verdict).toBeNull();
    const voters = servers % 2 === 1 ? servers : servers - 1;
    expect(picture.servers[0]?.configuration.voters).toHaveLength(voters);
    expect(picture.writes.acknowledged).toBeGreaterThan(servers);
    expect(picture.writes).toMatchObject({ failed: 0, unknown: 0 });
  });

  test('without clients writes nothing by itself', () => {
    const { picture } = cluster().run(5 * SECOND_US);
    expect(picture.writes).toEqual({ acknowledged: 0, failed: 0, unknown: 0, pending: 0 });
  });

  test('is the same twice, and another with another seed', () => {
    const hashes = [1, 1, 2].map((seed) => cluster(seed, 2).run(SECOND_US).picture.traceHash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[0]).not.toBe(hashes[2]);
  });
});

describe('by hand', () => {
  test('a leader crashes, another is elected, and it comes back', () => {
    const session = cluster();
    const former = leaderOf(session.run(0).picture);
    expect(session.act({ type: 'crash', server: former }).picture.servers[former]?.state).toBe(
      'down',
    );
    expect(session.act({ type: 'crash', server: former }).refused).toContain('down');
    const others = [0, 1, 2, 3, 4].filter((n) => n !== former);
    const { leader } = waitLeader(session, others).picture;
    session.act({ type: 'restart', server: former });
    const { picture } = session.run(SECOND_US);
    expect(picture.servers[former]).toMatchObject({ state: 'up', role: 'follower', leader });
  });

  test('a message is dropped, and another is delayed', () => {
    const session = cluster();
    session.act({ type: 'write', server: 0 });
    let update = session.step('notable');
    const sent = () => update.picture.flights.filter(({ type }) => type === 'append-entries');
    while (sent().length < 2) update = session.step('event');
    const [dropped, delayed] = sent();
    if (dropped === undefined || delayed === undefined) throw new Error('no messages');
    session.act({ type: 'drop', flight: dropped.id });
    update = session.act({ type: 'delay', flight: delayed.id, byUs: 50_000 });
    const of = (id: number) => update.picture.flights.find((one) => one.id === id);
    expect(of(dropped.id)?.isLost).toBe(true);
    expect(of(delayed.id)?.arrivesAtUs).toBe(delayed.arrivesAtUs + 50_000);
    const later = session.run(200_000);
    const arrivals = later.events.filter(({ type }) => type === 'deliver').map((e) => e.flight);
    expect(arrivals).toContain(delayed.id);
    expect(arrivals).not.toContain(dropped.id);
    const arrived = later.events.find((e) => e.type === 'deliver' && e.flight === delayed.id);
    expect(arrived?.atUs).toBe(delayed.arrivesAtUs + 50_000);
    expect(session.act({ type: 'drop', flight: delayed.id }).refused).toContain('not on its way');
  });

  test('a follower times out, and those who hear the leader refuse it', () => {
    const session = cluster();
    const leader = leaderOf(session.run(0).picture);
    const follower = leader === 0 ? 1 : 0;
    const asking = session.act({ type: 'time-out', server: follower });
    expect(asking.picture.servers[follower]?.role).toBe('pre-candidate');
    const { picture, events } = session.run(SECOND_US / 4);
    expect(asking.events.some((e) => e.type === 'pre-candidate' && e.server === follower)).toBe(
      true,
    );
    expect(events.some((e) => e.type === 'candidate')).toBe(false);
    expect(picture.leader).toBe(leader);
    expect(session.act({ type: 'time-out', server: leader }).refused).toContain('no election');
  });

  test('whoever times out first behind a silent leader is elected', () => {
    const session = cluster();
    const leader = leaderOf(session.run(0).picture);
    const heir = leader === 4 ? 3 : 4;
    session.act({ type: 'freeze', server: leader });
    session.run(1_030_000);
    session.act({ type: 'time-out', server: heir });
    expect(waitLeader(session, [heir]).picture.leader).toBe(heir);
    session.act({ type: 'thaw', server: leader });
    expect(session.run(SECOND_US).picture.servers[leader]?.leader).toBe(heir);
  });

  test('a partition keeps the minority from committing, and healing repairs it', () => {
    const session = cluster();
    const leader = leaderOf(session.run(0).picture);
    const mate = leader === 0 ? 1 : 0;
    const others = [0, 1, 2, 3, 4].filter((n) => n !== leader && n !== mate);
    const cut = session.act({ type: 'partition', groups: [[leader, mate], others] });
    expect(cut.picture.blocked).toHaveLength(12);
    session.act({ type: 'write', server: leader });
    const { picture } = waitLeader(session, others);
    expect(picture.writes.acknowledged).toBe(0);
    expect(session.act({ type: 'heal' }).picture.blocked).toEqual([]);
    const healed = session.run(3 * SECOND_US).picture;
    expect(healed.writes).toMatchObject({ acknowledged: 1, pending: 0 });
    expect(new Set(healed.servers.map(({ lastIndex }) => lastIndex)).size).toBe(1);
    expect(healed.servers.map(({ values }) => values)).toEqual(
      Array(5).fill(healed.servers[0]?.values),
    );
  });

  test('one direction is blocked and unblocked', () => {
    const session = cluster();
    expect(session.act({ type: 'block', from: 0, to: 2 }).picture.blocked).toEqual([[0, 2]]);
    const { picture } = session.run(SECOND_US);
    expect(picture.links.some(([a, b]) => a === 0 && b === 2)).toBe(false);
    session.act({ type: 'unblock', from: 0, to: 2 });
    expect(session.run(SECOND_US).picture.links).toContainEqual([0, 2]);
  });

  test('leadership is handed over, a server joins and another goes', () => {
    const session = cluster();
    const heir = leaderOf(session.run(0).picture) === 2 ? 3 : 2;
    session.act({ type: 'transfer', server: heir });
    expect(waitLeader(session, [heir]).picture.leader).toBe(heir);
    session.act({ type: 'join' });
    const grown = session.run(3 * SECOND_US).picture.servers;
    expect(grown[5]?.configuration.learners).toEqual([5]);
    session.act({ type: 'remove', server: 1 });
    const left = session.run(5 * SECOND_US).picture.servers;
    expect(left[1]?.state).toBe('lost');
    expect(left[heir]?.configuration.voters).not.toContain(1);
  });

  test('what makes no sense is refused, and changes nothing', () => {
    const session = cluster();
    const { picture } = session.run(0);
    for (const action of [
      { type: 'crash', server: 9 },
      { type: 'restart', server: 0 },
      { type: 'thaw', server: 0 },
      { type: 'block', from: 0, to: 9 },
      { type: 'partition', groups: [[0, 9]] },
      { type: 'drop', flight: 999_999 },
      { type: 'next' },
    ] as const satisfies readonly HandAction[]) {
      const update = session.act(action);
      expect(update.refused).not.toBeNull();
      expect(update.picture).toEqual(picture);
    }
    expect(() => session.act({ type: 'crash', server: -1 })).toThrow(LinkError);
    expect(() => session.run(0.5)).toThrow(LinkError);
    expect(() => session.load({ type: 'story', id: 'nowhere' })).toThrow(LinkError);
    expect(session.run(0).picture).toEqual(picture);
  });
});

/** Something that a person might do, whether or not it can be done. */
const anything: fc.Arbitrary<HandAction> = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      ...(['crash', 'restart', 'freeze', 'thaw', 'time-out', 'write', 'transfer'] as const),
    ),
    server: fc.nat({ max: 4 }),
  }),
  fc.record({ type: fc.constant('drop' as const), flight: fc.integer({ min: 1, max: 4_000 }) }),
  fc.record({
    type: fc.constant('delay' as const),
    flight: fc.integer({ min: 1, max: 4_000 }),
    byUs: fc.integer({ min: 1, max: 200_000 }),
  }),
  fc.constantFrom<HandAction>(
    {
      type: 'partition',
      groups: [
        [0, 1],
        [2, 3, 4],
      ],
    },
    { type: 'partition', groups: [[0], [1, 2], [3, 4]] },
    { type: 'block', from: 0, to: 1 },
    { type: 'heal' },
    { type: 'join' },
  ),
);
const pace = fc.oneof(
  fc.nat({ max: 2_000_000 }).map((us) => (session: Session) => session.run(us)),
  fc.constant((session: Session) => session.step('event')),
  fc.constant((session: Session) => session.step('notable')),
);

describe('what was done by hand', () => {
  test('is done again by the link, and by going back and ahead', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pace, anything), { maxLength: 12 }), (acts) => {
        const session = newSession();
        session.load({ type: 'free', seed: 5, servers: 5, clients: 1 });
        session.run(2 * SECOND_US);
        for (const [pass, action] of acts) {
          pass(session);
          session.act(action);
        }
        const { picture } = session.run(SECOND_US);
        expect(picture.verdict).toBeNull();
        expect(newSession().open(picture.link).picture).toEqual(picture);
        session.goTo(SECOND_US);
        expect(session.goTo(picture.nowUs).picture).toEqual(picture);
      }),
      { numRuns: 20 },
    );
  });

  test('is forgotten behind a moment in which something else is done', () => {
    const session = cluster();
    session.act({ type: 'crash', server: 0 });
    session.run(SECOND_US);
    session.act({ type: 'crash', server: 1 });
    const back = session.goTo(4_500_000).picture;
    expect([back.actions.length, back.actionsDone]).toEqual([2, 1]);
    const other = session.act({ type: 'restart', server: 0 }).picture;
    expect(other.actions.map(({ type }) => type)).toEqual(['crash', 'restart']);
    expect(session.run(2 * SECOND_US).picture.servers[1]?.state).toBe('up');
    expect(session.reset().picture).toMatchObject({ actions: [], nowUs: 0 });
  });

  test('is left out where a link asks for what cannot be', () => {
    const { picture } = newSession().open(
      '#/lab?seed=1&servers=3&clients=0&do=9:crash.8,10:crash.0&at=20',
    );
    expect(picture.actions).toEqual([{ type: 'crash', server: 0, atUs: 10 }]);
  });
});

describe('what is told', () => {
  test('has its bounds, and counts what it leaves out', () => {
    const session = newSession();
    let told = 0;
    let omitted = 0;
    let update = session.load({ ...run(1), servers: 7, clients: 14 });
    while (!update.picture.ended) {
      update = session.run(2 * SECOND_US);
      told += update.events.length;
      omitted += update.omittedEvents;
      expect(update.events.length).toBeLessThanOrEqual(512);
      expect(update.picture.flights.length).toBeLessThanOrEqual(256);
      expect(update.events.at(-1)?.number ?? told + omitted).toBe(told + omitted);
      for (const event of update.events) expect(event.text.length).toBeLessThanOrEqual(120);
      for (const flight of update.picture.flights)
        expect(flight.text.length).toBeLessThanOrEqual(60);
      update.picture.servers.forEach(expectSane);
      expect(JSON.stringify(update.picture).length).toBeLessThan(150_000);
    }
    expect(omitted).toBeGreaterThan(0);
  });

  test('has the terms of a long log from its beginning, up or down', () => {
    const session = cluster(7, 9);
    const expectWhole = ({ picture: { servers } }: LabUpdate): void => {
      for (const { firstIndex, lastIndex, runs } of servers) {
        expect(lastIndex - firstIndex).toBeGreaterThan(1_024);
        expect(runs[0]?.firstIndex).toBe(firstIndex);
        expect(runs.map(({ term }) => term)).toEqual([...new Set(runs.map(({ term }) => term))]);
      }
    };
    let update = session.run(1);
    const isShort = ({ firstIndex, lastIndex }: LabPicture['servers'][number]): boolean =>
      lastIndex - firstIndex < 1_200;
    for (let i = 0; i < 200 && update.picture.servers.some(isShort); i += 1) {
      update = session.run(SECOND_US);
    }
    expectWhole(update);
    const before = update.picture.servers.map(({ runs }) => runs);
    for (const { number } of update.picture.servers) {
      update = session.act({ type: 'crash', server: number });
    }
    expectWhole(update);
    expect(update.picture.servers.map(({ runs }) => runs)).toEqual(before);
  });

  test('survives the way to the page', () => {
    const update = cluster(1, 3).run(SECOND_US);
    expect(structuredClone(update)).toEqual(update);
  });

  test('has what a person would notice, and no heartbeats', () => {
    const session = cluster();
    for (let i = 0; i < 20; i += 1) session.step('notable');
    session.act({ type: 'write', server: 0 });
    const kinds: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      const { events } = session.step('notable');
      const notable = events.filter(({ isNotable }) => isNotable);
      expect(notable.length).toBeGreaterThan(0);
      kinds.push(...notable.map(({ type }) => type));
      expect(notable.some(({ text }) => text.startsWith('heartbeat'))).toBe(false);
    }
    for (const kind of ['append', 'send', 'deliver', 'commit', 'answer'])
      expect(kinds).toContain(kind);
  });
});

function expectSane(server: LabPicture['servers'][number]): void {
  const { entries, runs, firstIndex, lastIndex, commitIndex, electionTimer } = server;
  expect(entries.length).toBeLessThanOrEqual(24);
  expect(runs.length).toBeLessThanOrEqual(32);
  expect(commitIndex).toBeLessThanOrEqual(lastIndex);
  expect(firstIndex).toBeLessThanOrEqual(lastIndex + 1);
  if (entries.length > 0) expect(entries.at(-1)?.index).toBe(lastIndex);
  for (const { label } of entries) expect(label.length).toBeLessThanOrEqual(24);
  if (electionTimer === null) return;
  expect(electionTimer.gone).toBeGreaterThanOrEqual(0);
  expect(electionTimer.gone).toBeLessThanOrEqual(1);
}
