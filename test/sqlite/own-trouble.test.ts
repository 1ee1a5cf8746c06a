/** SM3: what depends on the statement and the data alone is a result; a node's own trouble stops it. */

import { expect, it } from 'vitest';
import { SqliteError } from '../../src/sqlite/sql-error.ts';
import { logOf, requestOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();

const INSERT = 'INSERT INTO t VALUES(1)';
const LOG = logOf([requestOf(['CREATE TABLE t(a)']), requestOf([INSERT])]);

/** What becomes of the last entry where SQLite answers its statement with this code. */
function outcomeOf(resultCode: number): { readonly type: string; readonly appliedIndex: number } {
  const node = new TestNode(runtime);
  node.apply(LOG.slice(0, 2));
  const { connection } = node.database;
  const compile = connection.compile.bind(connection);
  connection.compile = (sql) => {
    if (sql === INSERT) throw new SqliteError(resultCode, 'injected');
    return compile(sql);
  };
  const { type } = node.applier.apply(LOG.slice(2));
  node.crash();
  const { appliedIndex } = node.applier;
  node.close();
  return { type, appliedIndex };
}

it.each([
  ['SQLITE_ERROR', 1],
  ['SQLITE_CONSTRAINT_UNIQUE', 2067],
  ['SQLITE_MISMATCH', 20],
])('%s is a result', (_, code) => {
  expect(outcomeOf(code)).toEqual({ type: 'applied', appliedIndex: LOG.length });
});

it.each([
  ['SQLITE_INTERRUPT', 9],
  ['SQLITE_IOERR_WRITE', 778],
  ['SQLITE_CORRUPT', 11],
])('%s is never skipped', (_, code) => {
  expect(outcomeOf(code)).toEqual({ type: 'failed', appliedIndex: LOG.length - 1 });
});
