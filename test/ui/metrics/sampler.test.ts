/** What a second's statuses and inspections come to. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Inspection } from '../../../src/node/inspection.ts';
import type { MemberStatus, NodeStatus } from '../../../src/node/status.ts';
import type { LogIndex, NodeId, Term } from '../../../src/raft/types.ts';
import { LeaderChanges } from '../../../src/ui/metrics/leader-changes.ts';
import { Sampler } from '../../../src/ui/metrics/sampler.ts';
import { statusOf } from '../../client/fake-workers.ts';

const A = 'a'.repeat(16) as NodeId;
const B = 'b'.repeat(16) as NodeId;
const C = 'c'.repeat(16) as NodeId;

type Told = Pick<Inspection, 'messages' | 'commitTimes' | 'queues'>;

const QUIET: Told = {
  messages: [],
  commitTimes: { count: 0, p50Ms: null, p99Ms: null },
  queues: { pendingWrites: 0, pendingReads: 0, uncommitted: 0, unapplied: 0, unsent: 0 },
};

function inspectionOf(changes: Partial<Told>): Inspection {
  return { ...QUIET, ...changes } as Inspection;
}

function at(commitIndex: number, changes: Partial<NodeStatus> = {}): NodeStatus {
  return statusOf({
    nodeId: A,
    state: 'running',
    commitIndex: commitIndex as LogIndex,
    ...changes,
  });
}

let sampler: Sampler;

beforeEach(() => {
  sampler = new Sampler();
});

describe('commits', () => {
  test('are a rate from the second sample on, by the time that has passed', () => {
    sampler.onStatus(at(100));
    expect(sampler.take(1_000).has('commits')).toBe(false);
    sampler.onStatus(at(130));
    expect(sampler.take(2_000).get('commits')).toBe(30);
    // A hidden tab's timers come late.
    sampler.onStatus(at(190));
    expect(sampler.take(8_000).get('commits')).toBe(10);
    expect(sampler.take(9_000).get('commits')).toBe(0);
  });

  test('are not known over a restart, be the node behind or another one', () => {
    sampler.onStatus(at(100));
    sampler.take(1_000);
    sampler.onStatus(at(3));
    expect(sampler.take(2_000).has('commits')).toBe(false);
    sampler.onStatus(at(9_000, { nodeId: B }));
    expect(sampler.take(3_000).has('commits')).toBe(false);
    sampler.reset();
    sampler.onStatus(at(9_500, { nodeId: B }));
    expect(sampler.take(4_000).has('commits')).toBe(false);
    sampler.onStatus(at(9_501, { nodeId: B }));
    expect(sampler.take(5_000).get('commits')).toBe(1);
  });

  test('are not what a newcomer is brought up to date with', () => {
    sampler.onStatus(at(0, { state: 'joining' }));
    sampler.take(1_000);
    sampler.onStatus(at(50_000));
    expect(sampler.take(2_000).has('commits')).toBe(false);
  });
});

test('traffic goes on where a node began anew and its counters with it', () => {
  sampler.onStatus(at(1, { counters: { bytesIn: 5_000, bytesOut: 100 } }));
  sampler.take(1_000);
  sampler.onStatus(at(1, { counters: { bytesIn: 300, bytesOut: 400 } }));
  const sample = sampler.take(2_000);
  expect([sample.get('traffic:in'), sample.get('traffic:out')]).toEqual([300, 300]);
});

test('messages of a second are added up by kind, in both directions', () => {
  sampler.onStatus(at(1));
  sampler.take(1_000);
  const messages = [
    { peer: B, direction: 'out', name: 'append-entries', count: 4 },
    { peer: C, direction: 'out', name: 'append-entries', count: 3 },
    { peer: B, direction: 'in', name: 'append-entries-response', count: 4 },
    { peer: B, direction: 'out', name: 'heartbeat', count: 5 },
    { peer: C, direction: 'in', name: 'pre-vote', count: 1 },
  ] as const;
  sampler.onInspection(inspectionOf({ messages }));
  sampler.onInspection(inspectionOf({ messages: messages.slice(0, 1) }));
  const sample = sampler.take(3_000);
  const rates = ['append', 'answer', 'heartbeat', 'vote', 'snapshot', 'other'].map((kind) =>
    sample.get(`messages:${kind}`),
  );
  expect(rates).toEqual([5.5, 2, 2.5, 0.5, 0, 0]);
  expect(sampler.take(4_000).get('messages:append')).toBe(0);
});

test('a queue is as deep as at its deepest moment, and what is not told is not taken for 0', () => {
  sampler.onStatus(at(1));
  expect([...sampler.take(1_000).keys()].filter((key) => key.startsWith('queue'))).toEqual([]);
  for (const unapplied of [3, 90, 1]) {
    sampler.onInspection(inspectionOf({ queues: { ...QUIET.queues, unapplied } }));
  }
  const sample = sampler.take(2_000);
  expect([sample.get('queue:unapplied'), sample.get('queue:unsent')]).toEqual([90, 0]);
});

test('commit times are those of the second’s reports together', () => {
  for (const [count, p50Ms, p99Ms] of [
    [10, 4, 9],
    [1, 70, 70],
    [12, 5, 8],
  ] as const) {
    sampler.onInspection(inspectionOf({ commitTimes: { count, p50Ms, p99Ms } }));
  }
  sampler.onInspection(inspectionOf({}));
  const sample = sampler.take(1_000);
  expect([sample.get('commit:p50'), sample.get('commit:p99')]).toEqual([5, 70]);
  expect(sampler.take(2_000).has('commit:p50')).toBe(false);
});

test('this tab’s own writes have times of their own', () => {
  for (let ms = 1; ms <= 100; ms += 1) sampler.onOwnWrite(ms);
  const sample = sampler.take(1_000);
  expect([sample.get('own:p50'), sample.get('own:p99')]).toEqual([50, 99]);
  expect(sampler.take(2_000).has('own:p50')).toBe(false);
});

test('lag is known to a leader only, of the others', () => {
  const members = [
    { nodeId: A, matchIndex: 20 },
    { nodeId: B, matchIndex: 17 },
    { nodeId: C, matchIndex: null },
  ] as unknown as MemberStatus[];
  const lastIndex = 20 as LogIndex;
  sampler.onStatus(at(15, { role: 'leader', lastIndex, members }));
  const lags = (): (readonly [string, number])[] =>
    [...sampler.take(1_000)].filter(([key]) => key.startsWith('lag:'));
  expect(lags()).toEqual([[`lag:${B}`, 3]]);
  sampler.onStatus(at(15, { role: 'follower', lastIndex, members }));
  expect(lags()).toEqual([]);
});

test('of a node that has stopped nothing is told', () => {
  sampler.onStatus(at(10));
  sampler.take(1_000);
  sampler.onStatus(at(10, { state: 'stopped' }));
  expect([...sampler.take(2_000).keys()]).toEqual([]);
});

describe('a change of the leader', () => {
  const led = (term: number, leaderId: NodeId | null): NodeStatus =>
    at(1, { term: term as Term, leaderId });

  test('is another leader or term than before; the first that is heard of is none', () => {
    const changes = new LeaderChanges();
    for (const [ms, term, leader] of [
      [1, 2, A],
      [2, 2, A],
      [3, 3, null],
      [4, 3, B],
      [5, 4, B],
      // What a node that was opened anew knows at first.
      [6, 2, A],
      [7, 4, B],
    ] as const) {
      changes.onStatus(led(term, leader), ms);
    }
    expect(changes.all).toEqual([
      { atMs: 4, term: 3, leaderId: B },
      { atMs: 5, term: 4, leaderId: B },
    ]);
  });

  test('is kept with at most 200 others', () => {
    const changes = new LeaderChanges();
    for (let term = 1; term <= 500; term += 1) changes.onStatus(led(term, A), term);
    expect(changes.all).toHaveLength(200);
    expect(changes.all.at(-1)?.term).toBe(500);
  });
});
