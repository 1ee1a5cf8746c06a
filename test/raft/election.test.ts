/** Elections (paper sections 5.2 and 5.4.1; section 6 for who may not disturb). */

import { describe, expect, it } from 'vitest';
import type { RequestVote } from '../../src/raft/messages.ts';
import type { Raft } from '../../src/raft/raft.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  D,
  E,
  FIVE,
  THREE,
  acknowledge,
  appendEntries,
  configuration,
  core,
  drain,
  elect,
  grant,
  index,
  leader,
  ofType,
  sent,
  sentOne,
  seededRandom,
  term,
} from './fixtures.ts';

function requestVote(fields: Partial<RequestVote> = {}): RequestVote {
  return {
    type: 'request-vote',
    from: B,
    to: A,
    term: term(2),
    lastLogIndex: index(1),
    lastLogTerm: term(1),
    isTransfer: false,
    ...fields,
  };
}

/** A core that has won its pre-votes, and whose first record and vote requests are ready. */
function candidate(): Raft {
  const raft = core();
  raft.tick(raft.nextDeadlineMs());
  for (const message of sent(raft)) {
    const response = grant(message);
    if (response !== null) raft.step(response);
  }
  expect(raft.role).toBe('candidate');
  return raft;
}

describe('campaigning', () => {
  it('paper 5.2: servers start as followers and campaign when no leader is heard', () => {
    const raft = core();
    expect(raft.role).toBe('follower');
    raft.tick(raft.nextDeadlineMs() - 1);
    expect(raft.role).toBe('follower');
    raft.tick(raft.nextDeadlineMs());
    expect(raft.role).toBe('pre-candidate');
  });

  it('paper 5.2: a candidate increments its term and votes for itself', () => {
    const raft = candidate();
    expect([raft.term, raft.votedFor]).toEqual([2, A]);
    const requests = ofType(drain(raft).messages, 'request-vote');
    expect(requests.map(({ to }) => to)).toEqual([B, C]);
    expect(requests[0]).toMatchObject({ term: 2, lastLogIndex: 1, lastLogTerm: 1 });
  });

  it('Figure 2: vote requests leave only when term and vote are on stable storage', () => {
    const raft = candidate();
    const ready = raft.ready();
    expect(ready?.record).toEqual({
      hardState: { term: 2, votedFor: A },
      snapshot: null,
      entries: [],
    });
    expect(ready?.messages).toEqual([]);
    expect(ofType(ready?.messagesAfterRecord ?? [], 'request-vote')).toHaveLength(2);
    expect(raft.ready()).toBeNull();
  });

  it('Figure 2: the own vote counts only when it is durable', () => {
    const raft = core({ configuration: configuration([A]) });
    raft.tick(0);
    expect(raft.role).toBe('candidate');
    raft.ready();
    expect(raft.role).toBe('candidate');
    raft.recordDurable();
    expect(raft.role).toBe('leader');
  });

  it('Figure 2: a record of before the vote does not make the vote durable', () => {
    const raft = core({ configuration: configuration([A, B]) });
    raft.step(appendEntries({ term: term(2), prevLogTerm: term(1) }));
    raft.ready();
    raft.tick(raft.nextDeadlineMs());
    raft.step({ ...requestVote(), type: 'pre-vote-response', term: term(3), voteGranted: true });
    raft.step({
      ...requestVote(),
      type: 'request-vote-response',
      term: term(3),
      voteGranted: true,
    });
    raft.recordDurable();
    expect(raft.role).toBe('candidate');
    raft.ready();
    raft.recordDurable();
    expect(raft.role).toBe('leader');
  });

  it('paper 5.2: a majority of votes elects; refusals and votes of other terms do not', () => {
    const raft = core({ configuration: FIVE });
    raft.tick(raft.nextDeadlineMs());
    for (const message of sent(raft)) {
      const response = grant(message);
      if (response !== null) raft.step(response);
    }
    sent(raft);
    const vote = { type: 'request-vote-response', to: A, term: term(2) } as const;
    raft.step({ ...vote, from: B, voteGranted: true });
    raft.step({ ...vote, from: B, voteGranted: true });
    raft.step({ ...vote, from: C, voteGranted: false });
    raft.step({ ...vote, from: D, term: term(1), voteGranted: true });
    expect(raft.role).toBe('candidate');
    raft.step({ ...vote, from: E, voteGranted: true });
    expect(raft.role).toBe('leader');
  });

  it('paper 5.2: a candidate that hears a leader of its term follows it', () => {
    const raft = candidate();
    sent(raft);
    raft.step(appendEntries({ term: term(2) }));
    expect([raft.role, raft.leaderId, raft.term]).toEqual(['follower', B, 2]);
    raft.step({ ...requestVote(), type: 'request-vote-response', from: C, voteGranted: true });
    expect(raft.role).toBe('follower');
  });

  it('paper 5.2: without a winner a new election begins soon, with a newly drawn timeout', () => {
    const random = seededRandom(7);
    const draws: number[] = [];
    const raft = core({
      random: (bound) => {
        const value = Math.floor(random() * bound);
        if (bound === 1_000) draws.push(value);
        return value;
      },
    });
    for (let round = 0; round < 5; round += 1) {
      const deadlineMs = raft.nextDeadlineMs();
      raft.tick(deadlineMs);
      expect(raft.nextDeadlineMs() - deadlineMs).toBe(250 + (draws.at(-1) ?? 0));
    }
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('paper 5.2: every AppendEntries of the leader puts the election off', () => {
    const raft = core();
    for (let nowMs = 900; nowMs < 9_000; nowMs += 900) {
      raft.tick(nowMs);
      raft.step(appendEntries());
      expect(raft.nextDeadlineMs()).toBe(nowMs + 1_000);
    }
    expect(raft.role).toBe('follower');
  });

  it('paper 8: a new leader appends a no-op of its term at once', () => {
    const raft = elect(core());
    expect(raft.entryAt(raft.lastIndex)).toEqual({ type: 'noop', index: 2, term: 2 });
    expect(raft.leaderId).toBe(A);
  });

  it('a server that decides alone campaigns at once', () => {
    const raft = core({ configuration: configuration([A]), nowMs: 50 });
    expect(raft.nextDeadlineMs()).toBe(50);
    expect(elect(raft).term).toBe(2);
  });
});

describe('voting', () => {
  it('paper 5.2: at most one vote in a term, first come, first served', () => {
    const raft = core();
    raft.step(requestVote());
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ to: B, voteGranted: true });
    raft.step(requestVote({ from: C }));
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ to: C, voteGranted: false });
    raft.step(requestVote());
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ to: B, voteGranted: true });
  });

  it('Figure 2: a vote is answered only when it is on stable storage', () => {
    const raft = core();
    raft.step(requestVote());
    const ready = raft.ready();
    expect(ready?.record).toEqual({
      hardState: { term: 2, votedFor: B },
      snapshot: null,
      entries: [],
    });
    expect(ready?.messages).toEqual([]);
    expect(ready?.messagesAfterRecord).toHaveLength(1);
  });

  it('Figure 2: so it is where the term was known before, and only the vote is new', () => {
    const raft = core();
    const refusal = { type: 'pre-vote-response', from: C, to: A, voteGranted: false } as const;
    raft.step({ ...refusal, term: term(2) });
    sent(raft);
    raft.step(requestVote());
    const ready = raft.ready();
    expect(ready?.record).toEqual({
      hardState: { term: 2, votedFor: B },
      snapshot: null,
      entries: [],
    });
    expect([ready?.messages.length, ready?.messagesAfterRecord.length]).toEqual([0, 1]);
  });

  it('Figure 2: a repeated request waits for the same record, and needs no other', () => {
    const raft = core();
    raft.step(requestVote());
    raft.ready();
    raft.step(requestVote());
    expect(raft.ready()).toBeNull();
    raft.recordDurable();
    expect(raft.ready()).toMatchObject({ record: null, messages: [{ voteGranted: true }] });
  });

  it('Figure 2: after a crash the vote is remembered', () => {
    const raft = core();
    raft.step(requestVote());
    const [record] = drain(raft).records;
    const restarted = core({ hardState: record?.hardState ?? { term: term(1), votedFor: null } });
    restarted.step(requestVote({ from: C }));
    expect(sentOne(restarted, 'request-vote-response').voteGranted).toBe(false);
  });

  it('Figure 2: a message of the same term does not clear the vote', () => {
    const raft = core();
    raft.step(requestVote());
    sent(raft);
    raft.step(appendEntries({ term: term(2) }));
    expect(raft.votedFor).toBe(B);
    raft.step({ ...requestVote(), type: 'request-vote-response', from: C, voteGranted: true });
    expect(raft.votedFor).toBe(B);
  });

  it('paper 5.1: a newer term is adopted and frees the vote; an older one is refused', () => {
    const raft = core();
    raft.step(requestVote({ term: term(5) }));
    sent(raft);
    raft.step(requestVote({ from: C, term: term(4) }));
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ term: 5, voteGranted: false });
    raft.step(requestVote({ from: C, term: term(6) }));
    expect([raft.term, raft.votedFor]).toEqual([6, C]);
  });

  it('paper 5.4.1: a candidate whose log is less up to date gets no vote', () => {
    const raft = core({ terms: [1, 2, 2] });
    raft.step(requestVote({ term: term(3), lastLogIndex: index(9), lastLogTerm: term(1) }));
    expect(sentOne(raft, 'request-vote-response').voteGranted).toBe(false);
    raft.step(requestVote({ term: term(3), lastLogIndex: index(2), lastLogTerm: term(2) }));
    expect(sentOne(raft, 'request-vote-response').voteGranted).toBe(false);
    raft.step(requestVote({ term: term(3), lastLogIndex: index(3), lastLogTerm: term(2) }));
    expect(sentOne(raft, 'request-vote-response').voteGranted).toBe(true);
  });

  it('paper 5.4.1: entries that are not durable yet count against the candidate', () => {
    const raft = core();
    raft.step(appendEntries({ entries: [{ type: 'noop', index: index(2), term: term(1) }] }));
    raft.tick(1_000);
    raft.step(requestVote());
    expect(sentOne(raft, 'request-vote-response').voteGranted).toBe(false);
  });

  it('Figure 2: granting a vote puts the own election off; refusing does not', () => {
    const raft = core({ terms: [1, 1] });
    raft.tick(900);
    raft.step(requestVote());
    expect(raft.nextDeadlineMs()).toBe(1_000);
    raft.step(requestVote({ lastLogIndex: index(2) }));
    expect(raft.nextDeadlineMs()).toBe(1_900);
  });

  it('thesis 4.1: a candidate outside the own configuration gets the vote', () => {
    const raft = core();
    raft.step(requestVote({ from: E }));
    expect(sentOne(raft, 'request-vote-response').voteGranted).toBe(true);
  });

  it('thesis 4.1: a server that is no voter yet may be one in the configuration of the asker', () => {
    const learner = core({ configuration: configuration([B, C], [], [A]) });
    learner.step(requestVote());
    expect(sentOne(learner, 'request-vote-response').voteGranted).toBe(true);
    const newcomer = core({ entries: [], hardState: { term: term(0), votedFor: null } });
    newcomer.step(requestVote());
    expect(sentOne(newcomer, 'request-vote-response').voteGranted).toBe(true);
  });
});

describe('stickiness', () => {
  it('paper 6: a vote request within the minimum timeout of hearing a leader is ignored', () => {
    const raft = core();
    raft.tick(500);
    raft.step(appendEntries());
    sent(raft);
    raft.tick(1_499);
    raft.step(requestVote({ from: C, term: term(9) }));
    expect(raft.ready()).toBeNull();
    expect(raft.term).toBe(1);
  });

  it('paper 6: after that it is answered', () => {
    const raft = core({ random: () => 999 });
    raft.tick(500);
    raft.step(appendEntries());
    raft.tick(1_500);
    raft.step(requestVote({ from: C, term: term(9) }));
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ term: 9, voteGranted: true });
  });

  it('paper 6: who was heard in an older term is no current leader', () => {
    const raft = core();
    raft.tick(500);
    raft.step(appendEntries());
    const refusal = { type: 'pre-vote-response', from: C, to: A, voteGranted: false } as const;
    raft.step({ ...refusal, term: term(7) });
    sent(raft);
    raft.step(requestVote({ from: C, term: term(8) }));
    expect(sentOne(raft, 'request-vote-response')).toMatchObject({ term: 8, voteGranted: true });
  });

  it('thesis 4.2.3: a leader does not give way to a vote request', () => {
    const raft = leader();
    raft.step(requestVote({ term: term(9), lastLogIndex: index(9), lastLogTerm: term(8) }));
    expect([raft.role, raft.term]).toEqual(['leader', 2]);
    expect(ofType(sent(raft), 'request-vote-response')).toEqual([]);
  });

  it('paper 5.1: but an answer of a newer term deposes it', () => {
    const raft = leader();
    acknowledge(raft, B, 2);
    raft.step({
      type: 'append-entries-response',
      from: C,
      to: A,
      term: term(4),
      round: 0,
      success: false,
      rejectedIndex: index(1),
      conflictIndex: index(1),
      conflictTerm: null,
    });
    expect([raft.role, raft.term, raft.leaderId]).toEqual(['follower', 4, null]);
    expect(raft.propose([new Uint8Array(1)])).toEqual({ type: 'not-leader' });
    expect(raft.progress(B)).toBeNull();
  });
});

describe('who does not campaign', () => {
  it('thesis 4.2.1: a learner gives its leader up after a timeout, and waits', () => {
    const raft = core({ configuration: configuration([B, C], [], [A]) });
    expect(raft.role).toBe('learner');
    raft.step(appendEntries());
    expect([raft.role, raft.leaderId]).toEqual(['learner', B]);
    raft.tick(raft.nextDeadlineMs());
    expect([raft.role, raft.leaderId, raft.nextDeadlineMs()]).toEqual(['learner', null, Infinity]);
    raft.tick(1e9);
    expect(sent(raft).filter(({ type }) => type === 'pre-vote')).toEqual([]);
  });

  it('thesis 4.4: a server without a configuration waits to be told', () => {
    const raft = core({ entries: [], hardState: { term: term(0), votedFor: null } });
    raft.tick(1e9);
    expect([raft.role, raft.term]).toEqual(['learner', 0]);
    expect(raft.ready()).toBeNull();
  });

  it('paper 6: a server outside its configuration does not campaign', () => {
    const raft = core({ configuration: configuration([B, C, D]) });
    raft.tick(1e9);
    expect(raft.role).toBe('learner');
    expect(raft.ready()).toBeNull();
  });

  it('thesis 4.2.1: a promoted learner becomes a follower, and may campaign', () => {
    const raft = core({ configuration: configuration([B, C], [], [A]) });
    const entry = {
      type: 'configuration' as const,
      index: index(2),
      term: term(1),
      configuration: configuration([A, B, C], [B, C]),
    };
    raft.step(appendEntries({ entries: [entry] }));
    expect(raft.role).toBe('follower');
    raft.tick(raft.nextDeadlineMs());
    expect(raft.role).toBe('pre-candidate');
  });

  it('paper 6: votes of servers outside the configuration, and of learners, do not count', () => {
    const raft = core({ configuration: configuration([A, B, C], [], [D]) });
    raft.tick(raft.nextDeadlineMs());
    const requests = ofType(sent(raft), 'pre-vote');
    expect(requests.map(({ to }) => to)).toEqual([B, C]);
    const vote = { type: 'pre-vote-response', to: A, term: term(2), voteGranted: true } as const;
    raft.step({ ...vote, from: D });
    raft.step({ ...vote, from: E });
    expect(raft.role).toBe('pre-candidate');
    raft.step({ ...vote, from: B });
    expect(raft.role).toBe('candidate');
    sent(raft);
    raft.step({ ...vote, type: 'request-vote-response', from: D });
    raft.step({ ...vote, type: 'request-vote-response', from: E });
    expect(raft.role).toBe('candidate');
  });
});

describe('elections among several', () => {
  it('paper 5.2 (InitialElection): one leader appears, all follow it, and its term stays', () => {
    const cluster = Cluster.of(THREE);
    const first = cluster.elect();
    const { term: firstTerm } = first;
    cluster.elapse(5_000);
    expect(cluster.leader).toBe(first);
    for (const { raft } of cluster.servers.values()) {
      expect([raft.leaderId, raft.term]).toEqual([first.nodeId, firstTerm]);
    }
  });

  it('paper 5.2 (ReElection): a leader cut off is replaced and follows when it returns', () => {
    const cluster = Cluster.of(THREE);
    const old = cluster.elect();
    cluster.isolate(old.nodeId);
    cluster.elapseUntil(() => cluster.leader !== null && cluster.leader !== old, 5_000);
    const next = cluster.elect();
    cluster.elapseUntil(() => old.role !== 'leader', 2_000);
    cluster.isolate(old.nodeId, false);
    cluster.elapse(2_000);
    expect([cluster.leader, old.role, old.leaderId]).toEqual([next, 'follower', next.nodeId]);
  });

  it('paper 5.4.1: a server that lacks what is committed cannot win', () => {
    const cluster = Cluster.of(THREE, 3);
    const first = cluster.elect();
    const [behind, current] = [A, B, C].filter((id) => id !== first.nodeId);
    if (behind === undefined || current === undefined) throw new Error('three servers');
    cluster.isolate(behind);
    first.propose([new Uint8Array(1)]);
    cluster.settle();
    cluster.isolate(behind, false);
    cluster.isolate(first.nodeId);
    cluster.elapseUntil(() => cluster.raft(current).role === 'leader', 20_000);
    expect(cluster.raft(behind).lastIndex).toBe(cluster.raft(current).lastIndex);
  });

  it('paper 5.2: two of three elect, one of three does not', () => {
    const cluster = Cluster.of(THREE);
    cluster.isolate(C);
    const first = cluster.elect();
    cluster.isolate(first.nodeId);
    cluster.elapse(10_000);
    expect(cluster.leader).toBeNull();
  });
});
