/** Changing the configuration (paper section 6, thesis chapter 4). */

import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../../src/raft/configuration.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  D,
  E,
  THREE,
  acknowledge,
  bytes,
  configuration,
  configurationEntry,
  core,
  elect,
  index,
  leader,
  ofType,
  refuse,
  sent,
  term,
  termsOf,
} from './fixtures.ts';

/** A leader of A, B, C that has committed its no-op (index 2) and may change the configuration. */
function settled(options: Parameters<typeof leader>[0] = {}): Raft {
  const raft = leader(options);
  for (const id of raft.configuration.voters) if (id !== A) acknowledge(raft, id, 2);
  sent(raft);
  return raft;
}

function change(raft: Raft, voters: NodeId[], learners: NodeId[] = []): string {
  return raft.proposeConfiguration({ voters, learners });
}

function toldTo(raft: Raft): NodeId[] {
  return ofType(sent(raft), 'append-entries').map(({ to }) => to);
}

describe('beginning a change', () => {
  it('paper 6: C_old,new is in force as soon as it is appended', () => {
    const raft = settled();
    expect(change(raft, [A, B, D])).toBe('appended');
    expect(raft.configuration).toEqual(configuration([A, B, D], [A, B, C]));
    expect([raft.lastIndex, raft.commitIndex]).toEqual([3, 2]);
  });

  it('thesis 4.2.1: with the same voters one entry suffices', () => {
    const raft = settled();
    expect(change(raft, [C, B, A], [E, D])).toBe('appended');
    expect(raft.configuration).toEqual(configuration([A, B, C], [], [D, E]));
    sent(raft);
    acknowledge(raft, B, 3);
    expect([raft.commitIndex, raft.lastIndex]).toEqual([3, 3]);
  });

  it('not by a server that does not lead', () => {
    expect(change(core(), [A, B])).toBe('not-leader');
  });

  it('single-server-change bug: not before an entry of the own term is committed', () => {
    const raft = leader({ appliedIndex: index(1) });
    expect(raft.commitIndex).toBe(1);
    expect(change(raft, [A, B])).toBe('not-ready');
    acknowledge(raft, B, 1);
    expect(change(raft, [A, B])).toBe('not-ready');
    acknowledge(raft, B, 2);
    expect(change(raft, [A, B])).toBe('appended');
  });

  it('paper 6: one at a time, from the joint configuration until the final one is committed', () => {
    const raft = settled();
    change(raft, [A, B, D]);
    expect(change(raft, [A, B])).toBe('not-ready');
    sent(raft);
    acknowledge(raft, D, 3);
    acknowledge(raft, B, 3);
    expect(raft.configuration).toEqual(configuration([A, B, D]));
    expect(raft.lastIndex).toBe(4);
    expect(change(raft, [A, B])).toBe('not-ready');
    sent(raft);
    acknowledge(raft, D, 4);
    expect(change(raft, [A, B])).toBe('appended');
  });

  it('thesis 4.2.1: adding learners is a change too: the next one waits for its commitment', () => {
    const raft = settled();
    change(raft, [A, B, C], [D]);
    expect(change(raft, [A, B, C], [D, E])).toBe('not-ready');
  });

  it('a target that is no configuration is an error of the caller, and appends nothing', () => {
    const raft = settled();
    expect(() => change(raft, [])).toThrow(RangeError);
    expect(() => change(raft, [A], [A])).toThrow(RangeError);
    expect(() => change(core(), [])).toThrow(RangeError);
    expect(raft.lastIndex).toBe(2);
  });
});

describe('the joint phase', () => {
  it('paper 6: C_old,new is committed by both majorities, and C_new follows by itself', () => {
    const raft = settled();
    change(raft, [A, D, E]);
    sent(raft);
    acknowledge(raft, B, 3);
    acknowledge(raft, C, 3);
    expect(raft.commitIndex).toBe(2);
    acknowledge(raft, D, 3);
    expect(raft.commitIndex).toBe(3);
    expect(raft.entryAt(index(4))).toMatchObject({
      type: 'configuration',
      configuration: {
        voters: [A, D, E],
        outgoingVoters: [],
        learners: [],
        profiles: {},
        access: NO_ACCESS,
      },
    });
  });

  it('paper 6: C_new is committed by its own majority alone', () => {
    const raft = settled();
    change(raft, [A, D, E]);
    sent(raft);
    for (const id of [B, D]) acknowledge(raft, id, 3);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 4);
    expect(raft.commitIndex).toBe(3);
    acknowledge(raft, E, 4);
    expect(raft.commitIndex).toBe(4);
  });

  it('thesis 4.2.1: a learner among the new voters counts from the joint configuration on', () => {
    const raft = settled({ configuration: configuration([A], [], [B, C]) });
    acknowledge(raft, B, 2);
    change(raft, [A, B, C]);
    sent(raft);
    expect(raft.commitIndex).toBe(2);
    acknowledge(raft, B, 3);
    expect(raft.commitIndex).toBe(3);
  });

  it('thesis 4.2.1: a voter to become a learner votes in C_old,new and learns in C_new', () => {
    const raft = settled();
    change(raft, [A, B], [C]);
    expect(raft.configuration).toEqual(configuration([A, B], [A, B, C], [C]));
    sent(raft);
    acknowledge(raft, B, 3);
    expect(raft.configuration).toEqual(configuration([A, B], [], [C]));
    expect(raft.progress(C)).not.toBeNull();
  });

  it('paper 6: electing in C_old,new takes both majorities', () => {
    const raft = core({ configuration: configuration([A, D, E], [A, B, C]) });
    raft.tick(raft.nextDeadlineMs());
    expect(ofType(sent(raft), 'pre-vote').map(({ to }) => to)).toEqual([B, C, D, E]);
    const vote = { type: 'pre-vote-response', to: A, term: term(2), voteGranted: true } as const;
    for (const from of [B, C]) raft.step({ ...vote, from });
    expect(raft.role).toBe('pre-candidate');
    raft.step({ ...vote, from: D });
    expect(raft.role).toBe('candidate');
    sent(raft);
    for (const from of [D, E]) raft.step({ ...vote, from, type: 'request-vote-response' });
    expect(raft.role).toBe('candidate');
    raft.step({ ...vote, from: B, type: 'request-vote-response' });
    expect(raft.role).toBe('leader');
  });

  it('paper 6: a leader elected in a joint configuration finishes the change', () => {
    const raft = leader({ configuration: configuration([A, B], [A, C]) });
    for (const id of [B, C]) acknowledge(raft, id, 2);
    expect(raft.configuration).toEqual(configuration([A, B]));
    expect(raft.lastIndex).toBe(3);
  });

  it('paper 6: also where it knew before that the joint configuration is committed', () => {
    const raft = leader({ configuration: configuration([A, B], [A, C]), appliedIndex: index(1) });
    expect(raft.configuration.outgoingVoters).toEqual([A, C]);
    for (const id of [B, C]) acknowledge(raft, id, 2);
    expect(raft.configuration).toEqual(configuration([A, B]));
  });
});

describe('leaders and leavers', () => {
  it('paper 6: a leader outside C_new leads on without counting itself', () => {
    const raft = settled();
    change(raft, [B, C]);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 3);
    expect(raft.configuration).toEqual(configuration([B, C]));
    expect(raft.propose([bytes(1)]).type).toBe('appended');
    sent(raft);
    acknowledge(raft, B, 5);
    expect([raft.commitIndex, raft.role]).toEqual([3, 'leader']);
    acknowledge(raft, C, 4);
    expect([raft.commitIndex, raft.role]).toEqual([4, 'learner']);
  });

  it('paper 6: when C_new is committed it steps down, having told the others', () => {
    const raft = settled();
    change(raft, [B, C]);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 3);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 4);
    expect([raft.role, raft.leaderId, raft.term]).toEqual(['learner', null, 2]);
    expect(ofType(sent(raft), 'append-entries')).toMatchObject([
      { to: B, leaderCommit: 4 },
      { to: C, leaderCommit: 4 },
    ]);
    raft.tick(1e9);
    expect(raft.ready()).toBeNull();
  });

  it('paper 6: a removed server still gets the entry that removes it, then is forgotten', () => {
    const raft = settled();
    change(raft, [A, B]);
    expect(toldTo(raft)).toEqual([B, C]);
    for (const id of [B, C]) acknowledge(raft, id, 3);
    expect(toldTo(raft)).toEqual([B, C]);
    acknowledge(raft, B, 4);
    const last = ofType(sent(raft), 'append-entries');
    expect(last.map(({ to, leaderCommit }) => [to, leaderCommit])).toEqual([
      [B, 4],
      [C, 4],
    ]);
    expect(raft.progress(C)).toBeNull();
    acknowledge(raft, C, 4);
    raft.propose([bytes(1)]);
    expect(toldTo(raft)).toEqual([B]);
  });

  it('paper 6: a removed learner is told as well', () => {
    const raft = settled({ configuration: configuration([A, B, C], [], [D]) });
    acknowledge(raft, D, 2);
    sent(raft);
    change(raft, [A, B, C]);
    expect(toldTo(raft)).toContain(D);
    acknowledge(raft, B, 3);
    sent(raft);
    expect(raft.progress(D)).toBeNull();
  });

  it('a removed server that does not answer keeps nothing from going on', () => {
    const raft = settled();
    change(raft, [A, B]);
    sent(raft);
    acknowledge(raft, B, 3);
    sent(raft);
    acknowledge(raft, B, 4);
    sent(raft);
    expect(raft.progress(C)).toBeNull();
    expect(raft.commitIndex).toBe(4);
  });

  it('thesis 4.2.1: a new server is brought up from its empty log', () => {
    const raft = settled({ terms: [1] });
    change(raft, [A, B, C], [D]);
    const [probe] = ofType(sent(raft), 'append-entries').filter(({ to }) => to === D);
    expect(probe).toMatchObject({ prevLogIndex: 3, entries: [] });
    refuse(raft, D, 3, 1);
    const [first] = ofType(sent(raft), 'append-entries').filter(({ to }) => to === D);
    expect(first).toMatchObject({ prevLogIndex: 0, prevLogTerm: 0, entries: { length: 3 } });
    expect(raft.progress(D)).toMatchObject({ matchIndex: 0, nextIndex: 1 });
  });
});

describe('voted out, but not finally', () => {
  const past = [
    configurationEntry(1, 1, THREE),
    configurationEntry(2, 1, configuration([B, D], [A, B, C])),
    configurationEntry(3, 1, configuration([B, D])),
  ];

  it('thesis 4.2.2: the server still campaigns, without counting its own vote', () => {
    const raft = core({ entries: past, appliedIndex: index(2) });
    expect(raft.role).toBe('follower');
    raft.tick(raft.nextDeadlineMs());
    expect(ofType(sent(raft), 'pre-vote').map(({ to }) => to)).toEqual([B, D]);
    const vote = { type: 'pre-vote-response', to: A, term: term(2), voteGranted: true } as const;
    raft.step({ ...vote, from: B });
    expect(raft.role).toBe('pre-candidate');
    raft.step({ ...vote, from: D });
    sent(raft);
    raft.step({ ...vote, from: B, type: 'request-vote-response' });
    expect(raft.role).toBe('candidate');
    raft.step({ ...vote, from: D, type: 'request-vote-response' });
    expect(raft.role).toBe('leader');
  });

  it('thesis 4.2.2: elected, it commits C_new, tells all who leave, and steps down', () => {
    const raft = elect(core({ entries: past, appliedIndex: index(2) }));
    expect(toldTo(raft)).toEqual([B, D, C]);
    for (const id of [B, D]) acknowledge(raft, id, 4);
    expect([raft.role, raft.commitIndex]).toEqual(['learner', 4]);
    raft.tick(1e6);
    expect(ofType(sent(raft), 'pre-vote')).toEqual([]);
  });

  it('thesis 4.2.2: once C_new is known to be committed, it does not', () => {
    const raft = core({ entries: past, appliedIndex: index(3) });
    expect(raft.role).toBe('learner');
    raft.tick(1e6);
    expect(raft.ready()).toBeNull();
  });

  it('thesis 4.2.2: with the longest log it alone can be elected, and is', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const cluster = new Cluster(seed);
      cluster.add(A, [...past]);
      for (const id of [B, C, D]) cluster.add(id, past.slice(0, 2));
      cluster.isolate(C);
      cluster.elapseUntil(() => cluster.raft(D).commitIndex >= 3, 30_000);
      expect(cluster.raft(D).configuration).toEqual(configuration([B, D]));
    }
  });
});

describe('among several', () => {
  it('thesis 4.2.1 and 4.3: one server grows to three voters and shrinks to one again', () => {
    const cluster = new Cluster(11);
    cluster.add(A, [
      { type: 'configuration', index: index(1), term: term(1), configuration: configuration([A]) },
    ]);
    const first = cluster.elect();
    cluster.add(B);
    cluster.add(C);
    expect(change(first, [A], [B, C])).toBe('appended');
    cluster.elapseUntil(() => first.progress(B)?.matchIndex === first.lastIndex);
    expect(cluster.raft(B).role).toBe('learner');
    expect(change(first, [A, B, C])).toBe('appended');
    cluster.settle();
    expect(cluster.raft(C).configuration).toEqual(THREE);
    expect(cluster.raft(C).role).toBe('follower');
    cluster.isolate(A);
    cluster.elapseUntil(() => cluster.leader !== null && cluster.leader !== first);
    const next = cluster.elect();
    cluster.isolate(A, false);
    cluster.elapse(2_000);
    expect(change(next, [next.nodeId])).toBe('appended');
    cluster.elapse(1_000);
    expect(next.configuration).toEqual(configuration([next.nodeId]));
    expect(next.commitIndex).toBe(next.lastIndex);
    for (const { raft } of cluster.servers.values()) {
      expect(raft.role).toBe(raft === next ? 'leader' : 'learner');
    }
    cluster.elapse(10_000);
    expect(cluster.leader).toBe(next);
  });

  it('paper 6: a leader that removes itself is succeeded by one of C_new', () => {
    const cluster = Cluster.of(THREE, 12);
    const first = cluster.elect();
    const rest = [A, B, C].filter((id) => id !== first.nodeId);
    expect(change(first, rest)).toBe('appended');
    cluster.settle();
    expect(first.role).toBe('learner');
    cluster.elapseUntil(() => cluster.leader !== null);
    const next = cluster.elect();
    expect(rest).toContain(next.nodeId);
    next.propose([bytes(1)]);
    cluster.settle();
    expect(next.commitIndex).toBe(next.lastIndex);
  });

  it('paper 6: a change that was never committed is undone with its entry', () => {
    const cluster = Cluster.of(THREE, 13);
    const first = cluster.elect();
    cluster.isolate(first.nodeId);
    expect(change(first, [first.nodeId])).toBe('appended');
    cluster.elapseUntil(() => cluster.leader !== null && cluster.leader !== first);
    cluster.elect().propose([bytes(1)]);
    cluster.elapse(500);
    expect(first.configuration.outgoingVoters).toEqual([A, B, C]);
    cluster.isolate(first.nodeId, false);
    cluster.elapse(3_000);
    expect(first.configuration).toEqual(THREE);
    expect(termsOf(first)).toEqual(termsOf(cluster.elect()));
  });

  it('paper 6: whoever takes over finishes what it finds, or undoes it, at every cut', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const cluster = Cluster.of(THREE, seed);
      cluster.add(D);
      cluster.add(E);
      const first = cluster.elect();
      change(first, [A, B, C], [D, E]);
      cluster.elapse(300);
      const target = [first.nodeId, D, E].toSorted();
      expect(change(first, target)).toBe('appended');
      // Links fail one by one while the change is under way, so the entry reaches some and not all.
      const cut = [A, B, C, D, E].filter((_, i) => ((seed >> i) & 1) === 1);
      for (const id of cut) cluster.isolate(id);
      cluster.elapse(seed * 37);
      cluster.isolate(first.nodeId);
      cluster.elapse(4_000);
      for (const id of [A, B, C, D, E]) cluster.isolate(id, false);
      cluster.elapse(8_000);
      const last = cluster.elect();
      const { voters, outgoingVoters } = last.configuration;
      expect(outgoingVoters).toEqual([]);
      expect([THREE.voters, target]).toContainEqual(voters);
      last.propose([bytes(1)]);
      cluster.elapse(500);
      expect(last.commitIndex).toBe(last.lastIndex);
    }
  });

  it('thesis 4.2.1: learners never lead, however long the voters are gone', () => {
    const cluster = Cluster.of(configuration([A], [], [B, C]));
    elect(cluster.raft(A));
    cluster.elapse(300);
    cluster.isolate(A);
    cluster.elapse(20_000);
    expect(cluster.raft(B).term).toBe(cluster.raft(C).term);
    expect([cluster.raft(B).role, cluster.raft(C).role]).toEqual(['learner', 'learner']);
  });
});
