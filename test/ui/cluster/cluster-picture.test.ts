/** What is drawn of the live cluster, out of what tabs tell and what this tab's status says. */

import { describe, expect, test } from 'vitest';
import type { Inspection, MessageName } from '../../../src/node/inspection.ts';
import type { MemberStatus } from '../../../src/node/status.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import {
  drawCluster,
  isReached,
  type Sights,
  type TabReport,
} from '../../../src/ui/cluster/cluster-picture.ts';
import { departuresOf } from '../../../src/ui/cluster/departures.ts';
import { describeRing } from '../../../src/ui/cluster/ring-words.ts';
import { statusOf } from '../../client/fake-workers.ts';
import { describeBallot } from '../../../src/ui/raft/ballot-words.ts';
import { A, B, C, index, inspection, term } from './inspections.ts';

const D = 'dddddddddddd' as NodeId;
const E = 'eeeeeeeeeeee' as NodeId;

function report(
  inspected: Inspection,
  { linked = [A, B, C], isRunning = true }: { linked?: NodeId[]; isRunning?: boolean } = {},
): readonly [string, TabReport] {
  const { nodeId } = inspected;
  const others = linked.filter((other) => other !== nodeId);
  const stopReason = isRunning ? null : 'crash';
  const presence = { nodeId, isRunning, stopReason, isVisible: true, linked: others } as const;
  return [nodeId, { inspection: inspected, presence }];
}

function word(nodeId: NodeId, more: Partial<MemberStatus> = {}): MemberStatus {
  const known = { role: 'follower', term: term(2), commitIndex: index(4), lastApplied: index(4) };
  const reach = { connected: true, reaches: [A, B, C].filter((other) => other !== nodeId) };
  return { nodeId, voter: true, visible: true, ...known, ...reach, ...more } as MemberStatus;
}

function sightsOf(
  members: readonly MemberStatus[],
  ...reports: ReturnType<typeof report>[]
): Sights {
  const own = { nodeId: A, voters: [A, B, C], leaderId: A, state: 'running' as const };
  return { status: statusOf({ ...own, members }), reports: new Map(reports) };
}

const all = [word(A), word(B), word(C)];
const leading = inspection(A, {
  role: 'leader',
  votedFor: A,
  votes: [A],
  progress: [
    {
      nodeId: B,
      state: 'replicate',
      matchIndex: index(5),
      nextIndex: index(6),
      inflightMessages: 0,
    },
  ],
});

describe('members', () => {
  test('of this browser are drawn by their own word, others by what is heard of them', () => {
    const own = inspection(B, { role: 'candidate', term: term(7), leaderId: null });
    const { members, leaderId } = drawCluster(sightsOf(all, report(leading), report(own)));
    expect(members).toMatchObject([
      { id: A, name: 'aaaaaa', role: 'leader', term: 2, note: 'this tab', state: 'running' },
      { id: B, role: 'candidate', term: 7, note: null },
      { id: C, role: 'follower', term: 2, note: 'elsewhere' },
    ]);
    expect(leaderId).toBe(A);
  });

  test('whose tab of this browser says nothing are not elsewhere', () => {
    const silent = [
      word(A, { profileId: 'p' }),
      word(B, { profileId: 'p' }),
      word(C, { profileId: 'q' }),
    ];
    const { members } = drawCluster(sightsOf(silent, report(leading)));
    expect(members.map(({ note }) => note)).toEqual(['this tab', null, 'elsewhere']);
  });

  test('that crashed are down, that are not heard away', () => {
    const crashed = report(inspection(B), { isRunning: false });
    const gone = word(C, { connected: false, role: null, term: null });
    const { members } = drawCluster(
      sightsOf([word(A), word(B), gone], report(leading, { linked: [B] }), crashed),
    );
    expect(members.map(({ state }) => state)).toEqual(['running', 'down', 'away']);
  });

  test('that another tab of this browser reaches are there', () => {
    const gone = word(C, { connected: false, role: null, term: null });
    const alone = report(leading, { linked: [B] });
    const reached = report(inspection(B), { linked: [A, C] });
    const sights = sightsOf([word(A), word(B), gone], alone, reached);
    expect(drawCluster(sights).members[2]).toMatchObject({ state: 'running', role: null });
  });

  test('two that lead are both shown, and the newer term’s is the leader', () => {
    const newer = inspection(B, { role: 'leader', term: term(3), leaderId: B });
    const drawn = drawCluster(sightsOf(all, report(leading), report(newer)));
    expect(drawn.leaderId).toBe(B);
    expect(describeRing(drawn)).toContain('aaaaaa still thinks it leads, in an older term');
  });

  test('a leader elsewhere is the one that this tab believes in', () => {
    const status = { ...sightsOf(all).status, leaderId: C };
    const own = report(inspection(A, { leaderId: null }));
    const drawn = drawCluster({ status, reports: new Map([own]) });
    expect(drawn.leaderId).toBe(C);
  });

  test('a leader elsewhere in a newer term counts before one here that is cut off', () => {
    const following = report(inspection(B, { term: term(3), leaderId: C }), { linked: [C] });
    const cutOff = report({ ...leading, isolated: true }, { linked: [] });
    const drawn = drawCluster(sightsOf(all, cutOff, following));
    expect(drawn.leaderId).toBe(C);
    expect(describeRing(drawn)).toContain('cccccc leads. aaaaaa still thinks it leads');
    // What the one that is cut off knows of the others is not the leader’s knowledge.
    expect(drawn.logs.map(({ progress }) => progress)).toEqual([null, null, null]);
  });

  test('a leader is known as long as a tab beside this one follows it', () => {
    const cutOff = report(inspection(A, { leaderId: null, isolated: true }), { linked: [] });
    const following = report(inspection(B, { leaderId: C }), { linked: [C] });
    const { status, reports } = sightsOf(all, cutOff, following);
    const drawn = drawCluster({ status: { ...status, leaderId: null }, reports });
    expect(drawn.leaderId).toBe(C);
  });

  test('nobody leads once the leader’s own tab says that it crashed, or stepped down', () => {
    const following = report(inspection(B, { term: term(3), leaderId: C }));
    const own = inspection(C, { term: term(3), role: 'leader', leaderId: C });
    const crashed = report(own, { isRunning: false });
    expect(drawCluster(sightsOf(all, report(leading), following, crashed)).leaderId).toBe(null);
    const humble = report({ ...own, role: 'follower', leaderId: null });
    const drawn = drawCluster(sightsOf(all, report(leading), following, humble));
    expect(drawn.leaderId).toBe(null);
    expect(describeRing(drawn)).toMatch(/nobody leads.* aaaaaa still thinks it leads/);
  });
});

describe('links', () => {
  const statesOf = (sights: Sights): string[] =>
    drawCluster(sights).links.map(({ state }) => state);

  test('are open where both ends say so', () => {
    expect(statesOf(sightsOf(all, report(leading), report(inspection(B))))).toEqual([
      'open',
      'open',
      'open',
    ]);
  });

  test('are cut where either end is made to, or is isolated', () => {
    const cutting = report(inspection(B, { cutLinks: [C] }));
    expect(statesOf(sightsOf(all, report(leading), cutting))).toEqual(['open', 'open', 'cut']);
    const isolated = report(inspection(A, { isolated: true }));
    expect(statesOf(sightsOf(all, isolated, report(inspection(B))))).toEqual([
      'cut',
      'cut',
      'open',
    ]);
  });

  test('are away where an end has none, or does not run', () => {
    const lonely = report(inspection(B), { linked: [A] });
    expect(statesOf(sightsOf(all, report(leading), lonely))).toEqual(['open', 'open', 'away']);
    const crashed = report(inspection(B), { isRunning: false });
    expect(statesOf(sightsOf(all, report(leading), crashed))).toEqual(['away', 'open', 'away']);
  });
});

describe('logs', () => {
  test('show what the leader knows of each; elsewhere what is committed', () => {
    const behind = inspection(B, { lastIndex: index(9), commitIndex: index(5) });
    const { logs } = drawCluster(sightsOf(all, report(leading), report(behind)));
    expect(logs).toMatchObject([
      { id: A, lastIndex: 5, commitIndex: 4, progress: null },
      { id: B, lastIndex: 9, progress: { matchIndex: 5, nextIndex: 6 } },
      { id: C, lastIndex: 4, isEndKnown: false, runs: [{ term: 2, firstIndex: 1 }] },
    ]);
  });

  test('of members elsewhere begin and end nobody knows where', () => {
    const compacted = { ...leading, snapshot: { index: index(3), term: term(1) } };
    const { logs } = drawCluster(sightsOf(all, report(compacted)));
    expect(logs.map(({ snapshotIndex, isEndKnown }) => [snapshotIndex, isEndKnown])).toEqual([
      [3, true],
      [null, false],
      [null, false],
    ]);
  });

  test('of nobody are none', () => {
    expect(drawCluster(sightsOf(all)).logs).toEqual([]);
  });
});

test('votes are those that the candidate counts, and those that say they voted for it', () => {
  const voter = report(inspection(B, { votedFor: A }));
  const { ballots } = drawCluster(sightsOf(all, report(leading), voter));
  expect(ballots).toHaveLength(1);
  expect(ballots[0]).toMatchObject({ id: A, term: 2, isWon: true });
  // Of a leader nobody says who did not vote for it: others may vote now.
  expect(ballots[0]?.votes.map(({ id, isGranted }) => [id, isGranted])).toEqual([
    [A, true],
    [B, true],
  ]);
});

test('while the configuration is joint a candidate needs a majority of both halves', () => {
  const standing = inspection(A, { role: 'candidate', term: term(3), votes: [A, B] });
  const { status, reports } = sightsOf(all, report(standing));
  const [ballot] = drawCluster({
    status: { ...status, voters: [A, B, C, D, E], outgoingVoters: [A, B, C] },
    reports,
  }).ballots;
  expect(ballot?.halves).toEqual([
    { voters: 3, granted: 2, quorum: 2 },
    { voters: 5, granted: 2, quorum: 3 },
  ]);
  expect(ballot?.votes.map(({ isGranted }) => isGranted)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  const words = ballot === undefined ? '' : describeBallot(ballot);
  expect(words).toContain('2 of 3 votes of the former voters and 2 of 5 votes of the new ones');
  const [plain] = drawCluster({ status, reports }).ballots;
  expect(plain === undefined ? '' : describeBallot(plain)).toContain(
    '2 of 3 votes, and 2 are a majority',
  );
});

test('one that asks whether it would be elected stands in no election yet', () => {
  const asking = report(inspection(B, { role: 'pre-candidate', leaderId: null }));
  const { members, ballots } = drawCluster(sightsOf(all, report(inspection(A)), asking));
  expect([members[1]?.role, ballots]).toEqual(['pre-candidate', []]);
});

describe('messages', () => {
  const { reports } = sightsOf(
    all,
    report(inspection(A, { cutLinks: [C] })),
    report(inspection(B)),
  );
  const setting = {
    isHeard: (peer: string) => reports.has(peer),
    isReached: (peer: string) => isReached(A, peer, { reports }),
    delayMs: 100,
    overMs: 120,
    nowMs: 1_000,
  };

  test('are drawn once: by their sender, of others by who got them', () => {
    const departures = departuresOf(
      A,
      [
        { peer: B, direction: 'out', name: 'append-entries', count: 3 },
        { peer: B, direction: 'in', name: 'append-entries-response', count: 3 },
        { peer: C, direction: 'in', name: 'request-vote', count: 1 },
      ],
      setting,
    );
    expect(departures).toMatchObject([
      { from: A, to: B, kind: 'append', count: 3, isLost: false },
      { from: C, to: A, kind: 'vote', count: 1, isLost: false },
    ]);
    expect(departures.every(({ startMs }) => startMs >= 1_000 && startMs < 1_120)).toBe(true);
  });

  test('answers of all kinds are answers, and what a later version says is other', () => {
    const counts = (['read-index-response', 'join-response', 'novelty'] as const).map((name) => {
      return { peer: B, direction: 'out', name: name as MessageName, count: 1 } as const;
    });
    expect(departuresOf(A, counts, setting).map(({ kind, count }) => [kind, count])).toEqual([
      ['answer', 2],
      ['other', 1],
    ]);
  });

  test('of one kind are one, later with a delay, and lost where the link is cut', () => {
    const counts = (['request-vote', 'pre-vote'] as const).map((name) => {
      return { peer: C, direction: 'out', name, count: 1 } as const;
    });
    const [departure, ...more] = departuresOf(A, counts, setting);
    expect(more).toEqual([]);
    expect(departure).toMatchObject({ kind: 'vote', count: 2, isLost: true });
    const [quick] = departuresOf(A, counts, { ...setting, delayMs: 0 });
    expect((departure?.durationMs ?? 0) - (quick?.durationMs ?? 0)).toBe(100);
  });
});
