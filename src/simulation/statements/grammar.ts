/**
 * The statements that differential runs are made of: of every kind that could come out differently on
 * another node. A statement is a template in which each `@name` stands for one of that name's choices;
 * whoever draws decides how (a seed, or fast-check, which also shrinks).
 *
 * Tables stay small, so that a million statements take minutes: `TIDYING` cuts them back, and is part
 * of the stream. Nothing here reads what a node has for itself.
 */

import type { SqlValue } from '../../node/sql.ts';

/** The first log entry: what every other statement counts on. None of it is ever dropped. */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE, b DEFAULT (random()),
    c DEFAULT CURRENT_TIMESTAMP, d CHECK(d IS NOT 13))`,
  'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, x NOT NULL)',
  'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
  'CREATE TABLE late(id INTEGER PRIMARY KEY, p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE cascade(p REFERENCES parent ON DELETE CASCADE, x)',
  `CREATE TABLE kid(id INTEGER PRIMARY KEY, n REFERENCES parent ON DELETE SET NULL
    ON UPDATE CASCADE, d DEFAULT 1 REFERENCES parent ON DELETE SET DEFAULT ON UPDATE RESTRICT)`,
  `CREATE TABLE tree(id INTEGER PRIMARY KEY,
    up REFERENCES tree ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)`,
  'CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE TABLE pair(a, b COLLATE NOCASE, c, PRIMARY KEY(a, b DESC)) WITHOUT ROWID',
  'CREATE TABLE plain(x, y)',
  'CREATE TABLE top(x)',
  'CREATE TABLE topauto(id INTEGER PRIMARY KEY AUTOINCREMENT, x)',
  'CREATE TABLE log(at DEFAULT (datetime()), what, n)',
  `CREATE TABLE g(id INTEGER PRIMARY KEY, a INT, b TEXT, c INT AS (a * 2) STORED UNIQUE,
    d TEXT AS (b || '-' || coalesce(a, 'none')) VIRTUAL, CHECK(length(d) < 12))`,
  "CREATE TABLE doc(id INTEGER PRIMARY KEY, body CHECK(json_valid(body, 6)), kind AS (body ->> '$.k'))",
  'CREATE TABLE strict1(id INTEGER PRIMARY KEY, i INT, r REAL, t TEXT, b BLOB, a ANY) STRICT',
  'CREATE TABLE tally(k PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0 CHECK(n >= 0), last TEXT)',
  'CREATE TABLE single(k INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, v UNIQUE ON CONFLICT REPLACE)',
  'CREATE INDEX doc_kind ON doc(kind, id DESC)',
  "CREATE INDEX doc_part ON doc(json_extract(body, '$.n')) WHERE kind IS NOT NULL",
  'CREATE VIRTUAL TABLE f USING fts5(x, y, prefix=2)',
  "CREATE VIRTUAL TABLE fw USING fts5(x, content='', contentless_delete=1, tokenize='porter ascii')",
  'CREATE VIRTUAL TABLE fx USING fts5(y, content=plain, tokenize=trigram)',
  'CREATE VIRTUAL TABLE fv USING fts5vocab(f, row)',
  'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  'CREATE VIRTUAL TABLE ri USING rtree_i32(id, x0, x1, y0, y1, +name)',
  `CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN
    INSERT INTO log(what, n) VALUES('t', random()); INSERT INTO f VALUES(new.a, new.d); END`,
  `CREATE TRIGGER t_update AFTER UPDATE OF a ON t WHEN new.a > old.a BEGIN
    UPDATE tally SET n = n + 1, last = CURRENT_TIME WHERE k = new.a % 5; END`,
  `CREATE TRIGGER plain_rollback BEFORE INSERT ON plain WHEN new.x = 7 BEGIN
    SELECT RAISE(ROLLBACK, 'sevens roll back'); END`,
  `CREATE TRIGGER tally_raise BEFORE UPDATE ON tally BEGIN
    SELECT CASE new.n % 9 WHEN 3 THEN RAISE(IGNORE) WHEN 5 THEN RAISE(FAIL, 'five fails')
      WHEN 7 THEN RAISE(ABORT, 'seven aborts') END; END`,
  `CREATE TRIGGER tree_delete AFTER DELETE ON tree BEGIN
    INSERT INTO log(what, n) SELECT 'tree', max(id) FROM tree; END`,
  'CREATE VIEW v AS SELECT a, d, random() AS r FROM t',
  'CREATE VIEW pv AS SELECT a, b, c FROM pair',
  `CREATE TRIGGER pv_insert INSTEAD OF INSERT ON pv BEGIN
    INSERT INTO pair VALUES(new.a, new.b, new.c) ON CONFLICT DO UPDATE SET c = c || excluded.c;
    INSERT INTO log(what, n) VALUES('pv', last_insert_rowid()); END`,
  `CREATE TRIGGER pv_update INSTEAD OF UPDATE ON pv BEGIN
    UPDATE pair SET c = new.c WHERE a = old.a AND b = old.b; END`,
  `CREATE TRIGGER pv_delete INSTEAD OF DELETE ON pv BEGIN
    DELETE FROM pair WHERE a = old.a AND b = old.b; END`,
  'CREATE TABLE x1(a, b, c DEFAULT (hex(randomblob(4))))',
  'CREATE TABLE x2(a, b, c)',
  'CREATE VIRTUAL TABLE vf1 USING fts5(z)',
  'CREATE VIEW alike AS SELECT 1 a, 2 a, 3 a, 4 a, 5 a, 6 a, 7 a',
  `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO plain SELECT i % 9 + 8, i FROM n`,
  'ANALYZE sqlite_schema',
];

/** Entries of these cut the tables back; some fail now and then, as everything does. */
export const TIDYING: readonly string[] = [
  'DELETE FROM t WHERE id NOT IN (SELECT id FROM t ORDER BY id LIMIT 40)',
  'DELETE FROM auto WHERE id <= (SELECT max(id) FROM auto) - 60',
  'DELETE FROM log WHERE rowid <= (SELECT max(rowid) FROM log) - 150',
  'DELETE FROM plain WHERE rowid NOT IN (SELECT rowid FROM plain ORDER BY rowid LIMIT 120)',
  'DELETE FROM f WHERE rowid NOT IN (SELECT rowid FROM f ORDER BY rowid DESC LIMIT 80)',
  'DELETE FROM fw WHERE rowid > 50',
  "INSERT INTO fx(fx) VALUES('rebuild')",
  'DELETE FROM r WHERE id NOT IN (SELECT id FROM r ORDER BY id LIMIT 60)',
  'DELETE FROM ri WHERE id NOT IN (SELECT id FROM ri ORDER BY id LIMIT 60)',
  'DELETE FROM late WHERE id > 40',
  'DELETE FROM cascade WHERE rowid > 40',
  'DELETE FROM kid WHERE id > 40',
  'DELETE FROM tree WHERE id > 30',
  'DELETE FROM top WHERE rowid NOT IN (SELECT rowid FROM top ORDER BY rowid LIMIT 20)',
  'DELETE FROM topauto WHERE id > 9000',
  'DELETE FROM g WHERE id > 40',
  'DELETE FROM doc WHERE id > 40',
  'DELETE FROM strict1 WHERE id > 40',
  'DELETE FROM pair WHERE length(c) > 60',
  "DELETE FROM sqlite_sequence WHERE name = 'topauto'",
];

function integers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_none, at) => String(from + at));
}

const WORDS = ['ant', 'bee', 'cat dog', 'dog', 'eel', "o''fox", 'ant bee eel', ''];

/** What a name in a template stands for. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  small: integers(0, 12),
  three: integers(1, 3),
  word: WORDS.map((word) => `'${word}'`),
  conflict: ['', ' OR IGNORE', ' OR REPLACE', ' OR ABORT', ' OR FAIL', ' OR ROLLBACK'],
  value: [
    'NULL',
    '0',
    '-0.0',
    '1e308 * 10',
    '9223372036854775807',
    '-9223372036854775808',
    '9007199254740993',
    '0.1 + 0.2',
    "x'00ff'",
    "''",
    'char(0, 97)',
    'char(128512)',
    "CAST(x'fffe41' AS TEXT)",
    "'12abc'",
    'random()',
    'randomblob(5)',
    'CURRENT_TIMESTAMP',
    "datetime('now', 'localtime', '+1 month')",
    'zeroblob(20)',
  ],
  json: [
    `'{"k":"ant","n":1}'`,
    `'{"k":"bee","n":[1,2,{"x":null}]}'`,
    `'{"n":2.50,"t":true}'`,
    `json_object('k', random() % 3, 'n', julianday('now'))`,
    `jsonb('{"k":"cat","n":9007199254740993}')`,
    `json_array(1, 'two', NULL, json('[3]'))`,
    `'{"k":'`,
    `'{k: 5, /* five */ n: 0x1F,}'`,
  ],
  path: ["'$.k'", "'$.n'", "'$.n[0]'", "'$.n[#-1].x'", "'$.z.y'", "'$'", "'bad['"],
  frame: [
    'ORDER BY x',
    'PARTITION BY x % 3 ORDER BY y, x',
    'ORDER BY x ROWS BETWEEN 2 PRECEDING AND CURRENT ROW',
    'ORDER BY x GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES',
    'ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW',
  ],
  window: [
    'row_number()',
    'dense_rank()',
    'ntile(3)',
    'lag(y, 2, 0)',
    'nth_value(y, 2)',
    'sum(x) FILTER (WHERE x > 9)',
    "group_concat(x, '-')",
    'percent_rank()',
    'avg(x)',
  ],
  math: ['sin', 'exp', 'ln', 'sqrt', 'atan', 'log2', 'cosh', 'degrees', 'trunc'],
  match: [
    "'ant'",
    "'an* OR bee'",
    "'NEAR(ant eel, 3)'",
    "'x : dog NOT cat'",
    "'\"'",
    "'^ant + bee'",
  ],
  modifier: [
    "'+1 day'",
    "'start of month'",
    "'weekday 2'",
    "'utc'",
    "'auto'",
    "'-3.5 hours'",
    "'bad'",
  ],
};

/** Values that are bound, of every type and at every edge. */
export const VALUES: readonly (SqlValue | boolean)[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1e300,
  2n ** 63n - 1n,
  -(2n ** 63n),
  9_007_199_254_740_993n,
  '',
  'ant',
  'a\0b',
  '\u{1f600} é',
  '\ud800 alone',
  'x'.repeat(3_000),
  new Uint8Array(0),
  new Uint8Array([0, 255, 128, 39]),
  new Uint8Array(2_000).fill(7),
];

/** Statements with two parameters, by position or by the names a and b. */
export const WITH_PARAMETERS: readonly string[] = [
  'INSERT INTO plain VALUES(:a, :b)',
  'INSERT OR REPLACE INTO w VALUES(:a, :b)',
  'INSERT INTO strict1(a, t) VALUES(@a, $b) RETURNING typeof(a), t',
  'SELECT ?1, typeof(?2), ?2 = ?1, quote(?1), hex(?2)',
  'SELECT :a || :b, :a < :b, coalesce(:a, 0) + :b',
  'UPDATE t SET d = :a WHERE a = :b',
  'INSERT INTO doc(body) VALUES(json_array(:a, :b))',
];

/** Templates of one kind, and how often they are drawn. */
export interface Kind {
  readonly name: string;
  readonly weight: number;
  readonly templates: readonly string[];
}
