/** A query plan as a tree, drawn as sqlite3 draws it. */

import { expect, test } from 'vitest';
import { isQueryPlan, planText, planTree } from '../../../src/ui/shell/query-plan.ts';

const ROWS = [
  [1, 0, 0, 'MERGE (UNION)'],
  [3, 1, 0, 'LEFT'],
  [7, 3, 0, 'MATERIALIZE b'],
  [10, 7, 0, 'SCAN u USING COVERING INDEX i'],
  [35, 7, 0, 'USE TEMP B-TREE FOR ORDER BY'],
  [47, 3, 0, 'SCAN b'],
  [70, 1, 0, 'RIGHT'],
  [71, 70, 0, 'SCAN CONSTANT ROW'],
];

test('each step stands below the one it is a part of', () => {
  expect(planText(planTree(ROWS)).split('\n')).toEqual([
    'QUERY PLAN',
    '`--MERGE (UNION)',
    '   |--LEFT',
    '   |  |--MATERIALIZE b',
    '   |  |  |--SCAN u USING COVERING INDEX i',
    '   |  |  `--USE TEMP B-TREE FOR ORDER BY',
    '   |  `--SCAN b',
    '   `--RIGHT',
    '      `--SCAN CONSTANT ROW',
  ]);
});

test('a step whose parent is not told is one of the uppermost', () => {
  expect(planTree([[5, 4, 0, 'SCAN t']])).toEqual([{ detail: 'SCAN t', children: [] }]);
});

test.each([
  ['-- why\n EXPLAIN  Query\nPlan select 1', true],
  ['explain select 1', false],
  ["select 'explain query plan'", false],
])('%s: %s', (sql, isPlan) => expect(isQueryPlan(sql)).toBe(isPlan));
