/**
 * Logs made up by fast-check: statements of every kind that could come out differently on another
 * node, in entries of every mode.
 */

import fc from 'fast-check';
import type { ExecuteRequest, Statement } from '../../src/node/sql.ts';
import { requestOf } from './log.ts';

const SCHEMA = [
  `CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b DEFAULT (random()),
    c DEFAULT CURRENT_TIMESTAMP, d CHECK(d IS NOT 13))`,
  'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, x NOT NULL)',
  'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
  'CREATE TABLE late(id INTEGER PRIMARY KEY, p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE cascade(p REFERENCES parent ON DELETE CASCADE, x)',
  'CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE TABLE plain(x, y)',
  'CREATE TABLE top(x)',
  'CREATE TABLE log(at DEFAULT (datetime()), what, n)',
  'CREATE VIRTUAL TABLE f USING fts5(x, y, prefix=2)',
  'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  `CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN
    INSERT INTO log(what, n) VALUES('t', random()); INSERT INTO f VALUES(new.a, new.d); END`,
  `CREATE TRIGGER plain_rollback BEFORE INSERT ON plain WHEN new.x = 7 BEGIN
    SELECT RAISE(ROLLBACK, 'sevens roll back'); END`,
  'CREATE VIEW v AS SELECT a, d, random() AS r FROM t',
  'CREATE TABLE x1(a, b, c DEFAULT (hex(randomblob(4))))',
  'CREATE TABLE x2(a, b, c)',
  'CREATE VIRTUAL TABLE vf1 USING fts5(z)',
  `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO plain SELECT i % 9 + 8, i FROM n`,
  'ANALYZE sqlite_schema',
];

const small = fc.integer({ min: 0, max: 12 });
const word = fc.constantFrom('ant', 'bee', 'cat dog', 'dog', 'eel', "o'fox", 'ant bee eel', '');
const conflict = fc.constantFrom(
  '',
  ' OR IGNORE',
  ' OR REPLACE',
  ' OR ABORT',
  ' OR FAIL',
  ' OR ROLLBACK',
);

function text(...parts: (string | fc.Arbitrary<unknown>)[]): fc.Arbitrary<string> {
  const arbitraries = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part));
  return fc.tuple(...arbitraries).map((values) => values.map(String).join(''));
}

const quotedWord = word.map((one) => `'${one.replaceAll("'", "''")}'`);

const inserts = [
  text('INSERT', conflict, ' INTO t(a, d) VALUES(', small, ', ', small, '), (', small, ', 13)'),
  text('INSERT', conflict, ' INTO t(a, d) VALUES(', quotedWord, ', ', small, ') RETURNING *'),
  text('INSERT', conflict, ' INTO t(id, a) SELECT ', small, ', abs(random()) % 20'),
  text(
    'INSERT INTO t(a, d) VALUES(',
    small,
    ', 1) ON CONFLICT(a) DO UPDATE SET d = d + 1, c = CURRENT_TIME',
  ),
  text('INSERT INTO t(a) VALUES(', small, ') ON CONFLICT DO UPDATE SET d = random()'),
  text('INSERT', conflict, ' INTO auto(x) VALUES(', quotedWord, '), (NULL), (1)'),
  text('INSERT INTO auto(x) SELECT x FROM auto ORDER BY random() LIMIT ', small),
  text('INSERT', conflict, ' INTO parent VALUES(', small, ')'),
  text('INSERT', conflict, ' INTO late(p) VALUES(', small, '), (', small, ')'),
  text('INSERT', conflict, ' INTO cascade VALUES(', small, ', random())'),
  text('INSERT', conflict, ' INTO w VALUES(', quotedWord, ', randomblob(', small, '))'),
  text('INSERT INTO plain VALUES(', small, ', ', quotedWord, '), (2, zeroblob(3000))'),
  text('INSERT INTO plain SELECT x, y FROM plain LIMIT ', small),
  fc.constant('INSERT INTO plain SELECT id, hex(randomblob(2000)) FROM log, t LIMIT 300'),
  fc.constant('INSERT INTO top(rowid, x) VALUES(9223372036854775807, 1)'),
  fc.constant('INSERT INTO top(x) VALUES(random()), (2)'),
  fc.constant(
    'INSERT INTO top(x) WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n ' +
      'WHERE i < 500) SELECT hex(randomblob(900)) FROM n',
  ),
  fc.constant('INSERT INTO log(what, n) SELECT a, r FROM v'),
  fc.constant(
    "INSERT INTO log(what, n) VALUES('rowid', last_insert_rowid()), ('changes', changes())",
  ),
  fc.constant("INSERT INTO log(what) VALUES(datetime('now', 'localtime', 'subsec'))"),
  fc.constant('INSERT INTO log(what, n) SELECT name, rootpage FROM sqlite_schema'),
  fc.constant('INSERT INTO log(what, n) SELECT tbl, stat FROM sqlite_stat1'),
  fc.constant('INSERT INTO log(what, n) SELECT id, hex(block) FROM f_data'),
  text(
    'INSERT INTO log(what, n) SELECT p.rowid, t.id FROM plain p, t WHERE p.x > t.a LIMIT ',
    small,
  ),
  text('INSERT INTO log(what, n) SELECT p.y, r.id FROM plain p, r WHERE r.x0 < p.x LIMIT ', small),
  fc.constant('INSERT INTO plain SELECT p.x, q.y FROM plain p, plain q WHERE p.x = q.x LIMIT 50'),
];

const changes = [
  text('UPDATE', conflict, ' t SET a = a + 1 WHERE d < ', small),
  text(
    'UPDATE t SET d = (SELECT n FROM log ORDER BY n LIMIT 1) WHERE a = ',
    small,
    ' RETURNING id',
  ),
  text('UPDATE', conflict, ' parent SET id = id + ', small),
  text('UPDATE plain SET y = y || x FROM t WHERE t.a = plain.x'),
  text('DELETE FROM t WHERE d = ', small, ' RETURNING a, b'),
  text('DELETE FROM parent WHERE id = ', small),
  text('DELETE FROM late WHERE p = ', small),
  text('DELETE FROM plain WHERE rowid % 5 = ', small),
  text('UPDATE sqlite_sequence SET seq = seq + ', small),
  fc.constant('DELETE FROM log'),
  fc.constant('DELETE FROM top'),
  fc.constant('REPLACE INTO w SELECT k, v FROM w'),
];

const virtual = [
  text('INSERT INTO f VALUES(', quotedWord, ', ', quotedWord, ')'),
  text('INSERT INTO f(rowid, x) VALUES(', small, ', ', quotedWord, ')'),
  text('UPDATE f SET y = ', quotedWord, ' WHERE rowid = ', small),
  text("DELETE FROM f WHERE f MATCH 'ant' AND rowid > ", small),
  text('INSERT', conflict, ' INTO f(rowid, x) SELECT a, d FROM t'),
  text("INSERT INTO f(f, rank) VALUES('merge', ", small, ')'),
  fc.constant("INSERT INTO f(f) VALUES('optimize')"),
  fc.constant("INSERT INTO f(f) VALUES('rebuild')"),
  text("INSERT INTO f(f, rank) VALUES('automerge', ", small, ')'),
  fc.constant("INSERT INTO log(what, n) SELECT x, bm25(f) FROM f WHERE f MATCH 'ant OR bee'"),
  text('INSERT', conflict, ' INTO r VALUES(', small, ', ', small, ', ', small, ' + 12)'),
  text('INSERT INTO r SELECT NULL, x, x + 1 FROM (SELECT abs(random() % 90) x FROM log LIMIT 9)'),
  text('DELETE FROM r WHERE x0 > ', small),
  fc.constant('INSERT INTO log(what, n) SELECT id, x0 FROM r WHERE x1 < 40'),
];

const tableNumber = fc.integer({ min: 1, max: 3 });
const schema = [
  text('CREATE TABLE x', tableNumber, '(a, b, c DEFAULT (hex(randomblob(4))))'),
  text('CREATE TABLE x', tableNumber, ' AS SELECT a, a, a, a, a, a FROM t'),
  text('INSERT INTO x', tableNumber, '(a) SELECT a FROM t'),
  text('DROP TABLE IF EXISTS x', tableNumber),
  text('ALTER TABLE x', tableNumber, ' RENAME TO x', tableNumber),
  text('ALTER TABLE x', tableNumber, ' ADD COLUMN e DEFAULT ', small),
  text('ALTER TABLE x', tableNumber, ' RENAME COLUMN b TO bb'),
  text('CREATE INDEX IF NOT EXISTS i', tableNumber, ' ON plain(x, y)'),
  text('CREATE UNIQUE INDEX i', tableNumber, ' ON t(d)'),
  text('DROP INDEX IF EXISTS i', tableNumber),
  text(
    'CREATE TRIGGER IF NOT EXISTS tr',
    tableNumber,
    ' AFTER DELETE ON plain BEGIN ',
    'INSERT INTO log(what, n) VALUES(old.x, random()); END',
  ),
  text('DROP TRIGGER IF EXISTS tr', tableNumber),
  text('CREATE VIRTUAL TABLE IF NOT EXISTS vf', tableNumber, ' USING fts5(z)'),
  text('INSERT INTO vf', tableNumber, ' VALUES(', quotedWord, ')'),
  text('DROP TABLE IF EXISTS vf', tableNumber),
  text('PRAGMA user_version = ', small),
  fc.constant('ANALYZE'),
  fc.constant('ANALYZE plain'),
  fc.constant('REINDEX'),
  text("INSERT INTO sqlite_stat1 VALUES('plain', 'i", tableNumber, "', '100 ", small, " 1')"),
  text("INSERT INTO sqlite_stat1 VALUES('r', NULL, '", small, "')"),
  text('DELETE FROM sqlite_stat1 WHERE rowid = ', small),
];

const reads = [
  fc.constant('SELECT * FROM plain, t WHERE plain.x = t.a LIMIT 5'),
  fc.constant('SELECT random(), randomblob(3), CURRENT_TIME, changes(), last_insert_rowid()'),
  fc.constant('SELECT group_concat(x) FROM plain WHERE x > 3'),
  fc.constant('SELECT x, y, count(*) OVER (ORDER BY x) FROM plain ORDER BY x LIMIT 20'),
  fc.constant('SELECT * FROM sqlite_schema'),
  fc.constant('SELECT rowid, * FROM top ORDER BY rowid DESC LIMIT 3'),
  fc.constant("SELECT * FROM f WHERE f MATCH 'an*' ORDER BY rank LIMIT 3"),
];

const faulty = [
  fc.constant('SELEKT 1'),
  fc.constant('INSERT INTO nowhere VALUES(1)'),
  fc.constant('SELECT total_changes()'),
  fc.constant('CREATE TEMP TABLE q(a)'),
  fc.constant('BEGIN'),
  fc.constant('SELECT 1; SELECT 2'),
  fc.constant('SELECT sum(x) FROM (SELECT 9223372036854775807 x UNION ALL SELECT 1)'),
  fc.constant('SELECT * FROM _resqlite_sessions'),
];

const sql = fc.oneof(
  { arbitrary: fc.oneof(...inserts), weight: 8 },
  { arbitrary: fc.oneof(...changes), weight: 4 },
  { arbitrary: fc.oneof(...virtual), weight: 4 },
  { arbitrary: fc.oneof(...schema), weight: 4 },
  { arbitrary: fc.oneof(...reads), weight: 1 },
  { arbitrary: fc.oneof(...faulty), weight: 1 },
);

const statement: fc.Arbitrary<Statement> = fc.oneof(
  { arbitrary: sql.map((one) => ({ sql: one })), weight: 12 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom('plain', 'w'), fc.oneof(small, word, fc.double(), fc.uint8Array()))
      .map(([table, value]) => ({
        sql: `INSERT INTO ${table} VALUES(?, :n)`,
        params: [value, value] as const,
      })),
    weight: 1,
  },
);

const request: fc.Arbitrary<ExecuteRequest> = fc.record({
  statements: fc.array(statement, { minLength: 1, maxLength: 5 }),
  mode: fc.constantFrom('atomic', 'each', 'script'),
  foreignKeys: fc.boolean(),
  bail: fc.boolean(),
  rows: fc.boolean(),
});

/** The schema's entry and some more. */
export const generatedLog: fc.Arbitrary<ExecuteRequest[]> = fc
  .array(request, { minLength: 1, maxLength: 30 })
  .map((requests) => [requestOf(SCHEMA), ...requests]);
