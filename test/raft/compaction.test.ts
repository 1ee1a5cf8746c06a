/** Log compaction, and a leader whose followers need what it compacted (paper section 7). */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation, checkServer } from '../../src/raft/invariants.ts';
import { Log } from '../../src/raft/log.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Entry, StateReference } from '../../src/raft/types.ts';
import { Cluster, Disk } from './cluster.ts';
import {
  A,
  B,
  C,
  D,
  THREE,
  acknowledge,
  appendEntries,
  bytes,
  command,
  configuration,
  configurationEntry,
  core,
  drain,
  elect,
  index,
  leader,
  ofType,
  refuse,
  sent,
  snapshotAt,
  tailOf,
  term,
} from './fixtures.ts';

const STATE: StateReference = { file: 0, hash: '', stampMs: 7 };

/** A leader at term 2 whose log of ten entries B has acknowledged, and which has compacted eight. */
function compactedLeader(): Raft {
  const raft = leader({ terms: [1, 1, 1, 1, 1, 1, 1, 1, 1] });
  acknowledge(raft, B, 10);
  drain(raft);
  expect(raft.compact(index(8), STATE)).toBe(true);
  drain(raft);
  return raft;
}

describe('compaction', () => {
  it('paper 7: the log up to the index goes; term and configuration stay', () => {
    const raft = compactedLeader();
    expect(raft.snapshot).toEqual({ index: 8, term: 1, configuration: THREE, state: STATE });
    expect([raft.firstIndex, raft.lastIndex, raft.appliedIndex]).toEqual([9, 10, 10]);
    expect([raft.entryAt(index(8)), raft.termAt(index(8)), raft.termAt(index(7))]).toEqual([
      null,
      1,
      null,
    ]);
    expect([raft.configuration, raft.configurationIndex]).toEqual([THREE, 8]);
    checkServer(raft);
  });

  it('paper 7: one whole record, and nothing waits for it', () => {
    const raft = core({ terms: [1, 1, 1, 1], appliedIndex: index(3) });
    raft.compact(index(2), STATE);
    expect(raft.ready()).toMatchObject({
      record: {
        hardState: { term: 1, votedFor: null },
        snapshot: { index: 2, state: STATE },
        entries: tailOf(3, [1, 1]),
      },
      snapshot: null,
      messages: [],
    });
    expect([raft.isStateMachineBusy, raft.durableIndex]).toEqual([false, 4]);
    raft.recordDurable();
    expect(raft.ready()).toBeNull();
  });

  it('while a record is in flight it waits for the next, which is whole', () => {
    const raft = core({ terms: [1, 1, 1, 1], appliedIndex: index(3) });
    raft.step(appendEntries({ prevLogIndex: index(4), entries: [command(5, 1)] }));
    raft.ready();
    raft.compact(index(3), STATE);
    raft.step(appendEntries({ prevLogIndex: index(5), entries: [command(6, 1)] }));
    expect(raft.ready()).toBeNull();
    raft.recordDurable();
    expect(raft.ready()?.record).toMatchObject({
      snapshot: { index: 3 },
      entries: tailOf(4, [1, 1, 1]),
    });
  });

  it('its record does not speak for a snapshot that comes while it is in flight', () => {
    const raft = core({ terms: [1, 1, 1], appliedIndex: index(2) });
    raft.compact(index(2), STATE);
    raft.ready();
    raft.installSnapshot(snapshotAt(9, 1));
    raft.recordDurable();
    const next = raft.ready();
    expect([next?.record?.snapshot?.index, next?.snapshot]).toEqual([9, null]);
    raft.recordDurable();
    expect(raft.ready()?.snapshot).toEqual(snapshotAt(9, 1));
  });

  it('paper 7: only what is applied, and only once', () => {
    const raft = core({ terms: [1, 1, 1, 1], appliedIndex: index(2) });
    expect(() => raft.compact(index(3), STATE)).toThrow(InvariantViolation);
    expect(raft.compact(index(2), STATE)).toBe(true);
    expect([raft.compact(index(2), STATE), raft.compact(index(1), STATE)]).toEqual([false, false]);
  });

  it('a state that is not to be trusted, or about to be replaced, stands in for nothing', () => {
    const suspended = core({ terms: [1, 1, 1], appliedIndex: index(2) });
    suspended.suspendApply();
    expect(suspended.compact(index(2), STATE)).toBe(false);
    const restoring = core({ terms: [1, 1, 1], appliedIndex: index(2) });
    restoring.installSnapshot(snapshotAt(9, 1));
    expect(restoring.compact(index(2), STATE)).toBe(false);
  });

  it('Figure 13: a snapshot says the term and the configuration as of its index', () => {
    const other = configuration([A, B, C, D]);
    const entries: Entry[] = [
      configurationEntry(1, 1, THREE),
      command(2, 1),
      configurationEntry(3, 2, other),
      command(4, 3),
    ];
    const raft = core({ entries, appliedIndex: index(3) });
    expect([1, 2, 3].map((at) => raft.describeSnapshot(index(at)))).toEqual([
      { index: 1, term: 1, configuration: THREE },
      { index: 2, term: 1, configuration: THREE },
      { index: 3, term: 2, configuration: other },
    ]);
    expect([0, 4, 5].map((at) => raft.describeSnapshot(index(at)))).toEqual([null, null, null]);
    raft.compact(index(2), STATE);
    expect([1, 2].map((at) => raft.describeSnapshot(index(at)))).toEqual([
      null,
      { index: 2, term: 1, configuration: THREE },
    ]);
  });

  it('paper 6: truncation brings the compacted configuration back', () => {
    const raft = core({ terms: [1, 1], appliedIndex: index(2) });
    raft.compact(index(2), STATE);
    const entries = [configurationEntry(3, 1, configuration([A, B]))];
    raft.step(appendEntries({ prevLogIndex: index(2), entries }));
    expect(raft.configuration).toEqual(configuration([A, B]));
    const other = { from: C, term: term(2), prevLogIndex: index(2), entries: [command(3, 2)] };
    raft.step(appendEntries(other));
    expect([raft.configuration, raft.configurationIndex]).toEqual([THREE, 2]);
  });

  it('a log answers behind its base as one that was never cut', () => {
    const anyLog = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.boolean()), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(anyLog, fc.nat(), fc.nat({ max: 30 }), (steps, some, ofTerm) => {
        let ofEntry = 1;
        const entries = steps.map(([step, isConfiguration], i): Entry => {
          ofEntry += step;
          if (!isConfiguration) return command(i + 1, ofEntry, i);
          return configurationEntry(i + 1, ofEntry, configuration([A, B].slice(0, 1 + (i % 2))));
        });
        const whole = new Log(null, entries);
        const cut = new Log(null, entries);
        const base = index(1 + (some % entries.length));
        const snapshot = {
          ...snapshotAt(base, whole.termAt(base) ?? 0),
          configuration: whole.configurationAt(base),
        };
        cut.compact(snapshot);
        const loaded = new Log(snapshot, entries.slice(base));
        for (const log of [cut, loaded]) {
          expect([log.lastIndex, log.lastTerm]).toEqual([whole.lastIndex, whole.lastTerm]);
          expect(log.configuration).toEqual(whole.configuration);
          for (let at = base; at <= whole.lastIndex; at = index(at + 1)) {
            expect(log.termAt(at)).toBe(whole.termAt(at));
            expect(log.configurationAt(at)).toEqual(whole.configurationAt(at));
            expect(log.bytesBetween(at, log.lastIndex)).toBe(
              whole.bytesBetween(at, whole.lastIndex),
            );
            const first = Math.max(whole.firstIndexOfTermAt(at), base);
            expect(log.firstIndexOfTermAt(at)).toBe(first);
            const last = whole.lastIndexOfTermUpTo(term(ofTerm), at);
            // Before the base all that counts is that it is before.
            const found = log.lastIndexOfTermUpTo(term(ofTerm), at);
            expect(Math.max(found, base - 1)).toBe(Math.max(last, base - 1));
          }
        }
      }),
    );
  });
});

type Action =
  | { readonly type: 'append' | 'hand' | 'durable' }
  | { readonly type: 'truncate' | 'compact' | 'restore'; readonly some: number };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'append' } as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom({ type: 'hand' } as const, { type: 'durable' } as const),
  },
  fc.record({
    type: fc.constantFrom('truncate' as const, 'compact' as const, 'restore' as const),
    some: fc.nat(),
  }),
);

describe('the disk', () => {
  it('ABA: durableIndex covers what the disk holds, whatever took the place of what', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 80 }), (actions) => {
        const log = new Log(null, []);
        const disk = new Disk();
        const hardState = { term: term(1), votedFor: null };
        let inFlight: ReturnType<Log['takeUnhanded']> | null = null;
        let newestTerm = 1;
        let committed = 0;
        const next = (): Entry => command(log.lastIndex + 1, newestTerm);
        for (const action of actions) {
          if (action.type === 'append') log.append(next());
          else if (action.type === 'hand' && inFlight === null && log.isRecordDue) {
            inFlight = log.takeUnhanded();
          } else if (action.type === 'durable' && inFlight !== null) {
            disk.write({ hardState, ...inFlight });
            inFlight = null;
            log.markHandedDurable();
          } else if (action.type === 'truncate' && log.lastIndex > committed) {
            log.truncateFrom(index(committed + 1 + (action.some % (log.lastIndex - committed))));
            newestTerm += 1;
            log.append(next());
          } else if (action.type === 'compact' && log.durableIndex > log.baseIndex) {
            const at = log.baseIndex + 1 + (action.some % (log.durableIndex - log.baseIndex));
            committed = Math.max(committed, at);
            log.compact(snapshotAt(at, log.termAt(index(at)) ?? 0));
          } else if (action.type === 'restore') {
            const at = committed + 1 + (action.some % 6);
            const isKept = at <= log.lastIndex && action.some % 2 === 0;
            newestTerm += 1;
            const ofTerm = isKept ? (log.termAt(index(at)) ?? 0) : newestTerm;
            log.restore(snapshotAt(at, ofTerm), index(committed));
            committed = at;
          }
          for (let at = log.firstIndex; at <= log.durableIndex; at = index(at + 1)) {
            expect(disk.entryAt(at)).toBe(log.entryAt(at));
          }
          if (inFlight === null) expect(log.durableIndex).toBe(log.handedIndex);
          expect(log.handedIndex).toBeLessThanOrEqual(log.lastIndex);
          if (inFlight !== null || log.isRecordDue) continue;
          expect([disk.snapshot, disk.entries.length]).toEqual([
            log.snapshot,
            log.lastIndex - log.baseIndex,
          ]);
        }
      }),
    );
  });
});

describe('a follower that needs what is compacted', () => {
  it('paper 7: a refusal that leads before the base asks for a snapshot', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    const messages = ofType(sent(raft), 'append-entries').filter(({ to }) => to === C);
    expect(messages).toMatchObject([]);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', matchIndex: 0, nextIndex: 9 });
    raft.propose([bytes(1)]);
    expect(ofType(sent(raft), 'append-entries').map(({ to }) => to)).toEqual([B]);
    checkServer(raft);
  });

  it('paper 5.3: a conflict that goes back to the base, or behind it, is found', () => {
    const behind = compactedLeader();
    refuse(behind, C, 9, 9, 1);
    expect(behind.progress(C)).toMatchObject({ state: 'probe', nextIndex: 9 });
    const raft = leader({ snapshot: snapshotAt(8, 3), terms: [3, 5] });
    refuse(raft, C, 10, 7, 4);
    expect(raft.progress(C)).toMatchObject({ state: 'probe', nextIndex: 7 });
    sent(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', nextIndex: 9 });
    refuse(raft, B, 10, 9, 2);
    sent(raft);
    expect(raft.progress(B)).toMatchObject({ state: 'snapshot', nextIndex: 9 });
  });

  it('thesis 6.2: its refusals count as contact, and change nothing', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    sent(raft);
    for (let nowMs = 1_100; nowMs < 4_000; nowMs += 100) {
      raft.tick(nowMs);
      const heartbeats = ofType(sent(raft), 'append-entries').filter(({ to }) => to === C);
      expect(heartbeats).toMatchObject([{ prevLogIndex: 8, prevLogTerm: 1, entries: [] }]);
      refuse(raft, C, 8, 4);
    }
    expect([raft.role, raft.progress(C)?.state]).toEqual(['leader', 'snapshot']);
  });

  it('paper 7: it goes on behind the base once it has that', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    sent(raft);
    acknowledge(raft, C, 8);
    const [message] = ofType(sent(raft), 'append-entries');
    expect(message).toMatchObject({
      to: C,
      prevLogIndex: 8,
      entries: [{ index: 9 }, { index: 10 }],
    });
    expect(raft.progress(C)).toMatchObject({ state: 'replicate', matchIndex: 8, nextIndex: 11 });
  });

  it('a late answer about older entries does not end the wait', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    sent(raft);
    acknowledge(raft, C, 3);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', matchIndex: 3, nextIndex: 9 });
    expect(sent(raft)).toEqual([]);
    checkServer(raft);
  });

  it('a broken link does not end the wait either', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    sent(raft);
    raft.linkReset(C);
    sent(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', nextIndex: 9 });
  });

  it('paper 7: the base may move on, and then an older snapshot is not enough', () => {
    const raft = compactedLeader();
    refuse(raft, C, 9, 4);
    sent(raft);
    raft.compact(index(9), STATE);
    drain(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', nextIndex: 10 });
    acknowledge(raft, C, 8);
    drain(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', matchIndex: 8, nextIndex: 10 });
    acknowledge(raft, C, 10);
    expect(raft.progress(C)).toMatchObject({ state: 'replicate', matchIndex: 10, nextIndex: 11 });
    checkServer(raft);
  });

  it('thesis 10.2.1: entries under way are not called back by compaction', () => {
    const raft = leader({ terms: [1, 1, 1] });
    acknowledge(raft, C, 1);
    sent(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'replicate', matchIndex: 1, nextIndex: 5 });
    acknowledge(raft, B, 4);
    drain(raft);
    raft.compact(index(4), STATE);
    drain(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'replicate', nextIndex: 5 });
    acknowledge(raft, C, 4);
    expect(raft.progress(C)).toMatchObject({ state: 'replicate', matchIndex: 4 });
    raft.linkReset(B);
    sent(raft);
    expect(raft.progress(B)?.state).toBe('probe');
  });

  it('paper 7: with entries lost and compacted, a broken link ends in a snapshot', () => {
    const raft = leader({ terms: [1, 1, 1] });
    acknowledge(raft, C, 1);
    acknowledge(raft, B, 4);
    drain(raft);
    raft.compact(index(4), STATE);
    drain(raft);
    raft.linkReset(C);
    sent(raft);
    expect(raft.progress(C)).toMatchObject({ state: 'snapshot', matchIndex: 1, nextIndex: 5 });
  });

  it('paper 5.3 and 7: a snapshot is asked for exactly where the base is not matched', () => {
    const anySteps = fc.array(fc.nat({ max: 2 }), { maxLength: 10 });
    const sums = (steps: readonly number[]): number[] =>
      steps.map((_, i) => steps.slice(0, i + 1).reduce((sum, step) => sum + step, 0));
    fc.assert(
      fc.property(anySteps, anySteps, fc.nat(), fc.nat(), (steps, other, some, shared) => {
        // One history: the leader's terms are odd, and even ones come behind where the logs part.
        const terms = [1, ...sums(steps).map((sum) => 1 + 2 * sum)];
        const base = 1 + (some % terms.length);
        const prefix = terms.slice(0, 1 + (shared % terms.length));
        const parted = (prefix.at(-1) ?? 1) + 1;
        const others = [...prefix, ...sums(other).map((sum) => parted + 2 * sum)];
        const highest = term(Math.max(...terms, ...others));
        const raft = elect(
          core({
            snapshot: snapshotAt(base, terms[base - 1] ?? 0),
            terms: terms.slice(base),
            hardState: { term: highest, votedFor: null },
          }),
        );
        const peer = core({
          nodeId: B,
          terms: others,
          hardState: { term: highest, votedFor: null },
        });
        const isMatched = prefix.length >= base;
        for (let round = 0; round < 2 * terms.length + 4; round += 1) {
          for (const message of sent(raft)) if (message.to === B) peer.step(message);
          for (const message of sent(peer)) raft.step(message);
        }
        const progress = raft.progress(B);
        expect(progress?.state).toBe(isMatched ? 'replicate' : 'snapshot');
        if (isMatched) expect(progress?.matchIndex).toBe(raft.lastIndex);
      }),
    );
  });

  it('a new leader with a compacted log finds out who needs it', () => {
    const raft = elect(core({ snapshot: snapshotAt(10, 1), terms: [1] }));
    const messages = ofType(sent(raft), 'append-entries');
    expect(messages.map(({ prevLogIndex }) => prevLogIndex)).toEqual([11, 11]);
    refuse(raft, B, 11, 2);
    refuse(raft, C, 11, 11);
    const next = ofType(sent(raft), 'append-entries');
    expect(next).toMatchObject([
      { to: C, prevLogIndex: 10, entries: [{ index: 11 }, { index: 12 }] },
    ]);
    expect(raft.progress(B)?.state).toBe('snapshot');
  });
});

describe('a cluster that compacts', () => {
  it('paper 7: who was away comes back by a snapshot, and every state is the same', () => {
    const cluster = Cluster.of(THREE, 2);
    const first = cluster.elect();
    const [away] = [A, B, C].filter((id) => id !== first.nodeId);
    if (away === undefined) throw new Error('nobody is away');
    cluster.isolate(away);
    for (let i = 0; i < 30; i += 1) {
      first.propose([bytes(i)]);
      cluster.settle();
      for (const [id, server] of cluster.servers) if (id !== away) server.compact();
    }
    expect(first.firstIndex).toBe(first.lastIndex + 1);
    cluster.isolate(away, false);
    cluster.elapse(1_000);
    first.propose([bytes(1)]);
    cluster.elapse(300);
    const states = [...cluster.servers.values()].map(({ machine }) => machine.state);
    expect(new Set(states.map(({ hash }) => hash)).size).toBe(1);
    expect(cluster.raft(away).firstIndex).toBe(first.firstIndex);
  });

  it('thesis 4.2.1: a new server is caught up by a snapshot and becomes a voter', () => {
    const cluster = Cluster.of(THREE, 4);
    const first = cluster.elect();
    first.propose([bytes(1), bytes(2)]);
    cluster.settle();
    for (const server of cluster.servers.values()) server.compact();
    cluster.add(D);
    first.proposeConfiguration({ voters: [A, B, C], learners: [D] });
    cluster.elapse(1_000);
    expect(first.proposeConfiguration({ voters: [A, B, D], learners: [] })).toBe('appended');
    cluster.elapse(3_000);
    const last = cluster.elect();
    expect(last.configuration).toEqual(configuration([A, B, D]));
    expect(cluster.server(D).machine.state).toEqual(cluster.server(last.nodeId).machine.state);
  });

  it('paper 7: after a crash of all, the whole records are the cluster', () => {
    const cluster = Cluster.of(THREE, 6);
    const first = cluster.elect();
    first.propose([bytes(1), bytes(2)]);
    cluster.settle();
    for (const server of cluster.servers.values()) server.compact(index(3));
    first.propose([bytes(3)]);
    cluster.settle();
    const { state } = cluster.server(first.nodeId).machine;
    for (const id of [A, B, C]) cluster.restart(id);
    for (const { raft } of cluster.servers.values()) expect(raft.firstIndex).toBe(4);
    const next = cluster.elect();
    expect(next.commitIndex).toBe(state.appliedIndex + 1);
    const hashes = [...cluster.servers.values()].map(({ machine }) => machine.state.hash);
    expect(new Set(hashes).size).toBe(1);
  });
});
