/** Which nodes may be given up although nobody asks their cluster. */

import { describe, expect, test } from 'vitest';

import { forgetRefusal } from '../../src/node/forgetting.ts';
import type { NodeStatus } from '../../src/node/status.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { memberOf, NODE_ID, statusOf } from '../client/fake-workers.ts';

const OTHER = 'bbbbbbbbbbbbbbbb' as NodeId;
const THIRD = 'cccccccccccccccc' as NodeId;
const NOBODY: ReadonlySet<NodeId> = new Set();

/** As this node sees its cluster, in which it follows unless said otherwise. */
function cluster(
  voters: readonly NodeId[],
  learners: readonly NodeId[] = [],
  changes: Partial<NodeStatus> = {},
): NodeStatus {
  const members = [
    ...voters.map((id) => memberOf(id)),
    ...learners.map((id) => memberOf(id, { voter: false })),
  ];
  return statusOf({ role: 'follower', voters, learners, members, ...changes });
}

const refused = (status: NodeStatus, retired = NOBODY): boolean =>
  forgetRefusal(status, retired) !== null;

describe('a node is forgotten', () => {
  test('where another votes, or where it was never in a configuration', () => {
    expect(refused(cluster([NODE_ID, OTHER, THIRD]))).toBe(false);
    expect(refused(cluster([OTHER], [NODE_ID]))).toBe(false);
    expect(refused(cluster([]))).toBe(false);
  });

  test('not where it has the only copy', () => {
    expect(forgetRefusal(cluster([NODE_ID]), NOBODY)).toContain('only copy');
  });

  test('not where the others only learn: none of them can be elected', () => {
    expect(forgetRefusal(cluster([NODE_ID], [OTHER, THIRD]), NOBODY)).toContain('vote');
  });

  test('not where the other voters of its profile were forgotten before', () => {
    const three = cluster([NODE_ID, OTHER, THIRD]);
    expect(refused(three, new Set([OTHER]))).toBe(false);
    expect(refused(three, new Set([OTHER, THIRD]))).toBe(true);
    expect(refused(cluster([NODE_ID, OTHER], [THIRD]), new Set([OTHER]))).toBe(true);
  });

  test('in the middle of a change only where each half keeps a voter', () => {
    const growing = cluster([NODE_ID, OTHER, THIRD], [], { outgoingVoters: [NODE_ID] });
    expect(refused(growing)).toBe(true);
    expect(refused({ ...growing, outgoingVoters: [NODE_ID, OTHER] })).toBe(false);
    expect(refused({ ...growing, voters: [NODE_ID], outgoingVoters: [NODE_ID, OTHER] })).toBe(true);
  });

  test('while it leads, only where not all other voters are known to be damaged', () => {
    const role = 'leader' as const;
    const damaged = memberOf(OTHER, { quarantined: true });
    const learner = memberOf(THIRD, { voter: false });
    const two = cluster([NODE_ID, OTHER], [THIRD], { role, members: [damaged, learner] });
    expect(refused(two)).toBe(true);
    expect(refused({ ...two, role: 'follower' })).toBe(false);
    const unheard = memberOf(OTHER, { quarantined: null });
    expect(refused({ ...two, members: [unheard, learner] })).toBe(false);
  });
});
