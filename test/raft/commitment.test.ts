/** Commitment (paper sections 5.3, 5.4.2 and Figure 8), and how followers learn of it. */

import { describe, expect, it } from 'vitest';
import type { Raft } from '../../src/raft/raft.ts';
import type { NodeId } from '../../src/raft/types.ts';
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
  bytes,
  configuration,
  core,
  elect,
  index,
  leader,
  ofType,
  request,
  sent,
} from './fixtures.ts';

describe('counting', () => {
  it('paper 5.3: an entry is committed when a majority has it', () => {
    const raft = leader({ configuration: FIVE });
    acknowledge(raft, B, 2);
    expect(raft.commitIndex).toBe(0);
    acknowledge(raft, C, 2);
    expect(raft.commitIndex).toBe(2);
  });

  it('paper 5.3: what precedes a committed entry is committed with it', () => {
    const raft = leader({ terms: [1, 1, 1] });
    raft.propose([1, 1, 1].map(bytes));
    sent(raft);
    acknowledge(raft, B, 6);
    expect(raft.commitIndex).toBe(6);
  });

  it('paper 5.4.2, Figure 8: an entry of an earlier term is not committed by counting', () => {
    const raft = leader({ terms: [1, 2, 2] });
    acknowledge(raft, B, 3);
    acknowledge(raft, C, 3);
    expect(raft.commitIndex).toBe(0);
    acknowledge(raft, B, 4);
    expect(raft.commitIndex).toBe(4);
  });

  it('Figure 8: the server that is replaced there loses nothing that was committed', () => {
    const cluster = Cluster.of(FIVE, 8);
    const elected = cluster.elect();
    const [follower, ...others] = [A, B, C, D, E].filter((id) => id !== elected.nodeId);
    if (follower === undefined) throw new Error('five servers');
    for (const id of others) cluster.isolate(id);
    elected.propose([bytes(1)]);
    cluster.settle();
    const replicated = elected.lastIndex;
    expect(elected.commitIndex).toBeLessThan(replicated);
    cluster.isolate(elected.nodeId);
    cluster.isolate(follower);
    for (const id of others) cluster.isolate(id, false);
    const next = cluster.elect();
    next.propose([bytes(2)]);
    cluster.settle();
    for (const id of [elected.nodeId, follower]) cluster.isolate(id, false);
    cluster.elapse(5_000);
    const logs = [A, B, C, D, E].map((id) => cluster.server(id).disk.entries);
    expect(new Set(logs.map((entries) => JSON.stringify(entries))).size).toBe(1);
  });

  it('thesis 4.2.1: learners do not count', () => {
    const raft = leader({ configuration: configuration([A, B, C], [], [D, E]) });
    acknowledge(raft, D, 2);
    acknowledge(raft, E, 2);
    expect(raft.commitIndex).toBe(0);
    acknowledge(raft, B, 2);
    expect(raft.commitIndex).toBe(2);
  });

  it('paper 6: a joint configuration commits by a majority of each half', () => {
    const raft = leader({ configuration: configuration([A, D, E], [A, B, C]) });
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    expect(raft.commitIndex).toBe(0);
    acknowledge(raft, E, 2);
    expect(raft.commitIndex).toBe(2);
  });

  it('a single voter commits when its own disk is done', () => {
    const raft = elect(core({ configuration: configuration([A], [], [B]) }));
    raft.ready();
    expect(raft.commitIndex).toBe(0);
    raft.recordDurable();
    expect(raft.commitIndex).toBe(2);
  });
});

describe('spreading', () => {
  it('paper 5.3: followers hear of a new commit index at once, without a heartbeat', () => {
    const raft = leader();
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    const messages = ofType(sent(raft), 'append-entries');
    expect(messages.map(({ to, leaderCommit }) => [to, leaderCommit])).toEqual([
      [B, 2],
      [C, 2],
    ]);
    expect(raft.ready()).toBeNull();
  });

  it('paper 5.3: a commit index travels with entries where there are some', () => {
    const raft = leader();
    acknowledge(raft, B, 2);
    raft.propose([bytes(1)]);
    const messages = ofType(sent(raft), 'append-entries').filter(({ to }) => to === B);
    expect(messages).toMatchObject([{ leaderCommit: 2, entries: [{ index: 3 }] }]);
  });

  it('a follower that cannot use it yet is not told before it can', () => {
    const raft = leader({ configuration: FIVE, limits: { maxInflightMessages: 1 } });
    for (const id of [B, C, D, E]) acknowledge(raft, id, 2);
    sent(raft);
    raft.propose([bytes(1)]);
    sent(raft);
    raft.propose([bytes(1)]);
    for (const id of [B, C]) acknowledge(raft, id, 3);
    sent(raft);
    for (const id of [B, C]) acknowledge(raft, id, 4);
    expect(raft.commitIndex).toBe(4);
    const messages = ofType(sent(raft), 'append-entries').map(({ to }) => to);
    expect(messages).toEqual([B, C]);
    acknowledge(raft, D, 3);
    const late = ofType(sent(raft), 'append-entries');
    expect(late).toMatchObject([{ to: D, leaderCommit: 4, entries: [{ index: 4 }] }]);
  });

  it('paper 5.3: one settled round brings a command to every state machine', () => {
    const cluster = Cluster.of(THREE);
    const first = cluster.elect();
    cluster.elapse(1_000);
    first.propose([bytes(1)]);
    cluster.settle();
    for (const { applied } of cluster.servers.values()) {
      expect(applied.at(-1)?.index).toBe(first.lastIndex);
    }
  });

  it('thesis 4.2.1: learners hear of it too', () => {
    const raft = leader({ configuration: configuration([A, B], [], [C]) });
    acknowledge(raft, C, 2);
    acknowledge(raft, B, 2);
    const told = ofType(sent(raft), 'append-entries').map(({ to }) => to);
    expect(told).toEqual([B, C]);
    expect(raft.commitIndex).toBe(index(2));
  });
});

describe('followers that do not wait for a commit', () => {
  const delayed = (): Raft => {
    const raft = leader({ limits: { commitDelayMs: 5 } });
    acknowledge(raft, B, raft.lastIndex);
    acknowledge(raft, C, raft.lastIndex);
    sent(raft);
    raft.propose([bytes(1)]);
    sent(raft);
    return raft;
  };
  const told = (raft: Raft): [NodeId, number][] =>
    ofType(sent(raft), 'append-entries').map(({ to, leaderCommit }) => [to, leaderCommit]);

  it('are told after a moment, once', () => {
    const raft = delayed();
    const last = raft.lastIndex;
    acknowledge(raft, B, last);
    acknowledge(raft, C, last);
    expect(told(raft)).toEqual([]);
    const dueMs = raft.nextDeadlineMs();
    raft.tick(dueMs - 1);
    expect(told(raft)).toEqual([]);
    raft.tick(dueMs);
    expect(told(raft)).toEqual([
      [B, last],
      [C, last],
    ]);
    expect(raft.nextDeadlineMs()).toBeGreaterThan(dueMs);
  });

  it('hear of it with the next entries, and then no message is due', () => {
    const raft = delayed();
    const last = raft.lastIndex;
    acknowledge(raft, B, last);
    acknowledge(raft, C, last);
    told(raft);
    const dueMs = raft.nextDeadlineMs();
    raft.propose([bytes(1)]);
    expect(told(raft)).toEqual([
      [B, last],
      [C, last],
    ]);
    raft.tick(dueMs);
    expect(told(raft)).toEqual([]);
  });

  it('are told at once where they asked for the entry, or read', () => {
    const raft = delayed();
    const last = raft.lastIndex;
    raft.awaitCommits(C);
    acknowledge(raft, B, last);
    expect(told(raft)).toEqual([[C, last]]);
    const read = { term: raft.term, requestId: request(1), confirm: false } as const;
    raft.step({ type: 'read-index-request', from: B, to: A, ...read });
    expect(told(raft)).toEqual([[B, last]]);
  });

  it('are told at once of the first commit of a term, and of who belongs', () => {
    const raft = leader({ limits: { commitDelayMs: 5 } });
    acknowledge(raft, B, 2);
    expect(told(raft)).toEqual([[B, 2]]);
    raft.proposeConfiguration({ voters: [A, B, C], learners: [D], profiles: {} });
    sent(raft);
    acknowledge(raft, B, raft.lastIndex);
    expect(told(raft)).toContainEqual([B, raft.commitIndex]);
  });
});
