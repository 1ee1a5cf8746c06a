/** A broken link to the leader: an election soon if the leader is gone, and none if it is not. */

import { describe, expect, it } from 'vitest';
import {
  A,
  B,
  C,
  D,
  E,
  LIMITS,
  appendEntries,
  configuration,
  core,
  drain,
  index,
  ofType,
  sent,
  term,
} from './fixtures.ts';

/** Server A, which follows B in term 1. */
function follower() {
  const raft = core();
  raft.step(appendEntries({ from: B, prevLogIndex: index(1), prevLogTerm: term(1) }));
  drain(raft);
  return raft;
}

const preVoteOf = (from: typeof C) =>
  ({
    type: 'pre-vote',
    from,
    to: A,
    term: term(2),
    lastLogIndex: index(1),
    lastLogTerm: term(1),
  }) as const;

describe('the link to the leader broke', () => {
  const reasonsIn = (raft: ReturnType<typeof follower>): string[] => {
    const events = raft.takeEvents() ?? [];
    return events.flatMap((event) => (event.type === 'pre-vote' ? [event.reason] : []));
  };

  it('is told as the reason, until a leader is heard again', () => {
    const raft = follower();
    raft.linkLost(B);
    for (let round = 0; round < 2; round += 1) raft.tick(raft.nextDeadlineMs());
    expect(reasonsIn(raft)).toEqual(['link-lost', 'link-lost']);
    raft.step(appendEntries({ from: B, prevLogIndex: index(1), prevLogTerm: term(1) }));
    drain(raft);
    raft.tick(raft.nextDeadlineMs());
    expect(reasonsIn(raft)).toEqual(['timeout']);
  });

  it('is no reason any more for one that has led since', () => {
    const raft = follower();
    raft.linkLost(B);
    raft.tick(raft.nextDeadlineMs());
    const granted = { from: C, to: A, term: term(2), voteGranted: true } as const;
    raft.step({ type: 'pre-vote-response', ...granted });
    drain(raft);
    raft.step({ type: 'request-vote-response', ...granted });
    drain(raft);
    expect([raft.role, reasonsIn(raft)]).toEqual(['leader', ['link-lost']]);
    for (let round = 0; round < 1_000 && raft.role !== 'pre-candidate'; round += 1) {
      raft.tick(raft.nextDeadlineMs());
      drain(raft);
    }
    expect(reasonsIn(raft)).toEqual(['timeout']);
  });

  it('asks for pre-votes within half the minimum timeout, without a new term', () => {
    const raft = follower();
    raft.linkLost(B);
    expect(raft.nextDeadlineMs()).toBeLessThanOrEqual(LIMITS.electionTimeoutMinMs / 2);
    raft.tick(raft.nextDeadlineMs());
    expect(ofType(sent(raft), 'pre-vote').map(({ to }) => to)).toEqual([B, C]);
    expect([raft.role, raft.term, raft.leaderId]).toEqual(['pre-candidate', 1, null]);
  });

  it('the voters that are left take turns, another one first in each term', () => {
    const five = configuration([A, B, C, D, E]);
    const turnsIn = (ofTerm: number): number[] =>
      [A, C, D, E].map((nodeId) => {
        const raft = core({ nodeId, configuration: five, terms: [ofTerm] });
        const prev = { prevLogIndex: index(1), prevLogTerm: term(ofTerm) };
        raft.step(appendEntries({ from: B, to: nodeId, term: term(ofTerm), ...prev }));
        drain(raft);
        raft.linkLost(B);
        return Math.floor(raft.nextDeadlineMs() / (LIMITS.electionTimeoutMinMs / 8));
      });
    const turns = [1, 2, 3, 4].map(turnsIn);
    for (const ofOne of turns) expect(ofOne.toSorted()).toEqual([0, 1, 2, 3]);
    expect(new Set(turns.map((ofOne) => ofOne.indexOf(0))).size).toBe(4);
  });

  it('grants the pre-vote of another who lost the leader too', () => {
    const raft = follower();
    raft.step(preVoteOf(C));
    expect(ofType(sent(raft), 'pre-vote-response')).toMatchObject([{ voteGranted: false }]);
    raft.linkLost(B);
    raft.step(preVoteOf(C));
    expect(ofType(sent(raft), 'pre-vote-response')).toMatchObject([{ voteGranted: true }]);
  });

  it('gives way to one whose pre-vote it granted, so that the vote is not split', () => {
    const raft = follower();
    raft.linkLost(B);
    raft.step(preVoteOf(C));
    expect(raft.nextDeadlineMs()).toBeGreaterThanOrEqual(LIMITS.electionTimeoutMinMs / 8);
    expect(raft.nextDeadlineMs()).toBeLessThanOrEqual(LIMITS.electionTimeoutMinMs / 2);
  });

  it('follows the leader again when it is heard before that', () => {
    const raft = follower();
    raft.linkLost(B);
    raft.step(appendEntries({ from: B, prevLogIndex: index(1), prevLogTerm: term(1) }));
    drain(raft);
    expect(raft.nextDeadlineMs()).toBeGreaterThanOrEqual(LIMITS.electionTimeoutMinMs);
    raft.step(preVoteOf(C));
    expect(ofType(sent(raft), 'pre-vote-response')).toMatchObject([{ voteGranted: false }]);
  });

  it('means nothing where another than the leader was lost', () => {
    const raft = follower();
    const deadlineMs = raft.nextDeadlineMs();
    raft.linkLost(C);
    expect(raft.nextDeadlineMs()).toBe(deadlineMs);
  });
});
