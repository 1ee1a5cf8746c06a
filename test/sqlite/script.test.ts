/** Cutting scripts into statements, and telling what a statement is. */

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StatementKind } from '../../src/node/sql.ts';
import { classify, cutStatements, splitScript } from '../../src/sqlite/script.ts';
import { isBlank, leadingKeyword } from '../../src/sqlite/sql-text.ts';
import { loadTestRuntime, TestNode } from './support.ts';

let node: TestNode;

beforeAll(async () => {
  node = new TestNode(await loadTestRuntime());
  node.run(['CREATE TABLE t(a, b)', 'CREATE VIRTUAL TABLE f USING fts5(x)']);
});

const cut = (script: string): string[] => cutStatements(node.database, script);

/** Cuts by asking SQLite at every semicolon about everything since the last statement. */
function cutSlowly(script: string): string[] {
  const { connection } = node.database;
  const statements: string[] = [];
  let start = 0;
  for (let at = 0; at < script.length; at += 1) {
    if (script[at] !== ';') continue;
    const { pointer } = connection.writeText(script.slice(start, at + 1));
    if (connection.api.sqlite3_complete(pointer) === 0) continue;
    statements.push(script.slice(start, at + 1));
    start = at + 1;
  }
  statements.push(script.slice(start));
  return statements.filter((statement) => !isBlank(statement));
}

const TRIGGER = `CREATE TRIGGER x AFTER INSERT ON t BEGIN
  INSERT INTO t SELECT CASE WHEN 1 THEN 'END;' END; -- END;
  UPDATE t SET a = 1;
END;`;

describe('cutting', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' ;; -- nothing\n/* ; */ ;', []],
    ['SELECT 1', ['SELECT 1']],
    ['SELECT 1; SELECT 2', ['SELECT 1;', 'SELECT 2']],
    [
      "SELECT ';''; --', \"a;\", [b;], `c;`; SELECT 2;",
      ["SELECT ';''; --', \"a;\", [b;], `c;`;", 'SELECT 2;'],
    ],
    ['/* a; */ SELECT 1 -- b;\n; SELECT 2', ['SELECT 1 -- b;\n;', 'SELECT 2']],
    [`${TRIGGER} SELECT 1`, [TRIGGER, 'SELECT 1']],
    [`EXPLAIN ${TRIGGER} SELECT 1`, [`EXPLAIN ${TRIGGER}`, 'SELECT 1']],
    [TRIGGER.replace('TRIGGER', 'TEMP TRIGGER'), [TRIGGER.replace('TRIGGER', 'TEMP TRIGGER')]],
    ['BEGIN; SELECT 1; END; COMMIT', ['BEGIN;', 'SELECT 1;', 'END;', 'COMMIT']],
    ['\uFEFFSELECT 1;', ['SELECT 1;']],
    ["SELECT 'unclosed; ", ["SELECT 'unclosed;"]],
    ['SELECT 1 /* unclosed; ', ['SELECT 1 /* unclosed;']],
    ['SELECT 4 / 2 - 1; SELECT 3', ['SELECT 4 / 2 - 1;', 'SELECT 3']],
  ])('%j', (script, statements) => {
    expect(cut(script)).toEqual(statements);
  });

  it('is what SQLite says, for any text', () => {
    const token = fc.constantFrom(
      'create ',
      'temp ',
      'trigger ',
      'begin ',
      'end',
      'END;',
      'case ',
      'explain ',
      'select ',
      'x',
      'é',
      ';',
      '; ',
      "'",
      "';'",
      "''",
      '"',
      '`',
      '[',
      ']',
      '--',
      '/*',
      '*/',
      '/',
      '-',
      ' ',
      '\t',
      '\n',
    );
    const script = fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(''));
    const trigger = script.map((body) => `create trigger x begin ${body}`);
    fc.assert(
      fc.property(fc.oneof(script, trigger), (text) => {
        const slowly = cutSlowly(text).map((one) => one.replace(/[\s;]+/g, ''));
        const found = cut(text).map((one) => one.replace(/[\s;]+/g, ''));
        // Comments in front of a statement are no part of it.
        expect(found.length).toBe(slowly.length);
        for (const [at, one] of found.entries()) expect(slowly[at]?.endsWith(one)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives the pieces word for word', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        let at = 0;
        for (const statement of cut(text)) {
          const found = text.indexOf(statement, at);
          expect(found).toBeGreaterThanOrEqual(at);
          at = found + statement.length;
        }
      }),
    );
  });

  it('takes time in proportion, whatever the script is made of', () => {
    const scripts = [
      Array.from(
        { length: 20_000 },
        (_, at) => `INSERT INTO t VALUES(${at}, '${'; --'.repeat(60)}');`,
      ).join('\n'),
      `SELECT '${';'.repeat(5_000_000)}'`,
      `CREATE TRIGGER x AFTER INSERT ON t BEGIN ${'SELECT 1;'.repeat(50_000)} END;`,
      ';'.repeat(1_000_000),
      '--;\n'.repeat(500_000),
    ];
    const counts = scripts.map((script) => {
      const startedMs = performance.now();
      const { length } = splitScript(node.database, script);
      // Far more than it takes, far less than it would take in quadratic time.
      expect(performance.now() - startedMs).toBeLessThan(10_000);
      return length;
    });
    expect(counts).toEqual([20_000, 1, 1, 0, 0]);
  }, 60_000);
});

describe('telling what a statement is', () => {
  const kind = (known: Partial<StatementKind>): StatementKind => ({
    readOnly: false,
    transaction: null,
    foreignKeys: null,
    vacuum: false,
    error: null,
    ...known,
  });

  it.each<[string, StatementKind]>([
    ['SELECT * FROM t', kind({ readOnly: true })],
    ['VALUES(1)', kind({ readOnly: true })],
    ['DROP TABLE IF EXISTS missing', kind({})],
    ['DROP TRIGGER IF EXISTS missing', kind({})],
    ['WITH x AS (SELECT 1) SELECT * FROM x', kind({ readOnly: true })],
    ['WITH x AS (SELECT 1) INSERT INTO t SELECT 1, 2 FROM x', kind({})],
    ['INSERT INTO t VALUES(1, 2) RETURNING a', kind({})],
    ['CREATE TABLE u(a)', kind({})],
    ['ANALYZE', kind({})],
    ['SELECT * FROM f', kind({ readOnly: true })],
    ["INSERT INTO f VALUES('x')", kind({})],
    ['EXPLAIN INSERT INTO t VALUES(1, 2)', kind({ readOnly: true })],
    ['begin', kind({ transaction: 'begin' })],
    ['BEGIN IMMEDIATE TRANSACTION', kind({ transaction: 'begin' })],
    ['COMMIT', kind({ transaction: 'commit' })],
    ['END', kind({ transaction: 'commit' })],
    ['/* x */ ROLLBACK;', kind({ transaction: 'rollback' })],
    ['SAVEPOINT x', kind({})],
    ['ROLLBACK TO x', kind({})],
    ['RELEASE x', kind({})],
    ['PRAGMA foreign_keys = OFF', kind({ foreignKeys: false })],
    ['PRAGMA foreign_keys(on);', kind({ foreignKeys: true })],
    ['PRAGMA main.foreign_keys=1', kind({ foreignKeys: true })],
    ['PRAGMA foreign_keys', kind({ readOnly: true })],
    ['PRAGMA user_version', kind({ readOnly: true })],
    ['PRAGMA user_version = 1', kind({})],
    ['PRAGMA table_info(t)', kind({ readOnly: true })],
    ['PRAGMA journal_mode = DELETE', kind({})],
    ['PRAGMA writable_schema = RESET', kind({})],
    ["ATTACH ':memory:' AS x", kind({})],
    ['VACUUM', kind({ vacuum: true })],
    ['/* now */ vacuum "main";', kind({ vacuum: true })],
    ["VACUUM INTO '/x'", kind({})],
    ["VACUUM main INTO '/x'", kind({})],
    ['VACUUM temp', kind({ readOnly: true })],
    ['EXPLAIN VACUUM', kind({ readOnly: true })],
  ])('%s', (sql, expected) => {
    expect(classify(node.database, sql)).toEqual(expected);
  });

  it.each([
    ['SELECT * FROM nowhere', 'no such table: nowhere', 1],
    ['SELEKT', 'near "SELEKT": syntax error', 1],
    ['', 'the statement is empty', 21],
    ['SELECT 1; SELECT 2', 'one statement at a time', 21],
  ])('%j does not compile', (sql, message, resultCode) => {
    expect(classify(node.database, sql)).toMatchObject({
      readOnly: false,
      error: { code: 'Sql', message, sqlite: { resultCode, statement: 0 } },
    });
  });

  it('runs nothing', () => {
    const { connection } = node.database;
    for (const sql of [
      'PRAGMA foreign_keys = OFF',
      'PRAGMA cache_size = 7',
      'BEGIN',
      'DROP TABLE t',
    ]) {
      classify(node.database, sql);
    }
    expect(connection.autocommit).toBe(true);
    expect(connection.run('PRAGMA foreign_keys')).toEqual([1]);
    expect(connection.run('PRAGMA cache_size')).toEqual([-16_384]);
    expect(connection.run('SELECT count(*) FROM t')).toEqual([0]);
  });

  it('does so for every statement of a script, against the schema as it is', () => {
    const script =
      'PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE n(a);\nINSERT INTO n VALUES(1);';
    const kinds = splitScript(node.database, script).map(({ kind: one }) => [
      one.foreignKeys,
      one.transaction,
      one.error?.message ?? null,
    ]);
    expect(kinds).toEqual([
      [false, null, null],
      [null, 'begin', null],
      [null, null, null],
      [null, null, 'no such table: n'],
    ]);
  });
});

describe('the first word', () => {
  it.each([
    ['select 1', 'select'],
    [' -- x\n/* y */\tInsert into', 'insert'],
    ['EXPLAIN pragma x', 'pragma'],
    ['explain /**/ query -- \n plan delete', 'delete'],
    ['(select 1)', ''],
    ['', ''],
  ])('of %j is %j', (sql, word) => {
    expect(leadingKeyword(sql)).toBe(word);
  });
});
