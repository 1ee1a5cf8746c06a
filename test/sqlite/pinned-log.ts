/**
 * A log of some hundred entries, made from a fixed sequence of numbers, and what it must come to: in
 * Node and in every browser, in memory and on OPFS. The figures change only with the format of what
 * is stored or hashed, or with the build of SQLite.
 */

import type { ExecuteRequest } from '../../src/node/sql.ts';
import type { Entry } from '../../src/raft/types.ts';
import { logOf, requestOf } from './log.ts';

export const PINNED_ENTRIES = 402;
export const PINNED_HASH = '39781b3f1487fe4c2e8115bc5d3d59772bcbf1aac2d649b45a3d143474785d3b';

const SCHEMA = [
  `CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b DEFAULT (random()),
    c DEFAULT CURRENT_TIMESTAMP)`,
  'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, x, y)',
  'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
  'CREATE TABLE child(p REFERENCES parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE TABLE top(x)',
  'INSERT INTO top(rowid, x) VALUES(9223372036854775807, 0)',
  'CREATE VIRTUAL TABLE f USING fts5(x)',
  'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  `CREATE TRIGGER tr AFTER INSERT ON t BEGIN
    INSERT INTO auto(x, y) VALUES(random(), datetime('now', 'localtime', 'subsec'));
    INSERT INTO f VALUES(new.a || ' word' || new.id); END`,
];

/** # is a number, another one each time. */
const STATEMENTS = [
  'INSERT INTO t(a) VALUES(#)',
  'INSERT OR REPLACE INTO t(a) VALUES(#)',
  'INSERT OR ROLLBACK INTO t(a) VALUES(#)',
  'INSERT INTO t(a) VALUES(#) ON CONFLICT(a) DO UPDATE SET b = random()',
  'UPDATE t SET a = a + 100 WHERE a % 7 = # % 7',
  'DELETE FROM t WHERE a % 11 = # % 11 RETURNING *',
  'INSERT INTO parent VALUES(# % 40)',
  'INSERT INTO child VALUES(# % 40)',
  'DELETE FROM parent WHERE id = # % 40',
  'INSERT OR IGNORE INTO w VALUES(# % 30, randomblob(#))',
  'INSERT INTO top VALUES(randomblob(#))',
  "INSERT INTO f VALUES('word' || # || ' common')",
  "DELETE FROM f WHERE f MATCH 'word' || (# % 50)",
  "INSERT INTO f(f) VALUES('optimize')",
  'INSERT INTO r VALUES(NULL, #, # + 2.5)',
  'DELETE FROM r WHERE x0 BETWEEN # AND # + 9',
  "INSERT INTO auto(x, y) SELECT sin(#) * exp(1.5), printf('%.17g', sqrt(#)) FROM t LIMIT 5",
  'INSERT INTO auto(x) SELECT x FROM auto ORDER BY random() LIMIT 3',
  'INSERT INTO auto(x, y) SELECT id, x0 FROM r ORDER BY x1 LIMIT 4',
  "INSERT INTO auto(x, y) SELECT rowid, bm25(f) FROM f WHERE f MATCH 'common' ORDER BY rank LIMIT 3",
  'INSERT INTO auto(x) SELECT sum(a) OVER (ORDER BY id) FROM t',
  'DELETE FROM auto WHERE id % 3 = # % 3',
  'CREATE TABLE IF NOT EXISTS x1 AS SELECT 1 a, 2 a, 3 a, 4 a, 5 a, 6 a',
  'DROP TABLE IF EXISTS x1',
  'CREATE INDEX IF NOT EXISTS i1 ON auto(y, x)',
  'DROP INDEX IF EXISTS i1',
  'ANALYZE',
  'SELECT random(), count(*), max(c) FROM t',
  'SELECT nowhere FROM t',
  'SELECT total_changes()',
];

const MODES = ['atomic', 'each', 'script'] as const;

export function pinnedLog(): Entry[] {
  let state = 12_345;
  // Numerical Recipes' linear congruential generator.
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const requests: ExecuteRequest[] = [requestOf(SCHEMA)];
  while (requests.length < PINNED_ENTRIES - 1) {
    const statements = Array.from({ length: 1 + next(4) }, () =>
      String(STATEMENTS[next(STATEMENTS.length)]).replaceAll('#', String(next(200))),
    );
    const mode = MODES[next(MODES.length)] ?? 'each';
    requests.push(requestOf(statements, { mode, foreignKeys: next(4) > 0, rows: next(2) > 0 }));
  }
  return logOf(requests);
}
