/** What the runner says of records that hold and of others, and how results are written. */

import { expect, it } from 'vitest';
import { completeLogicTest } from '../../../src/simulation/sqllogictest/completion.ts';
import { BareTarget } from '../../../src/simulation/sqllogictest/bare-target.ts';
import { parseLogicTest } from '../../../src/simulation/sqllogictest/parser.ts';
import { hashValues, renderRows } from '../../../src/simulation/sqllogictest/result.ts';
import { runLogicTest, type LogicReport } from '../../../src/simulation/sqllogictest/runner.ts';
import { Tally } from '../../../src/simulation/sqllogictest/tally.ts';

async function run(text: string): Promise<LogicReport> {
  const target = await BareTarget.open();
  try {
    return await runLogicTest(target, parseLogicTest('some.test', text));
  } finally {
    target.close();
  }
}

const VALUES = "query IT rowsort\nVALUES (2, 'b'), (1, 'a')\n";

it('values are rendered by type and sorted by mode', () => {
  const rows = [
    [null, 1.75, 'tä\n'],
    ['12abc', '1e2x', ''],
    [9_223_372_036_854_775_807n, -0.0004, Uint8Array.of(65, 0)],
    [-7.9, 5, 10],
  ];
  expect(renderRows(rows, 'IRT', 'nosort')).toEqual(
    ['NULL', '1.750', 't@@@', '12', '100.000', '(empty)'].concat([
      '9223372036854775807',
      '-0.000',
      'A@',
      '-7',
      '5.000',
      '10',
    ]),
  );
  expect(renderRows([[10], [9], [null]], 'I', 'rowsort')).toEqual(['10', '9', 'NULL']);
  expect(
    renderRows(
      [
        ['b', 'a'],
        ['a', 'c'],
      ],
      'TT',
      'valuesort',
    ),
  ).toEqual(['a', 'a', 'b', 'c']);
});

it.each([
  ['the values', `${VALUES}----\n1\na\n2\nb`],
  ['their hash', `${VALUES}----\n4 values hashing to ${hashValues(['1', 'a', '2', 'b'])}`],
  ['nothing where nothing comes', 'query I\nSELECT 1 WHERE 0'],
  ['an error', 'statement error syntax\nSELEKT'],
  ['what is for this engine', 'onlyif sqlite\nskipif mysql\nstatement ok\nSELECT 1'],
])('a record holds with %s', async (_what, text) => {
  expect(await run(text)).toEqual({ passed: 1, failures: [] });
});

it.each([
  [`${VALUES}----\n1\na\n2\nc`, 'value 4: expected c, found b'],
  [`${VALUES}----\n1\na`, 'expected 2 values, found 4: 1 | a | 2 | b'],
  [`${VALUES}----\n4 values hashing to ${'0'.repeat(32)}`, /^expected 4 values .*, found 4 values/],
  ['query I\nSELECT 1, 2', 'expected 1 columns, found 2'],
  ['query I\nSELECT nowhere', /no such column: nowhere/],
  ['statement ok\nSELEKT', /syntax error/],
  ['statement error\nSELECT 1', 'expected an error, and it succeeded'],
  ['statement error that\nSELEKT', /^expected the error that, found .*syntax error/],
])('of %j is said: %s', async (text, reason) => {
  const { passed, failures } = await run(text);
  expect([passed, failures.length]).toEqual([0, 1]);
  const expected: unknown = typeof reason === 'string' ? reason : expect.stringMatching(reason);
  expect(failures[0]).toMatchObject({ line: 1, reason: expected });
});

it('results of one label have to be the same, and nothing runs behind halt', async () => {
  const labelled = (value: number): string =>
    `query I nosort same\nSELECT ${value}\n----\n${value}\n`;
  const text = `${labelled(1)}\n${labelled(1)}\n${labelled(2)}\nhalt\n\n${labelled(3)}`;
  const { passed, failures } = await run(text);
  expect(passed).toBe(2);
  expect(failures).toMatchObject([
    { line: 11, reason: expect.stringMatching(/label same/) as string },
  ]);
});

it('counts are told with the first failures by file and line; malformed files count as failed', async () => {
  const tally = new Tally();
  expect(tally.hasFailed).toBe(false);
  await tally.add('good.test', () => run(`${VALUES}----\n1\na\n2\nb`));
  expect(tally.hasFailed).toBe(false);
  await tally.add('bad.test', () => run('\nstatement ok\nSELEKT'));
  await tally.add('some.test', () => run('nonsense'));
  expect(tally.hasFailed).toBe(true);
  const [first = '', second, last] = tally.lines();
  expect(first).toMatch(/^bad\.test:2: .*syntax error\n {4}SELEKT$/);
  expect(second).toBe('some.test:1: there is no record nonsense');
  expect(last).toBe('1 passed, 1 failed, 1 files not run');
});

it('expected values are written in place of what stood there, long ones as a hash', async () => {
  const text = [
    'hash-threshold 3',
    '',
    VALUES.trim(),
    '----',
    'old',
    'values',
    '',
    'query I',
    'SELECT 7',
    '',
    '# the end',
    '',
  ].join('\n');
  const target = await BareTarget.open();
  const written = await completeLogicTest(target, parseLogicTest('some.test', text), text);
  target.close();
  const hash = `4 values hashing to ${hashValues(['1', 'a', '2', 'b'])}`;
  const expected = ['hash-threshold 3', '', VALUES.trim(), '----', hash, ''];
  expected.push('query I', 'SELECT 7', '----', '7', '', '# the end', '');
  expect(written).toBe(expected.join('\n'));
});
