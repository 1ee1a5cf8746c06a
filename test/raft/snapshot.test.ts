/** Installing a snapshot (paper section 7 and Figure 13), and a state machine that waits for one. */

import { describe, expect, it } from 'vitest';
import { InvariantViolation, checkServer } from '../../src/raft/invariants.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Entry } from '../../src/raft/types.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  D,
  THREE,
  appendEntries,
  bytes,
  command,
  configuration,
  configurationEntry,
  core,
  drain,
  elect,
  grant,
  index,
  installSnapshot,
  ofType,
  sent,
  snapshotAt,
  tailOf,
  term,
} from './fixtures.ts';

const at = (raft: Raft): number[] => [raft.firstIndex, raft.lastIndex];
const indexes = (entries: readonly Entry[] = []): number[] => entries.map((entry) => entry.index);

/** A follower of B in term 3. */
function follower(terms: readonly number[] = [1, 1, 1], applied = 0): Raft {
  const raft = core({
    terms,
    appliedIndex: index(applied),
    hardState: { term: term(3), votedFor: null },
  });
  raft.step(installSnapshot({ term: term(3) }));
  return raft;
}

describe('a snapshot and the log', () => {
  it('Figure 13, rule 7: one ahead of the log takes the place of all of it', () => {
    const raft = follower();
    expect(raft.installSnapshot(snapshotAt(10, 2))).toBe(true);
    expect(at(raft)).toEqual([11, 10]);
    expect([raft.commitIndex, raft.appliedIndex, raft.durableIndex]).toEqual([10, 0, 0]);
    expect([raft.termAt(index(10)), raft.termAt(index(3)), raft.entryAt(index(3))]).toEqual([
      2,
      null,
      null,
    ]);
    checkServer(raft);
  });

  it('Figure 13, rule 6: what follows the same entry is kept', () => {
    const raft = follower([1, 1, 2, 2, 2]);
    expect(raft.installSnapshot(snapshotAt(3, 2))).toBe(true);
    expect(at(raft)).toEqual([4, 5]);
    expect([raft.commitIndex, raft.durableIndex, raft.bytesBehind(index(3))]).toEqual([3, 5, 66]);
    checkServer(raft);
  });

  it('Figure 13, rule 7: another entry at its index, and the log goes whole', () => {
    const raft = follower([1, 1, 1, 1, 1]);
    raft.installSnapshot(snapshotAt(3, 2));
    expect(at(raft)).toEqual([4, 3]);
    expect([raft.commitIndex, raft.durableIndex, raft.bytesBehind(index(3))]).toEqual([3, 0, 0]);
  });

  it('paper 7: one that covers nothing new is of no use', () => {
    const raft = follower([1, 1, 1, 1], 2);
    for (const each of [snapshotAt(1, 1), snapshotAt(2, 1)]) {
      expect(raft.isSnapshotNews(each.index)).toBe(false);
      expect(raft.installSnapshot(each)).toBe(false);
    }
    expect([at(raft), raft.isRestoring, drain(raft).records]).toEqual([[1, 4], false, []]);
  });

  it('paper 7: committed and not applied, it saves the applying', () => {
    const raft = follower([1, 1, 1, 1, 1], 1);
    raft.step(appendEntries({ term: term(3), prevLogIndex: index(5), leaderCommit: index(4) }));
    raft.installSnapshot(snapshotAt(3, 1));
    expect([raft.commitIndex, raft.lastIndex]).toEqual([4, 5]);
    const { snapshots, committed } = drain(raft);
    expect([snapshots.map((each) => each.index), indexes(committed)]).toEqual([[3], [4]]);
  });

  it('State Machine Safety: one that contradicts what is committed stops the server', () => {
    const raft = follower([1, 1, 1, 1], 1);
    raft.step(appendEntries({ term: term(3), prevLogIndex: index(4), leaderCommit: index(4) }));
    expect(() => raft.installSnapshot(snapshotAt(3, 2))).toThrow(InvariantViolation);
    expect(() => follower().installSnapshot(snapshotAt(10, 4))).toThrow(InvariantViolation);
  });

  it('the state machine does one thing at a time', () => {
    const raft = follower([1, 1, 1, 1], 1);
    raft.step(appendEntries({ term: term(3), prevLogIndex: index(4), leaderCommit: index(2) }));
    raft.ready();
    expect(raft.isStateMachineBusy).toBe(true);
    expect(() => raft.installSnapshot(snapshotAt(10, 2))).toThrow(InvariantViolation);
    raft.applied(index(2));
    expect(raft.installSnapshot(snapshotAt(10, 2))).toBe(true);
    expect([raft.isStateMachineBusy, raft.isSnapshotNews(index(20))]).toEqual([true, false]);
    expect(raft.installSnapshot(snapshotAt(20, 3))).toBe(false);
    expect(() => raft.applied(index(10))).toThrow(InvariantViolation);
  });

  it('paper 7: a leader has all that is committed and installs nothing', () => {
    const raft = elect(core());
    expect([raft.isSnapshotNews(index(9)), raft.installSnapshot(snapshotAt(9, 1))]).toEqual([
      false,
      false,
    ]);
  });

  it('paper 6: its configuration is in force, and so is a later one in the log', () => {
    const later = configuration([A, B, C, D]);
    const entries = [...tailOf(1, [1, 1]), configurationEntry(3, 1, later), command(4, 1)];
    for (const [upTo, voters, configurationIndex] of [
      [2, later, 3],
      [3, later, 3],
      [10, later, 10],
    ] as const) {
      const raft = core({ entries });
      raft.installSnapshot(snapshotAt(upTo, 1, upTo === 2 ? THREE : later));
      expect([raft.configuration, raft.configurationIndex]).toEqual([voters, configurationIndex]);
    }
  });

  it('paper 6: who is a voter by the snapshot follows, who is none learns', () => {
    const learner = core({ entries: [], hardState: { term: term(1), votedFor: null } });
    expect(learner.role).toBe('learner');
    learner.installSnapshot(snapshotAt(10, 1));
    expect(learner.role).toBe('follower');
    const voter = core();
    voter.installSnapshot(snapshotAt(10, 1, configuration([B, C], [], [A])));
    expect(voter.role).toBe('learner');
    checkServer(voter);
  });
});

describe('the order of an installation', () => {
  it('paper 7: the record, then the state machine, then what follows', () => {
    const raft = follower();
    raft.installSnapshot(snapshotAt(10, 2));
    const tail = { term: term(3), prevLogIndex: index(10), prevLogTerm: term(2) };
    raft.step(appendEntries({ ...tail, entries: [command(11, 3)], leaderCommit: index(11) }));
    const first = raft.ready();
    expect(first?.record).toEqual({
      hardState: { term: 3, votedFor: null },
      snapshot: snapshotAt(10, 2),
      entries: [command(11, 3)],
    });
    expect([first?.snapshot, first?.committedEntries, raft.ready()]).toEqual([null, [], null]);
    raft.recordDurable();
    const second = raft.ready();
    expect([second?.snapshot, second?.committedEntries]).toEqual([snapshotAt(10, 2), []]);
    expect([raft.ready(), raft.isRestoring, raft.appliedIndex]).toEqual([null, true, 0]);
    raft.restored();
    expect([raft.isRestoring, raft.appliedIndex]).toEqual([false, 10]);
    expect(indexes(raft.ready()?.committedEntries)).toEqual([11]);
  });

  it('restored answers a snapshot that was handed out, once', () => {
    const raft = follower();
    expect(() => raft.restored()).toThrow(InvariantViolation);
    raft.installSnapshot(snapshotAt(10, 2));
    raft.ready();
    expect(() => {
      raft.recordDurable();
      raft.restored();
    }).toThrow(InvariantViolation);
    raft.ready();
    raft.restored();
    expect(() => raft.restored()).toThrow(InvariantViolation);
  });

  it('the record is whole: it holds what is durable already, and the hard state', () => {
    const raft = follower([1, 1, 1, 1, 1]);
    expect(drain(raft).records).toEqual([]);
    raft.installSnapshot(snapshotAt(3, 1));
    expect(raft.ready()?.record).toEqual({
      hardState: { term: 3, votedFor: null },
      snapshot: snapshotAt(3, 1),
      entries: tailOf(4, [1, 1]),
    });
  });

  it('Figure 2: it is acknowledged to the leader when it is durable', () => {
    const raft = follower();
    raft.installSnapshot(snapshotAt(10, 2));
    const ready = raft.ready();
    expect(ready?.messages).toEqual([]);
    expect(ready?.messagesAfterRecord).toMatchObject([
      { type: 'append-entries-response', to: B, term: 3, success: true, matchIndex: 10 },
    ]);
  });

  it('whose entries are durable already is acknowledged at once', () => {
    const raft = follower([1, 1, 1, 1]);
    raft.installSnapshot(snapshotAt(3, 1));
    expect(raft.ready()?.messages).toMatchObject([{ success: true, matchIndex: 3 }]);
  });

  it('without a leader nobody is told', () => {
    const raft = core();
    raft.installSnapshot(snapshotAt(10, 1));
    const ready = raft.ready();
    expect([ready?.messages, ready?.messagesAfterRecord]).toEqual([[], []]);
    expect(ready?.record?.snapshot?.index).toBe(10);
  });

  it('thesis 10.2.1: a heartbeat that comes before the record is done claims what is durable', () => {
    const raft = follower();
    raft.installSnapshot(snapshotAt(10, 2));
    raft.ready();
    const heartbeat = { term: term(3), prevLogIndex: index(10), prevLogTerm: term(2), round: 4 };
    raft.step(appendEntries(heartbeat));
    expect(raft.ready()?.messages).toMatchObject([{ success: true, matchIndex: 0, round: 4 }]);
  });

  it('ABA: a record that was in flight does not make the snapshot durable', () => {
    const raft = follower([1, 1]);
    raft.step(appendEntries({ term: term(3), prevLogIndex: index(2), entries: tailOf(3, [1, 1]) }));
    const before = raft.ready();
    expect(indexes(before?.record?.entries)).toEqual([3, 4]);
    raft.installSnapshot(snapshotAt(4, 2));
    raft.recordDurable();
    expect([raft.durableIndex, raft.ready()?.snapshot ?? null]).toEqual([0, null]);
    checkServer(raft);
    raft.recordDurable();
    expect([raft.durableIndex, raft.ready()?.snapshot]).toEqual([4, snapshotAt(4, 2)]);
  });

  it('ABA: the kept suffix is durable as far as the record in flight holds it', () => {
    const raft = follower([1, 1]);
    raft.step(appendEntries({ term: term(3), prevLogIndex: index(2), entries: tailOf(3, [1, 1]) }));
    raft.ready();
    raft.installSnapshot(snapshotAt(3, 1));
    expect(raft.durableIndex).toBe(2);
    raft.recordDurable();
    expect(raft.durableIndex).toBe(4);
    const next = raft.ready();
    expect([next?.record?.snapshot, next?.snapshot]).toEqual([snapshotAt(3, 1), null]);
    expect(next?.messages).toMatchObject([{ success: true, matchIndex: 3 }]);
  });

  it('a crash before the record finds the old log, one after it the new state', () => {
    const cluster = Cluster.of(THREE, 3);
    const leader = cluster.elect();
    const [lagging] = [A, B, C].filter((id) => id !== leader.nodeId);
    if (lagging === undefined) throw new Error('nobody lags');
    cluster.isolate(lagging);
    for (let i = 0; i < 5; i += 1) leader.propose([bytes(i)]);
    cluster.settle();
    const { disk, machine } = cluster.server(lagging);
    const old = [disk.entries.length, machine.appliedIndex];
    cluster.server(lagging).receiveSnapshot(cluster.server(leader.nodeId));
    const unwritten = cluster.restart(lagging);
    expect([unwritten.disk.entries.length, unwritten.raft.lastIndex]).toEqual([old[0], old[0]]);
    unwritten.receiveSnapshot(cluster.server(leader.nodeId));
    const record = unwritten.raft.ready()?.record ?? null;
    if (record === null) throw new Error('no record');
    disk.write(record);
    const written = cluster.restart(lagging);
    expect([written.raft.firstIndex, written.raft.appliedIndex]).toEqual([
      leader.lastIndex + 1,
      leader.lastIndex,
    ]);
    expect(written.machine.state).toEqual(cluster.server(leader.nodeId).machine.state);
  });
});

describe('a snapshot and elections', () => {
  it('Figure 13: a chunk is as good as a heartbeat; an older term is told so', () => {
    const raft = core();
    raft.tick(999);
    raft.step(installSnapshot({ term: term(2) }));
    expect([raft.term, raft.leaderId]).toEqual([2, B]);
    expect(raft.nextDeadlineMs()).toBe(1_999);
    raft.step(installSnapshot({ from: C }));
    const [response] = ofType(sent(raft), 'install-snapshot-response');
    expect(response).toMatchObject({ to: C, term: 2, isRefused: true, lastIncludedIndex: 10 });
  });

  it('paper 5.4.1: what is compacted counts as the end of the log', () => {
    const raft = core({ snapshot: snapshotAt(10, 2) });
    raft.tick(raft.nextDeadlineMs());
    const [preVote] = ofType(sent(raft), 'pre-vote');
    expect(preVote).toMatchObject({ lastLogIndex: 10, lastLogTerm: 2 });
    if (preVote !== undefined)
      raft.step({ ...preVote, type: 'pre-vote-response', from: B, to: A, voteGranted: true });
    expect(ofType(sent(raft), 'request-vote')).toMatchObject([
      { lastLogIndex: 10, lastLogTerm: 2 },
      { lastLogIndex: 10, lastLogTerm: 2 },
    ]);
  });

  it('paper 5.4: a campaign ends with the log that it was for', () => {
    for (const isCandidate of [false, true]) {
      const raft = core();
      raft.tick(raft.nextDeadlineMs());
      const preVotes = sent(raft);
      if (isCandidate) for (const each of preVotes) raft.step(grant(each) ?? each);
      const asked = isCandidate ? sent(raft) : preVotes;
      expect(raft.role).toBe(isCandidate ? 'candidate' : 'pre-candidate');
      raft.installSnapshot(snapshotAt(10, 1, configuration([B, C, D])));
      expect(raft.role).toBe('learner');
      for (const each of asked) raft.step(grant(each) ?? each);
      expect(raft.role).toBe('learner');
      checkServer(raft);
    }
  });

  it('paper 5.2: who finds itself a voter, and knows no leader, has an election timer', () => {
    const raft = core({ configuration: configuration([B, C, D], [], [A]) });
    raft.tick(raft.nextDeadlineMs());
    expect([raft.role, raft.nextDeadlineMs()]).toEqual(['learner', Infinity]);
    raft.installSnapshot(snapshotAt(10, 1));
    expect([raft.role, raft.nextDeadlineMs()]).toEqual(['follower', 2_000]);
  });

  it('paper 6: a new leader leaves a joint configuration that its snapshot holds', () => {
    const joint = configuration([A, B], [A, B, C]);
    const raft = elect(core({ snapshot: snapshotAt(10, 1, joint) }));
    drain(raft);
    expect(raft.configuration).toEqual(joint);
    for (const from of [B, C]) {
      raft.step({
        type: 'append-entries-response',
        from,
        to: A,
        term: raft.term,
        round: 0,
        success: true,
        matchIndex: index(11),
      });
    }
    expect(raft.configuration).toEqual(configuration([A, B]));
  });
});

describe('entries and what is compacted', () => {
  it('Figure 2: entries before the base are there, and acknowledged', () => {
    const raft = core({ snapshot: snapshotAt(10, 2), terms: [2] });
    raft.step(appendEntries({ term: term(2), prevLogIndex: index(4), entries: tailOf(5, [1, 1]) }));
    raft.step(appendEntries({ term: term(2), prevLogIndex: index(6), round: 3 }));
    expect(sent(raft)).toMatchObject([{ success: true, matchIndex: 6, round: 3 }]);
    expect([raft.lastIndex, raft.commitIndex]).toEqual([11, 10]);
  });

  it('Figure 2: of those that reach over the base the rest is taken', () => {
    const raft = core({ snapshot: snapshotAt(10, 2) });
    const entries = tailOf(9, [1, 2, 2, 2]);
    const message = { term: term(2), prevLogIndex: index(8), entries, leaderCommit: index(11) };
    raft.step(appendEntries(message));
    const { messages, committed } = drain(raft);
    expect(messages).toMatchObject([{ success: true, matchIndex: 12 }]);
    expect([raft.lastIndex, indexes(committed)]).toEqual([12, [11]]);
    const conflicting = appendEntries({
      ...message,
      term: term(3),
      entries: tailOf(9, [1, 2, 2, 3]),
    });
    raft.step(conflicting);
    expect([raft.termAt(index(12)), raft.commitIndex]).toEqual([3, 11]);
  });

  it('paper 5.3: a refusal points behind the base at the earliest', () => {
    const raft = core({ snapshot: snapshotAt(10, 2), terms: [2, 2] });
    raft.step(appendEntries({ term: term(4), prevLogIndex: index(12), prevLogTerm: term(3) }));
    raft.step(appendEntries({ term: term(4), prevLogIndex: index(20), prevLogTerm: term(3) }));
    expect(ofType(sent(raft), 'append-entries-response')).toMatchObject([
      { success: false, rejectedIndex: 12, conflictIndex: 11, conflictTerm: 2 },
      { success: false, rejectedIndex: 20, conflictIndex: 13, conflictTerm: null },
    ]);
  });
});

describe('a state machine that waits', () => {
  it('its state lost, it votes and logs, and applies nothing', () => {
    const raft = core({ snapshot: snapshotAt(10, 1), terms: [1, 1], appliedIndex: null });
    expect([raft.isApplySuspended, raft.commitIndex, raft.appliedIndex]).toEqual([true, 10, 10]);
    raft.step(
      appendEntries({
        prevLogIndex: index(12),
        entries: [command(13, 1)],
        leaderCommit: index(13),
      }),
    );
    const { messages, committed } = drain(raft);
    expect([raft.commitIndex, committed]).toEqual([13, []]);
    expect(messages).toMatchObject([{ success: true, matchIndex: 13 }]);
    checkServer(raft);
  });

  it('its state lost, the very snapshot it began with is news', () => {
    const raft = core({ snapshot: snapshotAt(10, 1), terms: [1, 1], appliedIndex: null });
    expect([raft.isSnapshotNews(index(9)), raft.isSnapshotNews(index(10))]).toEqual([false, true]);
    raft.installSnapshot(snapshotAt(10, 1, THREE, 2));
    expect([raft.isStateMachineBusy, at(raft)]).toEqual([true, [11, 12]]);
    const { records, snapshots } = drain(raft);
    expect([records.length, snapshots]).toEqual([1, [snapshotAt(10, 1, THREE, 2)]]);
    expect([raft.isApplySuspended, raft.isStateMachineBusy]).toEqual([false, false]);
  });

  it('found wrong, it ends the slice that it was given and gets no other', () => {
    const raft = core({ terms: [1, 1, 1, 1], limits: { maxApplyEntries: 1 } });
    raft.step(appendEntries({ prevLogIndex: index(4), leaderCommit: index(4) }));
    expect(indexes(raft.ready()?.committedEntries)).toEqual([1]);
    raft.suspendApply();
    raft.applied(index(1));
    expect([raft.ready(), raft.isApplySuspended, raft.commitIndex]).toEqual([null, true, 4]);
  });

  it('found wrong, it goes on from any snapshot that is not older than it', () => {
    for (const [upTo, rest] of [
      [2, [3, 4]],
      [3, [4]],
      [4, []],
      [9, []],
    ] as const) {
      const raft = core({ terms: [1, 1, 1, 1, 1], appliedIndex: index(2) });
      raft.suspendApply();
      raft.step(appendEntries({ prevLogIndex: index(5), leaderCommit: index(4) }));
      expect([raft.ready()?.committedEntries, raft.isSnapshotNews(index(1))]).toEqual([[], false]);
      raft.installSnapshot(snapshotAt(upTo, 1));
      const { committed, snapshots } = drain(raft);
      expect([snapshots.length, indexes(committed)]).toEqual([1, rest]);
      expect(raft.appliedIndex).toBe(Math.max(4, upTo));
      checkServer(raft);
    }
  });

  it('thesis 3.10: it takes over from nobody', () => {
    const raft = core({ appliedIndex: null });
    raft.step(appendEntries());
    drain(raft);
    raft.step({ type: 'timeout-now', from: B, to: A, term: term(1) });
    expect([raft.role, sent(raft)]).toEqual(['follower', []]);
  });

  it('is healed by its leader while the cluster works', () => {
    const cluster = Cluster.of(THREE, 5);
    const leader = cluster.elect();
    leader.propose([bytes(3)]);
    cluster.settle();
    const [wrong] = [A, B, C].filter((id) => id !== leader.nodeId);
    if (wrong === undefined) throw new Error('nobody is wrong');
    cluster.cut(leader.nodeId, wrong);
    cluster.server(wrong).suspend();
    leader.propose([bytes(4)]);
    cluster.settle();
    expect(cluster.server(wrong).machine.isSpoilt).toBe(true);
    cluster.cut(leader.nodeId, wrong, false);
    cluster.elapse(300);
    expect(cluster.server(wrong).machine.state).toEqual(
      cluster.server(leader.nodeId).machine.state,
    );
    expect(cluster.raft(wrong).isApplySuspended).toBe(false);
  });
});

describe('a start', () => {
  it('paper 7: what the snapshot covers is committed and applied', () => {
    const raft = core({ snapshot: snapshotAt(10, 2), terms: [2, 3] });
    expect([at(raft), raft.commitIndex, raft.durableIndex]).toEqual([[11, 12], 10, 12]);
    expect([raft.snapshot, raft.isRestoring, raft.ready()]).toEqual([
      snapshotAt(10, 2),
      false,
      null,
    ]);
    const further = core({ snapshot: snapshotAt(10, 2), terms: [2, 3], appliedIndex: index(11) });
    expect(further.commitIndex).toBe(11);
  });

  it('a hole, a state that is behind or ahead, and a term too old do not start', () => {
    const snapshot = snapshotAt(10, 2);
    const hardState = { term: term(1), votedFor: null };
    expect(() => core({ snapshot, entries: [command(12, 2)] })).toThrow(InvariantViolation);
    expect(() => core({ snapshot, entries: [command(11, 1)] })).toThrow(InvariantViolation);
    expect(() => core({ snapshot, appliedIndex: index(9) })).toThrow(InvariantViolation);
    expect(() => core({ snapshot, appliedIndex: index(11) })).toThrow(InvariantViolation);
    expect(() => core({ snapshot, hardState })).toThrow(InvariantViolation);
  });
});
