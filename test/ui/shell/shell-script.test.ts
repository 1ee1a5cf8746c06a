/** How the shell reads what is typed: where commands are, where statements end, what is complete. */

import { describe, expect, test } from 'vitest';
import { isComplete, readShellScript, splitArguments } from '../../../src/ui/shell/shell-script.ts';

function parts(script: string): string[] {
  return Array.from(readShellScript(script), ({ type, text, start }) => {
    expect(script.slice(start, start + text.length)).toBe(text);
    return `${type}: ${text.trim()}`;
  });
}

const TRIGGER =
  'create trigger t after insert on a begin select 1; select case 1 when 1 then 2 end';

describe('a script', () => {
  test('is SQL and dot-commands in order, each where it stands', () => {
    expect(parts('.mode box\nselect 1;\nselect 2;\n  .tables a%\r\n.help\nselect 3')).toEqual([
      'command: .mode box',
      'sql: select 1;\nselect 2;',
      'command: .tables a%',
      'command: .help',
      'sql: select 3',
    ]);
  });

  test.each([
    ['a statement that is not finished', 'select 1\n.tables\n;'],
    ['the same line behind a statement', 'select 1; .tables'],
    ['a literal', "select '\n.tables\n';"],
    ['a literal with quotes in it', "select 'it''s\n.tables\n';"],
    ['a name', 'select "\n.tables\n", `\n.a`, [\n.b];'],
    ['a comment', '/* \n.tables\n */ select 1;'],
    ['a trigger', `${TRIGGER};\n.tables\nend;`],
  ])('has no command within %s', (_, script) => {
    expect(parts(script)).toEqual([`sql: ${script}`]);
  });

  test.each([
    ['a comment', '-- note\n.tables', ['sql: -- note', 'command: .tables']],
    ['a block comment', '/* a\n */\n.tables', ['sql: /* a\n */', 'command: .tables']],
    ['a trigger', `${TRIGGER};\nend;\n.tables`, [`sql: ${TRIGGER};\nend;`, 'command: .tables']],
    ['a literal of a dot', "select '.';\n.tables", ["sql: select '.';", 'command: .tables']],
  ])('has one behind %s', (_, script, expected) => {
    expect(parts(script)).toEqual(expected);
  });

  test('of nothing has no part', () => {
    expect([parts(''), parts(' \n'), parts('\n.\n')]).toEqual([[], [], ['command: .']]);
  });
});

describe('a text is complete', () => {
  test.each([
    'select 1;',
    'select 1; -- done',
    "select ';', \"it's\";  ",
    '.tables',
    'select 1;\n.mode box',
    'create table trigger_(x); ',
    'create temp table t(x);',
    'explain query plan select 1;',
    `${TRIGGER}; end;`,
    `explain create temporary trigger t after insert on a begin select 1; end ;`,
  ])('%s', (text) => expect(isComplete(text)).toBe(true));

  test.each([
    '',
    '  \n',
    'select 1',
    'select 1; select',
    "select ';",
    'select ";',
    'select [;',
    'select 1 /* ;',
    '/* not closed',
    `${TRIGGER};`,
    `${TRIGGER}; end`,
    `${TRIGGER}; end select 1;`,
    'select 1\n.tables',
  ])('not: %s', (text) => expect(isComplete(text)).toBe(false));
});

test('arguments are words and quoted texts', () => {
  expect(splitArguments('import --skip 1 "my file.csv"  \'a b\' t')).toEqual([
    'import',
    '--skip',
    '1',
    'my file.csv',
    'a b',
    't',
  ]);
  expect(splitArguments(String.raw`a "q\"\t\\" '\t' "" 'open`)).toEqual([
    'a',
    'q"\t\\',
    String.raw`\t`,
    '',
    'open',
  ]);
});
