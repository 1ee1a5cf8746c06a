/** What nodes tell of their inside: what happened to them and why, and what they said and heard. */

import { describe, expect, it } from 'vitest';
import { Chronicle } from '../../src/node/chronicle.ts';
import { CommitWatch } from '../../src/node/commit-watch.ts';
import type { MessageCount, NodeEvent, RuntimeInspection } from '../../src/node/inspection.ts';
import { RUNTIME_LIMITS } from '../../src/node/limits.ts';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { RaftEvent } from '../../src/raft/events.ts';
import type { Configuration, LogIndex, NodeId, Role, Term } from '../../src/raft/types.ts';
import { NodeCluster, nodeIdOf, type Member } from './node-cluster.ts';

const { electionTimeoutMinMs, electionTimeoutMaxMs } = RUNTIME_LIMITS.raft;

/** Looks from now on; what was before is known. */
function watch(cluster: NodeCluster, member: Member): () => RuntimeInspection {
  const { inspector } = cluster.nodeOf(member);
  inspector.watch(true);
  inspector.take();
  return () => inspector.take();
}

/** Everything that the node keeps. */
function eventsOf(cluster: NodeCluster, member: Member): readonly NodeEvent[] {
  const { inspector } = cluster.nodeOf(member);
  inspector.watch(false);
  inspector.watch(true);
  return inspector.take().events;
}

function ofTypes(events: readonly NodeEvent[], ...types: NodeEvent['type'][]): NodeEvent[] {
  return events.filter(({ type }) => types.includes(type));
}

const OF_ELECTIONS = ['pre-vote', 'candidacy', 'vote', 'election-won', 'stepped-down'] as const;

function others(cluster: NodeCluster, leader: Member): [Member, Member] {
  const [one, other] = cluster.members.filter((member) => member !== leader);
  if (one === undefined || other === undefined) throw new Error('three nodes');
  return [one, other];
}

function countOf(
  messages: readonly MessageCount[],
  name: MessageCount['name'],
  direction: MessageCount['direction'],
  peer: NodeId,
): number {
  const found = messages.filter(
    (one) => one.name === name && one.direction === direction && one.peer === peer,
  );
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.count ?? 0;
}

describe('of an election', () => {
  it('by a voter alone every role is told, though they pass within a turn', () => {
    const cluster = new NodeCluster(['P']);
    const founder = cluster.member(0);
    const events = ofTypes(eventsOf(cluster, founder), ...OF_ELECTIONS);
    expect(events).toMatchObject([
      { type: 'pre-vote', reason: 'alone', silentLeader: null, term: 1 },
      { type: 'candidacy', reason: 'pre-votes', term: 2 },
      { type: 'election-won', votes: [founder.nodeId], term: 2 },
    ]);
  });

  it('behind a leader that falls silent it is told for how long, who asked, who voted, who won', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const former = cluster.leader();
    const rest = others(cluster, former);
    const looks = rest.map((member) => watch(cluster, member));
    const { term } = cluster.nodeOf(former).raft;
    cluster.freeze(former);
    const leads = (member: Member): boolean => cluster.nodeOf(member).raft.role === 'leader';
    cluster.waitFor(() => rest.some(leads), 5_000, 'a new leader');
    cluster.passMs(200);
    const events = looks.map((look) => look().events);
    const [winner, voter] = leads(rest[0]) ? [0, 1] : [1, 0];
    const [one, other] = [rest[winner], rest[voter]];
    const won = events[winner] ?? [];
    const asked = won.find((event) => event.type === 'pre-vote');
    expect(asked).toMatchObject({ reason: 'timeout', silentLeader: former.nodeId, term });
    expect(asked?.silentMs).toBeGreaterThanOrEqual(electionTimeoutMinMs);
    expect(asked?.silentMs).toBeLessThanOrEqual(electionTimeoutMaxMs + 100);
    const told = won.map(({ type }) => type);
    expect(told.indexOf('pre-vote')).toBeLessThan(told.indexOf('candidacy'));
    expect(ofTypes(won, 'leader-lost')).toMatchObject([{ leader: former.nodeId, term }]);
    expect(ofTypes(won, 'candidacy')).toMatchObject([{ reason: 'pre-votes', term: term + 1 }]);
    const [victory] = won.filter((event) => event.type === 'election-won');
    expect(victory?.votes.toSorted()).toEqual([one?.nodeId, other?.nodeId].toSorted());
    expect(ofTypes(events[voter] ?? [], 'vote', 'leader-known')).toMatchObject([
      { type: 'vote', candidate: one?.nodeId, term: term + 1 },
      { type: 'leader-known', leader: one?.nodeId, term: term + 1 },
    ]);
  });

  it('a link that is lost is told before what follows from it', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const former = cluster.leader();
    const looks = others(cluster, former).map((member) => watch(cluster, member));
    cluster.crash(former);
    cluster.leader();
    cluster.passMs(200);
    const told = looks.map((look) => look().events);
    for (const events of told) {
      expect(events[0]?.type).toBe('link-down');
      expect(ofTypes(events, 'leader-lost')).toHaveLength(1);
    }
    const [asked] = ofTypes(told.flat(), 'pre-vote');
    expect(asked).toMatchObject({ reason: 'link-lost', silentLeader: former.nodeId });
  });

  it('that was handed over nobody asks for pre-votes', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const former = cluster.leader();
    const [target] = others(cluster, former);
    const [lookAtFormer, lookAtTarget] = [watch(cluster, former), watch(cluster, target)];
    cluster.administer(former, { type: 'transfer', nodeId: target.nodeId });
    expect(ofTypes(lookAtTarget().events, ...OF_ELECTIONS)).toMatchObject([
      { type: 'candidacy', reason: 'asked' },
      { type: 'election-won' },
    ]);
    expect(ofTypes(lookAtFormer().events, ...OF_ELECTIONS)).toMatchObject([
      { type: 'stepped-down', reason: 'higher-term' },
      { type: 'vote', candidate: target.nodeId },
    ]);
  });
});

describe('of a leader', () => {
  it('that hears no quorum the reason is told, and what it had appended goes', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const former = cluster.leader();
    const look = watch(cluster, former);
    const { lastIndex } = cluster.nodeOf(former).raft;
    cluster.isolate(former);
    cluster.nodeOf(former).execute(new Uint8Array([1]), null, () => undefined);
    cluster.passMs(100);
    expect(look().queues.pendingWrites).toBe(1);
    cluster.passMs(5_000);
    const alone = look();
    expect(ofTypes(alone.events, 'stepped-down')).toMatchObject([{ reason: 'no-quorum' }]);
    expect(alone.lastIndex).toBe(lastIndex + 1);
    expect(alone.queues.uncommitted).toBe(1);
    cluster.reconnect(former);
    cluster.passMs(2_000);
    expect(ofTypes(look().events, 'log-truncated')).toMatchObject([
      { fromIndex: lastIndex + 1, toIndex: lastIndex + 1 },
    ]);
  });

  it('that is no voter any more, or whose state is wrong, the reason is told', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const wrong = cluster.leader();
    const look = watch(cluster, wrong);
    // Told with the next look, whatever was before it: the node may stop within an input.
    cluster.nodeOf(wrong).raft.resign();
    expect(ofTypes(look().events, 'stepped-down')).toMatchObject([{ reason: 'resigned' }]);
    cluster.passMs(2_000);
    const out = cluster.leader();
    const lookAtOut = watch(cluster, out);
    const { nodeId } = out;
    const rest = others(cluster, out).map((member) => member.nodeId);
    cluster.nodeOf(out).raft.proposeConfiguration({ voters: rest, learners: [nodeId] });
    cluster.passMs(200);
    expect(ofTypes(lookAtOut().events, 'stepped-down')).toMatchObject([{ reason: 'not-a-voter' }]);
  });

  it('the picture tells how far the others are, who elected it, and how its log is made up', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const leader = cluster.leader();
    const rest = others(cluster, leader).map(({ nodeId }) => nodeId);
    const { raft } = cluster.nodeOf(leader);
    const told = watch(cluster, leader)();
    expect(told.progress.map(({ nodeId }) => nodeId).toSorted()).toEqual(rest.toSorted());
    for (const progress of told.progress) {
      expect(progress).toMatchObject({ state: 'replicate', inflightMessages: 0 });
      expect(progress.matchIndex).toBe(raft.lastIndex);
    }
    expect(told).toMatchObject({ role: 'leader', votedFor: leader.nodeId, snapshot: null });
    expect(told.votes).toContain(leader.nodeId);
    expect(told.runs.at(-1)?.term).toBe(raft.term);
    for (const { term, firstIndex } of told.runs) {
      expect(raft.termAt(firstIndex)).toBe(term);
      if (firstIndex > 1) expect(raft.termAt((firstIndex - 1) as LogIndex)).toBeLessThan(term);
    }
    const follower = watch(cluster, others(cluster, leader)[0])();
    expect(follower).toMatchObject({ role: 'follower', votes: [], progress: [] });
  });
});

describe('of members', () => {
  it('those who join, become voters, and are removed are told', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const leader = cluster.leader();
    const look = watch(cluster, leader);
    const [fourth, fifth] = [cluster.add('S'), cluster.add('T')];
    const isVoter = ({ nodeId }: Member): boolean => cluster.voters().includes(nodeId);
    cluster.waitFor(() => isVoter(fourth) && isVoter(fifth), 20_000, 'five voters');
    const ids = [fourth.nodeId, fifth.nodeId];
    const { events } = look();
    expect(ofTypes(events, 'member-joined')).toMatchObject(
      ids.map((member) => ({ member, voter: false })),
    );
    expect(ofTypes(events, 'member-promoted')).toMatchObject(ids.map((member) => ({ member })));
    cluster.administer(leader, { type: 'remove', nodeId: fifth.nodeId });
    const removed = ofTypes(look().events, 'member-removed', 'member-demoted');
    expect(removed.at(-1)).toMatchObject({ type: 'member-removed', member: fifth.nodeId });
    // A newcomer has seen nobody join that was there before.
    const seen = ofTypes(eventsOf(cluster, fourth), 'member-joined');
    expect(seen.map((event) => 'member' in event && event.member)).not.toContain(nodeIdOf(0));
  });

  it('one that gives its vote to another is told', () => {
    const cluster = new NodeCluster(['P', 'P', 'P', 'P'], { maxVoters: 3 });
    const leader = cluster.leader();
    const learner = cluster.members.find(({ nodeId }) => !cluster.voters().includes(nodeId));
    const silent = cluster.members.find((one) => one !== leader && one !== learner);
    if (learner === undefined || silent === undefined) throw new Error('three voters of four');
    const look = watch(cluster, leader);
    cluster.crash(silent);
    cluster.waitFor(() => cluster.voters().includes(learner.nodeId), 40_000, 'the learner to vote');
    const { events } = look();
    expect(ofTypes(events, 'member-promoted')).toMatchObject([{ member: learner.nodeId }]);
    expect(ofTypes(events, 'member-demoted')).toMatchObject([{ member: silent.nodeId }]);
  });
});

describe('what is counted', () => {
  it('is every message, by name and peer, while somebody looks', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const leader = cluster.leader();
    const [peer] = others(cluster, leader);
    const { inspector } = cluster.nodeOf(leader);
    expect(inspector.take().messages).toEqual([]);
    const look = watch(cluster, leader);
    const before = cluster.sent.length;
    cluster.passMs(1_000);
    const { messages, overMs } = look();
    expect(overMs).toBe(1_000);
    const sent = cluster.sent.slice(before);
    const isBeat = (to: NodeId): number =>
      sent.filter(
        (one) => one.type === 'append-entries' && one.entries.length === 0 && one.to === to,
      ).length;
    expect(isBeat(peer.nodeId)).toBeGreaterThan(3);
    expect(countOf(messages, 'heartbeat', 'out', peer.nodeId)).toBe(isBeat(peer.nodeId));
    expect(countOf(messages, 'append-entries', 'out', peer.nodeId)).toBe(0);
    expect(countOf(messages, 'append-entries-response', 'in', peer.nodeId)).toBeGreaterThan(3);
    const out = messages.filter(({ direction }) => direction === 'out');
    expect(out.reduce((sum, { count }) => sum + count, 0)).toBe(
      sent.filter(({ from }) => from === leader.nodeId).length,
    );
    inspector.watch(false);
    cluster.passMs(1_000);
    expect(inspector.take().messages).toEqual([]);
  });

  it('is how long entries take to be committed', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const leader = cluster.leader();
    const look = watch(cluster, leader);
    cluster.passMs(50);
    expect(look().commitTimes).toEqual({ count: 0, p50Ms: null, p99Ms: null });
    cluster.nodeOf(leader).execute(new Uint8Array([1]), null, () => undefined);
    cluster.passMs(200);
    const { commitTimes, messages } = look();
    expect(commitTimes.count).toBe(1);
    // There and back, and a write behind it.
    expect(commitTimes.p50Ms).toBeGreaterThanOrEqual(12);
    expect(commitTimes.p99Ms).toBeLessThan(30);
    const [peer] = others(cluster, leader);
    expect(countOf(messages, 'append-entries', 'out', peer.nodeId)).toBe(1);
  });

  it('tells the percentiles of entries, not of batches', () => {
    const raft = { role: 'leader' as Role, term: 1 as Term, lastIndex: 0, commitIndex: 0 };
    const commits = new CommitWatch(raft as ConstructorParameters<typeof CommitWatch>[0]);
    const append = (count: number, atMs: number, tookMs: number): void => {
      raft.lastIndex += count;
      commits.observe(atMs);
      raft.commitIndex = raft.lastIndex;
      commits.observe(atMs + tookMs);
    };
    commits.observe(0);
    append(97, 10, 5);
    append(1, 20, 7);
    append(2, 30, 90);
    expect(commits.take()).toEqual({ count: 100, p50Ms: 5, p99Ms: 90 });
    // Of another leader's time nothing is known.
    raft.lastIndex += 5;
    commits.observe(200);
    raft.term = 3 as Term;
    raft.commitIndex = raft.lastIndex;
    commits.observe(210);
    expect(commits.take().count).toBe(0);
  });
});

describe('events', () => {
  it('are kept while nobody looks, the last 256, and told once', () => {
    const cluster = new NodeCluster(['P']);
    const founder = cluster.member(0);
    const node = cluster.nodeOf(founder);
    const before = eventsOf(cluster, founder).at(-1)?.number ?? 0;
    node.inspector.watch(false);
    for (let turn = 0; turn < 200; turn += 1) {
      node.linkChanged(nodeIdOf(5), true);
      node.linkChanged(nodeIdOf(5), false);
    }
    node.inspector.watch(true);
    const { events } = node.inspector.take();
    expect(events).toHaveLength(256);
    const numbers = events.map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 256 }, (_, at) => before + 145 + at));
    expect(node.inspector.take().events).toEqual([]);
    node.linkChanged(nodeIdOf(5), true);
    expect(node.inspector.take().events).toMatchObject([
      { type: 'link-up', number: before + 401, atMs: cluster.nowMs },
    ]);
  });

  it('that led to a loss of the quorum are not driven out by what follows from it', () => {
    const cluster = new NodeCluster(['P', 'Q', 'R']);
    const leader = cluster.leader();
    const [follower] = others(cluster, leader);
    cluster.isolate(follower);
    const look = watch(cluster, follower);
    cluster.passMs(600_000);
    const preVotes = ofTypes(look().events, 'pre-vote');
    expect(preVotes).toMatchObject([{ silentLeader: leader.nodeId }, { silentLeader: null }]);
    expect((preVotes[1] as { silentMs: number }).silentMs).toBeGreaterThan(590_000);
    expect(ofTypes(look().events, 'pre-vote')).toEqual([]);
    cluster.passMs(5_000);
    const [next, ...more] = ofTypes(look().events, 'pre-vote');
    expect(more).toEqual([]);
    expect(next?.number).toBeGreaterThan(preVotes[1]?.number ?? Infinity);
    const kept = eventsOf(cluster, follower);
    expect(ofTypes(kept, 'pre-vote').slice(-2)).toEqual([preVotes[0], next]);
    expect(kept[0]?.number).toBe(1);
  });

  it('are of the log and of the state, too', () => {
    const raft = {
      term: 4 as Term,
      configuration: EMPTY_CONFIGURATION as Configuration,
      firstIndex: 1 as LogIndex,
      isRestoring: false,
      takeEvents: (): readonly RaftEvent[] | null => null,
    };
    const chronicle = new Chronicle(raft, () => 77, false);
    chronicle.observe(false);
    raft.firstIndex = 11 as LogIndex;
    chronicle.observe(false);
    chronicle.observe(true);
    raft.isRestoring = true;
    raft.firstIndex = 21 as LogIndex;
    chronicle.observe(true);
    raft.isRestoring = false;
    chronicle.note({ type: 'snapshot-installed', index: 20 as LogIndex });
    chronicle.observe(false);
    expect(chronicle.since(0)).toEqual([
      { type: 'log-compacted', toIndex: 10, number: 1, atMs: 77, term: 4 },
      { type: 'quarantined', number: 2, atMs: 77, term: 4 },
      { type: 'snapshot-installed', index: 20, number: 3, atMs: 77, term: 4 },
      { type: 'quarantine-over', number: 4, atMs: 77, term: 4 },
    ]);
  });
});
