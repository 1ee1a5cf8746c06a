/** State checks: equal states hash equally slice by slice, and a full rotation finds any difference. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogIndex } from '../../src/raft/types.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { checkState, decodeCursor, encodeCursor } from '../../src/sqlite/state-check.ts';
import type { WalkPosition } from '../../src/sqlite/state-walk.ts';
import { checkEntry, executeEntry, logOf, noopEntry, requestOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

/** SQLITE_DBCONFIG_DEFENSIVE */
const DEFENSIVE = 1010;
const MANY = 'WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 150)';

/** Every kind of key that a cursor can stand at, more than a slice of each. */
const SCHEMA = [
  'CREATE TABLE a(x, y)',
  'CREATE TABLE composite(k COLLATE NOCASE, l, m, v, PRIMARY KEY(k, l, m)) WITHOUT ROWID',
  'CREATE TABLE descending(k, l, v, PRIMARY KEY(k DESC, l DESC)) WITHOUT ROWID',
  'CREATE TABLE hidden(rowid, _rowid_, oid)',
  'CREATE TABLE mixed(k TEXT, l REAL, v, PRIMARY KEY(k DESC, l COLLATE RTRIM)) WITHOUT ROWID',
  'CREATE INDEX mixed_v ON mixed(v, l, k)',
  'CREATE TABLE "odd ""name"(id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE, g AS (v || 1) STORED)',
  'CREATE TABLE texts(k PRIMARY KEY, v) WITHOUT ROWID',
  "CREATE VIRTUAL TABLE f USING fts5(x, content='')",
  'CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)',
  `INSERT INTO a(rowid, x, y) ${MANY} SELECT (i - 75) * 61489146912896040, i, hex(zeroblob(i)) FROM n`,
  `INSERT INTO composite ${MANY} SELECT 'K' || (i % 3), i % 7, i, 'v' FROM n`,
  `INSERT INTO descending ${MANY} SELECT i % 5, i / 2.0, i FROM n`,
  `INSERT INTO hidden ${MANY} SELECT i, -i, 'o' FROM n`,
  `INSERT INTO mixed ${MANY} SELECT 'k' || (i % 4), i / 4.0, i FROM n`,
  `INSERT INTO "odd ""name"(v) ${MANY} SELECT randomblob(30) FROM n`,
  `INSERT INTO texts ${MANY} SELECT CAST(x'ff00' || char(i) AS TEXT), i FROM n`,
  `INSERT INTO texts ${MANY} SELECT CASE i % 3 WHEN 0 THEN i WHEN 1 THEN i + 0.5 ELSE zeroblob(i) END, -i FROM n`,
  "INSERT INTO texts VALUES(hex(zeroblob(40000)), 'long key'), (zeroblob(90000), 'long blob')",
  `INSERT INTO f(rowid, x) ${MANY} SELECT i + 1, 'ant bee' || i FROM n`,
  `INSERT INTO r ${MANY} SELECT i, i, i + 1 FROM n`,
  'ANALYZE',
];

/** Of rows by number; the row takes as many bytes as before, so all slices begin where they did. */
const FLIPS = [
  'UPDATE a SET x = x + 1000 WHERE x = #',
  "UPDATE composite SET v = 'w' WHERE m = #",
  'UPDATE descending SET v = v + 1000 WHERE v = #',
  "UPDATE hidden SET oid = 'p' WHERE _rowid_ = -#",
  'UPDATE mixed SET v = v + 1000 WHERE v = #',
  'UPDATE "odd ""name" SET v = randomblob(30) WHERE id = # + 1',
  'UPDATE texts SET v = v + 1000 WHERE v = #',
  'UPDATE f_docsize SET sz = zeroblob(length(sz)) WHERE id = # + 1',
  'UPDATE r_rowid SET nodeno = nodeno + 1000 WHERE rowid = #',
];

/** Where the row is not, or is another one. */
const CHANGES = [
  'UPDATE a SET rowid = rowid + 1 WHERE x = #',
  'UPDATE composite SET k = lower(k) WHERE m = #',
  'DELETE FROM mixed WHERE v = #',
  "INSERT INTO mixed VALUES('k1', #.125, 0)",
  'UPDATE texts SET v = NULL WHERE v = #',
  "UPDATE texts SET v = '' WHERE v = 'long blob'",
  'UPDATE r SET x1 = x1 + 1 WHERE id = #',
  'UPDATE sqlite_sequence SET seq = seq + # + 1',
  "UPDATE sqlite_stat1 SET stat = '# 1' WHERE tbl = 'a'",
  'CREATE TABLE new#(x)',
  'CREATE INDEX new# ON a(x, y)',
  'DROP INDEX mixed_v',
  'PRAGMA user_version = 1#',
  'UPDATE _resqlite_sessions SET last_sequence = last_sequence + 1',
  "UPDATE _resqlite_responses SET response = x'00'",
];

const runtime = await loadTestRuntime();

function newNode(sliceBytes: number): TestNode {
  const node = new TestNode(runtime, { sliceBytes });
  node.apply(logOf([requestOf(SCHEMA)]));
  node.run(['SELECT 1']);
  return node;
}

/** One check, as its entry makes it. */
function check(node: TestNode): string {
  const isAlone = node.database.connection.autocommit;
  if (isAlone) node.database.begin();
  const hash = checkState(node.database, 9 as LogIndex);
  if (isAlone) node.database.commit();
  return hash;
}

function cursorOf(node: TestNode): WalkPosition | null {
  const [cursor] = node.get("SELECT value FROM _resqlite_meta WHERE key = 'check_cursor'");
  return cursor instanceof Uint8Array ? decodeCursor(cursor) : null;
}

/** Checks until the cursor is back at the beginning. */
function rotate(node: TestNode): string[] {
  const hashes = [check(node)];
  while (cursorOf(node) !== null) {
    hashes.push(check(node));
    if (hashes.length > 10_000) throw new Error('the checks do not come round');
  }
  return hashes;
}

/** What is left of the present rotation, and one more. */
function rotateOnce(node: TestNode): string[] {
  return [...rotate(node), ...rotate(node)];
}

/** What `work` gives on the state as it would be after the change. */
function having<T>(node: TestNode, change: string, work: () => T): T {
  const { database } = node;
  database.begin();
  database.connection.configure(DEFENSIVE, false);
  database.connection.run(change);
  database.disturb();
  try {
    return work();
  } finally {
    database.connection.configure(DEFENSIVE, true);
    database.rollback();
  }
}

describe('a full rotation', () => {
  it('finds a difference wherever it is, and none where there is none', () => {
    const nodes = [9_000, 30_000].map(newNode);
    const change = fc.oneof(fc.constantFrom(...FLIPS), fc.constantFrom(...CHANGES));
    const property = fc.property(
      change,
      fc.integer({ min: 0, max: 150 }),
      fc.nat({ max: nodes.length - 1 }),
      fc.integer({ min: 0, max: 20 }),
      (sql, row, which, checks) => {
        const node = nodes[which] ?? newNode(1);
        for (let done = 0; done < checks; done += 1) check(node);
        const start = cursorOf(node);
        const expected = having(node, 'SELECT 1', () => rotateOnce(node));
        expect(cursorOf(node)).toEqual(start);
        expect(having(node, 'SELECT 1', () => rotateOnce(node))).toEqual(expected);
        const changed = sql.replace('#', String(row));
        expect(having(node, changed, () => rotateOnce(node))).not.toEqual(expected);
      },
    );
    fc.assert(property, { numRuns: 40 });
    for (const node of nodes) node.close();
  });

  it.each(FLIPS)('covers every row, at the edges of slices too: %s', (flip) => {
    const node = newNode(9_000);
    const expected = rotate(node);
    for (let row = 1; row < 150; row += 13) {
      const found = having(node, flip.replace('#', String(row)), () => rotate(node));
      expect(found).toHaveLength(expected.length);
      const differing = found.filter((hash, at) => hash !== expected[at]);
      expect([row, differing.length]).toEqual([row, 1]);
    }
    node.close();
  });
});

describe('a slice', () => {
  it('is at most as large as it may be, but for a row that is larger', () => {
    const node = newNode(20_000);
    expect(rotate(node).length).toBeGreaterThan(10);
    node.close();
    const large = newNode(1);
    // A row each, those of 80 KB too.
    expect(rotate(large).length).toBeGreaterThan(1_500);
    large.close();
  });

  it('that holds everything comes round at once, and hashes to the same again', () => {
    const node = newNode(10_000_000);
    const [hash] = rotate(node);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(rotate(node)).toEqual([hash]);
    node.close();
  });

  it('of a table as wide as can be', () => {
    const columns = Array.from({ length: 1_000 }, (_, at) => `c${at}`).join(', ');
    const node = new TestNode(runtime, { sliceBytes: 1 });
    node.run([`CREATE TABLE wide(${columns})`, 'INSERT INTO wide(c7) VALUES(1), (2)']);
    const expected = rotate(node);
    const flip = 'UPDATE wide SET c999 = 1 WHERE c7 = 2';
    expect(having(node, flip, () => rotate(node))).not.toEqual(expected);
    // Entries still have their own limit.
    const { outcomes } = node.run([`CREATE TABLE wider(${columns}, more)`]);
    expect(outcomes[0]).toMatchObject({ type: 'error' });
    node.close();
  });

  it('of a table whose key has more columns than can be sought', () => {
    const names = Array.from({ length: 300 }, (_, at) => `c${at}`).join(', ');
    const zeros = Array.from({ length: 299 }, () => '0').join(', ');
    const node = new TestNode(runtime, { sliceBytes: 20_000 });
    const create = `CREATE TABLE long(${names}, v, PRIMARY KEY(${names})) WITHOUT ROWID`;
    node.run([create, `INSERT INTO long ${MANY} SELECT i, ${zeros}, 'v' FROM n`]);
    const expected = rotate(node);
    expect(expected.length).toBeGreaterThan(10);
    for (const row of [0, 75, 150]) {
      const flip = `UPDATE long SET v = 'w' WHERE c0 = ${row}`;
      const found = having(node, flip, () => rotate(node));
      expect(found.filter((hash, at) => hash !== expected[at])).toHaveLength(1);
    }
    node.close();
  });

  it('of tables with the names of what it asks', () => {
    const node = new TestNode(runtime, { sliceBytes: 1 });
    const names = ['table_list', 'table_xinfo', 'index_list', 'index_xinfo', 'user_version'];
    node.run(names.map((name) => `CREATE TABLE pragma_${name}(x)`));
    expect(rotate(node).length).toBeGreaterThan(names.length);
    node.close();
  });

  it('that cannot be read hashes to what nobody else has, and the node goes on', () => {
    const node = newNode(10_000_000);
    const [expected] = rotate(node);
    const { connection } = node.database;
    const [page] = node.get("SELECT rootpage FROM sqlite_schema WHERE name = 'composite'");
    connection.configure(DEFENSIVE, false);
    connection.run(`UPDATE sqlite_dbpage SET data = zeroblob(8192) WHERE pgno = ${String(page)}`);
    node.reopen();
    const at = node.applier.appliedIndex;
    const entries = [1, 2, 3, 4].map((more) =>
      (more % 2 === 1 ? noopEntry : checkEntry)(at + more),
    );
    const outcomes = node.apply(entries);
    expect(node.apply(entries)[1]).toEqual(outcomes[1]);
    const hashes = outcomes.map((one) => (one.type === 'checked' ? one.hash : ''));
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([expected, ...hashes]).size).toBe(3);
    expect(node.run(['INSERT INTO a(x) VALUES(1)']).committed).toBe(true);
    node.close();
  });

  it.each(['composite', 'descending', 'mixed', 'texts', 'a'])(
    'of %s begins in the middle of the table, and sorts nothing',
    (table) => {
      const node = newNode(6_000);
      while (cursorOf(node)?.name !== table || cursorOf(node)?.key === null) check(node);
      const plans: unknown[] = [];
      const { connection } = node.database;
      const { prepare } = connection;
      connection.prepare = (sql, persistent) => {
        if (sql.includes(`main."${table}"`)) {
          const plan = prepare.call(connection, `EXPLAIN QUERY PLAN ${sql}`);
          while (plan.step()) plans.push(plan.value(3));
          plan.finalize();
        }
        return prepare.call(connection, sql, persistent);
      };
      check(node);
      connection.prepare = prepare;
      expect(plans[0]).toMatch(/^SEARCH /);
      expect(plans.join()).not.toMatch(/TEMP B-TREE/);
      node.close();
    },
  );
});

describe('a cursor', () => {
  const KEYED = 'CREATE TABLE m(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID';
  const FILL = `INSERT INTO m ${MANY} SELECT i, i FROM n`;
  const standing = (): TestNode => {
    const node = new TestNode(runtime, { sliceBytes: 6_000 });
    node.run(['CREATE TABLE l(x)', KEYED, FILL, 'CREATE TABLE z(x)']);
    while (cursorOf(node)?.name !== 'm' || cursorOf(node)?.key === null) check(node);
    return node;
  };

  it.each([
    ['was dropped', ['DROP TABLE m']],
    ['has another key', ['DROP TABLE m', 'CREATE TABLE m(a PRIMARY KEY) WITHOUT ROWID']],
    ['has row ids now', ['DROP TABLE m', 'CREATE TABLE m(a, b)', FILL]],
    ['is a view now', ['DROP TABLE m', 'CREATE VIEW m AS SELECT 1']],
    ['is empty', ['DELETE FROM m']],
    ['has another name', ['ALTER TABLE m RENAME TO zz']],
    ['has another column', ['ALTER TABLE m ADD COLUMN c DEFAULT 5']],
  ])('whose table %s goes on, equally everywhere, and comes round', (_what, statements) => {
    const nodes = [standing(), standing()];
    const hashes = nodes.map((node) => {
      node.run(statements);
      return rotateOnce(node);
    });
    expect(hashes[0]).toEqual(hashes[1]);
    for (const node of nodes) node.close();
  });

  it('that makes no sense means the beginning', () => {
    const node = standing();
    const expected = rotate(node) && rotate(node);
    node.database.connection.run(
      "UPDATE _resqlite_meta SET value = x'07ff' WHERE key = 'check_cursor'",
    );
    expect(cursorOf(node)).toBeNull();
    // What is hashed with it differs, the rows do not.
    expect(rotate(node).slice(1)).toEqual(expected.slice(1));
    node.close();
  });

  it('survives its encoding, with every kind of key', () => {
    const raw = fc.oneof(
      fc.constant({ type: 5, value: null }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 1, value })),
      fc.double({ noNaN: true }).map((value) => ({ type: 2, value })),
      fc.uint8Array().map((value) => ({ type: 3, value })),
      fc.uint8Array().map((value) => ({ type: 4, value })),
    );
    const position: fc.Arbitrary<WalkPosition> = fc.record({
      kind: fc.constantFrom('schema', 'table', 'internal'),
      name: fc.string(),
      key: fc.oneof(
        fc.constant(null),
        fc.nat().map((rows) => ({ type: 'offset' as const, rows })),
        fc.array(raw).map((values) => ({ type: 'values' as const, values })),
      ),
    });
    fc.assert(
      fc.property(position, (one) => {
        expect(decodeCursor(encodeCursor(one))).toEqual(one);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => decodeCursor(bytes)).not.toThrow();
      }),
    );
  });
});

describe('the entry of a check', () => {
  const log = [
    ...logOf([requestOf(['CREATE TABLE t(a)']), requestOf(['INSERT INTO t VALUES(random())'])]),
    checkEntry(4),
    checkEntry(5),
  ];

  it('answers with the hash, which is that of the state behind the entry before', () => {
    const [one, other, different] = [1, 2, 3].map(() => new TestNode(runtime));
    if (one === undefined || other === undefined || different === undefined) throw new Error();
    const outcomes = one.apply(log);
    expect(outcomes.slice(3)).toEqual([
      { type: 'checked', hash: expect.stringMatching(/^[0-9a-f]{64}$/), goesOn: false },
      outcomes[3],
    ]);
    for (const entry of log.slice(0, 3)) other.apply([entry]);
    expect(other.apply(log.slice(3))).toEqual(outcomes.slice(3));
    different.apply(log.slice(0, 3));
    different.database.connection.run('UPDATE t SET a = a + 1');
    expect(different.apply(log.slice(3))).not.toEqual(outcomes.slice(3));
    for (const node of [one, other, different]) node.close();
  });

  it('that was applied before answers as it did as long as that is known, else with nothing', () => {
    const node = new TestNode(runtime);
    const outcomes = node.apply(log);
    expect(node.apply(log).slice(3)).toEqual([
      { type: 'checked', hash: '', goesOn: false },
      outcomes[4],
    ]);
    node.close();
  });

  it('hashes what a session was answered before it in the same batch', () => {
    const more = executeEntry(6, {
      sequence: 3,
      lowestUnanswered: 1,
      body: encodeRequest(requestOf(['SELECT 1'])),
    });
    const whole = new TestNode(runtime);
    const cut = new TestNode(runtime);
    const entries = [...log, more, checkEntry(7)];
    const outcomes = whole.apply(entries);
    expect(entries.flatMap((entry) => cut.apply([entry]))).toEqual(outcomes);
    expect(outcomes[6]).not.toEqual(outcomes[4]);
    for (const node of [whole, cut]) node.close();
  });
});
