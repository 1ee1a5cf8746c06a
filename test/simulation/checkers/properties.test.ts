/** Every checker accepts what the paper allows and finds a planted violation. */

import { describe, expect, test } from 'vitest';
import { NO_ACCESS } from '../../../src/raft/configuration.ts';
import {
  checkCommitDurable,
  checkMatchDurable,
  checkSentDurable,
  type DurableState,
} from '../../../src/simulation/checkers/durability.ts';
import { ElectionRestriction } from '../../../src/simulation/checkers/election-restriction.ts';
import { ElectionSafety } from '../../../src/simulation/checkers/election-safety.ts';
import { ExactlyOnce } from '../../../src/simulation/checkers/exactly-once.ts';
import { LeaderAppendOnly } from '../../../src/simulation/checkers/leader-append-only.ts';
import { MonotoneState } from '../../../src/simulation/checkers/monotone-state.ts';
import { ReadFreshness } from '../../../src/simulation/checkers/read-freshness.ts';
import { StampOrder } from '../../../src/simulation/checkers/stamp-order.ts';
import { nodeIdOf } from '../../../src/simulation/server.ts';
import type { RequestVoteResponse } from '../../../src/raft/messages.ts';
import type { Configuration, NodeId } from '../../../src/raft/types.ts';
import { at, entry, mirrorOf, of } from './entries.ts';

const A = nodeIdOf(0);
const B = nodeIdOf(1);
const C = nodeIdOf(2);
const D = nodeIdOf(3);
const E = nodeIdOf(4);

describe('election safety (5.2)', () => {
  test('one leader in a term, seen again and again', () => {
    const checker = new ElectionSafety();
    expect(checker.onLeader(A, of(2))).toBe(true);
    expect(checker.onLeader(A, of(2))).toBe(false);
    expect(checker.onLeader(B, of(3))).toBe(true);
    expect(checker.elections).toBe(2);
  });

  test('two leaders in a term', () => {
    const checker = new ElectionSafety();
    checker.onLeader(A, of(2));
    expect(() => checker.onLeader(B, of(2))).toThrow('election safety');
  });
});

describe('election restriction (5.4.1)', () => {
  const end = (lastIndex: number, lastTerm: number) => ({
    lastIndex: at(lastIndex),
    lastTerm: of(lastTerm),
  });

  test.each([
    ['the same log', end(5, 2), end(5, 2)],
    ['a longer log', end(6, 2), end(5, 2)],
    ['a shorter log of a later term', end(3, 3), end(5, 2)],
  ])('a vote for %s', (_name, candidate, own) => {
    const checker = new ElectionRestriction();
    checker.onCandidacy(A, of(4), candidate);
    expect(() => checker.onVote(B, A, of(4), own)).not.toThrow();
  });

  test.each([
    ['a shorter log', end(4, 2), end(5, 2)],
    ['a longer log of an earlier term', end(9, 1), end(5, 2)],
  ])('a vote for %s', (_name, candidate, own) => {
    const checker = new ElectionRestriction();
    checker.onCandidacy(A, of(4), candidate);
    expect(() => checker.onVote(B, A, of(4), own)).toThrow('election restriction');
  });

  test('a vote for nobody who asked', () => {
    const checker = new ElectionRestriction();
    expect(() => checker.onVote(B, A, of(4), end(0, 0))).toThrow('election restriction');
    expect(() => checker.onVote(A, A, of(4), end(0, 0))).not.toThrow();
  });
});

describe('leader append-only (5.3)', () => {
  test('a leader appends; another term begins anew', () => {
    const checker = new LeaderAppendOnly();
    checker.onLeader(A, of(2), at(5));
    checker.onLeader(A, of(2), at(6));
    checker.onSent(A, of(2), [entry(5, 1), entry(6, 2)]);
    checker.onSent(A, of(2), [entry(5, 1), entry(6, 2)]);
    checker.onLeader(A, of(4), at(4));
    checker.onSent(A, of(4), [entry(5, 4)]);
  });

  test('a leader cuts its log', () => {
    const checker = new LeaderAppendOnly();
    checker.onLeader(A, of(2), at(5));
    expect(() => checker.onLeader(A, of(2), at(4))).toThrow('leader append-only');
  });

  test('a leader sends two entries for one index', () => {
    const checker = new LeaderAppendOnly();
    checker.onSent(A, of(2), [entry(5, 2, 1)]);
    expect(() => checker.onSent(A, of(2), [entry(5, 2, 2)])).toThrow('leader append-only');
  });
});

describe('monotone state (Figure 2)', () => {
  const view = (term: number, commit: number, applied: number, durable = 9, last = 9) => ({
    term: of(term),
    commitIndex: at(commit),
    appliedIndex: at(applied),
    durableIndex: at(durable),
    lastIndex: at(last),
  });

  test('forward, and less after a restart', () => {
    const checker = new MonotoneState();
    checker.onView(A, view(1, 1, 1));
    checker.onView(A, view(2, 3, 2));
    checker.onStart(A);
    checker.onView(A, view(2, 1, 1));
  });

  test.each([
    ['the term falls', view(1, 5, 5)],
    ['commitIndex falls', view(2, 4, 4)],
    ['the applied index falls', view(2, 5, 3)],
  ])('%s', (_name, later) => {
    const checker = new MonotoneState();
    checker.onView(A, view(2, 5, 5));
    expect(() => checker.onView(A, later)).toThrow('monotone state');
  });

  test.each([
    ['applied beyond commitIndex', view(1, 1, 2)],
    ['committed beyond the log', view(1, 10, 1)],
    ['durable beyond the log', view(1, 1, 1, 10, 9)],
  ])('%s', (_name, impossible) => {
    expect(() => new MonotoneState().onView(A, impossible)).toThrow('monotone state');
  });

  test('one vote in a term, also over restarts', () => {
    const checker = new MonotoneState();
    checker.onHardState(A, { term: of(2), votedFor: null });
    checker.onHardState(A, { term: of(2), votedFor: B });
    checker.onStart(A);
    checker.onHardState(A, { term: of(2), votedFor: B });
    checker.onHardState(A, { term: of(3), votedFor: C });
    expect(() => checker.onHardState(A, { term: of(3), votedFor: B })).toThrow('voted for');
    expect(() => checker.onHardState(A, { term: of(3), votedFor: null })).toThrow('voted for');
    expect(() => checker.onHardState(A, { term: of(2), votedFor: null })).toThrow('voted for');
  });
});

describe('durability (Figure 2)', () => {
  const disk = (term: number, votedFor: NodeId | null, mirror = mirrorOf()): DurableState => ({
    hardState: { term: of(term), votedFor },
    lastIndex: mirror.lastIndex,
    chainAt: (index) => mirror.chainAt(index),
  });
  const vote: RequestVoteResponse = {
    type: 'request-vote-response',
    from: A,
    to: B,
    term: of(2),
    voteGranted: true,
  };

  test('a vote behind its record, or refused', () => {
    checkSentDurable(vote, disk(2, B));
    checkSentDurable(vote, disk(3, null));
    checkSentDurable({ ...vote, voteGranted: false }, disk(1, null));
  });

  test('a vote before its record', () => {
    expect(() => checkSentDurable(vote, disk(2, null))).toThrow('durability');
    expect(() => checkSentDurable(vote, disk(2, C))).toThrow('durability');
    expect(() => checkSentDurable(vote, disk(1, B))).toThrow('durability');
  });

  test("a candidate's request before its own vote is durable", () => {
    const request = {
      type: 'request-vote',
      from: A,
      to: B,
      term: of(2),
      lastLogIndex: at(0),
      lastLogTerm: of(0),
      isTransfer: false,
    } as const;
    checkSentDurable(request, disk(2, A));
    expect(() => checkSentDurable(request, disk(1, null))).toThrow('durability');
  });

  test('entries acknowledged before they are durable', () => {
    const accepted = {
      type: 'append-entries-response',
      from: A,
      to: B,
      term: of(1),
      round: 0,
      success: true,
      matchIndex: at(2),
    } as const;
    checkSentDurable(accepted, disk(1, null, mirrorOf(entry(1, 1), entry(2, 1))));
    const short = disk(1, null, mirrorOf(entry(1, 1)));
    expect(() => checkSentDurable(accepted, short)).toThrow('durability');
  });

  const log = mirrorOf(entry(1, 1), entry(2, 1));
  const chain = log.chainAt(at(2));
  const full = disk(1, null, log);
  const short = disk(1, null, mirrorOf(entry(1, 1)));
  const commit = { node: A, term: of(1), index: at(2) };
  const configuration = (...voters: readonly NodeId[]): Configuration => ({
    voters,
    outgoingVoters: [],
    learners: [],
    profiles: {},
    access: NO_ACCESS,
  });

  test('a commitment that a majority has', () => {
    const disks = new Map([
      [A, full],
      [B, full],
      [C, short],
    ]);
    const diskOf = (node: NodeId) => disks.get(node) ?? null;
    checkCommitDurable(commit, chain, [configuration(A, B, C)], diskOf);
    expect(() => checkCommitDurable(commit, chain, [configuration(A, C, D)], diskOf)).toThrow(
      'durability',
    );
  });

  test('a joint commitment needs a majority of both sets (6)', () => {
    const joint: Configuration = {
      voters: [A, D, E],
      outgoingVoters: [A, B, C],
      learners: [],
      profiles: {},
      access: NO_ACCESS,
    };
    const disks = new Map([
      [A, full],
      [B, full],
      [C, full],
    ]);
    const diskOf = (node: NodeId) => disks.get(node) ?? null;
    expect(() => checkCommitDurable(commit, chain, [joint], diskOf)).toThrow('durability');
    disks.set(D, full);
    checkCommitDurable(commit, chain, [joint], diskOf);
  });

  test('a match that the other has not', () => {
    const leader = { node: A, term: of(1) };
    const match = { index: at(2), chain };
    checkMatchDurable(leader, B, match, full);
    checkMatchDurable(leader, B, match, disk(2, null));
    expect(() => checkMatchDurable(leader, B, match, short)).toThrow('durability');
  });
});

describe('exactly once (thesis 6.3)', () => {
  const made = (...ids: readonly number[]) => {
    const checker = new ExactlyOnce();
    for (const id of ids) checker.onInvoked(id, 1);
    return checker;
  };

  test('effects in order, acknowledged behind them', () => {
    const checker = made(1, 2, 3);
    checker.onEffect(1, at(4));
    checker.onAcknowledged(1, at(4));
    checker.onEffect(3, at(6));
    checker.onFailed(3, 'unknown');
    expect(checker.effectIndex(1)).toBe(4);
    expect(checker.effectIndex(2)).toBeNull();
  });

  test('a write that takes effect twice', () => {
    const checker = made(1);
    checker.onEffect(1, at(4));
    expect(() => checker.onEffect(1, at(5))).toThrow('exactly once');
  });

  test('a write that takes effect behind a later one of its client', () => {
    const checker = made(1, 2);
    checker.onInvoked(3, 2);
    checker.onEffect(3, at(4));
    checker.onEffect(2, at(5));
    expect(() => checker.onEffect(1, at(6))).toThrow('exactly once');
  });

  test('a write acknowledged without effect, or before it', () => {
    expect(() => made(1).onAcknowledged(1, at(4))).toThrow('exactly once');
    const checker = made(1);
    checker.onEffect(1, at(5));
    expect(() => checker.onAcknowledged(1, at(4))).toThrow('exactly once');
  });

  test('a write that nobody made', () => {
    expect(() => made(1).onEffect(9, at(4))).toThrow('exactly once');
  });

  test('errors that lie', () => {
    const before = made(1);
    before.onEffect(1, at(4));
    expect(() => before.onFailed(1, 'no')).toThrow('truthful errors');
    const after = made(1);
    after.onFailed(1, 'no');
    expect(() => after.onEffect(1, at(4))).toThrow('truthful errors');
    expect(() => made(1).onFailed(1, 'yes')).toThrow('truthful errors');
  });
});

describe('stamp order', () => {
  test('stamps may stand, but not run backwards', () => {
    const checker = new StampOrder();
    checker.onCommand(at(1), 100);
    checker.onCommand(at(2), 100);
    expect(() => checker.onCommand(at(3), 99)).toThrow('stamp order');
  });
});

describe('read freshness (8, thesis 6.4)', () => {
  const read = (level: 'none' | 'weak' | 'linearizable' | 'strong', client = 1) => ({
    id: 1,
    level,
    client,
  });

  test('a linearizable read shows what anybody was told before it began', () => {
    const checker = new ReadFreshness();
    checker.onAcknowledged(1, at(7));
    const floor = checker.floor('linearizable', 2);
    expect(floor).toBe(7);
    checker.onRead(read('linearizable', 2), floor, at(7));
    expect(() => checker.onRead(read('strong', 2), floor, at(6))).toThrow('read freshness');
  });

  test('a linearizable read does not go back behind another', () => {
    const checker = new ReadFreshness();
    checker.onRead(read('linearizable', 1), 0, at(9));
    expect(checker.floor('linearizable', 2)).toBe(9);
  });

  test('a write acknowledged after it began binds no read', () => {
    const checker = new ReadFreshness();
    const floor = checker.floor('linearizable', 2);
    checker.onAcknowledged(1, at(7));
    expect(() => checker.onRead(read('linearizable', 2), floor, at(6))).not.toThrow();
  });

  test('other reads see their own client at least', () => {
    const checker = new ReadFreshness();
    checker.onAcknowledged(1, at(7));
    expect(checker.floor('none', 2)).toBe(0);
    expect(checker.floor('weak', 1)).toBe(7);
    checker.onRead(read('none', 2), 0, at(5));
    expect(checker.floor('none', 2)).toBe(5);
    expect(() => checker.onRead(read('none', 2), 5, at(4))).toThrow('read freshness');
  });
});
