/** Where the values come from that differ from machine to machine in stock SQLite. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { QueryResult } from '../../src/node/sql.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { STAMP_MS, executeEntry, logOf, registration, requestOf, responseOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
});

afterEach(() => node.close());

/** The rows of the last statement. */
function rowsOf(...statements: string[]): unknown {
  const outcome = node.run(statements, { mode: 'each' }).outcomes.at(-1);
  if (outcome?.type !== 'result') throw new Error(`no result: ${JSON.stringify(outcome)}`);
  return outcome.result.rows;
}

function query(sql: string): QueryResult {
  const deadlineMs = performance.now() + 10_000;
  return runQuery(node.database, 0 as LogIndex, { sql, params: [], deadlineMs });
}

describe('time', () => {
  it("is the entry's stamp, however it is asked for", () => {
    const rows = rowsOf(
      `SELECT datetime(), datetime('now', 'subsec'), CURRENT_TIMESTAMP, CURRENT_DATE, CURRENT_TIME,
        unixepoch(), strftime('%s'), julianday('now') = julianday(unixepoch('subsec'), 'unixepoch')`,
    );
    const stamp = new Date(STAMP_MS).toISOString();
    const [date, time] = [stamp.slice(0, 10), stamp.slice(11, 19)];
    const seconds = Math.floor(STAMP_MS / 1_000);
    const expected = [
      `${date} ${time}`,
      `${date} ${stamp.slice(11, 23)}`,
      `${date} ${time}`,
      date,
      time,
      seconds,
      String(seconds),
      1,
    ];
    expect(rows).toEqual([expected]);
  });

  it('is in defaults, triggers, views, checks and generated columns alike', () => {
    const stamp = `${new Date(STAMP_MS).toISOString().slice(0, 19).replace('T', ' ')}`;
    const rows = rowsOf(
      'CREATE TABLE t(a, b DEFAULT CURRENT_TIMESTAMP)',
      'CREATE TABLE log(at)',
      "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES(datetime('now')); END",
      'CREATE VIEW v AS SELECT a, datetime() AS at FROM t',
      'INSERT INTO t(a) VALUES(1)',
      'SELECT t.b, log.at, v.at FROM t, log, v',
    );
    expect(rows).toEqual([[stamp, stamp, stamp]]);
  });

  it('is local nowhere: the time zone is UTC', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    expect(new Date(0).getHours()).toBe(9);
    const sql = `SELECT datetime(0, 'unixepoch', 'localtime'), datetime('2020-07-01', 'utc'),
      strftime('%s', '2030-01-01 00:00:00', 'utc')`;
    const expected = [['1970-01-01 00:00:00', '2020-07-01 00:00:00', '1893456000']];
    expect(rowsOf(sql)).toEqual(expected);
    expect(query(sql).rows).toEqual(expected);
    vi.unstubAllEnvs();
  });

  it("is the clock's in a query", () => {
    const before = Date.now();
    const [[milliseconds] = []] = query("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").rows;
    expect(Number(milliseconds)).toBeGreaterThanOrEqual(before - 1);
    expect(Number(milliseconds)).toBeLessThanOrEqual(Date.now() + 1);
  });
});

describe('randomness', () => {
  const SQL = 'SELECT random(), hex(randomblob(20)), random() FROM (VALUES(1), (2))';

  it("is drawn from the entry's seed, on every node alike", () => {
    const log = logOf([requestOf([SQL]), requestOf([SQL]), requestOf([SQL])]);
    const others = [new TestNode(runtime), new TestNode(runtime)];
    const [first, second] = others.map((other) => other.apply(log).slice(1).map(responseOf));
    expect(second).toEqual(first);
    const values = first?.flatMap(({ outcomes }) =>
      outcomes.flatMap((one) => (one.type === 'result' ? one.result.rows.flat() : [])),
    );
    expect(new Set(values).size).toBe(18);
    for (const other of others) other.close();
  });

  it('is real in a query, and does not move what entries draw', () => {
    const [first, second] = [query(SQL).rows, query(SQL).rows];
    expect(first).not.toEqual(second);
    const other = new TestNode(runtime);
    const log = logOf([requestOf([SQL]), requestOf([SQL])]);
    const expected = other.apply(log);
    const found = log.flatMap((entry) => {
      query(SQL);
      return node.apply([entry]);
    });
    expect(found).toEqual(expected);
    other.close();
  });

  it('of a blob has the length asked for, at least one byte, within the limit', () => {
    expect(
      rowsOf('SELECT length(randomblob(70000)), length(randomblob(0)), length(randomblob(-5))'),
    ).toEqual([[70_000, 1, 1]]);
    const message = node.run(['SELECT randomblob(16777217)']).outcomes[0];
    expect(message).toMatchObject({ error: { message: 'string or blob too big' } });
    expect(query('SELECT length(randomblob(200000))').rows).toEqual([[200_000]]);
  });

  it('does not depend on whether SQLite spills its cache and begins its log anew', () => {
    const statements = [
      'CREATE TABLE big(x)',
      'CREATE TABLE top(x)',
      'INSERT INTO top(rowid, x) VALUES(9223372036854775807, 0)',
    ];
    const spill = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
      INSERT INTO top(x) SELECT zeroblob(8000) FROM n`;
    const log = logOf([requestOf(statements), ...[1, 2, 3].map(() => requestOf([spill]))]);
    const hashes = [
      { cacheKib: 8, checkpointBytes: 1, restarts: false },
      { cacheKib: 8, checkpointBytes: 1e9, restarts: false },
      { cacheKib: 8, checkpointBytes: 1e9, restarts: true },
      { cacheKib: 100_000, checkpointBytes: 5e6, restarts: false },
    ].map(({ restarts, ...options }, at) => {
      const other = new TestNode(runtime, options);
      for (let from = 0; from < log.length; from += at + 1) {
        other.apply(log.slice(from, from + at + 1));
        if (restarts) other.reopen();
      }
      const hash = hashDatabase(other.database);
      other.close();
      return hash;
    });
    expect(new Set(hashes).size).toBe(1);
  });

  it('names equal columns alike', () => {
    const log = logOf([requestOf(['CREATE TABLE x AS SELECT 1 a, 2 a, 3 a, 4 a, 5 a, 6 a, 7 a'])]);
    const other = new TestNode(runtime);
    node.apply(log);
    query('SELECT random()');
    other.apply(log);
    const sql = "SELECT name FROM pragma_table_info('x')";
    expect(other.all(sql)).toEqual(node.all(sql));
    other.close();
  });
});

describe('columns of views', () => {
  const ALIKE = Array.from({ length: 8 }, (_, at) => `${at} a`).join(', ');
  const copy = (name: string): string[] => [
    `CREATE TABLE ${name} AS SELECT * FROM v`,
    `INSERT INTO listed(name) SELECT sql FROM sqlite_schema WHERE name = '${name}'`,
  ];

  it.each([
    ['an entry', `CREATE VIEW v AS SELECT ${ALIKE}`],
    ['an entry, by way of another view', `CREATE VIEW v AS SELECT * FROM inner_view`],
    [
      'an entry, of tables that are joined',
      'CREATE VIEW v AS SELECT * FROM j a, j b, j c, j d, j e, j f',
    ],
  ])('that are alike have names that no use before decides: of %s', (_what, view) => {
    const log = logOf([
      requestOf([
        'CREATE TABLE listed(name)',
        'CREATE TABLE j(id, "Ä")',
        `CREATE VIEW inner_view AS SELECT ${ALIKE}`,
        view,
      ]),
      requestOf(['SELECT * FROM v']),
      requestOf(copy('x')),
      requestOf(['SELECT count(*) FROM v', ...copy('y')]),
      requestOf(copy('z')),
    ]);
    const hashes = ['together', 'restarted', 'read', 'listed'].map((way) => {
      const other = new TestNode(runtime);
      if (way === 'together') other.apply(log);
      for (const entry of way === 'together' ? [] : log) {
        other.apply([entry]);
        if (way === 'restarted') other.reopen();
        if (entry.index === 1) continue;
        const sql = way === 'read' ? 'SELECT 1 FROM v' : 'PRAGMA table_list';
        const deadlineMs = performance.now() + 10_000;
        if (way !== 'restarted') {
          runQuery(other.database, 0 as LogIndex, { sql, params: [], deadlineMs });
        }
      }
      const hash = hashDatabase(other.database);
      other.close();
      return hash;
    });
    expect(new Set(hashes).size).toBe(1);
  });

  it('cost nothing where there are few alike', () => {
    node.run(['CREATE VIEW v AS SELECT 1 a, 2 a, 3 "b:1"']);
    node.run(['SELECT 1']);
    const reloaded = vi.spyOn(node.database, 'reloadSchema');
    for (let round = 0; round < 3; round += 1) node.run(['SELECT * FROM v']);
    expect(reloaded).not.toHaveBeenCalled();
  });
});

describe('row numbers', () => {
  it('have an end in a table with AUTOINCREMENT, which is a result and no trouble', () => {
    node.run(['CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x)']);
    const last = node.run([
      'INSERT INTO t VALUES(9223372036854775807, 1)',
      'SELECT max(id) FROM t',
    ]);
    expect(last.outcomes[1]).toMatchObject({ result: { rows: [[9_223_372_036_854_775_807n]] } });
    const { outcomes } = node.run(['INSERT INTO t(x) VALUES(2)']);
    const sqlite = { resultCode: 13 };
    expect(outcomes).toMatchObject([{ error: { message: 'database or disk is full', sqlite } }]);
    expect(node.run(['UPDATE t SET x = 3']).committed).toBe(true);
  });

  it('go on where sqlite_sequence says, whoever wrote it and wherever the node was restarted', () => {
    const log = logOf([
      requestOf(['CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x)']),
      requestOf(['INSERT INTO t(x) VALUES(1)']),
      requestOf(["UPDATE sqlite_sequence SET seq = 40 WHERE name = 't'"]),
      requestOf(['INSERT INTO t(x) VALUES(2)']),
      requestOf(['DELETE FROM sqlite_sequence', "INSERT INTO sqlite_sequence VALUES('t', 90)"]),
      requestOf(['INSERT INTO t(x) VALUES(3) RETURNING id']),
    ]);
    const [together, apart] = [new TestNode(runtime), new TestNode(runtime)];
    const expected = together.apply(log);
    const found = log.flatMap((entry) => {
      apart.reopen();
      return apart.apply([entry]);
    });
    expect(found).toEqual(expected);
    expect(together.all('SELECT id FROM t').flat()).toEqual([1, 41, 91]);
    expect(hashDatabase(apart.database)).toBe(hashDatabase(together.database));
    together.close();
    apart.close();
  });
});

describe('limits', () => {
  const many = (count: number, part: string, separator: string): string =>
    Array.from({ length: count }, () => part).join(separator);

  it.each([
    ['LENGTH', 'SELECT zeroblob(16777217)', 'string or blob too big'],
    ['COLUMN', `SELECT ${many(1_001, '1', ',')}`, 'too many columns in result set'],
    [
      'EXPR_DEPTH',
      `SELECT ${many(300, '1', '+')}`,
      'Expression tree is too large (maximum depth 200)',
    ],
    ['PARSER_DEPTH', `SELECT ${'('.repeat(600)}1${')'.repeat(600)}`, 'Recursion limit'],
    ['COMPOUND_SELECT', many(51, 'SELECT 1', ' UNION ALL '), 'too many terms in compound SELECT'],
    ['FUNCTION_ARG', `SELECT max(${many(101, '1', ',')})`, 'too many arguments on function max'],
    [
      'LIKE_PATTERN_LENGTH',
      `SELECT 'a' LIKE '${'a'.repeat(1_001)}'`,
      'LIKE or GLOB pattern too complex',
    ],
    ['VARIABLE_NUMBER', 'SELECT ?10001', 'variable number must be between ?1 and ?10000'],
    ['a join', `SELECT 1 FROM ${many(65, '(SELECT 1)', ',')}`, 'at most 64 tables in a join'],
    ['TRIGGER_DEPTH', 'DELETE FROM chain WHERE id = 1', 'triggers nested too deep'],
  ])('%s is met by a result', (_limit, sql, message) => {
    node.run([
      'CREATE TABLE chain(id INTEGER PRIMARY KEY, up REFERENCES chain ON DELETE CASCADE)',
      `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
        INSERT INTO chain SELECT i, nullif(i - 1, 0) FROM n`,
    ]);
    expect(node.run([sql]).outcomes).toMatchObject([{ error: { code: 'Sql', message } }]);
    expect(node.run(['SELECT 1']).committed).toBe(true);
  });
});

describe('counters', () => {
  it('begin at zero in every entry', () => {
    node.run(['CREATE TABLE t(a)', 'INSERT INTO t VALUES(1), (2)']);
    expect(rowsOf('SELECT last_insert_rowid(), changes()')).toEqual([[0, 0]]);
    expect(rowsOf('INSERT INTO t VALUES(3)', 'SELECT last_insert_rowid(), changes()')).toEqual([
      [3, 1],
    ]);
  });
});

describe('the schema in memory', () => {
  /** The order in which tables are analyzed is the order of a hash table, made as they came. */
  it('is the one that is loaded: ANALYZE gives the same rows after a restart', () => {
    const names = Array.from({ length: 40 }, (_, at) => `t${(at * 7) % 40}`);
    const requests = [
      ...names.map((name) =>
        requestOf([`CREATE TABLE ${name}(a)`, `INSERT INTO ${name} VALUES(1)`]),
      ),
      ...names.slice(0, 25).map((name) => requestOf([`DROP TABLE ${name}`])),
      ...names.slice(0, 9).map((name) => requestOf([`CREATE TABLE ${name}(b)`])),
      requestOf(['ANALYZE', 'SELECT * FROM sqlite_stat1']),
    ];
    const log = logOf(requests);
    const [together, apart] = [new TestNode(runtime), new TestNode(runtime)];
    const expected = together.apply(log).at(-1);
    let found;
    for (const entry of log) {
      found = apart.apply([entry]).at(-1);
      apart.reopen();
    }
    expect(found).toEqual(expected);
    expect(hashDatabase(apart.database)).toBe(hashDatabase(together.database));
    together.close();
    apart.close();
  });

  describe('has the statistics of the database', () => {
    const SETUP = [
      'CREATE TABLE t(a, c, b)',
      `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)
        INSERT INTO t SELECT 1, 1, i FROM n`,
      'CREATE INDEX up ON t(a, b)',
      'CREATE INDEX down ON t(c, b DESC)',
      'CREATE TABLE u(x PRIMARY KEY)',
      'INSERT INTO u VALUES(1)',
      'ANALYZE sqlite_schema',
    ];
    /** Which rows come first depends on the index, and that on the statistics. */
    const PLAN = 'SELECT b FROM t WHERE a = 1 AND c = 1 LIMIT 2';
    const prefer = (index: 'up' | 'down'): string[] => [
      'DELETE FROM sqlite_stat1',
      `INSERT INTO sqlite_stat1 VALUES('t', '${index}', '1000000 1 1'),
        ('t', '${index === 'up' ? 'down' : 'up'}', '1000000 900000 1')`,
    ];
    const [UP, DOWN] = [
      [[1], [2]],
      [[50], [49]],
    ];

    function lastRows(...entries: readonly (readonly string[])[]): unknown[] {
      const log = logOf([SETUP, ...entries].map((statements) => requestOf(statements)));
      const [together, apart] = [new TestNode(runtime), new TestNode(runtime)];
      // What changes the schema is committed before: else SQLite itself sees that it was undone.
      const expected = [...together.apply(log.slice(0, 3)), ...together.apply(log.slice(3))];
      const found = log.flatMap((entry) => {
        apart.reopen();
        return apart.apply([entry]);
      });
      expect(found).toEqual(expected);
      together.close();
      apart.close();
      return expected.slice(2).map((outcome) => {
        const last = responseOf(outcome).outcomes.at(-1);
        return last?.type === 'result' ? last.result.rows : 'error';
      });
    }

    it('from the statement on that changes them', () => {
      expect(lastRows([...prefer('up'), PLAN], [...prefer('down'), PLAN], [PLAN])).toEqual([
        UP,
        DOWN,
        DOWN,
      ]);
    });

    it('and not those of an entry that was undone', () => {
      expect(lastRows(prefer('up'), [...prefer('down'), 'SELECT nowhere'], [PLAN])).toEqual([
        [],
        'error',
        UP,
      ]);
    });

    it('and not those of an entry that is yet to be applied again', () => {
      const rollsBack = ['INSERT OR ROLLBACK INTO u VALUES(1)'];
      const both = [PLAN, ...prefer('down'), PLAN];
      expect(lastRows(prefer('up'), [PLAN], both, rollsBack, [PLAN])).toEqual([
        [],
        UP,
        DOWN,
        'error',
        DOWN,
      ]);
      const first = [`INSERT INTO u SELECT b + 100 FROM (${PLAN})`, ...prefer('down')];
      const order = ['SELECT x FROM u WHERE x > 100'];
      expect(lastRows(prefer('up'), first, rollsBack, order)).toEqual([
        [],
        [],
        'error',
        [[101], [102]],
      ]);
    });
  });
});

describe('FTS5', () => {
  const CHECK = "INSERT INTO f(f, rank) VALUES('integrity-check', 1)";

  it.each(['atomic', 'each', 'script'] as const)(
    'is whole where statistics change between two of its statements, in mode %s',
    (mode) => {
      const statements = [
        'CREATE VIRTUAL TABLE f USING fts5(x)',
        "INSERT INTO f VALUES('one')",
        'ANALYZE',
        "INSERT INTO f VALUES('two')",
        "INSERT INTO f(f, rank) VALUES('automerge', 0)",
        'ANALYZE',
        "DELETE FROM f WHERE f MATCH 'one'",
      ];
      node.run(statements, { mode });
      node.run(["INSERT INTO f VALUES('one')", 'ANALYZE', "INSERT INTO f VALUES('six')"], { mode });
      expect(node.run([CHECK]).committed).toBe(true);
      expect(rowsOf("SELECT x FROM f('one OR two OR six')")).toEqual([['two'], ['one'], ['six']]);
    },
  );

  it('is whole where the schema is loaded anew inside of a transaction', () => {
    const { connection } = node.database;
    connection.run('CREATE VIRTUAL TABLE f USING fts5(x)');
    node.database.begin();
    connection.run("INSERT INTO f VALUES('one')");
    node.database.reloadSchema();
    connection.run("INSERT INTO f(f, rank) VALUES('automerge', 0)");
    connection.run("INSERT INTO f VALUES('two')");
    node.database.commit();
    connection.run(CHECK);
    expect(connection.run("SELECT count(*) FROM f('one OR two')")).toEqual([2]);
  });

  it.each(['f', 'Fü', 'FÜ'])('stores the same, whatever was read and restarted, in %s', (f) => {
    const log = logOf([
      requestOf([`CREATE VIRTUAL TABLE ${f} USING fts5(x)`]),
      requestOf([`INSERT INTO ${f}(${f}, rank) VALUES('automerge', 0)`]),
      requestOf([`INSERT INTO ${f}(${f}) VALUES('rebuild')`]),
      requestOf([`INSERT INTO ${f} VALUES('a b c')`]),
      requestOf([`INSERT INTO ${f}(${f}) VALUES('rebuild')`]),
    ]);
    const hashes = ['together', 'restarted', 'read'].map((way) => {
      const other = new TestNode(runtime);
      if (way === 'together') other.apply(log);
      for (const entry of way === 'together' ? [] : log) {
        other.apply([entry]);
        if (way === 'restarted') other.reopen();
        else if (entry.index > 1) hashDatabase(other.database);
      }
      const hash = hashDatabase(other.database);
      other.close();
      return hash;
    });
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('stamps', () => {
  it('differ from entry to entry', () => {
    const body = encodeRequest(requestOf(['SELECT unixepoch()']));
    const outcomes = node.apply([
      registration(),
      executeEntry(2, { sequence: 1, stampMs: 1_000, body }),
      executeEntry(3, { sequence: 2, stampMs: 2_000, body }),
    ]);
    const values = outcomes.slice(1).map((outcome) => {
      const [first] = responseOf(outcome).outcomes;
      return first?.type === 'result' ? first.result.rows : null;
    });
    expect(values).toEqual([[[1]], [[2]]]);
  });
});
