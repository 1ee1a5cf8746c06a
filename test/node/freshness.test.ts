/** How old a node's knowledge is, in whole clusters and in virtual time. */

import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import { Freshness } from '../../src/node/freshness.ts';
import { UNNOTICED_GAP_MS } from '../../src/node/limits.ts';
import type { ReadIndexOutcome } from '../../src/node/reads.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { NodeCluster, nodeIdOf, type Member } from './node-cluster.ts';

/** A heartbeat every 100 ms, 5 ms on its way, and as long back. */
const CONTACT_MS = 120;

function freshIndex(cluster: NodeCluster, member: Member, freshnessMs: number): ReadIndexOutcome {
  const outcomes: ReadIndexOutcome[] = [];
  cluster.nodeOf(member).freshIndex(freshnessMs, (outcome) => outcomes.push(outcome));
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error('it is answered at once');
  return outcome;
}

const verdict = (cluster: NodeCluster, member: Member, freshnessMs: number): string => {
  const outcome = freshIndex(cluster, member, freshnessMs);
  return outcome.type === 'ready' ? 'ready' : outcome.failure.code;
};

function threeVoters(): { cluster: NodeCluster; leader: Member; follower: Member } {
  const cluster = new NodeCluster(['', '', '']);
  const leader = cluster.leader();
  const follower = cluster.members.find((member) => member !== leader);
  if (follower === undefined) throw new Error('no follower');
  return { cluster, leader, follower };
}

describe('what a node knows', () => {
  test('is as old as the last contact between leader and follower, or leader and majority', () => {
    const { cluster, leader, follower } = threeVoters();
    for (const member of [leader, follower]) {
      const { commitIndex } = cluster.nodeOf(leader).raft;
      expect(freshIndex(cluster, member, CONTACT_MS)).toEqual({
        type: 'ready',
        index: commitIndex,
      });
    }
    cluster.isolate(follower);
    cluster.passMs(300);
    expect(verdict(cluster, follower, 299)).toBe('Stale');
    expect(verdict(cluster, follower, 300 + CONTACT_MS)).toBe('ready');
    expect(verdict(cluster, leader, CONTACT_MS)).toBe('ready');
    cluster.passMs(10_000);
    expect(verdict(cluster, follower, 10_000)).toBe('Stale');
    cluster.reconnect(follower);
    cluster.passMs(500);
    expect(verdict(cluster, follower, CONTACT_MS)).toBe('ready');
  });

  test('grows old in a leader that hears no majority, before and after it steps down', () => {
    const { cluster, leader } = threeVoters();
    cluster.isolate(leader);
    cluster.passMs(400);
    expect(cluster.nodeOf(leader).raft.role).toBe('leader');
    expect(verdict(cluster, leader, 399)).toBe('Stale');
    expect(verdict(cluster, leader, 400 + CONTACT_MS)).toBe('ready');
    cluster.passMs(5_000);
    expect(cluster.nodeOf(leader).raft.role).not.toBe('leader');
    expect(verdict(cluster, leader, 5_000)).toBe('Stale');
  });

  test('is never old in the only voter', () => {
    const cluster = new NodeCluster(['']);
    expect(verdict(cluster, cluster.member(0), 0)).toBe('ready');
  });

  test('is infinitely old in a node that never heard of a leader', () => {
    const cluster = new NodeCluster(['']);
    const stranger = cluster.add('', [nodeIdOf(9)]);
    cluster.passMs(100);
    expect(freshIndex(cluster, stranger, Number.MAX_VALUE)).toMatchObject({
      failure: { code: 'Stale', applied: 'no' },
    });
  });
});

describe('a follower', () => {
  const LEADER = nodeIdOf(1);
  const heartbeat = {
    type: 'append-entries',
    from: LEADER,
    to: nodeIdOf(0),
    term: 3 as Term,
    prevLogIndex: 8 as LogIndex,
    prevLogTerm: 3 as Term,
    entries: [],
    leaderCommit: 20 as LogIndex,
    round: 0,
  } as const;

  /** Its last entry is 8, committed, and of that term; the leader of term 3 told of 20. */
  function follower(commitTerm: number) {
    const view = {
      nodeId: nodeIdOf(0),
      role: 'follower',
      term: 3 as Term,
      leaderId: LEADER,
      commitIndex: 8 as LogIndex,
      leaderCommitIndex: 20 as LogIndex,
      configuration: { ...EMPTY_CONFIGURATION, voters: [LEADER] },
      termAt: () => commitTerm as Term,
      progress: () => null,
    } as const;
    return new Freshness(view, () => undefined, 0);
  }

  test('waits for what the leader has committed, though its own log is not that far', () => {
    const freshness = follower(3);
    freshness.onReceived(heartbeat, 10);
    expect(freshness.indexWithin(0, 10)).toEqual({ type: 'ready', index: 20 });
    expect(freshness.indexWithin(4, 15)).toMatchObject({ failure: { code: 'Stale' } });
  });

  test('believes no leader that may not know yet what is committed, and nobody else', () => {
    const early = follower(2);
    early.onReceived(heartbeat, 10);
    expect(early.indexWithin(1_000, 10)).toMatchObject({ failure: { code: 'Stale' } });
    const deposed = follower(3);
    deposed.onReceived({ ...heartbeat, term: 2 as Term }, 10);
    deposed.onReceived({ ...heartbeat, from: nodeIdOf(2) }, 10);
    expect(deposed.indexWithin(1_000, 10)).toMatchObject({ failure: { code: 'Stale' } });
  });
});

describe('after a gap', () => {
  test('what lay in the queue counts for nothing; an answer to a later question does', () => {
    const { cluster, follower } = threeVoters();
    cluster.freeze(follower);
    cluster.passMs(UNNOTICED_GAP_MS);
    // The last heartbeats before the cut are on their way.
    cluster.isolate(follower);
    cluster.passMs(60_000);
    cluster.thaw(follower);
    expect(verdict(cluster, follower, 3_600_000)).toBe('Stale');
    cluster.passMs(200);
    expect(verdict(cluster, follower, 3_600_000)).toBe('Stale');
    cluster.reconnect(follower);
    cluster.waitFor(() => verdict(cluster, follower, CONTACT_MS) === 'ready', 20_000, 'contact');
  });

  test.each(['leader', 'follower'] as const)('a %s asks anew behind a second gap', (who) => {
    const voters = threeVoters();
    const { cluster } = voters;
    const member = voters[who];
    const sleep = (): void => {
      cluster.freeze(member);
      cluster.passMs(UNNOTICED_GAP_MS);
      cluster.thaw(member);
    };
    sleep();
    expect(verdict(cluster, member, 60_000)).toBe('Stale');
    sleep();
    // The first question is answered by now.
    cluster.passMs(50);
    expect(verdict(cluster, member, 60_000)).toBe('Stale');
    cluster.waitFor(() => verdict(cluster, member, CONTACT_MS) === 'ready', 20_000, 'an answer');
  });
});
