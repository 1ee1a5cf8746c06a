/** How terms begin, and when a configuration may change. */

import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../../src/raft/configuration.ts';
import { Campaigns } from '../../../src/simulation/checkers/campaigns.ts';
import {
  checkConfigurationInForce,
  checkConfigurationRule,
} from '../../../src/simulation/checkers/configuration-rule.ts';
import type {
  Configuration,
  Entry,
  HardState,
  LogIndex,
  NodeId,
  Role,
  Term,
} from '../../../src/raft/types.ts';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'] as [NodeId, NodeId, NodeId, NodeId, NodeId];

const ALL: Configuration = { ...EMPTY_CONFIGURATION, voters: [A, B, C], learners: [D] };

function server(nodeId: NodeId, term: number, role: Role, votedFor: NodeId | null = null) {
  return { nodeId, term: term as Term, role, votedFor };
}

function disks(votes: Readonly<Record<string, HardState>>) {
  return (node: NodeId): HardState | null => votes[node] ?? { term: 0 as Term, votedFor: null };
}

describe('a term begins with a candidate', () => {
  test('or is the founding one', () => {
    const campaigns = new Campaigns();
    campaigns.onView(server(A, 1, 'follower'));
    campaigns.onView(server(A, 2, 'candidate', A));
    campaigns.onView(server(B, 2, 'follower', A));
  });

  test('and not with a server that merely heard of it', () => {
    const campaigns = new Campaigns();
    expect(() => campaigns.onView(server(B, 2, 'follower', A))).toThrow('nobody began');
    expect(() => campaigns.onView(server(B, 3, 'pre-candidate', B))).toThrow('nobody began');
  });
});

describe('a pre-vote', () => {
  test('is not granted by who leads', () => {
    const campaigns = new Campaigns();
    campaigns.onLeads(A, 2 as Term);
    campaigns.onPreVoteGranted(server(B, 2, 'follower'));
    expect(() => campaigns.onPreVoteGranted(server(A, 2, 'leader', A))).toThrow('while it leads 2');
  });

  test('that was granted before the election may leave behind it', () => {
    const campaigns = new Campaigns();
    campaigns.onLeads(A, 2 as Term);
    campaigns.onPreVoteGranted(server(A, 3, 'leader', A));
  });
});

describe('who leads has durable votes', () => {
  const vote: HardState = { term: 2 as Term, votedFor: A };
  const elect = (configuration: Configuration, votes: Readonly<Record<string, HardState>>): void =>
    new Campaigns().onElected(A, 2 as Term, configuration, disks(votes));

  test('of a majority', () => {
    elect(ALL, { [A]: vote, [B]: vote });
    expect(() => elect(ALL, { [A]: vote })).toThrow('without the durable votes');
  });

  test('of voters, not of learners, nor of votes for another or in an older term', () => {
    expect(() => elect(ALL, { [A]: vote, [D]: vote })).toThrow('without the durable votes');
    const another = { term: 2 as Term, votedFor: C };
    expect(() => elect(ALL, { [A]: vote, [B]: another })).toThrow('without the durable votes');
    const older = { term: 1 as Term, votedFor: A };
    expect(() => elect(ALL, { [A]: vote, [B]: older })).toThrow('without the durable votes');
  });

  test('or of those that have gone on since', () => {
    elect(ALL, { [A]: vote, [B]: { term: 3 as Term, votedFor: C } });
  });

  test('of both halves of a joint configuration', () => {
    const joint = { ...ALL, outgoingVoters: [A, D, E] };
    expect(() => elect(joint, { [A]: vote, [B]: vote })).toThrow('without the durable votes');
    elect(joint, { [A]: vote, [B]: vote, [E]: vote });
  });
});

describe('a configuration', () => {
  const configuration = ALL;
  const entries: readonly Entry[] = [
    { type: 'configuration', index: 1 as LogIndex, term: 1 as Term, configuration },
    { type: 'noop', index: 2 as LogIndex, term: 2 as Term },
    { type: 'configuration', index: 3 as LogIndex, term: 2 as Term, configuration },
    { type: 'configuration', index: 4 as LogIndex, term: 2 as Term, configuration },
  ];
  const check = (commitIndex: number, index: number): void => {
    const entryAt = (at: LogIndex): Entry | null => entries[at - 1] ?? null;
    checkConfigurationRule(
      {
        nodeId: A,
        term: 2 as Term,
        commitIndex: commitIndex as LogIndex,
        entryAt,
        termAt: (at) => entryAt(at)?.term ?? null,
      },
      index as LogIndex,
    );
  };

  test('comes behind a committed entry of the own term', () => {
    check(2, 3);
    expect(() => check(1, 3)).toThrow('nothing of 2 committed');
  });

  test('comes behind the commitment of the one before', () => {
    check(3, 4);
    expect(() => check(2, 4)).toThrow('before 3 is committed');
  });

  test('of an earlier leader is not judged', () => {
    check(0, 1);
    check(0, 2);
  });

  test('is in force while it is in the log, or in the snapshot before it', () => {
    const inForce = (firstIndex: number, configurationIndex: number): void =>
      checkConfigurationInForce({
        nodeId: A,
        firstIndex: firstIndex as LogIndex,
        configuration,
        configurationIndex: configurationIndex as LogIndex,
        entryAt: (at) => entries[at - 1] ?? null,
      });
    inForce(1, 4);
    inForce(9, 8);
    expect(() => inForce(1, 2)).toThrow('not the one of its log');
    expect(() => inForce(1, 5)).toThrow('not the one of its log');
  });
});
