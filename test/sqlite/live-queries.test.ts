/** Which live queries are told of what: never too little, and not of what cannot concern them. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_LIVE_QUERIES } from '../../src/sqlite/limits.ts';
import { loadTestRuntime } from './support.ts';
import { LiveNode } from './live-node.ts';

const runtime = await loadTestRuntime();
let node: LiveNode;

beforeEach(async () => {
  node = await LiveNode.open(runtime);
  await node.run(SCHEMA);
});

afterEach(() => node.close());

const SCHEMA = [
  'CREATE TABLE t(id INTEGER PRIMARY KEY, a, b)',
  'CREATE TABLE other(x)',
  'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
  'CREATE TABLE child(p REFERENCES parent ON DELETE CASCADE ON UPDATE CASCADE)',
  'CREATE TABLE orphan(p REFERENCES parent ON DELETE SET NULL ON UPDATE CASCADE)',
  'CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID',
  'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT)',
  'CREATE TABLE source(x)',
  'CREATE TABLE log(x)',
  'CREATE TRIGGER s AFTER INSERT ON source BEGIN INSERT INTO log VALUES(new.x); END',
  'CREATE TRIGGER l AFTER INSERT ON log BEGIN DELETE FROM w WHERE k = new.x; END',
  'CREATE VIEW v AS SELECT a FROM t WHERE b > 0',
  'CREATE VIEW vv AS SELECT count(*) AS n FROM v',
  'CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN UPDATE t SET a = new.a WHERE id = 1; END',
  'CREATE TABLE doc(id INTEGER PRIMARY KEY, x)',
  'CREATE VIRTUAL TABLE f USING fts5(x)',
  "CREATE VIRTUAL TABLE fd USING fts5(x, content='doc', content_rowid='id')",
  "CREATE VIRTUAL TABLE fv USING fts5vocab(f, 'row')",
  'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  'CREATE TABLE pragma_table_info(x)',
  "INSERT INTO t VALUES(1, 'a', 1)",
  "INSERT INTO w VALUES('k', 1)",
  'INSERT INTO parent VALUES(1)',
  'INSERT INTO child VALUES(1)',
  'INSERT INTO orphan VALUES(1)',
  "INSERT INTO doc VALUES(1, 'ant')",
  "INSERT INTO fd(fd) VALUES('rebuild')",
  "INSERT INTO f VALUES('ant')",
];

const ANT = "SELECT x FROM fd WHERE fd MATCH 'ant'";

/** Every change changes the result, but for those of sqlite_stat1. */
const TOLD: readonly (readonly [query: string, change: string])[] = [
  ['SELECT * FROM t', "INSERT INTO t(a) VALUES('b')"],
  ['SELECT count(*) FROM T', 'DELETE FROM t'],
  ['SELECT 1 WHERE EXISTS (SELECT 1 FROM t)', 'DELETE FROM t'],
  ['SELECT 1 IN parent', 'DELETE FROM parent'],
  ['SELECT * FROM t', "REPLACE INTO t VALUES(1, 'b', 2)"],
  ['SELECT * FROM w', 'DELETE FROM w'],
  ['SELECT * FROM w', "INSERT INTO w VALUES('k', 2) ON CONFLICT DO UPDATE SET v = 9"],
  ['SELECT * FROM vv', 'UPDATE t SET b = 0'],
  ['SELECT a FROM v', "INSERT INTO v VALUES('through the view')"],
  ['SELECT * FROM log', 'INSERT INTO source VALUES(1)'],
  ['SELECT * FROM w', "INSERT INTO source VALUES('k')"],
  ['SELECT * FROM child', 'DELETE FROM parent'],
  ['SELECT * FROM child', 'UPDATE parent SET id = 2'],
  ['SELECT * FROM orphan', 'DELETE FROM parent WHERE id = 1'],
  ["SELECT count(*) FROM f WHERE f MATCH 'ant'", "INSERT INTO f VALUES('ant')"],
  ['SELECT count(*) FROM f_content', "INSERT INTO f VALUES('bee')"],
  ['SELECT term FROM fv', "INSERT INTO f VALUES('bee')"],
  [ANT, "UPDATE doc SET x = 'bee'"],
  ['SELECT * FROM r', 'INSERT INTO r VALUES(1, 2, 3)'],
  ['SELECT * FROM r_rowid', 'INSERT INTO r VALUES(1, 2, 3)'],
  ['SELECT * FROM sqlite_sequence', 'INSERT INTO auto DEFAULT VALUES'],
  ['SELECT user_version FROM pragma_user_version', 'PRAGMA user_version = 5'],
  ['PRAGMA user_version', 'PRAGMA user_version = 5'],
  ['SELECT sum(ncell) FROM dbstat', 'INSERT INTO other VALUES(1)'],
  ['SELECT name FROM sqlite_schema', 'CREATE INDEX i ON other(x)'],
  ["SELECT name FROM temp.pragma_table_info('other')", 'ALTER TABLE other ADD COLUMN y'],
  ['PRAGMA table_info(other)', 'ALTER TABLE other ADD COLUMN y'],
  ['SELECT * FROM v', 'DROP VIEW v'],
  ['SELECT * FROM other', 'ALTER TABLE other RENAME TO another'],
  ['SELECT * FROM later', 'CREATE TABLE later(x)'],
  ['SELECT * FROM t', 'ANALYZE'],
  ['SELECT * FROM t', 'REINDEX'],
  ['SELECT * FROM t', 'UPDATE sqlite_sequence SET seq = 1'],
];

const NOT_TOLD: readonly (readonly [query: string, change: string])[] = [
  ['SELECT * FROM t', 'INSERT INTO other VALUES(1)'],
  ['SELECT * FROM vv', 'INSERT INTO other VALUES(1)'],
  ['SELECT * FROM parent', 'INSERT INTO child VALUES(1)'],
  ['SELECT * FROM source', 'INSERT INTO log VALUES(1)'],
  ["SELECT * FROM f WHERE f MATCH 'ant'", "INSERT INTO doc VALUES(2, 'ant')"],
  [ANT, "INSERT INTO f VALUES('ant')"],
  ['SELECT * FROM r', 'INSERT INTO t(a) VALUES(1)'],
  ['SELECT name FROM sqlite_schema', 'INSERT INTO t(a) VALUES(1)'],
  ["SELECT name FROM temp.pragma_table_info('t')", 'INSERT INTO t(a) VALUES(1)'],
  ['PRAGMA table_info(t)', 'INSERT INTO t(a) VALUES(1)'],
  ["SELECT value FROM json_each('[1]')", 'INSERT INTO t(a) VALUES(1)'],
  ['WITH c AS (SELECT 1) SELECT count(*) FROM c', 'INSERT INTO t(a) VALUES(1)'],
  ['SELECT * FROM later', 'INSERT INTO t(a) VALUES(1)'],
  ['SELECT datetime(), random()', 'INSERT INTO t(a) VALUES(1)'],
];

describe('a live query', () => {
  it.each(TOLD)('%s is told of %s', async (query, change) => {
    const live = await node.openRead(query);
    await node.run([change]);
    expect(node.takeTold()).toEqual([live]);
  });

  it.each(NOT_TOLD)('%s is not told of %s', async (query, change) => {
    // Whatever runs first connects the virtual tables: here it is somebody else.
    await node.openRead(query);
    const live = await node.openRead(query);
    await node.run([change]);
    expect(node.takeTold()).not.toContain(live);
  });

  it('of what a virtual table reads is told, whoever had it read before', async () => {
    const lives = [await node.openRead(ANT), await node.openRead(ANT)];
    await node.run(["UPDATE doc SET x = 'ant bee'"]);
    expect(node.takeTold()).toEqual(lives);
  });

  it('is told once, together with the others, and again when it was read', async () => {
    const lives = [await node.openRead('SELECT * FROM t'), await node.openRead('SELECT a FROM v')];
    await node.run(["INSERT INTO t(a) VALUES('b')"]);
    await node.run(["INSERT INTO t(a) VALUES('c')"]);
    expect(node.events).toEqual([lives]);
    await node.lives.readLive(lives[1] ?? 0, 1_000);
    await node.run(["INSERT INTO t(a) VALUES('d')"]);
    expect(node.events).toEqual([lives, [lives[1]]]);
  });

  it('of the schema is told of what comes and goes with an import', async () => {
    const live = await node.openRead('SELECT count(*) FROM sqlite_schema');
    const before = (await node.lives.readLive(live, 1_000)).rows;
    const counts: unknown[] = [];
    for (const request of [
      { mode: 'import-begin', hash: 'a', sizeBytes: 10 },
      { mode: 'import-discard', hash: 'a' },
    ] as const) {
      await node.request(request);
      expect(node.takeTold()).toEqual([live]);
      counts.push((await node.lives.readLive(live, 1_000)).rows);
    }
    expect(counts[0]).not.toEqual(before);
    expect(counts[1]).toEqual(before);
  });

  it('knows the index its result is true at, and takes parameters', async () => {
    const live = await node.openRead('SELECT a FROM t WHERE id = :id', { id: 1 });
    const { columns, rows, appliedIndex } = await node.lives.readLive(live, 1_000);
    expect({ columns, rows }).toEqual({ columns: ['a'], rows: [['a']] });
    expect(appliedIndex).toBe(node.appliedIndex);
  });

  it('is told of entries that were undone, at most, and of those behind them', async () => {
    const live = await node.openRead('SELECT * FROM t');
    await node.run(['INSERT OR ROLLBACK INTO t(id) VALUES(1)', "INSERT INTO t(a) VALUES('b')"], {
      mode: 'each',
    });
    expect(node.takeTold()).toEqual([live]);
  });

  it('goes on when it fails while it runs, with what it had read', async () => {
    const live = await node.openRead("SELECT json_extract(a, '$') FROM t");
    await node.run(['INSERT INTO other VALUES(1)']);
    expect(node.takeTold()).toEqual([]);
    await node.run(["UPDATE t SET a = '1'"]);
    expect(node.takeTold()).toEqual([live]);
    expect((await node.lives.readLive(live, 1_000)).rows).toEqual([[1]]);
  });

  it('is told of a restore, also where the copy was not to be trusted', async () => {
    const live = await node.openRead('SELECT * FROM t');
    await node.service.quarantine();
    await expect(node.lives.readLive(live, 1_000)).rejects.toMatchObject({
      failure: { code: 'Quarantined' },
    });
    await node.restore();
    expect(node.takeTold()).toEqual([live]);
    expect((await node.lives.readLive(live, 1_000)).rows).toEqual([[1, 'a', 1]]);
  });

  it('that is closed is told nothing, cannot be read, and makes room for another', async () => {
    const sql = 'SELECT * FROM t';
    const lives: number[] = [];
    while (lives.length < MAX_LIVE_QUERIES) lives.push(await node.lives.openLive(sql, []));
    const tooMany = { failure: { code: 'Overloaded' } };
    await expect(node.lives.openLive(sql, [])).rejects.toMatchObject(tooMany);
    const [live = 0] = lives;
    await node.lives.readLive(live, 1_000);
    await node.lives.closeLive(live);
    await node.run(['DELETE FROM t']);
    expect(node.takeTold()).toEqual([]);
    const closed = { failure: { code: 'InvalidArgument' } };
    await expect(node.lives.readLive(live, 1_000)).rejects.toMatchObject(closed);
    await node.lives.openLive(sql, []);
  });

  it('may not write', async () => {
    const live = await node.lives.openLive('DELETE FROM t', []);
    const refusal = { failure: { code: 'InvalidArgument' } };
    await expect(node.lives.readLive(live, 1_000)).rejects.toMatchObject(refusal);
  });
});

it('every built-in module that makes up tables is known', async () => {
  const modules = node.all('SELECT name FROM temp.pragma_module_list');
  const known = ['bytecode', 'dbstat', 'sqlite_dbpage', 'sqlite_stmt', 'tables_used'];
  const onlyMade = ['fts5', 'fts5vocab', 'rtree', 'rtree_i32'];
  const names = modules.map(([name]) => String(name));
  expect(names.filter((name) => !/^pragma_|^json_/.test(name)).toSorted()).toEqual(
    [...known, ...onlyMade].toSorted(),
  );
});
