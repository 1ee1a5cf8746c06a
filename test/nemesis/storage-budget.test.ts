/** What may be destroyed leaves a majority of voters its storage, in both halves of a joint configuration. */

import { expect, test } from 'vitest';

import { survives } from './storage-budget.ts';

const FIVE = { voters: ['a', 'b', 'c', 'd', 'e'], outgoingVoters: [] };

test('two of five voters may lose their storage, three may not', () => {
  expect(survives(FIVE, new Set(), new Set(['a', 'b']))).toBe(true);
  expect(survives(FIVE, new Set(), new Set(['a', 'b', 'c']))).toBe(false);
});

test('who lost it counts until another votes in its place', () => {
  expect(survives(FIVE, new Set(['a', 'b']), new Set(['c']))).toBe(false);
  const replaced = { voters: ['f', 'g', 'c', 'd', 'e'], outgoingVoters: [] };
  expect(survives(replaced, new Set(['a', 'b']), new Set(['c']))).toBe(true);
});

test('who does not vote may always lose it', () => {
  expect(survives({ voters: ['a'], outgoingVoters: [] }, new Set(), new Set(['b']))).toBe(true);
  expect(survives({ voters: ['a'], outgoingVoters: [] }, new Set(), new Set(['a']))).toBe(false);
});

test('half is no majority', () => {
  const two = { voters: ['a', 'b'], outgoingVoters: [] };
  expect(survives(two, new Set(), new Set(['a']))).toBe(false);
});

test('a joint configuration has to survive in both halves', () => {
  const joint = { voters: ['a', 'b', 'c'], outgoingVoters: ['c', 'd', 'e'] };
  expect(survives(joint, new Set(), new Set(['a']))).toBe(true);
  expect(survives(joint, new Set(), new Set(['d', 'e']))).toBe(false);
  expect(survives(joint, new Set(), new Set(['a', 'b']))).toBe(false);
});
