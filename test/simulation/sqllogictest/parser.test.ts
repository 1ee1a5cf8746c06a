/** The format of logic tests, and what is told of a file that is not in it. */

import { expect, it } from 'vitest';
import { MalformedFile, parseLogicTest } from '../../../src/simulation/sqllogictest/parser.ts';

const FILE = [
  '# a comment',
  '',
  'statement ok',
  'CREATE TABLE t(a,',
  '# no comment here',
  '  b)',
  '',
  'hash-threshold 8\r',
  '',
  'skipif mysql',
  'onlyif SQLite',
  'statement error no such (table)',
  'SELECT * FROM nowhere',
  '',
  'statement error /near "[A-Z]+"/',
  'SELEKT',
  '',
  'query ITR rowsort some-label',
  'SELECT 1, 2,',
  ' 3',
  '----',
  '1',
  ' 2 ',
  '3.000',
  '',
  'query I valuesort',
  'SELECT 1',
  '----',
  '30 values hashing to 0123456789abcdef0123456789abcdef',
  '',
  'query T',
  'SELECT 1 WHERE 0',
  '',
  'halt',
].join('\n');

it('a file is records of statements, queries and what is about them', () => {
  const plain = { conditions: [] };
  expect(parseLogicTest('some.test', FILE)).toEqual([
    {
      ...plain,
      type: 'statement',
      line: 3,
      error: null,
      sql: 'CREATE TABLE t(a,\n# no comment here\n  b)',
    },
    { ...plain, type: 'hash-threshold', line: 8, count: 8 },
    {
      type: 'statement',
      line: 12,
      conditions: [
        { type: 'skipif', engine: 'mysql' },
        { type: 'onlyif', engine: 'sqlite' },
      ],
      error: /no such \(table\)/,
      sql: 'SELECT * FROM nowhere',
    },
    { ...plain, type: 'statement', line: 15, error: /near "[A-Z]+"/, sql: 'SELEKT' },
    {
      ...plain,
      type: 'query',
      line: 18,
      types: 'ITR',
      sortMode: 'rowsort',
      label: 'some-label',
      sql: 'SELECT 1, 2,\n 3',
      expected: { type: 'values', values: ['1', ' 2 ', '3.000'] },
      resultLines: { from: 21, to: 25 },
    },
    {
      ...plain,
      type: 'query',
      line: 26,
      types: 'I',
      sortMode: 'valuesort',
      label: null,
      sql: 'SELECT 1',
      expected: { type: 'hash', count: 30, md5: '0123456789abcdef0123456789abcdef' },
      resultLines: { from: 28, to: 30 },
    },
    {
      ...plain,
      type: 'query',
      line: 31,
      types: 'T',
      sortMode: 'nosort',
      label: null,
      sql: 'SELECT 1 WHERE 0',
      expected: { type: 'values', values: [] },
      resultLines: { from: 33, to: 33 },
    },
    { ...plain, type: 'halt', line: 34 },
  ]);
});

it.each([
  ['control sortmode rowsort', 1, 'there is no record control'],
  ['statement maybe\nSELECT 1', 1, 'a statement is ok or error'],
  ['statement ok now\nSELECT 1', 1, 'nothing may follow ok: now'],
  ['\nstatement ok\n\nSELECT 1', 2, 'no SQL follows'],
  ['statement error /(/\nSELECT 1', 1, 'Invalid regular expression: /(/: Unterminated group'],
  ['query\nSELECT 1', 1, 'a query has types: a letter T, I or R a column'],
  ['query X\nSELECT 1', 1, 'the types X are not of T, I and R'],
  ['query I sorted\nSELECT 1', 1, 'the order sorted is none of nosort, rowsort and valuesort'],
  ['query I nosort a b\nSELECT 1', 1, 'nothing may follow the label: b'],
  ['query II\nSELECT 1, 2\n----\n1\n2\n3', 6, '3 values are no rows of 2 columns'],
  ['query I\n----\n1', 1, 'no SQL follows'],
  ['hash-threshold many', 1, 'many is no number of values'],
  ['halt now', 1, 'halt takes nothing'],
  ['skipif\nhalt', 1, 'one word has to follow'],
  ['# first\nonlyif sqlite\n', 2, 'no record follows the condition'],
])('of the file %j line %i is told: %s', (text, line, reason) => {
  const error = new MalformedFile('some.test', line, reason);
  expect(() => parseLogicTest('some.test', text)).toThrow(error);
  expect(error.message).toBe(`some.test:${line}: ${reason}`);
});
