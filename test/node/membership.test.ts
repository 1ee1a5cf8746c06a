import { describe, expect, it } from 'vitest';
import type { AdministrationOutcome } from '../../src/node/administration.ts';
import { LEARNER_FORGET_MS, VOTER_SILENCE_MS } from '../../src/node/limits.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { nodeIdOf, NodeCluster, type Member } from './node-cluster.ts';

/** Long enough for a silent voter to be noticed and swapped. */
const SWAP_MS = VOTER_SILENCE_MS + 3_000;

function followers(cluster: NodeCluster): Member[] {
  const leader = cluster.leader();
  return cluster.members.filter((member) => member !== leader);
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('there is none');
  return item;
}

const removedTold = (cluster: NodeCluster) =>
  cluster.sent.filter((message) => message.type === 'removed');

describe('joining and growing (thesis section 4.2.1)', () => {
  it('grows 1, 3, 5 voters, and keeps the others as learners', () => {
    const cluster = new NodeCluster(['p']);
    expect(cluster.voters()).toHaveLength(1);
    for (const [members, voters] of [
      [2, 1],
      [3, 3],
      [4, 3],
      [5, 5],
      [6, 5],
    ] as const) {
      cluster.add('p');
      cluster.passMs(5_000);
      expect(cluster.members).toHaveLength(members);
      expect(cluster.voters()).toHaveLength(voters);
    }
    expect(removedTold(cluster)).toEqual([]);
  });

  it('asks through a follower as well', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const follower = first(followers(cluster));
    const late = cluster.add('q', [follower.nodeId]);
    cluster.passMs(3_000);
    expect(cluster.isMember(late)).toBe(true);
    expect(cluster.configuration().profiles[late.nodeId]).toBe('q');
  });

  it('asks whoever is heard to have a log, where all it was told of are gone', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const gone = cluster.member(0);
    cluster.crash(gone);
    cluster.leader();
    const newcomer = cluster.add('p', [gone.nodeId]);
    cluster.passMs(5_000);
    expect(cluster.nodeOf(cluster.leader()).raft.configuration.learners).toContain(newcomer.nodeId);
  });

  it('notes the profiles of newcomers, and of members that change theirs', () => {
    const cluster = new NodeCluster(['', 'p', 'q']);
    const [founder, , third] = [cluster.member(0), cluster.member(1), cluster.member(2)];
    expect(cluster.configuration().profiles).toEqual({ [nodeIdOf(1)]: 'p', [nodeIdOf(2)]: 'q' });
    cluster.crash(third);
    Object.assign(third, { profileId: 'r' });
    cluster.start(third);
    cluster.passMs(3_000);
    expect(cluster.configuration().profiles).toEqual({ [nodeIdOf(1)]: 'p', [nodeIdOf(2)]: 'r' });
    const asked = cluster.sent.filter((message) => message.type === 'join-request').length;
    cluster.passMs(10_000);
    // Who has said it says no more, and who has nothing to say is silent.
    expect(cluster.sent.filter((message) => message.type === 'join-request')).toHaveLength(asked);
    expect(founder.node).not.toBeNull();
  });

  it('spreads votes over profiles, and tells what that survives', () => {
    const cluster = new NodeCluster(['p', 'p', 'q', 'r']);
    const status = cluster.nodeOf(cluster.leader()).status();
    expect(new Set(status.voters.map((id) => cluster.configuration().profiles[id])).size).toBe(3);
    expect(status).toMatchObject({ survivesLosses: 1, survivesProfileLosses: 1 });
    const learner = status.members.find((member) => !member.voter);
    expect(learner).toMatchObject({ profileId: 'p', quarantined: false });
  });
});

describe('members that are away', () => {
  it('a silent voter is swapped for a learner, and comes back as one', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const learner = first(cluster.configuration().learners);
    const lost = first(followers(cluster).filter((member) => member.nodeId !== learner));
    cluster.crash(lost);
    cluster.passMs(SWAP_MS);
    expect(cluster.voters()).toContain(learner);
    expect(cluster.configuration()).toMatchObject({ learners: [lost.nodeId], outgoingVoters: [] });
    cluster.start(lost);
    cluster.passMs(5_000);
    expect(lost.stopped).toBeNull();
    expect(cluster.nodeOf(lost).raft.role).toBe('learner');
    expect(cluster.nodeOf(lost).raft.commitIndex).toBe(
      cluster.nodeOf(cluster.leader()).raft.commitIndex,
    );
  });

  it('a learner that was removed meanwhile is told, and stops', () => {
    const cluster = new NodeCluster(['p', 'p']);
    const learner = cluster.member(1);
    cluster.crash(learner);
    cluster.administer(cluster.member(0), { type: 'remove', nodeId: learner.nodeId });
    expect(cluster.isMember(learner)).toBe(false);
    cluster.start(learner);
    cluster.passMs(3_000);
    expect(learner.stopped?.code).toBe('Removed');
    expect(cluster.isMember(learner)).toBe(false);
  });

  it('a leader that slept for a day forgets nobody', () => {
    const cluster = new NodeCluster(['p', 'p']);
    cluster.isolate(cluster.member(1));
    cluster.nowMs += 2 * LEARNER_FORGET_MS;
    cluster.passMs(2_000);
    expect(cluster.isMember(cluster.member(1))).toBe(true);
  });
});

describe('a server that was removed (thesis section 4.2.3)', () => {
  it('is told when it comes back, disturbs nobody, and comes again under another id', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const leader = cluster.leader();
    const gone = first(followers(cluster).filter((m) => cluster.voters().includes(m.nodeId)));
    cluster.isolate(gone);
    cluster.passMs(1_000);
    const remove = { type: 'remove', nodeId: gone.nodeId } as const;
    expect(cluster.administer(leader, remove)).toEqual({ type: 'done', warning: '' });
    expect(cluster.isMember(gone)).toBe(false);
    const { term } = cluster.nodeOf(leader).raft;
    expect(gone.stopped).toBeNull();
    cluster.reconnect(gone);
    cluster.passMs(3_000);
    expect(gone.stopped?.code).toBe('Removed');
    expect(cluster.nodeOf(cluster.leader()).raft.term).toBe(term);
    const told = removedTold(cluster);
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((message) => message.to === gone.nodeId)).toBe(true);
    const again = cluster.add('p');
    cluster.passMs(5_000);
    expect(cluster.isMember(again)).toBe(true);
    expect(again.stopped).toBeNull();
  });

  it('is told at most once a second by each member', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const gone = first(followers(cluster));
    cluster.isolate(gone);
    cluster.administer(cluster.leader(), { type: 'remove', nodeId: gone.nodeId });
    // It is heard, but hears nothing.
    const deaf = { from: gone.nodeId, to: cluster.leader().nodeId };
    const { node } = cluster.leader();
    for (let i = 0; i < 100; i += 1) {
      const { term, lastIndex: lastLogIndex } = cluster.nodeOf(gone).raft;
      node?.receive({ type: 'pre-vote', ...deaf, term, lastLogIndex, lastLogTerm: term });
      cluster.passMs(25);
    }
    expect(removedTold(cluster).filter((m) => m.from === deaf.to)).toHaveLength(3);
  });

  it('is not taken in again when it is started again', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const gone = first(followers(cluster));
    cluster.administer(cluster.leader(), { type: 'remove', nodeId: gone.nodeId });
    expect(gone.stopped?.code).toBe('Removed');
    cluster.start(gone, [cluster.leader().nodeId]);
    cluster.passMs(3_000);
    expect(gone.stopped?.code).toBe('Removed');
    expect(cluster.isMember(gone)).toBe(false);
  });

  it('finds it in its own log where its process ended before it could stop', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const gone = first(followers(cluster));
    cluster.administer(cluster.leader(), { type: 'remove', nodeId: gone.nodeId });
    // As if it had applied everything it has.
    gone.appliedIndex = gone.log.entries.at(-1)?.index ?? gone.appliedIndex;
    cluster.isolate(gone);
    const asked = cluster.sent.filter((message) => message.type === 'join-request').length;
    cluster.start(gone);
    cluster.passMs(100);
    expect(gone.stopped?.code).toBe('Removed');
    expect(cluster.sent.filter((message) => message.type === 'join-request')).toHaveLength(asked);
  });

  it('does not ask to join in the moment between its removal and its stop', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const joins = () => cluster.sent.filter((message) => message.type === 'join-request').length;
    // Removals at all the times there are between two looks at who is a member.
    for (let removed = 0; removed < 12; removed += 1) {
      cluster.add('p', [cluster.leader().nodeId]);
      cluster.passMs(5_000 + 40 * removed);
      const asked = joins();
      const gone = first(followers(cluster).filter((member) => member.stopped === null));
      cluster.administer(cluster.leader(), { type: 'remove', nodeId: gone.nodeId });
      expect(gone.stopped?.code).toBe('Removed');
      expect(joins()).toBe(asked);
      expect(cluster.isMember(gone)).toBe(false);
    }
  });

  it('does not ask to join either when it led, and handed over first', () => {
    for (const waitedMs of [0, 150]) {
      const cluster = new NodeCluster(['p', 'q', 'r']);
      cluster.passMs(waitedMs);
      const leader = cluster.leader();
      // A new link shifts the moments at which it looks at who is a member.
      cluster.reconnect(leader);
      cluster.passMs(206);
      const remove = { type: 'remove', nodeId: leader.nodeId } as const;
      expect(cluster.administer(cluster.member(1), remove)).toMatchObject({ type: 'done' });
      expect(leader.stopped?.code).toBe('Removed');
      expect(cluster.isMember(leader)).toBe(false);
    }
  });

  it('is not who hears of an older configuration than the one it is in', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const learner = cluster.members.find((m) => m.nodeId === cluster.configuration().learners[0]);
    if (learner === undefined) throw new Error('no learner');
    const { index } = cluster.nodeOf(learner).raft.committedConfiguration;
    const told = { type: 'removed', from: cluster.leader().nodeId, to: learner.nodeId } as const;
    cluster.nodeOf(learner).receive({ ...told, configurationIndex: index });
    cluster.passMs(100);
    expect(learner.stopped).toBeNull();
    cluster.nodeOf(learner).receive({ ...told, configurationIndex: (index + 1) as LogIndex });
    cluster.passMs(100);
    expect(learner.stopped?.code).toBe('Removed');
  });

  it('is not who was never a member for certain', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const leader = cluster.leader();
    cluster.isolate(...followers(cluster));
    // Admitted by an entry that cannot be committed.
    const late = cluster.add('p', [leader.nodeId]);
    cluster.waitFor(() => cluster.nodeOf(late).raft.lastIndex > 0, 1_000, 'an entry');
    const told = { type: 'removed', from: leader.nodeId, to: late.nodeId } as const;
    cluster.nodeOf(late).receive({ ...told, configurationIndex: 1_000 as LogIndex });
    cluster.passMs(100);
    expect(late.stopped).toBeNull();
    cluster.crash(leader);
    cluster.reconnect(...cluster.members.slice(0, 3).filter((member) => member !== leader));
    cluster.start(leader);
    cluster.passMs(10_000);
    expect(cluster.isMember(late)).toBe(true);
  });

  it('a newcomer is never told, whatever it asks', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const leader = cluster.leader();
    cluster.isolate(...followers(cluster));
    cluster.passMs(2_000);
    // Nobody leads who could take it in, but it is heard.
    const late = cluster.add('p', [leader.nodeId]);
    cluster.passMs(5_000);
    expect(cluster.nodeOf(late).raft.lastIndex).toBe(0);
    expect(removedTold(cluster)).toEqual([]);
    expect(late.stopped).toBeNull();
  });
});

describe('operators', () => {
  it('a voter leaves: a learner takes its place, and the node stops', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const learner = first(cluster.configuration().learners);
    const leaving = first(followers(cluster).filter((member) => member.nodeId !== learner));
    const leave = { type: 'leave', nodeId: leaving.nodeId } as const;
    expect(cluster.administer(leaving, leave)).toEqual({ type: 'done', warning: '' });
    expect(leaving.stopped?.code).toBe('Removed');
    expect(cluster.voters()).toContain(learner);
    expect(cluster.voters()).toHaveLength(3);
  });

  it('three become two with a warning, and two do not become one', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const [one, other] = followers(cluster);
    if (one === undefined || other === undefined) throw new Error('no followers');
    const leader = cluster.leader();
    const outcome = cluster.administer(leader, { type: 'remove', nodeId: one.nodeId });
    expect(outcome).toMatchObject({ type: 'done', warning: expect.stringContaining('two voters') });
    expect(one.stopped?.code).toBe('Removed');
    const refused = cluster.administer(other, { type: 'leave', nodeId: other.nodeId });
    expect(refused).toMatchObject({ failure: { code: 'Refused', applied: 'no' } });
    expect(refused).toMatchObject({ failure: { message: expect.stringContaining('another tab') } });
    expect(other.stopped).toBeNull();
    expect(cluster.voters()).toHaveLength(2);
    // What the refusal said to do helps.
    cluster.add('p');
    cluster.passMs(5_000);
    expect(cluster.voters()).toHaveLength(3);
  });

  it('a voter that leaves learns what it leaves behind', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const leaving = first(followers(cluster));
    const outcome = cluster.administer(leaving, { type: 'leave', nodeId: leaving.nodeId });
    expect(outcome).toMatchObject({ type: 'done', warning: expect.stringContaining('two voters') });
  });

  it('leadership goes to whom an operator names, and back to whoever is best placed', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const learner = first(cluster.configuration().learners);
    const before = cluster.leader();
    const wished = first(followers(cluster).filter((member) => member.nodeId !== learner));
    const transfer = { type: 'transfer', nodeId: wished.nodeId } as const;
    for (const asking of cluster.members) {
      expect(cluster.administer(asking, transfer)).toEqual({ type: 'done', warning: '' });
      expect(cluster.leader()).toBe(wished);
    }
    cluster.administer(before, { type: 'transfer', nodeId: null });
    expect(cluster.leader()).not.toBe(wished);
    const refused = cluster.administer(before, { type: 'transfer', nodeId: learner });
    expect(refused).toMatchObject({ failure: { code: 'Refused', applied: 'no' } });
  });

  it('a learner leaves freely', () => {
    const cluster = new NodeCluster(['p', 'p']);
    const learner = cluster.member(1);
    const leave = { type: 'leave', nodeId: learner.nodeId } as const;
    expect(cluster.administer(learner, leave)).toEqual({ type: 'done', warning: '' });
    expect(learner.stopped?.code).toBe('Removed');
  });

  it('the leader leaves too, and another one leads', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    const leader = cluster.leader();
    const leave = { type: 'leave', nodeId: leader.nodeId } as const;
    expect(cluster.administer(leader, leave)).toMatchObject({ type: 'done' });
    expect(leader.stopped?.code).toBe('Removed');
    expect(cluster.leader()).not.toBe(leader);
    expect(cluster.sent.some((message) => message.type === 'timeout-now')).toBe(true);
    cluster.passMs(3_000);
    expect(cluster.voters()).toHaveLength(3);
    expect(cluster.isMember(leader)).toBe(false);
  });

  it('removes through a new leader when the one that was asked is gone', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p', 'p']);
    const leader = cluster.leader();
    const [asking, leaving] = followers(cluster);
    if (asking === undefined || leaving === undefined) throw new Error('no followers');
    const outcomes: AdministrationOutcome[] = [];
    const remove = { type: 'remove', nodeId: leaving.nodeId } as const;
    cluster.nodeOf(asking).administer(remove, null, (outcome) => outcomes.push(outcome));
    cluster.crash(leader);
    cluster.waitFor(() => outcomes.length > 0, 15_000, 'an answer');
    expect(outcomes).toMatchObject([{ type: 'done' }]);
    expect(cluster.isMember(leaving)).toBe(false);
  });

  it('refuses who is no member', () => {
    const cluster = new NodeCluster(['p']);
    const remove = { type: 'remove', nodeId: nodeIdOf(7) } as const;
    const outcome = cluster.administer(cluster.member(0), remove);
    expect(outcome).toMatchObject({ failure: { code: 'Refused', applied: 'no' } });
  });

  it('tells within its time that there is no quorum', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const leader = cluster.leader();
    const [one, other] = followers(cluster);
    if (one === undefined || other === undefined) throw new Error('no followers');
    cluster.crash(leader, other);
    const outcome = cluster.administer(one, { type: 'remove', nodeId: other.nodeId });
    expect(outcome).toMatchObject({ type: 'failed', failure: { code: 'NoQuorum' } });
  });
});

describe('what members say of themselves', () => {
  it('is whether their data is being replaced', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    for (const member of cluster.members) {
      const told = cluster.nodeOf(member).status().members;
      expect(told.map(({ quarantined }) => quarantined)).toEqual([false, false, false]);
      expect(told.map(({ profileId }) => profileId)).toEqual(['p', 'p', 'p']);
    }
  });
});
