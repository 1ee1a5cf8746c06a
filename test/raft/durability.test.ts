/** What waits for the disk (paper Figure 2, "updated on stable storage before responding"; thesis 10.2.1). */

import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/raft/invariants.ts';
import type { NodeId } from '../../src/raft/types.ts';
import {
  A,
  B,
  C,
  acknowledge,
  appendEntries,
  bytes,
  command,
  configuration,
  core,
  elect,
  index,
  leader,
  ofType,
  sent,
  term,
} from './fixtures.ts';

describe('acknowledgements', () => {
  it('Figure 2: entries are acknowledged when they are on stable storage', () => {
    const raft = core();
    raft.step(appendEntries({ entries: [command(2, 1)] }));
    const ready = raft.ready();
    expect(ready?.record).toEqual({ hardState: null, snapshot: null, entries: [command(2, 1)] });
    expect(ready?.messages).toEqual([]);
    expect(ready?.messagesAfterRecord).toMatchObject([{ success: true, matchIndex: 2 }]);
  });

  it('Figure 2: a newer term is on stable storage before it is answered', () => {
    const raft = core();
    raft.step(appendEntries({ term: term(4) }));
    const ready = raft.ready();
    expect(ready?.record).toEqual({
      hardState: { term: 4, votedFor: null },
      snapshot: null,
      entries: [],
    });
    expect(ready?.messages).toEqual([]);
    expect(ready?.messagesAfterRecord).toHaveLength(1);
  });

  it('while the disk hangs no more answers are held back than the limit says, the latest', () => {
    const raft = core({ limits: { maxHeldMessages: 4 } });
    raft.step(appendEntries({ entries: [command(2, 1)] }));
    raft.ready();
    for (let round = 1; round <= 20; round += 1) {
      raft.step(
        appendEntries({ term: term(4), prevLogIndex: index(9), prevLogTerm: term(3), round }),
      );
    }
    raft.recordDurable();
    const held = raft.ready()?.messagesAfterRecord ?? [];
    expect(held.map((message) => 'round' in message && message.round)).toEqual([17, 18, 19, 20]);
  });

  it('at most one record is in flight; what is stepped meanwhile goes into the next', () => {
    const raft = core();
    raft.step(appendEntries({ entries: [command(2, 1)] }));
    raft.ready();
    raft.step(appendEntries({ prevLogIndex: index(2), entries: [command(3, 1)] }));
    raft.step(appendEntries({ prevLogIndex: index(3), entries: [command(4, 1)] }));
    expect(raft.ready()).toBeNull();
    raft.recordDurable();
    const next = raft.ready();
    expect(next?.record?.entries.map((entry) => entry.index)).toEqual([3, 4]);
    expect(next?.messagesAfterRecord).toMatchObject([{ matchIndex: 4 }]);
  });

  it('a repeated message waits for the record in flight, not for the one after it', () => {
    const raft = core();
    const message = appendEntries({ entries: [command(2, 1)] });
    raft.step(message);
    raft.ready();
    raft.step(message);
    raft.step(appendEntries({ prevLogIndex: index(2), entries: [command(3, 1)] }));
    expect(raft.ready()).toBeNull();
    raft.recordDurable();
    const next = raft.ready();
    expect(next?.messages).toMatchObject([{ matchIndex: 2 }]);
    expect(next?.messagesAfterRecord).toMatchObject([{ matchIndex: 3 }]);
  });

  it('thesis 10.2.1: a heartbeat is answered though the disk is busy, by what is durable', () => {
    const raft = core();
    raft.step(appendEntries({ entries: [command(2, 1)] }));
    raft.ready();
    raft.step(appendEntries({ prevLogIndex: index(2), round: 3 }));
    const ready = raft.ready();
    expect(ready).toMatchObject({ record: null, messages: [{ matchIndex: 1, round: 3 }] });
  });

  it('acknowledgements to one leader are cumulative: one for a pipeline in one record', () => {
    const raft = core();
    for (let at = 2; at <= 5; at += 1) {
      const prev = { prevLogIndex: index(at - 1), round: at };
      raft.step(appendEntries({ ...prev, entries: [command(at, 1)] }));
    }
    const after = raft.ready()?.messagesAfterRecord;
    expect(after).toMatchObject([{ matchIndex: 5, round: 5 }]);
    expect(after).toHaveLength(1);
  });

  it('an acknowledgement that says less, or to another leader, replaces none', () => {
    const first = appendEntries({ round: 5, entries: [command(2, 1), command(3, 1)] });
    const lower = appendEntries({ round: 5, entries: [command(2, 1)] });
    const older = appendEntries({ round: 4, prevLogIndex: index(3), entries: [command(4, 1)] });
    const other = appendEntries({
      from: C,
      term: term(2),
      round: 9,
      entries: [command(2, 2), command(3, 2)],
    });
    const acknowledged = [lower, older, other].map((second) => {
      const raft = core();
      raft.step(first);
      raft.step(second);
      const responses = ofType(raft.ready()?.messagesAfterRecord ?? [], 'append-entries-response');
      return responses.map((message) => [
        message.to,
        message.success && message.matchIndex,
        message.round,
      ]);
    });
    expect(acknowledged).toEqual([
      [
        [B, 3, 5],
        [B, 2, 5],
      ],
      [
        [B, 3, 5],
        [B, 4, 4],
      ],
      [
        [B, 3, 5],
        [C, 3, 9],
      ],
    ]);
  });

  it('ABA: a log overwritten while it is written is not durable where it was overwritten', () => {
    const raft = core();
    raft.step(appendEntries({ entries: [command(2, 1), command(3, 1), command(4, 1)] }));
    raft.ready();
    const other = { from: C, term: term(2), prevLogIndex: index(2) };
    raft.step(appendEntries({ ...other, entries: [command(3, 2), command(4, 2)] }));
    raft.recordDurable();
    expect([raft.durableIndex, raft.lastIndex]).toEqual([2, 4]);
    const next = raft.ready();
    expect(next?.record).toMatchObject({ hardState: { term: 2 }, entries: [{}, {}] });
    expect(next?.record?.entries).toEqual([command(3, 2), command(4, 2)]);
    raft.recordDurable();
    expect(raft.durableIndex).toBe(4);
  });

  it('ABA: a record that began before the truncation says nothing about the new entries', () => {
    const raft = core({ configuration: configuration([A, B, C]) });
    raft.step(appendEntries({ entries: [command(2, 1)], leaderCommit: index(1) }));
    raft.ready();
    raft.applied(index(1));
    const other = { from: C, term: term(2), leaderCommit: index(2) };
    raft.step(appendEntries({ ...other, entries: [command(2, 2)] }));
    raft.recordDurable();
    expect([raft.durableIndex, raft.commitIndex]).toEqual([1, 2]);
    const next = raft.ready();
    expect(next?.record?.entries).toEqual([command(2, 2)]);
    expect([next?.messages, next?.committedEntries]).toEqual([[], []]);
  });

  it('recordDurable without a record in flight is a defect', () => {
    expect(() => core().recordDurable()).toThrow(InvariantViolation);
    const raft = core();
    raft.step(appendEntries({ entries: [command(2, 1)] }));
    raft.ready();
    raft.recordDurable();
    expect(() => raft.recordDurable()).toThrow(InvariantViolation);
  });
});

describe('a leader and its own disk', () => {
  it('thesis 10.2.1: entries travel while the leader writes them', () => {
    const raft = elect(core());
    const ready = raft.ready();
    expect(ready?.record?.entries).toHaveLength(1);
    expect(ofType(ready?.messages ?? [], 'append-entries').map(({ to }) => to)).toEqual([B, C]);
    expect(ready?.messagesAfterRecord).toEqual([]);
  });

  it('thesis 10.2.1: its own copy counts when it is durable, and not before', () => {
    const raft = elect(core());
    raft.ready();
    acknowledge(raft, B, 2);
    expect(raft.commitIndex).toBe(0);
    expect(raft.progress(A)?.matchIndex).toBe(1);
    raft.recordDurable();
    expect([raft.commitIndex, raft.progress(A)?.matchIndex]).toEqual([2, 2]);
  });

  it('thesis 10.2.1: a majority without it commits before its own disk is done', () => {
    const raft = elect(core());
    raft.ready();
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    expect(raft.commitIndex).toBe(2);
    expect(raft.ready()?.committedEntries.map((entry) => entry.index)).toEqual([1]);
    raft.applied(index(1));
    expect(raft.ready()).toBeNull();
    raft.recordDurable();
    expect(raft.ready()?.committedEntries.map((entry) => entry.index)).toEqual([2]);
  });

  it('a slow disk of the leader stops neither proposals nor heartbeats', () => {
    const raft = elect(core());
    raft.ready();
    acknowledge(raft, B, 2);
    raft.propose([bytes(1)]);
    const appends = (): { to: NodeId; entries: number }[] =>
      ofType(raft.ready()?.messages ?? [], 'append-entries').map(({ to, entries }) => {
        return { to, entries: entries.length };
      });
    expect(appends().filter(({ entries }) => entries > 0)).toEqual([]);
    raft.tick(raft.nextDeadlineMs());
    expect(appends()).toEqual([
      { to: B, entries: 1 },
      { to: C, entries: 0 },
    ]);
  });

  it('what is proposed while a record is being written is sent with the next one, as one', () => {
    const raft = leader();
    for (const id of [B, C]) acknowledge(raft, id, raft.lastIndex);
    sent(raft);
    const appends = (): number[] =>
      ofType(raft.ready()?.messages ?? [], 'append-entries').map(({ entries }) => entries.length);
    raft.propose([bytes(1)]);
    expect(appends()).toEqual([1, 1]);
    for (let i = 0; i < 3; i += 1) {
      raft.propose([bytes(1)]);
      expect(appends()).toEqual([]);
    }
    raft.recordDurable();
    expect(appends()).toEqual([3, 3]);
  });
});

describe('applying', () => {
  it('paper 5.3: committed entries are handed out in slices, each after the one before', () => {
    const raft = core({
      terms: Array.from({ length: 20 }, () => 1),
      limits: { maxApplyEntries: 8 },
    });
    raft.step(appendEntries({ prevLogIndex: index(20), leaderCommit: index(20) }));
    const slices: number[] = [];
    for (let ready = raft.ready(); ready !== null; ready = raft.ready()) {
      expect(raft.ready()).toBeNull();
      slices.push(ready.committedEntries.length);
      raft.applied(ready.committedEntries.at(-1)?.index ?? index(0));
    }
    expect(slices).toEqual([8, 8, 4]);
    expect(raft.appliedIndex).toBe(20);
  });

  it('a slice keeps to its bytes, but an entry above them goes alone', () => {
    const entries = [command(1, 1), command(2, 1, 5_000), command(3, 1), command(4, 1)];
    const raft = core({ entries });
    raft.step(appendEntries({ prevLogIndex: index(4), leaderCommit: index(4) }));
    const slices: number[] = [];
    for (let ready = raft.ready(); ready !== null; ready = raft.ready()) {
      slices.push(ready.committedEntries.length);
      raft.applied(ready.committedEntries.at(-1)?.index ?? index(0));
    }
    expect(slices).toEqual([1, 1, 2]);
  });

  it('an entry is applied only when it is durable here', () => {
    const raft = core({ appliedIndex: index(1) });
    raft.step(appendEntries({ entries: [command(2, 1)], leaderCommit: index(2) }));
    expect([raft.commitIndex, raft.ready()?.committedEntries]).toEqual([2, []]);
    raft.recordDurable();
    expect(raft.ready()?.committedEntries).toEqual([command(2, 1)]);
  });

  it('applied names a part of the slice that was handed out, in order and once', () => {
    const raft = core({ terms: [1, 1] });
    expect(() => raft.applied(index(0))).toThrow(InvariantViolation);
    expect(() => raft.applied(index(1))).toThrow(InvariantViolation);
    raft.step(appendEntries({ prevLogIndex: index(2), leaderCommit: index(2) }));
    raft.ready();
    expect(() => raft.applied(index(3))).toThrow(InvariantViolation);
    raft.applied(index(1));
    expect(() => raft.applied(index(1))).toThrow(InvariantViolation);
    expect(raft.isStateMachineBusy).toBe(true);
    raft.applied(index(2));
    expect(() => raft.applied(index(2))).toThrow(InvariantViolation);
  });

  it('what was not applied when it stalled is handed out again', () => {
    const raft = core({ terms: [1, 1] });
    raft.step(appendEntries({ prevLogIndex: index(2), leaderCommit: index(2) }));
    raft.ready();
    raft.applied(index(1));
    raft.stallApply();
    expect([raft.isStateMachineBusy, raft.ready()?.committedEntries ?? []]).toEqual([false, []]);
    expect(() => raft.applied(index(2))).toThrow(InvariantViolation);
    raft.resumeApply();
    expect(raft.ready()?.committedEntries.map((entry) => entry.index)).toEqual([2]);
  });

  it('what was applied is committed after a restart', () => {
    const raft = core({ terms: [1, 1, 1], appliedIndex: index(2) });
    expect([raft.commitIndex, raft.appliedIndex, raft.durableIndex]).toEqual([2, 2, 3]);
  });

  it('a state machine ahead of its log, and a log newer than its term, do not start', () => {
    expect(() => core({ appliedIndex: index(2) })).toThrow(InvariantViolation);
    const older = { term: term(1), votedFor: null };
    expect(() => core({ terms: [1, 2], hardState: older })).toThrow(InvariantViolation);
    expect(() => core({ entries: [command(2, 1)] })).toThrow(InvariantViolation);
  });

  it('impossible limits are an error of the caller', () => {
    for (const limits of [
      { maxApplyEntries: 0 },
      { maxInflightMessages: 1.5 },
      { heartbeatIntervalMs: 1_000 },
      { electionTimeoutMaxMs: 1_000 },
    ]) {
      expect(() => core({ limits })).toThrow(RangeError);
    }
  });

  it('there is nothing ready when nothing happened', () => {
    expect(core().ready()).toBeNull();
    const raft = leader();
    expect(raft.ready()).toBeNull();
  });
});
