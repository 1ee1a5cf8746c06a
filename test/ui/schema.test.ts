/** What completion knows of the database, by the query the page really follows. */

import { expect, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import { failure } from '../../src/node/errors.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { followSchema, schema } from '../../src/ui/schema.ts';
import { loadTestRuntime, TestNode } from '../sqlite/support.ts';

test('tables and views with their columns, and nothing of ours or SQLite’s', async () => {
  const node = new TestNode(await loadTestRuntime());
  node.run([
    'create table t (id integer primary key autoincrement, "a b", c as (id + 1))',
    'create view v as select id as number from t',
    // It would take the place of the function of this name.
    'create table pragma_table_xinfo (x)',
    'analyze',
  ]);
  const end = vi.fn<() => void>();
  const live = vi.fn<Database['live']>((sql, params, onRows) => {
    const deadlineMs = Number.POSITIVE_INFINITY;
    const { appliedIndex } = node.applier;
    const result = runQuery(node.database, appliedIndex, { sql, params, deadlineMs });
    onRows([], { ...result, level: 'none', bookmark: '', mayBeStale: true });
    return end;
  });
  expect(followSchema({ live } as unknown as Database)).toBe(end);
  const known = { t: ['id', 'a b', 'c'], v: ['number'], pragma_table_xinfo: ['x'] };
  expect(schema.value).toEqual(known);
  const [, , , onError] = live.mock.calls[0] ?? [];
  onError?.(new ResqliteError(failure('Timeout', 'no', 'too slow')));
  expect(schema.value).toEqual(known);
  node.close();
});
