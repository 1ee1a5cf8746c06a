/** What hashes of one state check say about the members. */

import { expect, test } from 'vitest';
import type { StateHashes } from '../../../src/node/inspection.ts';
import type { LogIndex, NodeId } from '../../../src/raft/types.ts';
import { agreementOf, describeVerdict } from '../../../src/ui/database/state-agreement.ts';

function told(hashByNode: Readonly<Record<string, string>>): StateHashes {
  const hashes = Object.entries(hashByNode).map(([nodeId, hash]) => ({
    nodeId: nodeId as NodeId,
    hash,
  }));
  return { index: 7 as LogIndex, hashes };
}

const THREE = ['a', 'b', 'c'];

test.each([
  ['none', null],
  ['none', told({})],
  // Whoever has left says nothing any more.
  ['none', told({ gone: 'x' })],
  ['alone', told({ a: 'x', gone: 'x' })],
  ['partly', told({ a: 'x', b: 'x' })],
  ['equal', told({ a: 'x', b: 'x', c: 'x' })],
  ['different', told({ a: 'x', b: 'y' })],
  ['different', told({ a: 'x', b: 'x', c: 'y' })],
] as const)('%s', (verdict, hashes) => {
  expect(agreementOf(hashes, THREE).verdict).toBe(verdict);
});

test('who differs from most is named; where there is no majority nobody is', () => {
  const odd = agreementOf(told({ a: 'x', b: 'y', c: 'x' }), THREE);
  expect(odd.members.map(({ isOdd }) => isOdd)).toEqual([false, true, false]);
  expect(describeVerdict(odd)).toContain('another state than most');
  const split = agreementOf(told({ a: 'x', b: 'y' }), THREE);
  expect(split.members).toEqual([
    { nodeId: 'a', hash: 'x', isOdd: false },
    { nodeId: 'b', hash: 'y', isOdd: false },
    { nodeId: 'c', hash: null, isOdd: false },
  ]);
  expect(describeVerdict(split)).toContain('nobody can say which is right');
});

test('a cluster of one has nothing to compare', () => {
  expect(agreementOf(told({ a: 'x' }), ['a']).verdict).toBe('alone');
  expect(describeVerdict(agreementOf(told({ a: 'x', b: 'x' }), THREE))).toContain('1 of 3');
});
