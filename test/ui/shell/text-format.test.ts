/** Rows as text: what sqlite3 3.40 prints for the same rows, and what is our own. */

import { describe, expect, test } from 'vitest';
import { formatRows, type TextFormat } from '../../../src/ui/shell/text-format.ts';
import type { TextMode } from '../../../src/ui/shell/text-modes.ts';
import { listText } from '../../../src/ui/shell/text-columns.ts';

const COLUMNS = ['a', 'b', 'c'];
const ROWS = [
  [1, 'one', 1.5],
  [2, `two 'q' "d", comma`, null],
  [null, 'ünï<&>', 1e100],
];
const TALL = [
  [1, 'one'],
  [2, 'line\nbreak'],
];

function format(mode: TextMode, changes: Partial<TextFormat> = {}): TextFormat {
  const plain = { headers: null, nullText: '', columnSeparator: null, rowSeparator: null };
  return { mode, ...plain, widths: [], table: 'table', ...changes };
}

/** As printed by `sqlite3`. */
const PRINTED: readonly (readonly [TextMode, Partial<TextFormat>, string])[] = [
  [
    'box',
    {},
    `
┌───┬────────────────────┬──────────┐
│ a │         b          │    c     │
├───┼────────────────────┼──────────┤
│ 1 │ one                │ 1.5      │
│ 2 │ two 'q' "d", comma │          │
│   │ ünï<&>             │ 1.0e+100 │
└───┴────────────────────┴──────────┘`,
  ],
  [
    'column',
    { nullText: 'NUL' },
    `
a    b                   c       ~
---  ------------------  --------
1    one                 1.5     ~
2    two 'q' "d", comma  NUL     ~
NUL  ünï<&>              1.0e+100`,
  ],
  [
    'markdown',
    { nullText: 'NUL' },
    `
|  a  |         b          |    c     |
|-----|--------------------|----------|
| 1   | one                | 1.5      |
| 2   | two 'q' "d", comma | NUL      |
| NUL | ünï<&>             | 1.0e+100 |`,
  ],
  ['list', {}, `\n1|one|1.5\n2|two 'q' "d", comma|\n|ünï<&>|1.0e+100`],
  [
    'list',
    { headers: true, nullText: 'NUL', columnSeparator: '; ' },
    `\na; b; c\n1; one; 1.5\n2; two 'q' "d", comma; NUL\nNUL; ünï<&>; 1.0e+100`,
  ],
  ['tabs', {}, `\n1\tone\t1.5\n2\ttwo 'q' "d", comma\t\n\tünï<&>\t1.0e+100`],
  ['csv', { headers: true }, `\na,b,c\n1,one,1.5\n2,"two 'q' ""d"", comma",\n,"ünï<&>",1.0e+100`],
  ['quote', {}, `\n1,'one',1.5\n2,'two ''q'' "d", comma',NULL\nNULL,'ünï<&>',1.0e+100`],
  [
    'json',
    { nullText: 'NUL' },
    `
[{"a":1,"b":"one","c":1.5},
{"a":2,"b":"two 'q' \\"d\\", comma","c":null},
{"a":null,"b":"ünï<&>","c":1.0e+100}]`,
  ],
  [
    'line',
    { nullText: 'NUL' },
    `
    a = 1
    b = one
    c = 1.5

    a = 2
    b = two 'q' "d", comma
    c = NUL

    a = NUL
    b = ünï<&>
    c = 1.0e+100`,
  ],
  [
    'insert',
    { headers: true },
    `
INSERT INTO "table"(a,b,c) VALUES(1,'one',1.5);
INSERT INTO "table"(a,b,c) VALUES(2,'two ''q'' "d", comma',NULL);
INSERT INTO "table"(a,b,c) VALUES(NULL,'ünï<&>',1.0e+100);`,
  ],
  [
    'html',
    {},
    `
<TR><TD>1</TD>
<TD>one</TD>
<TD>1.5</TD>
</TR>
<TR><TD>2</TD>
<TD>two &#39;q&#39; &quot;d&quot;, comma</TD>
<TD></TD>
</TR>
<TR><TD></TD>
<TD>ünï&lt;&amp;&gt;</TD>
<TD>1.0e+100</TD>
</TR>`,
  ],
];

describe('as sqlite3 prints it', () => {
  // A tilde stands for the blank before a line's end.
  test.each(PRINTED)('rows in mode %s with %j', (mode, changes, printed) => {
    expect(formatRows(format(mode, changes), COLUMNS, ROWS)).toBe(
      printed.slice(1).replaceAll('~', ''),
    );
  });

  test('rows of several lines are told apart', () => {
    expect(formatRows(format('box'), ['n', 't'], TALL).split('\n')).toEqual([
      '┌───┬───────┐',
      '│ n │   t   │',
      '├───┼───────┤',
      '│ 1 │ one   │',
      '├───┼───────┤',
      '│ 2 │ line  │',
      '│   │ break │',
      '└───┴───────┘',
    ]);
    expect(formatRows(format('column', { headers: false }), ['n', 't'], TALL).split('\n')).toEqual([
      '1  one  ',
      '',
      '2  line ',
      '   break',
    ]);
  });

  test('columns keep to the widths that are set, to the right where they are negative', () => {
    const text = formatRows(format('column', { widths: [3, -8] }), ['abc', 'd'], [[12_345, 7]]);
    expect(text.split('\n')).toEqual([
      'abc         d',
      '---  --------',
      '123         7',
      '45           ',
    ]);
  });

  test('names are listed downwards', () => {
    const names = ['a1', 'abc', 'b', 'c', 'd', 'e', 'f', 'longer_name_than_others', 'v', 'we ird'];
    expect(listText(names).split('\n')).toEqual([
      'a1                       d                        v',
      'abc                      e                        we ird',
      'b                        f',
      'c                        longer_name_than_others',
    ]);
  });
});

describe('values', () => {
  test.each([
    [0.1 + 0.2, '0.30000000000000004'],
    [-1.5e-7, '-1.5e-07'],
    [2 ** 60, '1.152921504606847e+18'],
    [9_007_199_254_740_993n, '9007199254740993'],
    [Infinity, 'Inf'],
    [new Uint8Array([0, 255]), "X'00ff'"],
  ])('%s is %s', (value, text) => {
    expect(formatRows(format('list'), ['v'], [[value]])).toBe(text);
  });

  test('infinite ones stay infinite as literals', () => {
    expect(formatRows(format('quote'), ['v'], [[-Infinity]])).toBe('-9.0e+999');
    expect(formatRows(format('json'), ['v'], [[Infinity]])).toBe('[{"v":9.0e+999}]');
  });

  test('of CSV are quoted where they would be read otherwise', () => {
    const row = ['', 'a;b', 'a,b', 'say "x"', 'plain'];
    const text = formatRows(
      format('csv', { columnSeparator: ';' }),
      ['a', 'b', 'c', 'd', 'e'],
      [row],
    );
    expect(text).toBe('"";"a;b";a,b;"say ""x""";plain');
  });

  test('of Markdown do not end their cell', () => {
    expect(formatRows(format('markdown'), ['v'], [['a|b']])).toContain('| a\\|b |');
  });
});

test.each(['box', 'column', 'csv', 'json', 'markdown', 'insert'] as const)(
  '%s has nothing to write for no rows',
  (mode) => expect(formatRows(format(mode), COLUMNS, [])).toBe(''),
);
