/** What a line of entered SQL is: where statements, literals and transactions go over several. */

import { expect, test } from 'vitest';
import { readLines } from '../../../src/ui/shell/shell-lines.ts';

function parts(sql: string): string[] {
  return Array.from(readLines(sql), ({ text, start, halts }) => {
    expect(sql.slice(start, start + text.length)).toBe(text);
    return `${halts ? 'halts' : 'all'}: ${text.trim()}`;
  });
}

test('a line of several statements stands alone; others are run together', () => {
  expect(parts('a;\nb;\nc; d;\ne; f;\ng\n')).toEqual([
    'all: a;\nb;',
    'halts: c; d;',
    'halts: e; f;',
    'all: g',
  ]);
  expect(parts('a; b')).toEqual(['halts: a; b']);
  expect(parts('a;\nb;')).toEqual(['all: a;\nb;']);
  expect([parts(''), parts(' \n;\n')]).toEqual([[], ['all: ;']]);
});

test.each([
  ['a statement', 'a; select\n1; b;'],
  ['a literal', "a; select 'x\n;y\n'; b;"],
  ['a name', 'a; select "x\n;y\n"; b;'],
  ['a comment', 'a; /* x\n;y\n */ b;'],
  ['a trigger', 'a; create trigger t after insert on a begin\nselect 1;\nend; b;'],
])('it goes on for as long as %s does', (_, line) => {
  expect(parts(`${line}\nc;`)).toEqual([`halts: ${line}`, 'all: c;']);
});

test.each([
  ['behind a semicolon in a literal', "select 'a;b';\nc;"],
  ['where only a comment follows', 'a; -- b;\nc; /* d; */'],
  ['within a transaction', 'begin; a;\nb; c;\ncommit; d;'],
  ['behind a pragma, which holds for what follows', 'pragma foreign_keys = off; a;\nb; c;'],
])('there is none %s', (_, sql) => {
  expect(parts(sql)).toEqual([`all: ${sql}`]);
});

test('a transaction in one line is one, and so is a pragma with what follows in it', () => {
  const twice = 'begin; a; commit;\nb; c;';
  expect(parts(twice)).toEqual(['halts: begin; a; commit;', 'halts: b; c;']);
  expect(parts('a;\npragma foreign_keys = off; b;\n')).toEqual([
    'all: a;',
    'halts: pragma foreign_keys = off; b;',
  ]);
});
