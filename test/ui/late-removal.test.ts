/** When another node takes the place of one that was removed while it was away. */

import { expect, test } from 'vitest';
import type { NodeId } from '../../src/raft/types.ts';
import { lateRemoval } from '../../src/ui/late-removal.ts';

const OWN = 'own' as NodeId;
const LEADER = 'leader' as NodeId;

function statusOf(
  state: 'running' | 'stopped',
  leaderId: NodeId | null,
  isRemoved: boolean,
  profileOfOther: string | null = 'here',
) {
  const own = { nodeId: OWN, profileId: 'here' };
  const members = [{ nodeId: LEADER, profileId: profileOfOther }, own];
  const refusal = isRemoved ? ('removed' as const) : null;
  return { ...own, state, leaderId, transport: { refusal }, members };
}

test('one that stops as removed before it knew a leader was removed while it was away, once', () => {
  const isLate = lateRemoval();
  expect(isLate(statusOf('running', null, false))).toBe(false);
  // Whoever turned it away has said so, and it has not stopped yet.
  expect(isLate(statusOf('running', null, true))).toBe(false);
  expect(isLate(statusOf('stopped', null, true))).toBe(true);
  expect(isLate(statusOf('stopped', null, true))).toBe(false);
});

test('one that was a member while it was looked at was not, nor one that stopped otherwise', () => {
  const member = lateRemoval();
  expect(member(statusOf('running', LEADER, false))).toBe(false);
  expect(member(statusOf('running', null, false))).toBe(false);
  expect(member(statusOf('stopped', null, true))).toBe(false);
  expect(lateRemoval()(statusOf('stopped', null, false))).toBe(false);
  expect(lateRemoval()(statusOf('stopped', LEADER, true))).toBe(false);
});

test('nobody speaks for a new one where no other node of this browser belongs', () => {
  expect(lateRemoval()(statusOf('stopped', null, true, 'elsewhere'))).toBe(false);
  expect(lateRemoval()(statusOf('stopped', null, true, null))).toBe(false);
});
