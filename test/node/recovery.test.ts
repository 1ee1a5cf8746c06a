/** What a recovered cluster's log begins with, and when a cluster may be given up for a copy. */

import { describe, expect, it } from 'vitest';

import type { LoadedLog } from '../../src/node/ports.ts';
import { recoveredRecord, recoveryRefusal } from '../../src/node/recovery.ts';
import type { RuntimeStatus } from '../../src/node/node-options.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Entry, NodeId } from '../../src/raft/types.ts';
import { statusOf } from '../client/fake-workers.ts';
import {
  A,
  B,
  C,
  command,
  configuration,
  configurationEntry,
  drain,
  index,
  LIMITS,
  snapshotAt,
  term,
} from '../raft/fixtures.ts';

const VOTER = { nodeId: 'rrrrrrrrrr' as NodeId, profileId: 'profile', key: 'key' };
const hardState = { term: term(9), votedFor: B };
const ALONE = {
  voters: [VOTER.nodeId],
  outgoingVoters: [],
  learners: [],
  profiles: { [VOTER.nodeId]: 'profile' },
  access: { keys: { [VOTER.nodeId]: 'key' }, former: [], removed: [], invites: [] },
};

function noopAt(at: number, ofTerm: number): Entry {
  return { type: 'noop', index: index(at), term: term(ofTerm) };
}

const JOINT = { ...configuration([A, B]), outgoingVoters: [A, B, C] };

/** Never compacted: founded, grown, and in the middle of another change. */
const GROWN: LoadedLog = {
  hardState,
  snapshot: null,
  entries: [
    configurationEntry(1, 1, configuration([A])),
    noopAt(2, 1),
    configurationEntry(3, 1, configuration([A, B, C])),
    command(4, 5),
    configurationEntry(5, 8, JOINT),
    command(6, 8),
  ],
};

const COMPACTED: LoadedLog = {
  hardState,
  snapshot: snapshotAt(3, 1, configuration([A, B, C]), 7),
  entries: GROWN.entries.slice(3),
};

/** The new cluster's node, as its first start makes it, led to where it commits. */
function startedOn(log: LoadedLog): { readonly raft: Raft; readonly applied: readonly Entry[] } {
  const record = recoveredRecord(log, VOTER);
  if (record === null || record.hardState === null) throw new Error('there is no record');
  const { snapshot, entries } = record;
  const raft = new Raft({
    nodeId: VOTER.nodeId,
    hardState: record.hardState,
    snapshot,
    entries,
    appliedIndex: snapshot?.index ?? index(0),
    nowMs: 0,
    random: () => 0,
    limits: LIMITS,
  });
  const applied: Entry[] = [];
  for (let nowMs = 0; nowMs < 10_000; nowMs += 50) {
    raft.tick(nowMs);
    applied.push(...drain(raft).committed);
  }
  return { raft, applied };
}

describe('the first record of a recovered cluster', () => {
  it('holds all of the old log, under a configuration of the one who goes on', () => {
    const record = recoveredRecord(GROWN, VOTER);
    expect(record).toEqual({
      hardState: { term: 9, votedFor: null },
      snapshot: null,
      entries: [
        { ...GROWN.entries[0], configuration: ALONE },
        noopAt(2, 1),
        noopAt(3, 1),
        GROWN.entries[3],
        noopAt(5, 8),
        GROWN.entries[5],
      ],
    });
    expect(recoveredRecord(GROWN, VOTER)).toEqual(record);
  });

  it('keeps the reference to the state of a compacted log', () => {
    expect(recoveredRecord(COMPACTED, VOTER)).toEqual({
      hardState: { term: 9, votedFor: null },
      snapshot: { ...COMPACTED.snapshot, configuration: ALONE },
      entries: [GROWN.entries[3], noopAt(5, 8), GROWN.entries[5]],
    });
  });

  it.each([
    ['never compacted', GROWN],
    ['compacted', COMPACTED],
  ])('lets its node lead alone and commit all that was logged (%s)', (_, log) => {
    const { raft, applied } = startedOn(log);
    expect(raft.role).toBe('leader');
    expect(raft.term).toBeGreaterThan(9);
    expect(raft.configuration).toEqual(ALONE);
    const commands = applied.filter((entry) => entry.type === 'command');
    expect(commands).toEqual([GROWN.entries[3], GROWN.entries[5]]);
    expect(raft.commitIndex).toBe(7);
  });

  it('is not made of a log that says of no configuration', () => {
    expect(recoveredRecord({ hardState, snapshot: null, entries: [] }, VOTER)).toBeNull();
  });
});

describe('a cluster is given up for a copy', () => {
  const members = [A, B, C].map((nodeId) => ({ nodeId, connected: nodeId === A }));
  const LOST = { nodeId: A, voters: [A, B, C], leaderId: null, members } as const;

  function refusalOf(changes: Partial<RuntimeStatus>): string | null {
    return recoveryRefusal(statusOf({ ...LOST, ...changes } as Partial<RuntimeStatus>));
  }

  it('when a majority is away, also from the half of a joint configuration', () => {
    expect(refusalOf({})).toBeNull();
    expect(refusalOf({ voters: [A], outgoingVoters: [A, B, C] })).toBeNull();
    expect(refusalOf({ voters: [B], learners: [A] })).toBeNull();
    expect(refusalOf({ stalledAt: { index: index(4), reason: 'too large' } })).toBeNull();
  });

  it.each<[string, Partial<RuntimeStatus>, RegExp]>([
    ['it has a leader', { leaderId: B }, /has a leader/],
    ['a majority is here', { voters: [A, B] as const, members: connectedTo(B) }, /a majority/],
    ['nobody else votes', { voters: [A] }, /nothing to recover/],
    ['it is in no configuration', { voters: [] }, /no copy/],
    ['the copy is not sound', { quarantined: true }, /not to be trusted/],
    ['the page is too old', { build: { own: 'a', adopted: 'b', outdated: true } }, /older version/],
    ['the node has stopped', { state: 'stopped' }, /stopped/],
  ])('not when %s', (_, changes, reason) => {
    expect(refusalOf(changes)).toMatch(reason);
  });

  function connectedTo(...ids: readonly NodeId[]): RuntimeStatus['members'] {
    return ids.map((nodeId) => ({
      nodeId,
      connected: true,
    })) as unknown as RuntimeStatus['members'];
  }
});
