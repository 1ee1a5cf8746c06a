/**
 * The templates of statements by kind (see grammar.ts), over the tables of its schema. Each is one
 * statement; most succeed in most states, and each can fail in some.
 */

import type { Kind } from './grammar.ts';

const INSERTS: readonly string[] = [
  'INSERT@conflict INTO t(a, d) VALUES(@small, @small), (@small, 13)',
  'INSERT@conflict INTO t(a, d) VALUES(@word, @small) RETURNING *',
  'INSERT@conflict INTO t(id, a) SELECT @small, abs(random()) % 20',
  'INSERT INTO t(a, d) VALUES(@small, 1) ON CONFLICT(a) DO UPDATE SET d = d + 1, c = CURRENT_TIME',
  'INSERT INTO t(a) VALUES(@small) ON CONFLICT DO UPDATE SET d = random()',
  'INSERT@conflict INTO auto(x) VALUES(@word), (NULL), (1)',
  'INSERT INTO auto(x) SELECT x FROM auto ORDER BY random() LIMIT @small',
  'INSERT INTO auto(x) VALUES(@value) RETURNING id, typeof(x), quote(x), x IS @value',
  'INSERT@conflict INTO parent VALUES(@small)',
  'INSERT@conflict INTO late(p) VALUES(@small), (@small)',
  'INSERT@conflict INTO cascade VALUES(@small, random())',
  'INSERT@conflict INTO kid(n, d) VALUES(@small, @small)',
  'INSERT@conflict INTO tree VALUES(@small, @small), (@small + 9, @small)',
  'INSERT@conflict INTO w VALUES(@word, randomblob(@small))',
  'INSERT@conflict INTO pair VALUES(@small % 3, @word, @small), (@value, upper(@word), @word)',
  'INSERT INTO pv VALUES(@small % 4, @word, @small) RETURNING *',
  'INSERT INTO plain VALUES(@small, @word), (2, zeroblob(3000))',
  'INSERT INTO plain VALUES(@value, @value)',
  'INSERT INTO plain SELECT x, y FROM plain LIMIT @small',
  'INSERT INTO plain SELECT id, hex(randomblob(2000)) FROM log, t LIMIT 60',
  'INSERT INTO top(rowid, x) VALUES(9223372036854775807, 1)',
  'INSERT INTO top(x) VALUES(random()), (2)',
  `INSERT INTO top(x) WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n
    WHERE i < 30) SELECT hex(randomblob(900)) FROM n`,
  'INSERT INTO topauto VALUES(9223372036854775807 - @small, 1)',
  'INSERT INTO topauto(x) VALUES(1), (2), (3), (4)',
  'INSERT INTO log(what, n) SELECT a, r FROM v',
  "INSERT INTO log(what, n) VALUES('rowid', last_insert_rowid()), ('changes', changes())",
  "INSERT INTO log(what) VALUES(datetime('now', 'localtime', 'subsec'))",
  'INSERT INTO log(what, n) SELECT name, rootpage FROM sqlite_schema',
  'INSERT INTO log(what, n) SELECT tbl, stat FROM sqlite_stat1',
  'INSERT INTO log(what, n) SELECT id, hex(block) FROM f_data LIMIT 20',
  'INSERT INTO log(what, n) SELECT p.rowid, t.id FROM plain p, t WHERE p.x > t.a LIMIT @small',
  'INSERT INTO log(what, n) SELECT p.y, r.id FROM plain p, r WHERE r.x0 < p.x LIMIT @small',
  'INSERT INTO plain SELECT p.x, q.y FROM plain p, plain q WHERE p.x = q.x LIMIT 30',
  'INSERT@conflict INTO g(a, b) VALUES(@small, @word), (@value, @word) RETURNING id, c, d',
  'INSERT@conflict INTO strict1(i, r, t, b, a) VALUES(@value, @value, @value, @value, @value)',
  'INSERT@conflict INTO strict1(i, r, t, a) VALUES(@small, @small, @word, @value) RETURNING *',
  'INSERT INTO single VALUES(@small, @small)',
  'REPLACE INTO single VALUES(@small, @small) RETURNING v',
  'INSERT INTO w DEFAULT VALUES',
  'INSERT INTO tally DEFAULT VALUES',
];

const UPSERTS: readonly string[] = [
  `INSERT INTO tally(k) VALUES(@small % 5) ON CONFLICT(k) DO UPDATE
    SET n = n + @small, last = time('now') WHERE n < 40 RETURNING k, n`,
  `INSERT INTO tally(k, n) SELECT x % 6, count(*) FROM plain WHERE typeof(x) = 'integer' GROUP BY 1
    ON CONFLICT DO UPDATE SET n = excluded.n - 1`,
  `INSERT INTO pair VALUES(@small % 3, @word, 'new') ON CONFLICT(a, b) DO UPDATE
    SET c = coalesce(c, '') || iif(excluded.b = b, 'same', 'other') ON CONFLICT DO NOTHING`,
  'INSERT INTO g(id, a) VALUES(@small, @small) ON CONFLICT(c) DO NOTHING ON CONFLICT(id) DO UPDATE SET b = d',
  `INSERT INTO doc VALUES(@small, @json) ON CONFLICT(id) DO UPDATE
    SET body = json_patch(body, excluded.body) RETURNING id, kind, json(body)`,
  'INSERT INTO w VALUES(@word, @value) ON CONFLICT(k) DO UPDATE SET v = excluded.v || v WHERE v IS NOT excluded.v',
];

const CHANGES: readonly string[] = [
  'UPDATE@conflict t SET a = a + 1 WHERE d < @small',
  'UPDATE t SET d = (SELECT n FROM log ORDER BY n LIMIT 1) WHERE a = @small RETURNING id',
  'UPDATE@conflict parent SET id = id + @small',
  'UPDATE plain SET y = substr(y || x, 1, 3000) FROM t WHERE t.a = plain.x',
  'DELETE FROM t WHERE d = @small RETURNING a, b',
  'DELETE FROM parent WHERE id = @small',
  'DELETE FROM late WHERE p = @small',
  'DELETE FROM plain WHERE rowid % 5 = @small',
  'DELETE FROM kid WHERE d = @small OR n IS NULL',
  'DELETE FROM tree WHERE id = @small',
  'UPDATE@conflict tree SET up = @small WHERE id < @small',
  'UPDATE@conflict tree SET id = id + 1',
  'UPDATE tally SET n = n + @small, last = random()',
  'UPDATE tally SET n = n - @small WHERE k < 3 RETURNING *',
  'UPDATE pv SET c = @word WHERE a < @small',
  'DELETE FROM pv WHERE b = @word',
  'UPDATE@conflict pair SET b = lower(b) WHERE a = @small % 3',
  'UPDATE@conflict g SET a = a + 1 WHERE id < @small RETURNING c, d',
  'UPDATE g SET c = 5',
  'UPDATE@conflict strict1 SET i = t, r = i WHERE id = @small',
  'UPDATE@conflict single SET k = k + 1',
  'UPDATE t SET a = d, d = a WHERE id IN (SELECT id FROM t ORDER BY random() LIMIT 2)',
  'UPDATE sqlite_sequence SET seq = seq + @small',
  "INSERT INTO sqlite_sequence VALUES('auto', @small * 10)",
  "DELETE FROM sqlite_sequence WHERE name = 'topauto'",
  'DELETE FROM log',
  'DELETE FROM top',
  'DELETE FROM topauto WHERE id > 9000',
  'REPLACE INTO w SELECT k, v FROM w',
];

const JSON_KIND: readonly string[] = [
  'INSERT@conflict INTO doc(id, body) VALUES(@small, @json) RETURNING kind, typeof(body)',
  'UPDATE doc SET body = json_set(body, @path, @small) WHERE id < @small RETURNING json(body)',
  'UPDATE doc SET body = jsonb_remove(body, @path) WHERE kind IS NOT NULL',
  'SELECT id, body ->> @path, body -> @path FROM doc WHERE kind >= @word ORDER BY id',
  'SELECT d.id, e.fullkey, e.type, e.atom FROM doc d, json_tree(d.body) e ORDER BY d.id, e.id LIMIT 40',
  'INSERT INTO log(what, n) SELECT e.key, e.value FROM doc d, json_each(d.body, @path) e LIMIT @small',
  'SELECT json_group_array(kind ORDER BY id DESC), json_group_object(id, json(body)) FROM doc',
  "SELECT count(*) FROM doc WHERE json_extract(body, '$.n') > @small AND kind IS NOT NULL",
  'SELECT hex(jsonb(@json)), json_type(@json, @path), json_error_position(@json)',
];

const VIRTUAL: readonly string[] = [
  'INSERT INTO f VALUES(@word, @word)',
  'INSERT INTO f(rowid, x) VALUES(@small, @word)',
  'UPDATE f SET y = @word WHERE rowid = @small',
  "DELETE FROM f WHERE f MATCH 'ant' AND rowid > @small",
  'INSERT@conflict INTO f(rowid, x) SELECT a, d FROM t',
  "INSERT INTO f(f, rank) VALUES('merge', @small)",
  "INSERT INTO f(f) VALUES('optimize')",
  "INSERT INTO f(f) VALUES('rebuild')",
  "INSERT INTO f(f, rank) VALUES('automerge', @small)",
  "INSERT INTO f(f, rank) VALUES('crisismerge', @small)",
  "INSERT INTO f(f, rank) VALUES('pgsz', 64 + @small)",
  "INSERT INTO f(f, rank) VALUES('integrity-check', 0)",
  "INSERT INTO log(what, n) SELECT x, bm25(f) FROM f WHERE f MATCH 'ant OR bee' LIMIT 40",
  'SELECT rowid, highlight(f, 0, @word, @word), snippet(f, 1, 1, 2, 3, 4) FROM f(@match) LIMIT 9',
  'INSERT INTO log(what, n) SELECT term, cnt FROM fv ORDER BY doc DESC, term LIMIT @small',
  'INSERT INTO fw(rowid, x) VALUES(@small + abs(random() % 20), @word)',
  'DELETE FROM fw WHERE rowid = @small',
  'SELECT rowid FROM fw(@match) ORDER BY rank, rowid',
  'INSERT INTO fx(rowid, y) SELECT rowid, y FROM plain WHERE rowid = @small',
  "INSERT INTO fx(fx, rowid, y) SELECT 'delete', rowid, y FROM plain WHERE rowid = @small",
  "SELECT count(*), max(rowid) FROM fx('ant')",
  'INSERT@conflict INTO r VALUES(@small, @small, @small + 12)',
  'INSERT INTO r SELECT NULL, x, x + 1 FROM (SELECT abs(random() % 90) x FROM log LIMIT 9)',
  'DELETE FROM r WHERE x0 > @small',
  'INSERT INTO log(what, n) SELECT id, x0 FROM r WHERE x1 < 40 LIMIT 50',
  'INSERT@conflict INTO ri VALUES(@small, @small, @small + 9, @small, @small + 9, @word)',
  'INSERT INTO ri(x0, x1, y0, y1, name) SELECT n, n + 3, n * 2, n * 2 + 1, what FROM log WHERE n < 99 LIMIT 5',
  'UPDATE ri SET x1 = x1 + @small, name = name || 1 WHERE x0 < @small AND y1 > @small',
  'SELECT id, x0, y1, name FROM ri WHERE x0 >= @small AND y1 <= 30 ORDER BY id',
  'DELETE FROM ri WHERE name = @word',
];

const SCHEMA_KIND: readonly string[] = [
  'CREATE TABLE x@three(a, b, c DEFAULT (hex(randomblob(4))))',
  'CREATE TABLE x@three AS SELECT a, a, a, a, a, a FROM t',
  'CREATE TABLE IF NOT EXISTS x@three(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE, c) ',
  'CREATE TABLE x@three(a, b AS (a + 1) STORED, PRIMARY KEY(a)) WITHOUT ROWID, STRICT',
  'CREATE TABLE x@three AS SELECT * FROM alike',
  'INSERT INTO x@three(a) SELECT a FROM t',
  'DROP TABLE IF EXISTS x@three',
  'ALTER TABLE x@three RENAME TO x@three',
  'ALTER TABLE x@three ADD COLUMN e DEFAULT @small',
  'ALTER TABLE x@three RENAME COLUMN b TO bb',
  'ALTER TABLE x@three DROP COLUMN c',
  'ALTER TABLE vf@three RENAME TO vf@three',
  'CREATE INDEX IF NOT EXISTS i@three ON plain(x, y)',
  'CREATE INDEX IF NOT EXISTS i@three ON log(what COLLATE NOCASE DESC) WHERE n > @small',
  'CREATE INDEX IF NOT EXISTS i@three ON t(abs(a % 3), id)',
  'CREATE UNIQUE INDEX i@three ON t(d)',
  'DROP INDEX IF EXISTS i@three',
  `CREATE TRIGGER IF NOT EXISTS tr@three AFTER DELETE ON plain BEGIN
    INSERT INTO log(what, n) VALUES(old.x, random()); END`,
  `CREATE TRIGGER IF NOT EXISTS tr@three BEFORE UPDATE OF d ON t WHEN new.d = @small BEGIN
    SELECT RAISE(IGNORE); END`,
  'DROP TRIGGER IF EXISTS tr@three',
  'CREATE VIEW IF NOT EXISTS v@three AS SELECT x.*, CURRENT_TIME AS now FROM x@three x',
  'DROP VIEW IF EXISTS v@three',
  'INSERT INTO log(what, n) SELECT a, now FROM v@three LIMIT 5',
  'CREATE VIRTUAL TABLE IF NOT EXISTS vf@three USING fts5(z)',
  'CREATE VIRTUAL TABLE IF NOT EXISTS vf@three USING rtree(z, z0, z1)',
  'INSERT INTO vf@three VALUES(@word)',
  'DROP TABLE IF EXISTS vf@three',
  'PRAGMA user_version = @small',
  'PRAGMA application_id = @small',
];

const STATISTICS: readonly string[] = [
  'ANALYZE',
  'ANALYZE plain',
  'ANALYZE i@three',
  'REINDEX',
  'REINDEX t',
  'REINDEX nocase',
  "INSERT INTO sqlite_stat1 VALUES('plain', 'i@three', '100 @small 1')",
  "INSERT INTO sqlite_stat1 VALUES('r', NULL, '@small')",
  'DELETE FROM sqlite_stat1 WHERE rowid = @small',
  "UPDATE sqlite_stat1 SET stat = '1000 @small' WHERE tbl = 'log'",
];

const READS: readonly string[] = [
  'SELECT * FROM plain, t WHERE plain.x = t.a LIMIT 5',
  'SELECT random(), randomblob(3), CURRENT_TIME, changes(), last_insert_rowid()',
  'SELECT group_concat(x) FROM plain WHERE x > 3',
  'SELECT x, y, count(*) OVER (ORDER BY x) FROM plain ORDER BY x LIMIT 20',
  'SELECT x, @window OVER (@frame), sum(x) OVER (@frame) FROM (SELECT rowid AS y, x FROM plain LIMIT 30)',
  'SELECT x, @window OVER w FROM (SELECT rowid AS y, x FROM plain) WINDOW w AS (@frame) LIMIT 20',
  'SELECT * FROM sqlite_schema',
  'SELECT * FROM alike',
  'SELECT rowid, * FROM top ORDER BY rowid DESC LIMIT 3',
  "SELECT * FROM f WHERE f MATCH 'an*' ORDER BY rank LIMIT 3",
  "SELECT @math(n), @math(@value), printf('%.17g|%,d|%q', n, n, what) FROM log LIMIT 5",
  'SELECT @value, typeof(@value), quote(@value), @value < @value, @value IS @value, @value || @value',
  "SELECT date('now', @modifier), julianday(@value, @modifier), strftime('%J %s %W %j', at, @modifier) FROM log LIMIT 4",
  `WITH RECURSIVE walk(id, depth) AS (SELECT id, 0 FROM tree WHERE up IS NULL OR up = id
    UNION SELECT tree.id, depth + 1 FROM tree, walk WHERE tree.up = walk.id AND depth < 9
    ORDER BY 2 DESC LIMIT 50) SELECT * FROM walk`,
  'WITH a AS MATERIALIZED (SELECT x FROM plain ORDER BY random() LIMIT 5) SELECT * FROM a EXCEPT SELECT a FROM t',
  `SELECT a, total(d), median(d), percentile(d, @small * 8), string_agg(c, '+' ORDER BY b) FROM t
    GROUP BY typeof(a) HAVING count(*) > 1`,
  'SELECT a, b FROM t FULL JOIN w ON t.a = w.k ORDER BY 1 NULLS LAST, 2 LIMIT 9',
  'SELECT EXISTS (SELECT 1 FROM late WHERE p NOT IN (SELECT id FROM parent)), (SELECT x FROM auto ORDER BY id DESC)',
  "SELECT a FROM pair WHERE b LIKE '%N%' OR b GLOB 'c*' UNION SELECT k FROM w ORDER BY 1 COLLATE NOCASE",
  "SELECT upper(@word), instr(@word, 'e'), substr(@value, -3), unicode(@word), replace(@word, 'a', @word), unhex('4a4b')",
];

const WITHS: readonly string[] = [
  'WITH big AS (SELECT rowid AS i FROM plain WHERE length(y) > 50) DELETE FROM plain WHERE rowid IN big',
  `WITH RECURSIVE n(i) AS (VALUES(@small) UNION ALL SELECT i + 1 FROM n WHERE i < 14)
    INSERT@conflict INTO parent SELECT i FROM n RETURNING id * id`,
  'WITH s(k, m) AS (SELECT k % 2, max(n) FROM tally GROUP BY 1) UPDATE tally SET n = m FROM s WHERE tally.k = s.k',
  'WITH d AS (SELECT 1 AS one) SELECT * FROM d, d AS e JOIN d AS f USING(one)',
];

const FAULTY: readonly string[] = [
  'SELEKT 1',
  'INSERT INTO nowhere VALUES(1)',
  'SELECT total_changes()',
  'CREATE TEMP TABLE q(a)',
  'BEGIN',
  'COMMIT',
  'SAVEPOINT s',
  'SELECT 1; SELECT 2',
  '-- nothing',
  'SELECT sum(x) FROM (SELECT 9223372036854775807 x UNION ALL SELECT 1)',
  'SELECT abs(-9223372036854775808)',
  'SELECT * FROM _resqlite_sessions',
  'SELECT sqlite_version()',
  "ATTACH 'other' AS other",
  'PRAGMA foreign_keys = @small',
  'PRAGMA journal_mode = DELETE',
  'EXPLAIN SELECT 1',
  "SELECT * FROM pragma_table_info('t')",
  'INSERT INTO t(a) VALUES(1, 2)',
  'SELECT ?, :a, @small',
  'INSERT INTO sqlite_schema VALUES(1, 2, 3, 4, 5)',
  'DROP TABLE parent',
  'ALTER TABLE t DROP COLUMN a',
  "SELECT 'unfinished",
  'SELECT (SELECT a, d FROM t), max(max(a)) FROM t',
  'INSERT INTO f_data VALUES(1, 2)',
  'SELECT json(@value)',
];

/** What takes more steps than an entry may, where an entry may take few. */
export const RUNAWAY: Kind = {
  name: 'runaway',
  weight: 1,
  templates: [
    `INSERT INTO log(n) WITH RECURSIVE n(i) AS (VALUES(@small) UNION ALL SELECT i + 1 FROM n)
      SELECT max(i) FROM n`,
    'SELECT count(*) FROM plain a, plain b, plain c, plain d WHERE a.x + b.x + c.x > d.x + @small',
    `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n LIMIT 9000000)
      INSERT INTO f SELECT i, @word FROM n`,
  ],
};

export const KINDS: readonly Kind[] = [
  { name: 'insert', weight: 80, templates: INSERTS },
  { name: 'upsert', weight: 20, templates: UPSERTS },
  { name: 'change', weight: 45, templates: CHANGES },
  { name: 'json', weight: 20, templates: JSON_KIND },
  { name: 'virtual', weight: 45, templates: VIRTUAL },
  { name: 'schema', weight: 25, templates: SCHEMA_KIND },
  { name: 'statistics', weight: 8, templates: STATISTICS },
  { name: 'read', weight: 30, templates: READS },
  { name: 'with', weight: 10, templates: WITHS },
  { name: 'faulty', weight: 17, templates: FAULTY },
];
