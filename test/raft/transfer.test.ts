/** Leadership transfer (thesis section 3.10). */

import { describe, expect, it } from 'vitest';
import { checkServer } from '../../src/raft/invariants.ts';
import type { TimeoutNow } from '../../src/raft/messages.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  D,
  FIVE,
  LIMITS,
  THREE,
  acknowledge,
  appendEntries,
  bytes,
  configuration,
  core,
  drain,
  grant,
  index,
  leader,
  ofType,
  request,
  sent,
  term,
} from './fixtures.ts';

function timeoutNow(fields: Partial<TimeoutNow> = {}): TimeoutNow {
  return { type: 'timeout-now', from: B, to: A, term: term(1), ...fields };
}

/** A leader whose whole log B has, and C has not. */
function readyLeader(): Raft {
  const raft = leader();
  acknowledge(raft, B, 2);
  drain(raft);
  return raft;
}

/** The server other than the leader that comes first. */
function heirOf(first: Raft): NodeId {
  const heir = [A, B, C].find((id) => id !== first.nodeId);
  if (heir === undefined) throw new Error('no heir');
  return heir;
}

describe('the leader hands over', () => {
  it('thesis 3.10: a target that has the whole log is told at once', () => {
    const raft = readyLeader();
    expect(raft.transferLeadership(B)).toBe('started');
    expect(raft.transferTarget).toBe(B);
    expect(sent(raft)).toEqual([{ type: 'timeout-now', from: A, to: B, term: 2 }]);
    expect(sent(raft)).toEqual([]);
  });

  it('thesis 3.10: a target that lacks entries is caught up first', () => {
    const raft = readyLeader();
    raft.propose([bytes(1)]);
    drain(raft);
    expect(raft.transferLeadership(B)).toBe('started');
    expect(ofType(sent(raft), 'timeout-now')).toEqual([]);
    acknowledge(raft, B, 3);
    expect(ofType(sent(raft), 'timeout-now')).toMatchObject([{ to: B }]);
  });

  it('thesis 3.10: it takes no proposals meanwhile, and goes on reading', () => {
    const raft = readyLeader();
    raft.transferLeadership(C);
    expect(raft.propose([bytes(1)])).toEqual({ type: 'transferring' });
    expect(raft.proposeConfiguration({ voters: [A, B], learners: [] })).toBe('not-ready');
    expect(raft.lastIndex).toBe(2);
    raft.readIndex(request(1), true);
    drain(raft);
    acknowledge(raft, B, 2, 1);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
  });

  it('thesis 3.10: after an election timeout without success it goes on as before', () => {
    const raft = readyLeader();
    raft.transferLeadership(C);
    acknowledge(raft, B, 2);
    const deadlineMs = 1_000 + LIMITS.electionTimeoutMinMs;
    for (let nowMs = 1_050; nowMs < deadlineMs; nowMs += 100) {
      raft.tick(nowMs);
      drain(raft);
      acknowledge(raft, B, 2);
      expect(raft.transferTarget).toBe(C);
    }
    expect(raft.nextDeadlineMs()).toBe(deadlineMs);
    raft.tick(deadlineMs - 1);
    expect(raft.transferTarget).toBe(C);
    raft.tick(deadlineMs);
    expect([raft.role, raft.transferTarget]).toEqual(['leader', null]);
    expect(raft.propose([bytes(1)]).type).toBe('appended');
    acknowledge(raft, C, 3);
    expect(ofType(sent(raft), 'timeout-now')).toEqual([]);
    expect(raft.transferLeadership(B)).toBe('started');
  });

  it('thesis 3.10: a newer term ends it', () => {
    const raft = readyLeader();
    raft.transferLeadership(B);
    raft.step(appendEntries({ term: term(3) }));
    expect([raft.role, raft.transferTarget]).toEqual(['follower', null]);
    expect(raft.propose([bytes(1)])).toEqual({ type: 'not-leader' });
  });

  it('only to another voter, by a leader, one at a time, and not amid a change', () => {
    expect(core().transferLeadership(B)).toBe('not-leader');
    const raft = readyLeader();
    expect([A, D].map((id) => raft.transferLeadership(id))).toEqual([
      'not-eligible',
      'not-eligible',
    ]);
    raft.transferLeadership(C);
    expect(raft.transferLeadership(B)).toBe('not-ready');
    const learning = leader({ configuration: configuration([A, B], [], [C]) });
    expect(learning.transferLeadership(C)).toBe('not-eligible');
    const changing = readyLeader();
    changing.proposeConfiguration({ voters: [A, B], learners: [] });
    expect([C, B].map((id) => changing.transferLeadership(id))).toEqual([
      'not-eligible',
      'not-ready',
    ]);
  });
});

describe('the target takes over', () => {
  it('thesis 3.10: it campaigns at once, without pre-votes, though its leader lives', () => {
    const raft = core();
    raft.step(appendEntries());
    drain(raft);
    raft.step(timeoutNow());
    const messages = sent(raft);
    expect([raft.role, raft.term, messages.length]).toEqual(['candidate', 2, 2]);
    expect(messages).toMatchObject([
      { type: 'request-vote', to: B, term: 2, isTransfer: true },
      { type: 'request-vote', to: C, term: 2, isTransfer: true },
    ]);
    checkServer(raft);
  });

  it('Figure 2: the requests wait until its term and vote are durable', () => {
    const raft = core();
    raft.step(appendEntries());
    drain(raft);
    raft.step(timeoutNow());
    const ready = raft.ready();
    expect(ready?.record?.hardState).toEqual({ term: 2, votedFor: A });
    expect([ready?.messages, ready?.messagesAfterRecord.length]).toEqual([[], 2]);
  });

  it('thesis 4.2.3: its request is granted though a leader was just heard', () => {
    const raft = core();
    raft.step(appendEntries());
    drain(raft);
    const asked = {
      type: 'request-vote',
      from: C,
      to: A,
      term: term(2),
      lastLogIndex: index(1),
      lastLogTerm: term(1),
    } as const;
    raft.step({ ...asked, isTransfer: false });
    expect([raft.term, sent(raft)]).toEqual([1, []]);
    raft.step({ ...asked, isTransfer: true });
    expect(sent(raft)).toMatchObject([{ to: C, term: 2, voteGranted: true }]);
  });

  it('paper 5.4.1: its request is refused by a longer log all the same', () => {
    const raft = core({ terms: [1, 1] });
    raft.step({
      type: 'request-vote',
      from: C,
      to: A,
      term: term(2),
      lastLogIndex: index(1),
      lastLogTerm: term(1),
      isTransfer: true,
    });
    expect(sent(raft)).toMatchObject([{ term: 2, voteGranted: false }]);
  });

  it('said twice it campaigns once; from an older term, or not from the leader, never', () => {
    const raft = core({ hardState: { term: term(4), votedFor: null } });
    raft.step(appendEntries({ term: term(4) }));
    raft.step(timeoutNow({ term: term(3) }));
    raft.step(timeoutNow({ from: C, term: term(4) }));
    expect([raft.role, raft.term]).toEqual(['follower', 4]);
    raft.step(timeoutNow({ term: term(4) }));
    raft.step(timeoutNow({ term: term(4) }));
    expect([raft.role, raft.term]).toEqual(['candidate', 5]);
    raft.step(timeoutNow({ term: term(5), from: C }));
    expect([raft.role, raft.term]).toEqual(['candidate', 5]);
    for (const message of sent(raft)) raft.step(grant(message) ?? message);
    raft.step(timeoutNow({ term: term(4) }));
    raft.step(timeoutNow({ term: term(5), from: C }));
    expect([raft.role, raft.term]).toEqual(['leader', 5]);
  });

  it('thesis 4.2.1: who has no vote does not campaign', () => {
    const raft = core({ configuration: configuration([B, C], [], [A]) });
    raft.step(timeoutNow({ term: term(2) }));
    expect([raft.role, raft.term]).toEqual(['learner', 2]);
    expect(ofType(sent(raft), 'request-vote')).toEqual([]);
  });

  it('thesis 9.6: where it fails, the next campaign asks for pre-votes again', () => {
    const raft = core();
    raft.step(timeoutNow());
    drain(raft);
    raft.tick(raft.nextDeadlineMs());
    expect(raft.role).toBe('pre-candidate');
    expect(ofType(sent(raft), 'pre-vote')).toHaveLength(2);
  });
});

describe('a cluster whose leadership is handed over', () => {
  it('thesis 3.10: the target leads the next term, and no time passes', () => {
    for (const of of [THREE, FIVE]) {
      const cluster = Cluster.of(of, 3);
      const first = cluster.elect();
      const heir = heirOf(first);
      const { term: before } = first;
      first.propose([bytes(1), bytes(2)]);
      expect(first.transferLeadership(heir)).toBe('started');
      cluster.settle();
      expect([cluster.leader?.nodeId, cluster.leader?.term]).toEqual([heir, before + 1]);
      expect([first.role, first.leaderId]).toEqual(['follower', heir]);
      expect(cluster.raft(heir).commitIndex).toBe(first.lastIndex);
    }
  });

  it('thesis 3.10: a target that cannot be reached costs one election timeout', () => {
    const cluster = Cluster.of(THREE, 4);
    const first = cluster.elect();
    const heir = heirOf(first);
    cluster.isolate(heir);
    first.propose([bytes(1)]);
    first.transferLeadership(heir);
    cluster.elapse(LIMITS.electionTimeoutMinMs - 10);
    expect(first.propose([bytes(1)])).toEqual({ type: 'transferring' });
    cluster.elapse(20);
    expect(first.propose([bytes(1)]).type).toBe('appended');
    expect(cluster.leader).toBe(first);
  });

  it('thesis 3.10: a target that hears of it late and lags disturbs, and nothing is lost', () => {
    const cluster = Cluster.of(THREE, 5);
    const first = cluster.elect();
    const heir = heirOf(first);
    const { term: before } = first;
    cluster.isolate(heir);
    first.propose([bytes(1)]);
    cluster.settle();
    const { lastIndex } = first;
    cluster.isolate(heir, false);
    cluster.raft(heir).step({ type: 'timeout-now', from: first.nodeId, to: heir, term: before });
    cluster.settle();
    expect([cluster.raft(heir).role, first.role]).toEqual(['candidate', 'follower']);
    const next = cluster.elect();
    expect(next.nodeId).not.toBe(heir);
    expect(next.lastIndex).toBe(lastIndex + 1);
    cluster.elapse(500);
    expect(cluster.raft(heir).commitIndex).toBe(next.lastIndex);
  });

  it('a leader that applies nothing hands over, and is healed', () => {
    const cluster = Cluster.of(THREE, 6);
    const first = cluster.elect();
    const heir = heirOf(first);
    cluster.server(first.nodeId).suspend();
    first.propose([bytes(1)]);
    cluster.settle();
    first.transferLeadership(heir);
    cluster.elapse(500);
    expect([cluster.leader?.nodeId, first.isApplySuspended]).toEqual([heir, false]);
    const { state } = cluster.server(first.nodeId).machine;
    expect(state).toEqual(cluster.server(heir).machine.state);
  });
});

describe('a leader whose process ends', () => {
  it('tells the voter that has most of its log, whatever that lacks, and takes nothing more', () => {
    const raft = readyLeader();
    raft.propose([bytes(1), bytes(1)]);
    drain(raft);
    acknowledge(raft, C, 3);
    raft.abdicate();
    expect(ofType(sent(raft), 'timeout-now')).toMatchObject([{ to: C, term: 2 }]);
    expect(raft.propose([bytes(1)])).toEqual({ type: 'transferring' });
  });

  it('is no concern of a follower, nor of one that is alone', () => {
    const follower = core();
    follower.abdicate();
    expect(sent(follower)).toEqual([]);
    const alone = leader({ configuration: configuration([A]) });
    alone.abdicate();
    expect(sent(alone)).toEqual([]);
  });

  it('its heir is elected though nobody missed the leader yet', () => {
    const cluster = Cluster.of(THREE, 3);
    const first = cluster.elect();
    cluster.settle();
    first.abdicate();
    cluster.settle();
    const heir = heirOf(first);
    expect(cluster.leader?.nodeId).toBe(heir);
  });
});
