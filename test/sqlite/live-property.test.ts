/**
 * Whenever the result of a query is another one behind a batch of entries, its live query was told:
 * generated logs with every kind of statement, however they are batched, with snapshots restored in
 * between, over queries of every kind.
 */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runQuery } from '../../src/sqlite/query.ts';
import type { SqlState } from '../../src/sqlite/sql-state.ts';
import { generatedLog } from './generated-log.ts';
import { LiveNode } from './live-node.ts';
import { logOf, requestOf } from './log.ts';
import { loadTestRuntime } from './support.ts';

const RUNS = 15;
const TIMEOUT_MS = 120_000;

/** What the generated logs do not make. */
const MORE = requestOf([
  'CREATE VIEW counts AS SELECT x, count(*) AS n FROM cascade GROUP BY x',
  'CREATE VIEW total AS SELECT sum(n) AS s FROM counts, (SELECT max(id) FROM parent)',
  "CREATE VIRTUAL TABLE external USING fts5(y, content='plain')",
  "CREATE VIRTUAL TABLE terms USING fts5vocab(f, 'col')",
  `CREATE TRIGGER plain_external AFTER INSERT ON plain WHEN new.rowid % 3 = 0 BEGIN
    INSERT INTO external(rowid, y) VALUES(new.rowid, new.y); END`,
  'CREATE TRIGGER late_delete AFTER DELETE ON late BEGIN DELETE FROM w; END',
]);

const QUERIES = [
  'SELECT * FROM t',
  'SELECT count(*) FROM t',
  'SELECT a, d FROM v',
  'SELECT * FROM auto',
  'SELECT * FROM sqlite_sequence',
  'SELECT * FROM parent',
  'SELECT * FROM late',
  'SELECT count(*) FROM CASCADE',
  'SELECT s FROM total',
  'SELECT * FROM w',
  'SELECT x, length(y) FROM plain',
  'SELECT 7 IN (SELECT x FROM plain), (SELECT count(*) FROM top)',
  'WITH z AS (SELECT rowid r FROM top) SELECT sum(length(r)) FROM z',
  'SELECT * FROM log LEFT JOIN parent ON parent.id = log.n',
  "SELECT rowid, x FROM f WHERE f MATCH 'ant'",
  'SELECT * FROM f',
  'SELECT count(*), sum(length(block)) FROM f_data',
  "SELECT y FROM external WHERE external MATCH 'dog'",
  'SELECT * FROM terms',
  'SELECT * FROM r WHERE x0 < 9',
  'SELECT * FROM r_node',
  'SELECT * FROM vf1',
  'SELECT * FROM vf2_content',
  'SELECT * FROM x1',
  'SELECT * FROM x2',
  'SELECT count(*) FROM x3',
  'SELECT type, name, tbl_name, sql FROM sqlite_schema',
  'SELECT * FROM sqlite_stat1',
  'SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ' +
    "WHERE m.name <> 'alike'",
  'SELECT * FROM pragma_user_version',
  'PRAGMA index_list(plain)',
  'PRAGMA foreign_key_check',
  'SELECT sum(ncell) FROM dbstat',
  'EXPLAIN QUERY PLAN SELECT * FROM plain, t WHERE plain.x = t.a',
];

interface Course {
  /** The sizes of batches, repeated. */
  readonly cuts: readonly number[];
  /** Every so many batches one is not applied, but comes as a snapshot. */
  readonly restoreEvery: number;
}

const course: fc.Arbitrary<Course> = fc.record({
  cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  restoreEvery: fc.constantFrom(3, 7, 100),
});

/** What the query gives, or fails with. */
function resultOf({ database, appliedIndex }: SqlState, sql: string): string {
  try {
    const query = { sql, params: [], deadlineMs: Number.POSITIVE_INFINITY };
    const { columns, rows } = runQuery(database, appliedIndex, query);
    return JSON.stringify([columns, rows], (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
  } catch (error) {
    return String(error);
  }
}

it(
  'no change of a result goes untold',
  async () => {
    const runtime = await loadTestRuntime();
    await fc.assert(
      fc.asyncProperty(
        generatedLog,
        course,
        async ([first, ...requests], { cuts, restoreEvery }) => {
          const log = logOf([first ?? MORE, MORE, ...requests]);
          const node = await LiveNode.open(runtime);
          const queryByLive = new Map<number, string>();
          for (const sql of QUERIES) queryByLive.set(await node.openRead(sql), sql);
          const results = new Map<number, string>();
          let at = 1;
          for (let batch = 0; at < log.length; batch += 1) {
            const entries = log.slice(at, at + (cuts[batch % cuts.length] ?? 1));
            at += entries.length;
            if (batch % restoreEvery === restoreEvery - 1) await node.restore(entries);
            else await node.apply(entries);
            const told = node.takeTold();
            expect(told).toHaveLength(new Set(told).size);
            for (const [live, sql] of queryByLive) {
              const result = resultOf(node.state, sql);
              if (results.get(live) !== result && !told.includes(live)) {
                throw new Error(`not told: ${sql}\n${results.get(live)}\n${result}`);
              }
              results.set(live, result);
            }
            for (const live of told) await node.lives.readLive(live, 1_000).catch(() => undefined);
          }
          await node.close();
        },
      ),
      { numRuns: RUNS },
    );
  },
  TIMEOUT_MS,
);
