/** The one thing to know now: each state of a node and its cluster has its banner. */

import { describe, expect, test } from 'vitest';
import { ResqliteError } from '../../src/client/errors.ts';
import { failure, type ErrorCode } from '../../src/node/errors.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import type { LogIndex, NodeId } from '../../src/raft/types.ts';
import { bannerFor, type Situation } from '../../src/ui/banner.ts';
import { describeTolerance, healthOf, isOneProfile, listMembers } from '../../src/ui/health.ts';
import { memberOf, statusOf } from '../client/fake-workers.ts';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'].map((name) => name.repeat(16)) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

/** Voters and learners by id; those in `away` are not connected. */
function clusterOf(
  voters: readonly NodeId[],
  {
    learners = [] as NodeId[],
    away = [] as NodeId[],
    ...changes
  }: Partial<NodeStatus> & {
    learners?: NodeId[];
    away?: NodeId[];
  } = {},
): NodeStatus {
  const members = [
    ...voters.map((id) => memberOf(id, { connected: !away.includes(id) })),
    ...learners.map((id) => memberOf(id, { voter: false, connected: !away.includes(id) })),
  ];
  return statusOf({ nodeId: A, leaderId: A, voters, learners, members, ...changes });
}

const SITUATION: Situation = {
  phase: { type: 'open' },
  status: null,
  isSecureContext: true,
  hasOwnCluster: false,
  stateSinceMs: 5,
  isSettling: false,
  isLeaderless: false,
  willRestart: false,
  isGuided: false,
  stored: { free: 0, woken: 0, isWaking: false, problem: null },
};

function show(situation: Partial<Situation>): string | null {
  const banner = bannerFor({ ...SITUATION, ...situation });
  return banner === null ? null : `${banner.tone}: ${banner.title} [${banner.action}]`;
}

function showFailed(code: ErrorCode, situation: Partial<Situation> = {}): string | null {
  const error = new ResqliteError(failure(code, 'no', 'why'));
  return show({ phase: { type: 'failed', error }, ...situation });
}

function textOf(status: NodeStatus): string {
  return bannerFor({ ...SITUATION, status })?.text ?? '';
}

function joiningText(connected: boolean): string {
  const members = [memberOf(B, { connected })];
  return textOf(statusOf({ nodeId: A, state: 'joining', members }));
}

describe('the banner of a running node', () => {
  test.each([
    ['alone', clusterOf([A]), 'notice: 1 of 3: no fault tolerance yet [open-tab]'],
    [
      'with one learner',
      clusterOf([A], { learners: [B] }),
      'notice: 2 of 3: no fault tolerance yet [open-tab]',
    ],
    ['with two learners', clusterOf([A], { learners: [B, C] }), 'busy: Almost there [null]'],
    [
      'whose learners went before they caught up',
      clusterOf([A], { learners: [B, C], away: [B, C] }),
      'notice: 1 of 3: no fault tolerance yet [open-tab]',
    ],
    ['of three', clusterOf([A, B, C]), null],
    [
      'of three, one away',
      clusterOf([A, B, C], { away: [C] }),
      'notice: 2 of 3 voters connected [open-tab]',
    ],
    [
      'of three, two away',
      clusterOf([A, B, C], { away: [B, C] }),
      'trouble: No quorum: reopen a tab [open-tab]',
    ],
    ['of five, one away', clusterOf([A, B, C, D, E], { away: [E] }), null],
    [
      'growing, with the old majority away',
      clusterOf([A, B, C, D, E], { outgoingVoters: [A, D, E], away: [D, E] }),
      'trouble: No quorum: reopen a tab [open-tab]',
    ],
    [
      'whose own data is being replaced',
      clusterOf([A, B, C], { quarantined: true, away: [B, C] }),
      'notice: This tab’s data is being replaced [null]',
    ],
    [
      'of an older version than the cluster',
      clusterOf([A, B, C], { build: { own: 'a', adopted: 'b', outdated: true } }),
      'trouble: This tab runs an older version of the page [reload]',
    ],
    [
      'of a newer version than the cluster',
      clusterOf([A, B, C], { build: { own: 'b', adopted: 'a', outdated: false } }),
      null,
    ],
    [
      'that is stalled',
      clusterOf([A, B, C], { stalledAt: { index: 17 as LogIndex, reason: 'why' }, away: [C] }),
      'trouble: Log entry 17 cannot be applied here [null]',
    ],
  ])('%s', (_, status, banner) => {
    expect(show({ status })).toBe(banner);
  });

  test('that is stalled names what is in the way and the way out', () => {
    const text = textOf(
      clusterOf([A], { stalledAt: { index: 17 as LogIndex, reason: 'no room' } }),
    );
    expect(text).toMatch(/\(no room\).*\.skip 17 /);
  });

  test('that was just opened gives the others a moment', () => {
    const alone = clusterOf([A, B, C], { away: [B, C] });
    expect(show({ status: alone, isSettling: true })).toBe('busy: Connecting [null]');
    expect(show({ status: clusterOf([A, B, C]), isSettling: true })).toBeNull();
    expect(show({ status: clusterOf([A]), isSettling: true })).toMatch('1 of 3');
  });

  test('tells of a missing signalling server where tabs have to find each other', () => {
    const transport = {
      signalling: 'disconnected',
      channels: 'worker',
      isolated: false,
      refusal: null,
    } as const;
    expect(textOf(clusterOf([A], { transport }))).toMatch('signalling server');
    expect(textOf(clusterOf([A, B, C], { transport, away: [B, C] }))).toMatch('signalling server');
    expect(textOf(clusterOf([A]))).not.toMatch('signalling server');
    expect(show({ status: clusterOf([A, B, C], { transport }) })).toBeNull();
  });

  test('offers to wake what is stored here, where that is of use, and says what came of it', () => {
    const alone = clusterOf([A, B, C], { away: [B, C] });
    const none = { free: 0, woken: 0, isWaking: false, problem: null };
    const stored = { ...none, free: 2 };
    expect(show({ status: alone, stored })).toBe(
      'trouble: No quorum, but 2 more nodes of this cluster are stored here [wake]',
    );
    expect(show({ status: alone, stored: { ...stored, free: 1 } })).toMatch('1 more node of');
    expect(show({ status: alone, stored: { ...stored, isWaking: true } })).toBe(
      'busy: Waking the stored nodes [null]',
    );
    const failed = { ...SITUATION, status: alone, stored: { ...stored, problem: 'no room' } };
    expect(bannerFor(failed)?.text).toMatch(/failed: no room/);
    const joining = statusOf({ state: 'joining', voters: [] });
    expect(show({ status: joining, stored })).toMatch('[wake]');
    const met = statusOf({ state: 'joining', voters: [], members: [memberOf(B)] });
    expect(show({ status: met, stored })).toMatch('Joining');
    expect(show({ status: clusterOf([A, B, C]), stored })).toBeNull();

    const woken = { ...none, woken: 2 };
    const moved = 'notice: 3 nodes live in this tab [open-tab]';
    expect(show({ status: clusterOf([A, B, C]), stored: woken })).toBe(moved);
    expect(show({ status: alone, stored: woken })).toMatch('No quorum: reopen a tab');
    expect(describeTolerance(clusterOf([A, B, C]), 3)).toMatch('3 nodes live in this tab');
    expect(describeTolerance(alone, 2)).toMatch('Too few voters');
  });

  test('tells when the room for its data runs out: late of much, early of little', () => {
    const using = (usageBytes: number | null, voters = [A, B, C]): NodeStatus => {
      const storage = { ...statusOf().storage, usageBytes, quotaBytes: 1_000 };
      return clusterOf(voters, { storage });
    };
    expect(show({ status: using(null) })).toBeNull();
    expect(show({ status: using(799) })).toBeNull();
    expect(show({ status: using(800) })).toBe('notice: 80 % of this site’s room is used [null]');
    expect(show({ status: using(800, [A]) })).toMatch('1 of 3');
    expect(show({ status: using(951, [A]) })).toBe(
      'trouble: 95 % of this site’s room is used [null]',
    );
    expect(show({ status: using(5_000) })).toMatch('100 %');
  });

  test('tells of a missing leader, but first of a missing quorum', () => {
    const status = clusterOf([A, B, C], { leaderId: null });
    expect(show({ status })).toBeNull();
    expect(show({ status, isLeaderless: true })).toBe('busy: No leader [null]');
    const alone = clusterOf([A, B, C], { leaderId: null, away: [B, C] });
    expect(show({ status: alone, isLeaderless: true })).toMatch('No quorum');
  });
});

describe('the banner of a node that does not run', () => {
  test('says that it opens, joins or has stopped', () => {
    expect(show({ phase: { type: 'opening' } })).toBe('busy: Opening this tab’s node [null]');
    const joining = statusOf({ state: 'joining', voters: [] });
    expect(show({ status: joining })).toBe('busy: Joining the cluster [null]');
    const stopped = statusOf({ state: 'stopped', stoppedReason: 'x' });
    expect(show({ status: stopped })).toBe('trouble: This tab’s node has stopped [reload]');
    const lost = { ...stopped, storage: { ...stopped.storage, state: 'failed' as const } };
    expect(show({ status: lost })).toBe('trouble: Storage lost: this node has stopped [reload]');
  });

  test('because its storage failed says that it comes back by itself, or what to do', () => {
    const failed = (state: 'failed' | 'full'): NodeStatus => {
      const storage = { ...statusOf().storage, state };
      return statusOf({ state: 'stopped', stoppedReason: 'the disk', storage });
    };
    expect(show({ status: failed('failed'), willRestart: true })).toBe(
      'busy: Storage failed: starting again [null]',
    );
    const full = 'trouble: No room left: this node waits [null]';
    expect(show({ status: failed('full') })).toBe(full);
    expect(show({ status: failed('full'), willRestart: true })).toBe(full);
    expect(textOf(failed('full'))).toMatch(/Free disk space.*level “none” may still answer/);
  });

  test('that joins tells whether a member is there', () => {
    expect(joiningText(false)).toMatch('Waiting for a member');
    expect(joiningText(true)).toMatch('letting this tab in');
  });

  test('says what one needs whom the cluster does not let in, or has removed', () => {
    const { transport } = statusOf();
    const refused = { ...transport, refusal: 'invite' } as const;
    const joining = statusOf({ state: 'joining', voters: [], transport: refused });
    expect(show({ status: joining })).toMatch('does not let this tab in');
    expect(textOf(joining)).toMatch(/expired, was used up or was revoked.*new invite link/s);
    const removed = statusOf({ state: 'stopped', transport: { ...transport, refusal: 'removed' } });
    expect(show({ status: removed })).toMatch('was removed from the cluster [reload]');
    expect(textOf(removed)).toMatch('invite link');
  });

  test.each([
    ['InvalidInvite', 'trouble: This invite link does not work [start-over]'],
    ['Unsupported', 'trouble: This browser cannot run a node [reload]'],
    ['StorageDenied', 'trouble: The browser denies storage [reload]'],
    ['StorageLost', 'trouble: Storage lost [reload]'],
    ['Corrupt', 'trouble: The stored data cannot be read [reload]'],
    ['NewerVersion', 'trouble: This tab runs an older version of the page [reload]'],
    ['Internal', 'trouble: The node could not be opened [reload]'],
  ] as const)('that could not be opened for %s', (code, banner) => {
    expect(showFailed(code)).toBe(banner);
  });

  test('that could not be opened has a way out', () => {
    expect(showFailed('Unsupported', { isSecureContext: false })).toBe(
      'trouble: Not a secure context [null]',
    );
    expect(showFailed('StorageLost', { hasOwnCluster: true })).toBe(
      'trouble: Storage lost [start-over]',
    );
  });
});

describe('health', () => {
  test('knows when one browser profile holds all voters', () => {
    const inProfiles = (...profiles: (string | null)[]): NodeStatus => {
      const members = [A, B, C].map((id, i) => memberOf(id, { profileId: profiles[i] ?? null }));
      return statusOf({ voters: [A, B, C], members });
    };
    expect(isOneProfile(inProfiles('p', 'p', 'p'))).toBe(true);
    expect(isOneProfile(inProfiles('p', 'p', 'q'))).toBe(false);
    expect(isOneProfile(inProfiles('p', 'p', null))).toBe(false);
    expect(isOneProfile(clusterOf([A]))).toBe(false);
  });

  test('counts this tab as connected with itself, and nobody twice', () => {
    const health = healthOf(clusterOf([A, B, C], { learners: [D], away: [A, C] }));
    expect(health).toEqual({
      presentMembers: 3,
      voters: 3,
      connectedVoters: 2,
      spareVoters: 0,
      tolerance: 1,
    });
  });

  test.each([
    [clusterOf([A]), 'No fault tolerance: that takes three.'],
    [clusterOf([A, B, C]), 'Survives the loss of 1 tab.'],
    [clusterOf([A, B, C], { away: [B] }), 'One more loss stops writes.'],
    [
      clusterOf([A, B, C], { away: [B, C] }),
      'Too few voters are connected: nothing can be written.',
    ],
    [clusterOf([A, B, C, D, E]), 'Survives the loss of 2 tabs.'],
    [clusterOf([A, B, C, D, E], { away: [E] }), 'Survives the loss of 1 tab. A voter is away.'],
    [statusOf({ voters: [] }), 'Not a member yet.'],
    [statusOf({ state: 'stopped' }), 'This node has stopped; this is the last it knew.'],
  ])('in a line (%#)', (status, line) => {
    expect(describeTolerance(status)).toBe(line);
  });

  test('lists this tab, then the leader, then the others by id', () => {
    const status = clusterOf([A, B, C, D], { nodeId: C, leaderId: D });
    expect(listMembers(status).map(({ nodeId }) => nodeId)).toEqual([C, D, A, B]);
  });
});
