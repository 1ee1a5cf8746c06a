/** When a tab is asked not to go: exactly where the others could not go on without it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemberStatus, NodeStatus } from '../../src/node/status.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { leavingBreaksQuorum } from '../../src/ui/leave-warning.ts';
import { statusOf } from '../client/fake-workers.ts';

interface Cluster {
  readonly voters: string;
  readonly learners?: string;
  readonly outgoing?: string;
  /** This tab is 'a', and always there. */
  readonly present: string;
  readonly state?: NodeStatus['state'];
}

function clusterOf({ voters, learners = '', outgoing = '', present, state }: Cluster): NodeStatus {
  const all = [...new Set(`${voters}${outgoing}${learners}`)];
  const members = all.map((nodeId) => ({
    nodeId: nodeId as NodeId,
    liveness: nodeId === 'a' || present.includes(nodeId) ? 'connected' : 'away',
  })) as unknown as MemberStatus[];
  return statusOf({
    nodeId: 'a' as NodeId,
    state: state ?? 'running',
    voters: [...voters] as NodeId[],
    outgoingVoters: [...outgoing] as NodeId[],
    members,
  });
}

describe('leaving breaks the quorum', () => {
  test.each<[string, Cluster, boolean]>([
    ['of three with one away', { voters: 'abc', present: 'b' }, true],
    ['not of three that are all there', { voters: 'abc', present: 'bc' }, false],
    ['not where there is none anyway', { voters: 'abc', present: '' }, false],
    ['not where it is gone already', { voters: 'abcde', present: 'b' }, false],
    ['of five with two away', { voters: 'abcde', present: 'bc' }, true],
    [
      'of the only voter with a learner beside it',
      { voters: 'a', learners: 'b', present: 'b' },
      true,
    ],
    ['not of a tab that is alone', { voters: 'a', present: '' }, false],
    ['not of a learner', { voters: 'bcd', learners: 'a', present: 'bc' }, false],
    [
      'of either half of a joint configuration',
      { voters: 'abcde', outgoing: 'abf', present: 'bcde' },
      true,
    ],
    ['not before it is a member', { voters: 'abc', present: 'b', state: 'joining' }, false],
    ['not when it has stopped', { voters: 'abc', present: 'b', state: 'stopped' }, false],
  ])('%s', (_, cluster, expected) => {
    expect(leavingBreaksQuorum(clusterOf(cluster), ['a'])).toBe(expected);
  });

  test('a suspect member is not counted upon', () => {
    const status = clusterOf({ voters: 'abc', present: 'bc' });
    const members = status.members.map((member) =>
      member.nodeId === 'c' ? { ...member, liveness: 'suspect' as const } : member,
    );
    expect(leavingBreaksQuorum({ ...status, members }, ['a'])).toBe(true);
  });

  test('nodes that live in the same tab go with it', () => {
    const status = clusterOf({ voters: 'abc', present: 'bc' });
    expect(leavingBreaksQuorum(status, ['a', 'b'])).toBe(true);
    expect(leavingBreaksQuorum(status, ['a', 'b', 'c'])).toBe(false);
  });

  test('never where a majority stays', () => {
    fc.assert(
      fc.property(
        fc.subarray([...'abcdefg'], { minLength: 1 }),
        fc.subarray([...'bcdefg']),
        (voters, present) => {
          const breaks = leavingBreaksQuorum(
            clusterOf({ voters: voters.join(''), present: present.join('') }),
            ['a'],
          );
          const staying = voters.filter((voter) => present.includes(voter)).length;
          const withIt = staying + (voters.includes('a') ? 1 : 0);
          const others = present.some((id) => voters.includes(id));
          expect(breaks).toBe(others && 2 * withIt > voters.length && 2 * staying <= voters.length);
        },
      ),
    );
  });
});
