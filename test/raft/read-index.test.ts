/** ReadIndex (paper section 8, thesis section 6.4). */

import { describe, expect, it } from 'vitest';
import type { ReadIndexRequest } from '../../src/raft/messages.ts';
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
  bytes,
  configuration,
  core,
  drain,
  elect,
  index,
  leader,
  ofType,
  request,
  sent,
  sentOne,
  term,
} from './fixtures.ts';

/** A leader that has committed its no-op (index 2). */
function serving(options: Parameters<typeof leader>[0] = {}): Raft {
  const raft = leader(options);
  const { voters } = raft.configuration;
  for (const id of voters) if (id !== A) acknowledge(raft, id, 2);
  sent(raft);
  return raft;
}

function readRequest(fields: Partial<ReadIndexRequest> = {}): ReadIndexRequest {
  return {
    type: 'read-index-request',
    from: B,
    to: A,
    term: term(2),
    requestId: request(1),
    confirm: true,
    ...fields,
  };
}

/** A follower of B in term 1. */
function following(): Raft {
  const raft = core();
  raft.step(appendEntries());
  sent(raft);
  return raft;
}

describe('a leader', () => {
  it('thesis 6.4: a read is confirmed by a majority that answers a round begun after it', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    const { messages, readStates } = drain(raft);
    const rounds = ofType(messages, 'append-entries');
    expect(rounds.map(({ to, round, entries }) => [to, round, entries.length])).toEqual([
      [B, 1, 0],
      [C, 1, 0],
    ]);
    expect(readStates).toEqual([]);
    acknowledge(raft, C, 2, 1);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
  });

  it('thesis 6.4: an answer to an earlier round confirms nothing', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    sent(raft);
    acknowledge(raft, B, 2, 1);
    expect(drain(raft).readStates).toHaveLength(1);
    raft.readIndex(request(2), true);
    sent(raft);
    acknowledge(raft, B, 2, 1);
    acknowledge(raft, C, 2, 1);
    expect(drain(raft).readStates).toEqual([]);
    acknowledge(raft, C, 2, 2);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 2, index: 2 }]);
  });

  it('thesis 6.4: an echo of a round never begun confirms nothing', () => {
    const raft = serving();
    acknowledge(raft, B, 2, 99);
    raft.readIndex(request(1), true);
    expect(drain(raft).readStates).toEqual([]);
  });

  it('thesis 6.4: a refusal of this term confirms as well: nobody newer is known there', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.step({
      type: 'append-entries-response',
      from: B,
      to: A,
      term: term(2),
      round: 1,
      success: false,
      rejectedIndex: index(2),
      conflictIndex: index(2),
      conflictTerm: null,
    });
    expect(drain(raft).readStates).toHaveLength(1);
  });

  it('thesis 6.4, step 1: not before an entry of the own term is committed', () => {
    const raft = leader({ terms: [1, 1], appliedIndex: index(2) });
    raft.readIndex(request(1), true);
    raft.readIndex(request(2), false);
    raft.tick(raft.nextDeadlineMs());
    for (const id of [B, C]) acknowledge(raft, id, 2, 1);
    expect(drain(raft).readStates).toEqual([]);
    for (const id of [B, C]) acknowledge(raft, id, 3);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 2, index: 3 }]);
    acknowledge(raft, B, 3, 1);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 3 }]);
  });

  it('thesis 6.4: the index is what was committed when the round began', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.propose([bytes(1)]);
    sent(raft);
    acknowledge(raft, B, 3, 0);
    expect(raft.commitIndex).toBe(3);
    acknowledge(raft, B, 3, 1);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
  });

  it('thesis 6.4: one round serves all requests that waited when it began', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    raft.readIndex(request(2), true);
    expect(ofType(sent(raft), 'append-entries')).toHaveLength(2);
    raft.readIndex(request(3), true);
    raft.readIndex(request(4), true);
    expect(sent(raft)).toEqual([]);
    acknowledge(raft, B, 2, 1);
    const { readStates, messages } = drain(raft);
    expect(readStates.map(({ requestId }) => requestId)).toEqual([1, 2]);
    expect(ofType(messages, 'append-entries').map(({ round }) => round)).toEqual([2, 2]);
    acknowledge(raft, C, 2, 2);
    expect(drain(raft).readStates.map(({ requestId }) => requestId)).toEqual([3, 4]);
  });

  it('an echo of a later round speaks for the earlier ones', () => {
    const raft = serving({ configuration: FIVE });
    raft.readIndex(request(1), true);
    sent(raft);
    raft.readIndex(request(2), true);
    raft.tick(raft.nextDeadlineMs());
    expect(new Set(ofType(sent(raft), 'append-entries').map(({ round }) => round))).toEqual(
      new Set([2]),
    );
    acknowledge(raft, B, 2, 1);
    acknowledge(raft, D, 2, 2);
    expect(drain(raft).readStates.map(({ requestId }) => requestId)).toEqual([1]);
    acknowledge(raft, E, 2, 2);
    expect(drain(raft).readStates.map(({ requestId }) => requestId)).toEqual([2]);
  });

  it('a lost round is repeated by the next heartbeat', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.tick(raft.nextDeadlineMs());
    expect(ofType(sent(raft), 'append-entries').map(({ round }) => round)).toEqual([1, 1]);
  });

  it('a round travels with entries where there are some', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    raft.propose([bytes(1)]);
    expect(ofType(sent(raft), 'append-entries')).toMatchObject([
      { round: 1, entries: [{}] },
      { round: 1, entries: [{}] },
    ]);
  });

  it('paper 6: a joint configuration confirms by a majority of each half', () => {
    const raft = serving();
    expect(raft.proposeConfiguration({ voters: [A, D, E], learners: [] })).toBe('appended');
    raft.readIndex(request(1), true);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 2, 1);
    expect(drain(raft).readStates).toEqual([]);
    acknowledge(raft, E, 0, 1);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
  });

  it('thesis 4.2.1: learners confirm nothing, and are not asked', () => {
    const raft = leader({ configuration: configuration([A, B], [], [C]) });
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    sent(raft);
    raft.readIndex(request(1), true);
    expect(ofType(sent(raft), 'append-entries').map(({ to }) => to)).toEqual([B]);
    acknowledge(raft, C, 2, 1);
    expect(drain(raft).readStates).toEqual([]);
  });

  it('a single voter confirms itself', () => {
    const raft = elect(core({ configuration: configuration([A], [], [B]) }));
    sent(raft);
    raft.readIndex(request(1), true);
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
  });

  it('confirm: false is answered at once by what the leader believes', () => {
    const raft = serving();
    raft.readIndex(request(1), false);
    const { readStates, messages } = drain(raft);
    expect(readStates).toEqual([{ type: 'ready', requestId: 1, index: 2 }]);
    expect(messages).toEqual([]);
  });

  it('thesis 6.4: a leader that steps down fails its reads, its own and those of others', () => {
    const raft = serving({ configuration: configuration([A, B, C], [], [D]) });
    raft.readIndex(request(1), true);
    sent(raft);
    raft.readIndex(request(2), true);
    raft.step(readRequest({ from: D }));
    raft.step(
      appendEntries({ from: C, term: term(3), prevLogIndex: index(2), prevLogTerm: term(2) }),
    );
    const { readStates, messages } = drain(raft);
    expect(readStates).toEqual([
      { type: 'failed', requestId: 1 },
      { type: 'failed', requestId: 2 },
    ]);
    expect(ofType(messages, 'read-index-response')).toMatchObject([{ to: D, success: false }]);
    acknowledge(raft, B, 2, 1);
    expect(drain(raft).readStates).toEqual([]);
  });

  it('thesis 6.2: a leader cut off fails its reads when it steps down', () => {
    const raft = serving();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.tick(1e6);
    expect(raft.role).toBe('follower');
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
    raft.readIndex(request(2), true);
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 2 }]);
  });

  it('pending reads are bounded; the excess fails, and room comes back', () => {
    const raft = serving({
      configuration: configuration([A, B, C], [], [D]),
      limits: { maxPendingReads: 2 },
    });
    for (const id of [1, 2, 3]) raft.readIndex(request(id), true);
    raft.step(readRequest({ from: D, requestId: request(4) }));
    const { readStates, messages } = drain(raft);
    expect(readStates).toEqual([{ type: 'failed', requestId: 3 }]);
    expect(ofType(messages, 'read-index-response')).toMatchObject([{ to: D, success: false }]);
    acknowledge(raft, B, 2, 1);
    expect(drain(raft).readStates).toHaveLength(2);
    for (const id of [5, 6]) raft.readIndex(request(id), true);
    expect(drain(raft).readStates).toEqual([]);
  });
});

describe('requests from others', () => {
  it('thesis 6.4: a follower asks the leader, which answers by (from, id)', () => {
    const raft = serving({ configuration: FIVE });
    raft.step(readRequest({ requestId: request(7) }));
    raft.step(readRequest({ from: C, requestId: request(7) }));
    expect(ofType(sent(raft), 'read-index-response')).toEqual([]);
    for (const id of [B, C]) acknowledge(raft, id, 2, 1);
    expect(ofType(sent(raft), 'read-index-response')).toMatchObject([
      { to: B, requestId: 7, success: true, index: 2 },
      { to: C, requestId: 7, success: true, index: 2 },
    ]);
  });

  it('of three voters the one that asks and the leader are a majority: no round is needed', () => {
    const raft = serving();
    raft.step(readRequest());
    expect(sent(raft)).toMatchObject([
      { type: 'read-index-response', to: B, success: true, index: 2 },
    ]);
  });

  it('that holds of a voter in the present term alone, and behind an entry of it', () => {
    const olderTerm = serving();
    olderTerm.step(readRequest({ term: term(1) }));
    const learner = serving({ configuration: configuration([A, B, C], [], [D]) });
    learner.step(readRequest({ from: D }));
    const uncommitted = leader();
    uncommitted.step(readRequest());
    for (const raft of [olderTerm, learner, uncommitted]) {
      expect(ofType(sent(raft), 'read-index-response')).toEqual([]);
    }
  });

  it('confirm: false from afar is answered at once', () => {
    const raft = serving();
    raft.step(readRequest({ confirm: false }));
    expect(sentOne(raft, 'read-index-response')).toMatchObject({ success: true, index: 2 });
  });

  it('a server that does not lead refuses', () => {
    const raft = following();
    raft.step(readRequest({ term: term(1), from: C }));
    expect(sentOne(raft, 'read-index-response')).toMatchObject({ to: C, success: false });
  });

  it('paper 5.1: a request of a newer term deposes the leader, and is refused', () => {
    const raft = serving();
    raft.step(readRequest({ term: term(5) }));
    expect(raft.role).toBe('follower');
    expect(sentOne(raft, 'read-index-response')).toMatchObject({ term: 5, success: false });
  });
});

describe('a follower', () => {
  it('thesis 6.4: it forwards and hands the answer to its caller', () => {
    const raft = following();
    raft.readIndex(request(3), true);
    const message = sentOne(raft, 'read-index-request');
    expect(message).toMatchObject({ to: B, term: 1, confirm: true });
    const { requestId } = message;
    const response = { type: 'read-index-response', from: B, to: A, term: term(1) } as const;
    raft.step({ ...response, requestId, success: true, index: index(8), from: C });
    raft.step({ ...response, requestId, success: true, index: index(9) });
    raft.step({ ...response, requestId, success: true, index: index(9) });
    expect(drain(raft).readStates).toEqual([{ type: 'ready', requestId: 3, index: 9 }]);
  });

  it('a read needs no disk to forward or answer', () => {
    const raft = following();
    raft.readIndex(request(3), false);
    expect(raft.ready()).toMatchObject({ record: null, messages: [{ confirm: false }] });
  });

  it('a refusal fails the read', () => {
    const raft = following();
    raft.readIndex(request(3), true);
    const { requestId } = sentOne(raft, 'read-index-request');
    const response = { type: 'read-index-response', from: B, to: A, term: term(1) } as const;
    raft.step({ ...response, requestId, success: false });
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 3 }]);
  });

  it('without a leader a read fails at once', () => {
    const raft = core();
    raft.readIndex(request(1), true);
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
  });

  it('thesis 6.4: when the leader changes, what was forwarded fails; late answers are nothing', () => {
    const raft = following();
    raft.readIndex(request(1), true);
    const { requestId } = sentOne(raft, 'read-index-request');
    raft.step(appendEntries({ from: C, term: term(2) }));
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
    const late = { type: 'read-index-response', from: B, to: A, requestId } as const;
    raft.step({ ...late, term: term(1), success: true, index: index(1) });
    raft.step({ ...late, term: term(2), success: true, index: index(1) });
    expect(drain(raft).readStates).toEqual([]);
  });

  it('when it campaigns, what was forwarded fails', () => {
    const raft = following();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.tick(1_000);
    expect(raft.role).toBe('pre-candidate');
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
  });

  it('an answer of a newer term is not this term’s leader’s: the read fails', () => {
    const raft = following();
    raft.readIndex(request(1), true);
    const { requestId } = sentOne(raft, 'read-index-request');
    const response = { type: 'read-index-response', from: B, to: A, term: term(2) } as const;
    raft.step({ ...response, requestId, success: true, index: index(1) });
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
  });

  it('with the link to the leader, what was forwarded is lost, and fails', () => {
    const raft = following();
    raft.readIndex(request(1), true);
    raft.linkReset(C);
    expect(drain(raft).readStates).toEqual([]);
    raft.linkReset(B);
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
  });

  it('a lost request or answer fails in time, though the leader is heard', () => {
    const raft = following();
    raft.readIndex(request(1), true);
    sent(raft);
    raft.tick(900);
    raft.step(appendEntries());
    raft.readIndex(request(2), true);
    raft.tick(1_800);
    raft.step(appendEntries());
    expect(raft.nextDeadlineMs()).toBe(2_000);
    raft.tick(1_999);
    expect(drain(raft).readStates).toEqual([]);
    raft.tick(2_000);
    expect(drain(raft).readStates).toEqual([{ type: 'failed', requestId: 1 }]);
    expect(raft.nextDeadlineMs()).toBe(2_800);
  });

  it('forwarded reads are bounded; the excess fails', () => {
    const core3 = core({ limits: { maxPendingReads: 2 } });
    core3.step(appendEntries());
    for (const id of [1, 2, 3]) core3.readIndex(request(id), true);
    expect(drain(core3).readStates).toEqual([{ type: 'failed', requestId: 3 }]);
  });

  it('thesis 6.4: an answer to an earlier life of this server answers nothing of this one', () => {
    const before = core({ random: (bound) => (bound > 1e6 ? 1_000_000 : 0) });
    before.step(appendEntries());
    before.readIndex(request(1), true);
    const { requestId } = sentOne(before, 'read-index-request');
    const after = core({ random: (bound) => (bound > 1e6 ? 2_000_000 : 0) });
    after.step(appendEntries());
    after.readIndex(request(1), true);
    sent(after);
    const late = { type: 'read-index-response', from: B, to: A, term: term(1), requestId } as const;
    after.step({ ...late, success: true, index: index(1) });
    expect(drain(after).readStates).toEqual([]);
  });
});

describe('among several', () => {
  it('thesis 6.4: a deposed leader that does not know it yet answers no read', () => {
    const cluster = Cluster.of(THREE, 9);
    const old = cluster.elect();
    cluster.isolate(old.nodeId);
    old.readIndex(request(1), true);
    cluster.elapseUntil(() => cluster.leader !== null && cluster.leader !== old);
    cluster.elect().propose([bytes(1)]);
    cluster.elapse(100);
    cluster.isolate(old.nodeId, false);
    cluster.elapse(3_000);
    const states = cluster.server(old.nodeId).readStates;
    expect(states).toEqual([{ type: 'failed', requestId: 1 }]);
  });

  it('thesis 6.4: a read through any server sees every write that was committed before it', () => {
    const cluster = Cluster.of(configuration([A, B, C], [], [D]));
    const first = cluster.elect();
    cluster.elapse(200);
    for (let id = 1; id <= 20; id += 1) {
      first.propose([bytes(1)]);
      cluster.settle();
      for (const server of cluster.servers.values()) server.raft.readIndex(request(id), true);
      cluster.settle();
      for (const server of cluster.servers.values()) {
        const state = server.readStates.at(-1);
        expect(state).toEqual({ type: 'ready', requestId: id, index: first.commitIndex });
      }
    }
  });
});
