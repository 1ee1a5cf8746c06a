/** SM1: data, applied index and session table are in one transaction, so that none is ahead. */

import { expect, it } from 'vitest';
import { logOf, requestOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();

const LOG = logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['INSERT INTO t VALUES(1)'])]);

it.each(['BEGIN', 'UPDATE', 'COMMIT'])('a process that dies at any %s of a batch', (verb) => {
  const node = new TestNode(runtime);
  node.apply(LOG.slice(0, 2));
  const { database } = node;
  const execute = database.execute.bind(database);
  let isOver = false;
  database.execute = (sql, ...values) => {
    // Whatever comes after the first such statement is never done.
    if (isOver) throw new Error('the process is dead');
    execute(sql, ...values);
    isOver = sql.startsWith(verb) && (verb !== 'UPDATE' || sql.includes('meta'));
  };
  const outcome = node.applier.apply(LOG.slice(2));
  node.crash();
  const rows = node.get('SELECT count(*) FROM t')[0];
  expect(rows).toBe(node.applier.appliedIndex === LOG.length ? 1 : 0);
  expect(outcome.type === 'applied').toBe(verb === 'COMMIT');
  node.close();
});
