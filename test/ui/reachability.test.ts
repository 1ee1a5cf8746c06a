/** Who reaches whom, out of what the members say; which cuts are told, and in which words. */

import { describe, expect, test } from 'vitest';
import type { MemberStatus, NodeStatus } from '../../src/node/status.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { CutWatch, describeCut, reachabilityOf } from '../../src/ui/reachability.ts';
import { statusOf } from '../client/fake-workers.ts';

/** What each member says it reaches; null: this tab does not hear it. This tab is 'a'. */
function statusWith(words: Readonly<Record<string, string | null>>): NodeStatus {
  const members = Object.entries(words).map(([nodeId, word]) => ({
    nodeId: nodeId as NodeId,
    voter: nodeId !== 'd',
    connected: word !== null,
    reaches: word === null ? null : ([...word] as NodeId[]),
  })) as unknown as MemberStatus[];
  const voters = ['a', 'b', 'c'] as NodeId[];
  return statusOf({ nodeId: 'a' as NodeId, leaderId: 'b' as NodeId, voters, members });
}

describe('who reaches whom', () => {
  test('this tab first, then the leader; all linked', () => {
    const { members, cuts, stateOf } = reachabilityOf(statusWith({ a: 'bc', b: 'ac', c: 'ab' }));
    expect([members, cuts, stateOf('b', 'c')]).toEqual([['a', 'b', 'c'], [], 'linked']);
  });

  test('a cut is what all who can tell say; where they contradict each other, it is not known', () => {
    const cut = reachabilityOf(statusWith({ a: 'bc', b: 'a', c: 'a' }));
    expect(cut.cuts).toEqual([{ one: 'b', other: 'c' }]);
    expect([cut.stateOf('c', 'b'), cut.stateOf('a', 'c')]).toEqual(['cut', 'linked']);
    const torn = reachabilityOf(statusWith({ a: 'bc', b: 'a', c: 'ab' }));
    expect([torn.cuts, torn.stateOf('b', 'c')]).toEqual([[], 'unknown']);
  });

  test('who is away from everybody is no part of it; who is only away from this tab is', () => {
    const closed = reachabilityOf(statusWith({ a: 'b', b: 'a', c: null }));
    expect([closed.members, closed.cuts]).toEqual([['a', 'b'], []]);
    const unseen = reachabilityOf(statusWith({ a: 'b', b: 'ac', c: null }));
    expect(unseen.members).toEqual(['a', 'b', 'c']);
    expect(unseen.cuts).toEqual([{ one: 'a', other: 'c' }]);
    expect(unseen.stateOf('b', 'c')).toBe('linked');
  });
});

describe('a cut', () => {
  test('is told when it has lasted, and not after it mended', () => {
    const watch = new CutWatch();
    const cuts = [{ one: 'b', other: 'c' }];
    expect(watch.lasting(cuts, 0)).toEqual([]);
    expect(watch.lasting(cuts, 2_900)).toEqual([]);
    expect(watch.lasting([{ one: 'c', other: 'b' }], 3_000)).toHaveLength(1);
    expect(watch.lasting([], 3_100)).toEqual([]);
    expect(watch.lasting(cuts, 9_000)).toEqual([]);
  });

  const nameOf = (nodeId: string): string => (nodeId === 'a' ? 'this tab' : nodeId);
  const words = (told: Readonly<Record<string, string | null>>, one: string, other: string) => {
    const status = statusWith(told);
    return describeCut({ one, other }, status, reachabilityOf(status).stateOf, nameOf);
  };

  test('from the leader costs a member its writes, and the cluster a vote', () => {
    const told = words({ a: 'c', b: 'c', c: 'ab' }, 'a', 'b');
    expect(told).toContain('This tab and b cannot reach each other, and b leads');
    expect(told).toContain('this tab falls behind and cannot write');
    expect(told).toContain('Its vote does not count');
    expect(words({ a: 'b', b: 'ac', c: 'b', d: '' }, 'b', 'd')).not.toContain('vote');
  });

  test('says what it would cost where this tab knows no leader', () => {
    const status = { ...statusWith({ a: 'c', b: null, c: 'ab' }), leaderId: null };
    const { stateOf, cuts } = reachabilityOf(status);
    const [cut] = cuts;
    if (cut === undefined) throw new Error('no cut');
    expect(describeCut(cut, status, stateOf, nameOf)).toContain('If one of them leads');
  });

  test('between two others costs nothing while both reach the leader', () => {
    expect(words({ a: 'b', b: 'ac', c: 'b' }, 'a', 'c')).toContain('nothing is missing now');
    expect(words({ a: 'c', b: 'c', c: 'ab', d: 'c' }, 'a', 'd')).not.toContain(
      'nothing is missing',
    );
  });
});
