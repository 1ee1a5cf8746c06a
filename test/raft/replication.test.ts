/** A leader's sending (paper section 5.3, thesis section 10.2). */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkServer } from '../../src/raft/invariants.ts';
import type { AppendEntries } from '../../src/raft/messages.ts';
import { Raft } from '../../src/raft/raft.ts';
import { Cluster } from './cluster.ts';
import {
  A,
  B,
  C,
  LIMITS,
  THREE,
  acknowledge,
  bytes,
  configuration,
  core,
  drain,
  elect,
  index,
  leader,
  logOf,
  ofType,
  refuse,
  sent,
  term,
  termsOf,
} from './fixtures.ts';

function sentTo(raft: Raft, to: string): AppendEntries[] {
  return ofType(sent(raft), 'append-entries').filter((message) => message.to === to);
}

/** A leader to whom B has acknowledged the no-op at index 2. */
function replicating(options: Parameters<typeof leader>[0] = {}): Raft {
  const raft = leader(options);
  acknowledge(raft, B, raft.lastIndex);
  sent(raft);
  return raft;
}

describe('probing', () => {
  it('Figure 2: nextIndex begins behind the last entry; one message until it is answered', () => {
    const raft = elect(core({ terms: [1, 1, 1] }));
    const [first, ...others] = sentTo(raft, B);
    expect(first).toMatchObject({ prevLogIndex: 3, prevLogTerm: 1, entries: [{ type: 'noop' }] });
    expect(others).toEqual([]);
    raft.propose([bytes(1)]);
    expect(sentTo(raft, B)).toEqual([]);
    expect(raft.progress(B)).toMatchObject({ matchIndex: 0, nextIndex: 4, state: 'probe' });
  });

  it('paper 5.3: a success makes it pipeline from there', () => {
    const raft = leader();
    raft.propose([bytes(1)]);
    sent(raft);
    acknowledge(raft, B, 2);
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 2, entries: [{ index: 3 }] }]);
    expect(raft.progress(B)).toMatchObject({ matchIndex: 2, nextIndex: 4, state: 'replicate' });
  });

  it('a lost probe is repeated with the next heartbeat', () => {
    const raft = leader();
    raft.tick(raft.nextDeadlineMs());
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 1, entries: [] }]);
    acknowledge(raft, B, 1);
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 1, entries: [{ index: 2 }] }]);
  });

  it('a new link is a new beginning: what was under way is sent again', () => {
    const raft = replicating();
    raft.propose([bytes(1)]);
    raft.propose([bytes(1)]);
    sent(raft);
    raft.linkReset(B);
    expect(raft.progress(B)).toMatchObject({ nextIndex: 3, state: 'probe' });
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 2, entries: [{}, {}] }]);
  });
});

describe('backtracking', () => {
  it('paper 5.3: a log too short is met at its end in one round trip', () => {
    const raft = leader({ terms: [1, 1, 1, 1, 1] });
    refuse(raft, B, 5, 2);
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 1, entries: { length: 5 } }]);
  });

  it('paper 5.3: a term the leader lacks is skipped whole', () => {
    const raft = leader({ terms: [1, 1, 3, 3, 3] });
    refuse(raft, B, 5, 3, 2);
    expect(raft.progress(B)).toMatchObject({ nextIndex: 3, state: 'probe' });
  });

  it('paper 5.3: of a term both have, the last entry of the leader is tried', () => {
    const raft = leader({ terms: [1, 2, 2, 4, 4, 4] });
    refuse(raft, B, 6, 2, 2);
    expect(raft.progress(B)?.nextIndex).toBe(4);
  });

  it('paper 5.3: the leader also skips its own terms that the follower cannot have', () => {
    const raft = leader({ terms: [1, 4, 4, 4, 4, 5] });
    refuse(raft, B, 6, 4, 3);
    expect(raft.progress(B)?.nextIndex).toBe(2);
  });

  it('Figure 2: an old refusal changes nothing', () => {
    const raft = leader({ terms: [1, 1, 1, 1] });
    refuse(raft, B, 4, 3);
    refuse(raft, B, 4, 2);
    refuse(raft, B, 3, 1);
    expect(raft.progress(B)?.nextIndex).toBe(3);
  });

  it('Figure 2: nextIndex stays above matchIndex whatever is refused', () => {
    const raft = leader({ terms: [1, 1, 1, 1] });
    acknowledge(raft, B, 3);
    refuse(raft, B, 3, 1);
    refuse(raft, B, 2, 1);
    expect(raft.progress(B)).toMatchObject({ matchIndex: 3, state: 'replicate' });
    refuse(raft, B, 4, 1, 1);
    expect(raft.progress(B)).toMatchObject({ matchIndex: 3, nextIndex: 4, state: 'probe' });
  });

  it('any two logs find each other in at most two round trips a term', () => {
    const anyTerms = fc
      .array(fc.nat({ max: 1 }), { maxLength: 24 })
      .map((steps) => [
        1,
        ...steps.map((_, i) => 1 + steps.slice(0, i + 1).reduce((a, b) => a + b, 0)),
      ]);
    fc.assert(
      fc.property(anyTerms, anyTerms, fc.nat({ max: 10 }), (shared, rest, fork) => {
        // Two pasts that agree up to the fork; behind it no term is in both, as in every cluster.
        const prefix = shared.slice(0, 1 + (fork % shared.length));
        const top = prefix.at(-1) ?? 1;
        const mine = [...prefix, ...rest.map((each) => top + 2 * each)];
        const theirs = [...prefix, ...shared.map((each) => top + 2 * each - 1)];
        const raft = elect(core({ terms: mine }));
        const follower = new Raft({
          nodeId: B,
          hardState: { term: term(theirs.at(-1) ?? 1), votedFor: null },
          snapshot: null,
          entries: logOf(theirs, THREE),
          appliedIndex: index(0),
          nowMs: 0,
          random: () => 0,
          limits: LIMITS,
        });
        fc.pre(follower.term <= raft.term);
        let refusals = 0;
        for (let trip = 0; raft.progress(B)?.matchIndex !== raft.lastIndex; trip += 1) {
          expect(trip).toBeLessThan(200);
          for (const message of sentTo(raft, B)) follower.step(message);
          for (const message of ofType(sent(follower), 'append-entries-response')) {
            if (!message.success) refusals += 1;
            raft.step(message);
          }
          checkServer(raft);
        }
        expect(termsOf(follower)).toEqual(termsOf(raft));
        expect(refusals).toBeLessThanOrEqual(2 * new Set([...mine, ...theirs]).size);
      }),
    );
  });
});

describe('pipelining', () => {
  it('thesis 10.2.1: entries are sent before those sent earlier are acknowledged', () => {
    const raft = replicating();
    for (let at = 3; at <= 5; at += 1) {
      raft.propose([bytes(1)]);
      expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: at - 1, entries: [{ index: at }] }]);
    }
  });

  it('thesis 10.2.2: what is proposed between two calls of ready travels in one message', () => {
    const raft = replicating();
    for (let count = 0; count < 5; count += 1) raft.propose([bytes(1)]);
    expect(sentTo(raft, B)).toMatchObject([{ entries: { length: 5 } }]);
  });

  it('messages keep to their limits of entries and bytes; a larger entry goes alone', () => {
    const raft = replicating({ limits: { maxAppendEntries: 3, maxAppendBytes: 300 } });
    raft.propose([1, 1, 1, 1, 100, 100, 100, 5_000, 1].map(bytes));
    expect(sentTo(raft, B).map(({ entries }) => entries.length)).toEqual([3, 3, 1, 1]);
    acknowledge(raft, B, 10);
    expect(sentTo(raft, B).map(({ entries }) => entries.length)).toEqual([1]);
  });

  it('the window is bounded in messages, and opens with acknowledgements', () => {
    const raft = replicating({ limits: { maxInflightMessages: 2, maxAppendEntries: 1 } });
    raft.propose([1, 1, 1, 1].map(bytes));
    expect(sentTo(raft, B)).toHaveLength(2);
    acknowledge(raft, B, 3);
    expect(sentTo(raft, B)).toMatchObject([{ entries: [{ index: 5 }] }]);
    acknowledge(raft, B, 4);
    acknowledge(raft, B, 5);
    expect(sentTo(raft, B)).toMatchObject([{ entries: [{ index: 6 }] }]);
  });

  it('the window is bounded in bytes, and one message always fits', () => {
    const raft = replicating({ limits: { maxInflightBytes: 1_500 } });
    raft.propose([900, 900, 900].map(bytes));
    expect(sentTo(raft, B)).toHaveLength(2);
    acknowledge(raft, B, 4);
    raft.propose([bytes(9_000)]);
    expect(sentTo(raft, B)).toHaveLength(2);
  });

  it('a full window is reopened by a heartbeat when all acknowledgements were lost', () => {
    const raft = replicating({ limits: { maxInflightMessages: 2, maxAppendEntries: 1 } });
    raft.propose([1, 1, 1].map(bytes));
    expect(sentTo(raft, B)).toHaveLength(2);
    raft.tick(raft.nextDeadlineMs());
    const [heartbeat] = sentTo(raft, B);
    expect(heartbeat).toMatchObject({ prevLogIndex: 4, entries: [] });
    acknowledge(raft, B, heartbeat?.prevLogIndex ?? 0);
    expect(sentTo(raft, B)).toMatchObject([{ entries: [{ index: 5 }] }]);
  });

  it('a new link has a new window: what the old one lost no longer fills it', () => {
    const raft = replicating({ limits: { maxInflightMessages: 2, maxAppendEntries: 1 } });
    raft.propose([1, 1, 1].map(bytes));
    expect(sentTo(raft, B)).toHaveLength(2);
    raft.linkReset(B);
    expect(sentTo(raft, B)).toMatchObject([{ entries: [{ index: 3 }] }]);
    acknowledge(raft, B, 3);
    expect(sentTo(raft, B)).toMatchObject([
      { entries: [{ index: 4 }] },
      { entries: [{ index: 5 }] },
    ]);
  });

  it('a lost message shows by the refusal of the next one, and is sent again', () => {
    const raft = replicating();
    raft.propose([bytes(1)]);
    sent(raft);
    raft.propose([bytes(1)]);
    sent(raft);
    refuse(raft, B, 3, 3);
    expect(raft.progress(B)).toMatchObject({ nextIndex: 3, state: 'probe' });
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 2, entries: [{}, {}] }]);
  });

  it('a lost last message shows by the refusal of the heartbeat, and is sent again', () => {
    const raft = replicating();
    raft.propose([bytes(1)]);
    sent(raft);
    raft.tick(raft.nextDeadlineMs());
    const [heartbeat] = sentTo(raft, B);
    expect(heartbeat).toMatchObject({ prevLogIndex: 3, entries: [] });
    refuse(raft, B, 3, 3);
    expect(sentTo(raft, B)).toMatchObject([{ prevLogIndex: 2, entries: [{ index: 3 }] }]);
  });

  it('every entry payload is the proposed one, uncopied', () => {
    const raft = replicating();
    const data = bytes(10);
    raft.propose([data]);
    const entry = sentTo(raft, B)[0]?.entries[0];
    expect(entry?.type === 'command' && entry.data).toBe(data);
  });
});

describe('answers', () => {
  it('paper 5.3: an old or repeated acknowledgement does not lower matchIndex', () => {
    const raft = replicating();
    raft.propose([bytes(1)]);
    sent(raft);
    for (const matchIndex of [3, 1, 2, 3, 2]) {
      acknowledge(raft, B, matchIndex);
      expect(raft.progress(B)).toMatchObject({ matchIndex: 3, nextIndex: 4, state: 'replicate' });
    }
  });

  it('Figure 2: an answer of another term changes nothing', () => {
    const raft = leader();
    raft.step({
      type: 'append-entries-response',
      from: B,
      to: A,
      term: term(1),
      round: 0,
      success: true,
      matchIndex: index(2),
    });
    expect([raft.commitIndex, raft.progress(B)?.matchIndex]).toEqual([0, 0]);
  });

  it('an acknowledgement beyond the log, or of a stranger, is no acknowledgement', () => {
    const raft = leader();
    acknowledge(raft, B, 99);
    acknowledge(raft, 'zzzzzzzzzz' as typeof B, 2);
    expect([raft.commitIndex, raft.progress(B)?.matchIndex]).toEqual([0, 0]);
  });

  it('a message to another server, or from itself, changes nothing', () => {
    const raft = leader();
    const response = { type: 'append-entries-response', term: term(9), round: 0 } as const;
    const claim = { ...response, success: true, matchIndex: index(2) } as const;
    raft.step({ ...claim, from: B, to: C });
    raft.step({ ...claim, from: A, to: A });
    expect([raft.role, raft.term]).toEqual(['leader', 2]);
  });
});

describe('proposals', () => {
  it('paper 5.3: the leader appends each command to its log', () => {
    const raft = leader();
    expect(raft.propose([bytes(1), bytes(2)])).toEqual({
      type: 'appended',
      firstIndex: 3,
      term: 2,
    });
    expect(raft.entryAt(index(4))).toEqual({ type: 'command', index: 4, term: 2, data: bytes(2) });
  });

  it('paper 8: others refuse; and so does a deposed leader', () => {
    expect(core().propose([bytes(1)])).toEqual({ type: 'not-leader' });
    expect(() => leader().propose([])).toThrow(RangeError);
  });

  it('uncommitted bytes are bounded, and free again when they are committed', () => {
    const raft = leader({ limits: { maxUncommittedBytes: 1_000 } });
    expect(raft.propose([bytes(500)]).type).toBe('appended');
    expect(raft.propose([bytes(400)]).type).toBe('appended');
    expect(raft.propose([bytes(100)]).type).toBe('overloaded');
    expect(raft.lastIndex).toBe(4);
    sent(raft);
    acknowledge(raft, B, 3);
    expect(raft.propose([bytes(500)]).type).toBe('appended');
    expect(raft.propose([bytes(100)]).type).toBe('overloaded');
  });

  it('empty commands are bounded like others', () => {
    const raft = leader({ limits: { maxUncommittedBytes: 1_000 } });
    const batch = Array.from({ length: 10 }, () => bytes(0));
    const results = Array.from({ length: 20 }, () => raft.propose(batch).type);
    expect(results).toContain('overloaded');
  });

  it('one proposal is always accepted while none is uncommitted, however large', () => {
    const raft = leader({ limits: { maxUncommittedBytes: 10 } });
    expect(raft.propose([bytes(5_000)]).type).toBe('appended');
    expect(raft.propose([bytes(1)]).type).toBe('overloaded');
    sent(raft);
    acknowledge(raft, B, 3);
    expect(raft.propose([bytes(5_000)]).type).toBe('appended');
  });

  it('a command that is too large is refused, and all that came with it', () => {
    const raft = leader({ limits: { maxEntryBytes: 100 } });
    expect(raft.propose([bytes(1), bytes(101)]).type).toBe('too-large');
    expect(raft.lastIndex).toBe(2);
    expect(raft.propose([bytes(100), bytes(100)])).toMatchObject({ firstIndex: 3 });
    expect(core({ limits: { maxEntryBytes: 1 } }).propose([bytes(9)]).type).toBe('not-leader');
  });

  it('bytes that are committed and not applied are bounded', () => {
    const raft = leader({ limits: { maxUnappliedBytes: 300 } });
    acknowledge(raft, B, 2);
    drain(raft);
    const proposeAndCommit = (): string => {
      const { type } = raft.propose([bytes(100)]);
      // The state machine takes what it is given, and is never done with it.
      const ready = raft.ready();
      if (ready?.record !== null && ready !== null) raft.recordDurable();
      acknowledge(raft, B, raft.lastIndex);
      return type;
    };
    const results = Array.from({ length: 5 }, proposeAndCommit);
    expect(results).toEqual(['appended', 'appended', 'appended', 'overloaded', 'overloaded']);
    expect([raft.appliedIndex, raft.commitIndex]).toEqual([2, 5]);
    raft.applied(index(3));
    expect(raft.propose([bytes(100)]).type).toBe('appended');
  });

  it('a leader that applies nothing takes so much and no more', () => {
    const raft = leader({ limits: { maxUnappliedBytes: 300 } });
    raft.suspendApply();
    const proposeAndCommit = (): string => {
      const { type } = raft.propose([bytes(100)]);
      drain(raft);
      acknowledge(raft, B, raft.lastIndex);
      return type;
    };
    const results = Array.from({ length: 6 }, proposeAndCommit);
    expect(new Set(results.slice(0, 2))).toEqual(new Set(['appended']));
    expect(results.at(-1)).toBe('overloaded');
    expect(raft.appliedIndex).toBe(0);
  });

  it('what an earlier leader left uncommitted is not held against this one', () => {
    const raft = leader({
      entries: [...logOf([1], THREE), { ...logOf([1, 1], THREE)[1], data: bytes(5_000) } as never],
      limits: { maxUncommittedBytes: 10 },
    });
    expect(raft.propose([bytes(10)]).type).toBe('appended');
    sent(raft);
    acknowledge(raft, B, 4);
    expect(raft.commitIndex).toBe(4);
    expect(raft.propose([bytes(10)]).type).toBe('appended');
    expect(raft.propose([bytes(1)]).type).toBe('overloaded');
  });
});

describe('heartbeats', () => {
  it('paper 5.2: an idle follower is sent one each interval, from the last message on', () => {
    const raft = leader();
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    sent(raft);
    const electedMs = raft.nextDeadlineMs() - 100;
    raft.tick(electedMs + 60);
    raft.propose([bytes(1)]);
    sent(raft);
    expect(raft.nextDeadlineMs()).toBe(electedMs + 160);
    raft.tick(electedMs + 159);
    expect(sent(raft)).toEqual([]);
    raft.tick(electedMs + 160);
    expect(ofType(sent(raft), 'append-entries').map(({ entries }) => entries.length)).toEqual([
      0, 0,
    ]);
  });

  it('thesis 4.2.1: learners get entries and heartbeats too', () => {
    const raft = leader({ configuration: configuration([A, B], [], [C]) });
    raft.tick(raft.nextDeadlineMs());
    expect(sentTo(raft, C)).toHaveLength(1);
  });
});

describe('catching up', () => {
  it('paper 5.3 (Backup): logs that parted meet again, and nothing committed is lost', () => {
    const cluster = Cluster.of(configuration([A, B, C]), 5);
    const first = cluster.elect();
    const [second, third] = [A, B, C].filter((id) => id !== first.nodeId);
    if (second === undefined || third === undefined) throw new Error('three servers');
    cluster.isolate(first.nodeId);
    for (let count = 0; count < 50; count += 1) first.propose([bytes(20)]);
    cluster.elapseUntil(() => cluster.leader !== null && cluster.leader !== first);
    const next = cluster.elect();
    for (let count = 0; count < 50; count += 1) next.propose([bytes(10)]);
    cluster.settle();
    const committed = next.commitIndex;
    cluster.isolate(first.nodeId, false);
    cluster.elapse(300);
    expect(first.commitIndex).toBe(committed);
    expect(termsOf(first)).toEqual(termsOf(next));
    for (const id of [second, third]) {
      const applied = cluster.server(id).applied.map((entry) => [entry.index, entry.term]);
      expect(applied).toEqual(cluster.server(first.nodeId).applied.map((e) => [e.index, e.term]));
    }
  });
});
