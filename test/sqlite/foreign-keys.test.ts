/** Deferred foreign keys over rows that pointed to nothing before, since they were off then. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { logOf, messagesOf, requestOf, responseOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const FAILED = 'FOREIGN KEY constraint failed';
const TREE = `CREATE TABLE tree(id INTEGER PRIMARY KEY,
  up REFERENCES tree DEFERRABLE INITIALLY DEFERRED)`;
const ORPHANS = 'INSERT INTO tree VALUES(1, 10), (2, 10), (3, 10)';
/** One violation, and then three that were there before are mended: SQLite counts less than none. */
const DEFICIT = ['INSERT INTO tree VALUES(20, 30)', 'INSERT INTO tree VALUES(10, NULL)'];

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
  node.run([TREE]);
  node.run([ORPHANS], { foreignKeys: false });
});

afterEach(() => node.close());

it.each(['atomic', 'script'] as const)('a deficit undoes an entry of mode %s', (mode) => {
  const response = node.run(DEFICIT, { mode });
  expect(response.committed).toBe(false);
  expect(messagesOf(response).at(-1)).toBe(FAILED);
  expect(node.get('SELECT count(*) FROM tree')).toEqual([3]);
  expect(node.run(['INSERT INTO tree VALUES(10, NULL)'], { mode }).committed).toBe(true);
});

it('one entry’s deficit does not hide another one’s violation, however batches are cut', () => {
  const log = logOf([
    requestOf([TREE]),
    requestOf([ORPHANS], { foreignKeys: false }),
    requestOf(DEFICIT),
    requestOf(['INSERT INTO tree VALUES(40, 50), (41, 50)']),
    requestOf(['INSERT INTO tree VALUES(60, 1)']),
  ]);
  const [together, apart] = [new TestNode(runtime), new TestNode(runtime)];
  const outcomes = together.apply(log);
  expect(log.flatMap((entry) => apart.apply([entry]))).toEqual(outcomes);
  expect(hashDatabase(apart.database)).toBe(hashDatabase(together.database));
  expect(outcomes.slice(3).map((one) => messagesOf(responseOf(one)).at(-1))).toEqual([
    FAILED,
    FAILED,
    null,
  ]);
  together.close();
  apart.close();
});

it('looking for a deficit changes nothing that the next statement sees', () => {
  node.run(['CREATE TABLE seen(id INTEGER PRIMARY KEY, changes, row)']);
  const see = 'INSERT INTO seen(changes, row) VALUES(changes(), last_insert_rowid())';
  node.run(
    ['INSERT INTO tree VALUES(7, 1), (8, 1), (9, 1)', see, 'DELETE FROM tree WHERE 0', see],
    {
      mode: 'each',
    },
  );
  expect(node.all('SELECT changes, row FROM seen')).toEqual([
    [3, 9],
    [0, 1],
  ]);
});
