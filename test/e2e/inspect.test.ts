/** What a tab tells of its node's inside: an election as it happens, messages, and made delays. */

import { expect } from 'vitest';

import type { Inspection, NodeEvent } from '../../src/node/inspection.ts';
import { leaderOf, test } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const ELECTION_MS = 20_000;
const DELAY_MS = 400;

declare global {
  var inspected: Inspection[];
}

async function inspect(tab: Tab): Promise<void> {
  await tab.db((db) => {
    globalThis.inspected = [];
    db.inspect((inspection) => globalThis.inspected.push(inspection));
  });
}

async function inspectedBy(tab: Tab): Promise<Inspection[]> {
  return tab.db(() => globalThis.inspected);
}

function eventsOf(inspections: readonly Inspection[]): NodeEvent[] {
  return inspections.flatMap(({ events }) => events);
}

/** How many messages of that name were told of since. */
function countOf(inspections: readonly Inspection[], name: string, peer: string): number {
  const all = inspections.flatMap(({ messages }) => messages);
  const counted = all.filter((message) => message.name === name && message.peer === peer);
  return counted.reduce((sum, { count }) => sum + count, 0);
}

test('an election is told as it was, with the messages it took', async ({ cluster }) => {
  const { leader, followers } = await leaderOf(cluster.tabs);
  const [tab, other] = followers;
  if (tab === undefined || other === undefined) throw new Error('three tabs are open');
  const [former, { nodeId }] = [await leader.status(), await tab.status()];
  const { nodeId: otherId } = await other.status();
  await inspect(tab);
  const before = await waitFor('a second of what a follower hears', ELECTION_MS, async () => {
    const told = await inspectedBy(tab);
    const isSecond = told.reduce((sum, { overMs }) => sum + overMs, 0) > 1_000;
    return isSecond && countOf(told, 'heartbeat', former.nodeId) > 3 && told;
  });
  expect(before[0]).toMatchObject({ nodeId, role: 'follower', leaderId: former.nodeId });
  expect(before.every(({ overMs }, at) => at === 0 || overMs >= 100)).toBe(true);
  const known = eventsOf(before);
  expect(known.map(({ number }) => number)).toEqual(known.map((_, at) => at + 1));
  expect(known.some(({ type }) => type === 'leader-known')).toBe(true);

  await leader.db((db) => db.faults.crash());
  await leader.close();
  const after = await waitFor('the election to be told', ELECTION_MS, async () => {
    const told = (await inspectedBy(tab)).slice(before.length);
    const { leaderId, term } = told.at(-1) ?? {};
    const isOver = leaderId !== null && (term ?? 0) > former.term;
    return isOver && told;
  });
  const events = eventsOf(after).filter(({ number }) => number > known.length);
  const lost = events.findIndex((event) => event.type === 'leader-lost');
  expect(events[lost]).toMatchObject({ leader: former.nodeId });
  const over = events.slice(lost).filter(({ type }) => {
    return type === 'election-won' || type === 'vote' || type === 'candidacy';
  });
  const term = after.at(-1)?.term;
  expect(over.at(-1)).toMatchObject({ term });
  const last = over.at(-1);
  if (last?.type === 'election-won') {
    expect(last.votes.toSorted()).toEqual([nodeId, otherId].toSorted());
    expect(countOf(after, 'request-vote-response', otherId)).toBeGreaterThan(0);
  } else {
    expect(last).toMatchObject({ type: 'vote', candidate: otherId });
    expect(events.at(-1)).toMatchObject({ type: 'leader-known', leader: otherId });
  }
  expect(countOf(after, 'request-vote', otherId)).toBeGreaterThan(0);
  expect(countOf(after, 'pre-vote', otherId)).toBeGreaterThan(0);
});

test('messages that are made late are, and that is told', async ({ cluster }) => {
  const { leader } = await leaderOf(cluster.tabs);
  await inspect(leader);
  await leader.db((db) => db.execute('create table t (x)'));
  const tookMs = (): Promise<number> =>
    leader.db(async (db) => {
      const fromMs = performance.now();
      await db.execute('insert into t values (1)');
      return performance.now() - fromMs;
    });
  await leader.db((db, ms) => db.faults.delay(ms), DELAY_MS);
  expect(await tookMs()).toBeGreaterThanOrEqual(DELAY_MS - 1);
  const told = await waitFor('the commit to be told', ELECTION_MS, async () => {
    const late = (await inspectedBy(leader)).filter(({ delayMs }) => delayMs === DELAY_MS);
    return late.find(({ commitTimes }) => (commitTimes.p50Ms ?? 0) >= DELAY_MS - 1) ?? false;
  });
  expect(told).toMatchObject({ role: 'leader', delayMs: DELAY_MS, isolated: false, cutLinks: [] });
  expect(told.progress).toHaveLength(2);
  expect(told.votes.length).toBeGreaterThanOrEqual(2);
  await leader.db((db) => db.faults.delay(0));
  await waitFor('the delay to be gone', ELECTION_MS, async () => {
    return (await inspectedBy(leader)).at(-1)?.delayMs === 0;
  });
});
