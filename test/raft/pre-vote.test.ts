/** PreVote (thesis section 9.6), and that it leaves no two servers refusing each other for ever. */

import { describe, expect, it } from 'vitest';
import type { PreVote } from '../../src/raft/messages.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  THREE,
  appendEntries,
  configuration,
  core,
  drain,
  index,
  leader,
  logOf,
  ofType,
  sent,
  sentOne,
  term,
} from './fixtures.ts';

function preVote(fields: Partial<PreVote> = {}): PreVote {
  return {
    type: 'pre-vote',
    from: B,
    to: A,
    term: term(2),
    lastLogIndex: index(1),
    lastLogTerm: term(1),
    ...fields,
  };
}

describe('asking', () => {
  it('thesis 9.6: a server asks before it increments its term; nothing is written', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    const { messages, records } = drain(raft);
    expect(ofType(messages, 'pre-vote')).toEqual([
      { ...preVote({ from: A, to: B }) },
      { ...preVote({ from: A, to: C }) },
    ]);
    expect(records).toEqual([]);
    expect([raft.role, raft.term, raft.votedFor]).toEqual(['pre-candidate', 1, null]);
  });

  it('thesis 9.6: it campaigns only when a majority would vote for it', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    const response = { type: 'pre-vote-response', to: A, from: B } as const;
    raft.step({ ...response, term: term(1), voteGranted: false });
    raft.step({ ...response, term: term(3), voteGranted: true });
    expect([raft.role, raft.term]).toEqual(['pre-candidate', 1]);
    raft.step({ ...response, term: term(2), voteGranted: true });
    expect([raft.role, raft.term]).toEqual(['candidate', 2]);
  });

  it('thesis 9.6: cut off, its term does not grow however long it asks', () => {
    const raft = core();
    for (let round = 0; round < 50; round += 1) raft.tick(raft.nextDeadlineMs());
    expect([raft.role, raft.term]).toEqual(['pre-candidate', 1]);
  });

  it('thesis 9.6: it follows a leader that it hears meanwhile', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    raft.step(appendEntries());
    expect([raft.role, raft.leaderId]).toEqual(['follower', B]);
    raft.step({ type: 'pre-vote-response', from: C, to: A, term: term(2), voteGranted: true });
    expect([raft.role, raft.term]).toEqual(['follower', 1]);
  });

  it('paper 5.2: who gives its vote away meanwhile asks no longer', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    const { term: ofTerm, ...asked } = preVote();
    raft.step({ ...asked, type: 'request-vote', term: term(ofTerm - 1), isTransfer: false });
    expect([raft.role, raft.votedFor]).toEqual(['follower', B]);
    raft.step({ type: 'pre-vote-response', from: C, to: A, term: ofTerm, voteGranted: true });
    expect([raft.role, raft.term]).toEqual(['follower', 1]);
  });

  it('a refusal that names a newer term is adopted', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    raft.step({ type: 'pre-vote-response', from: B, to: A, term: term(7), voteGranted: false });
    expect([raft.role, raft.term]).toEqual(['follower', 7]);
    sent(raft);
    raft.tick(raft.nextDeadlineMs());
    expect(ofType(sent(raft), 'pre-vote')[0]?.term).toBe(8);
  });
});

describe('answering', () => {
  it('thesis 9.6: it would vote for a log as up to date as its own, and only for that', () => {
    const raft = core({ terms: [1, 1] });
    raft.step(preVote());
    expect(sentOne(raft, 'pre-vote-response')).toMatchObject({ voteGranted: false, term: 1 });
    raft.step(preVote({ lastLogIndex: index(2) }));
    expect(sentOne(raft, 'pre-vote-response')).toMatchObject({ voteGranted: true, term: 2 });
  });

  it('thesis 9.6: answering changes neither term nor vote, and needs no disk', () => {
    const raft = core();
    raft.step(preVote({ term: term(9) }));
    const ready = raft.ready();
    expect(ready).toMatchObject({ record: null, messages: [{ voteGranted: true, term: 9 }] });
    expect([raft.term, raft.votedFor, raft.nextDeadlineMs()]).toEqual([1, null, 1_000]);
  });

  it('thesis 9.6: not while a leader was heard within the minimum election timeout', () => {
    const raft = core({ random: () => 999 });
    raft.step(appendEntries());
    sent(raft);
    raft.tick(999);
    raft.step(preVote({ from: C, term: term(9), lastLogIndex: index(9) }));
    expect(sentOne(raft, 'pre-vote-response').voteGranted).toBe(false);
    raft.tick(1_000);
    raft.step(preVote({ from: C, term: term(9), lastLogIndex: index(9) }));
    expect(sentOne(raft, 'pre-vote-response').voteGranted).toBe(true);
  });

  it('thesis 9.6: nor does a leader grant it', () => {
    const raft = leader();
    raft.step(preVote({ term: term(9), lastLogIndex: index(9), lastLogTerm: term(9) }));
    expect(sentOne(raft, 'pre-vote-response')).toMatchObject({ voteGranted: false, term: 2 });
    expect(raft.role).toBe('leader');
  });

  it('thesis 9.6: an asker whose term is not new is told the newer one', () => {
    const raft = core({ hardState: { term: term(5), votedFor: null } });
    raft.step(preVote({ term: term(5) }));
    expect(sentOne(raft, 'pre-vote-response')).toMatchObject({ voteGranted: false, term: 5 });
  });

  it('thesis 9.6: two servers may grant each other', () => {
    const raft = core();
    raft.tick(raft.nextDeadlineMs());
    sent(raft);
    raft.step(preVote());
    expect(sentOne(raft, 'pre-vote-response').voteGranted).toBe(true);
  });
});

describe('liveness', () => {
  it('thesis 9.6: a server that comes back from a partition deposes nobody', () => {
    const cluster = Cluster.of(THREE);
    const first = cluster.elect();
    const [away] = [A, B, C].filter((id) => id !== first.nodeId);
    cluster.isolate(away ?? A);
    cluster.elapse(20_000);
    cluster.isolate(away ?? A, false);
    cluster.elapse(5_000);
    expect(cluster.leader).toBe(first);
    expect(cluster.raft(away ?? A).leaderId).toBe(first.nodeId);
  });

  it('an older log with a newer term, and a newer log with an older term, elect a leader', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const cluster = Cluster.of(THREE, seed);
      cluster.add(A, logOf([1, 1, 2], THREE), 2);
      cluster.add(B, logOf([1, 1], THREE), 9);
      cluster.isolate(C);
      expect(cluster.elect().nodeId).toBe(A);
      expect(cluster.raft(B).lastIndex).toBe(cluster.raft(A).lastIndex);
    }
  });

  it('a follower with a newer term than its leader is taken in within one election', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const cluster = Cluster.of(THREE, seed);
      cluster.isolate(C);
      cluster.elect();
      cluster.add(C, logOf([1], THREE), 30);
      cluster.isolate(C, false);
      cluster.elapseUntil(() => cluster.raft(C).leaderId !== null, 10_000);
      expect(cluster.elect().term).toBeGreaterThan(30);
    }
  });

  it('a removed server that never learned of it disturbs nobody', () => {
    const cluster = Cluster.of(configuration([A, B, C]), 4);
    const first = cluster.elect();
    const [removed] = [A, B, C].filter((id) => id !== first.nodeId);
    const stay = [A, B, C].filter((id) => id !== removed);
    cluster.isolate(removed ?? A);
    expect(first.proposeConfiguration({ voters: stay, learners: [] })).toBe('appended');
    cluster.elapse(500);
    cluster.isolate(removed ?? A, false);
    const { term: before } = first;
    cluster.elapse(20_000);
    expect([cluster.leader, first.term]).toEqual([first, before]);
  });
});
