/** How a typed name finds its command, and what is offered while it is typed. */

import { expect, test } from 'vitest';
import { completeCommand } from '../../../src/ui/shell/command-completion.ts';
import { COMMANDS, findCommand, helpText } from '../../../src/ui/shell/command-list.ts';

test.each([
  ['tables', 'tables'],
  ['ta', 'tables'],
  ['e', null],
  ['mod', 'mode'],
  ['header', 'headers'],
  ['status', 'status'],
])('.%s is %s', (typed, name) => {
  const match = findCommand(typed);
  expect(match.type === 'found' ? match.name : null).toBe(name);
});

test('what several begin with is ambiguous', () => {
  expect(findCommand('stat')).toEqual({ type: 'ambiguous', names: ['stats', 'status'] });
});

test.each([
  ['tabels', 'tables'],
  ['schma', 'schema'],
  ['moed', 'mode'],
  ['tablesx', 'tables'],
  ['exit', null],
  ['', null],
  ['x', null],
])('.%s is none; the nearest is %s', (typed, nearest) => {
  expect(findCommand(typed)).toEqual({ type: 'unknown', nearest });
});

test('help tells of all commands, or of those that have a word in them', () => {
  expect(helpText('').split('\n')).toHaveLength(COMMANDS.length);
  expect(helpText('.mode')).toMatch(/^\.mode MODE \?TABLE\? {2}Set how results are shown$/);
  expect(helpText('download').split('\n')).toHaveLength(3);
  expect(helpText('nothing of the kind')).toBe('');
});

const TABLES = ['note', 'number'];

test.each([
  ['.', 0, COMMANDS.length],
  ['  .ta', 2, 1],
  ['.tables', 0, 0],
  ['.mode ', 6, 12],
  ['.mode ma', 6, 1],
  ['.mode box', 0, 0],
  ['.schema n', 8, 2],
  ['.dump note nu', 11, 1],
  ['.bail o', 6, 2],
  ['.print n', 0, 0],
  ['.foo n', 0, 0],
])('"%s" is completed from %i on by one of %i words', (line, from, count) => {
  const found = completeCommand(line, TABLES);
  expect([found?.from ?? 0, found?.options.length ?? 0]).toEqual([from, count]);
});
