/** Entries for followers that no commit waits for may gather a moment, and no longer. */

import { describe, expect, it } from 'vitest';
import type { Raft } from '../../src/raft/raft.ts';
import type { NodeId } from '../../src/raft/types.ts';
import {
  A,
  B,
  C,
  D,
  FIVE,
  acknowledge,
  bytes,
  configuration,
  leader,
  ofType,
  sent,
  type CoreOptions,
} from './fixtures.ts';

const SPARE_DELAY_MS = 5;

/** A leader whose followers have everything, with nothing under way. */
function settled(options: CoreOptions = {}): Raft {
  const limits = { spareDelayMs: SPARE_DELAY_MS, commitDelayMs: 20, ...options.limits };
  const raft = leader({ ...options, limits });
  for (const id of raft.configuration.voters) {
    if (id !== raft.nodeId) acknowledge(raft, id, raft.lastIndex);
  }
  sent(raft);
  raft.tick(raft.nextDeadlineMs());
  sent(raft);
  return raft;
}

/** Who is sent how many entries. */
function entriesTo(raft: Raft): [NodeId, number][] {
  return ofType(sent(raft), 'append-entries')
    .filter(({ entries }) => entries.length > 0)
    .map(({ to, entries }) => [to, entries.length]);
}

describe('a spare follower', () => {
  it('is sent at the end of the delay what has gathered by then, and all at once', () => {
    const raft = settled();
    raft.propose([bytes(1)]);
    expect(entriesTo(raft)).toEqual([[B, 1]]);
    const dueMs = raft.nextDeadlineMs();
    acknowledge(raft, B, raft.lastIndex);
    raft.propose([bytes(1)]);
    expect(entriesTo(raft)).toEqual([[B, 1]]);
    expect(raft.nextDeadlineMs()).toBe(dueMs);
    raft.tick(dueMs);
    expect(entriesTo(raft)).toEqual([[C, 2]]);
    expect(raft.nextDeadlineMs()).toBeGreaterThan(dueMs);
  });

  it('is not waited for longer than a commit needs: the other voter is enough', () => {
    const raft = settled();
    raft.propose([bytes(1)]);
    sent(raft);
    acknowledge(raft, B, raft.lastIndex);
    expect(raft.commitIndex).toBe(raft.lastIndex);
  });

  it('becomes the one that is waited for where the other falls behind', () => {
    const raft = settled();
    raft.propose([bytes(1)]);
    sent(raft);
    raft.tick(raft.nextDeadlineMs());
    expect(entriesTo(raft)).toEqual([[C, 1]]);
    acknowledge(raft, C, raft.lastIndex);
    raft.propose([bytes(1)]);
    expect(entriesTo(raft)).toEqual([[C, 1]]);
  });

  it('is none where it asked for the entry, or takes over', () => {
    const asking = settled();
    asking.propose([bytes(1)]);
    asking.awaitCommits(C);
    expect(entriesTo(asking)).toEqual([[C, 1]]);
    const moving = settled();
    moving.propose([bytes(1)]);
    expect(moving.transferLeadership(C)).toBe('started');
    expect(entriesTo(moving)).toEqual([
      [B, 1],
      [C, 1],
    ]);
  });

  it('takes what waits with any message that goes anyway', () => {
    const raft = settled();
    raft.propose([bytes(1)]);
    expect(entriesTo(raft)).toEqual([[B, 1]]);
    raft.readIndex(1 as never, true);
    expect(entriesTo(raft)).toEqual([[C, 1]]);
  });

  it('of five voters two are, and learners always', () => {
    const five = settled({ configuration: FIVE });
    five.propose([bytes(1)]);
    expect(entriesTo(five).map(([to]) => to)).toEqual([B, C]);
    const learning = settled({ configuration: configuration([A, B, C], [], [D]) });
    acknowledge(learning, D, learning.lastIndex);
    sent(learning);
    learning.propose([bytes(1)]);
    expect(entriesTo(learning).map(([to]) => to)).toEqual([B]);
  });

  it('there is none where every voter counts, nor while members change', () => {
    const two = settled({ configuration: configuration([A, B]) });
    two.propose([bytes(1)]);
    expect(entriesTo(two)).toEqual([[B, 1]]);
    const changing = settled();
    changing.proposeConfiguration({ voters: [A, B, C], learners: [D], profiles: {} });
    expect(entriesTo(changing).map(([to]) => to)).toEqual(expect.arrayContaining([B, C]));
  });
});
