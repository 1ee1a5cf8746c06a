/** What the statements of one entry do to each other: modes, foreign keys, rollbacks, budgets. */

import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { StatementOutcome, StatementResult } from '../../src/node/sql.ts';
import { MAX_ENTRY_RERUNS } from '../../src/sqlite/limits.ts';
import { logOf, messagesOf, requestOf, responseOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
  node.run(['CREATE TABLE t(a PRIMARY KEY)']);
});

afterEach(() => node.close());

function resultOf(outcome: StatementOutcome | undefined): StatementResult {
  if (outcome?.type !== 'result') throw new Error(`no result: ${JSON.stringify(outcome)}`);
  return outcome.result;
}

const rows = (): unknown[] => node.all('SELECT a FROM t ORDER BY a').flat();
const DUPLICATE = 'UNIQUE constraint failed: t.a';
const insert = (...values: number[]): string[] => values.map((a) => `INSERT INTO t VALUES(${a})`);

describe('results', () => {
  it('tell rows, columns, counts and row ids', () => {
    const { outcomes } = node.run([
      'INSERT INTO t VALUES(1), (2) RETURNING a, a * 2 AS twice',
      'UPDATE t SET a = a + 10',
      'SELECT a FROM t',
      'CREATE TABLE u(b)',
    ]);
    expect(outcomes.map(resultOf)).toEqual([
      {
        rowsAffected: 2,
        lastInsertRowId: 2,
        columns: ['a', 'twice'],
        rows: [
          [1, 2],
          [2, 4],
        ],
      },
      { rowsAffected: 2, lastInsertRowId: 2, columns: [], rows: [] },
      { rowsAffected: 0, lastInsertRowId: 2, columns: ['a'], rows: [[11], [12]] },
      { rowsAffected: 0, lastInsertRowId: 2, columns: [], rows: [] },
    ]);
  });

  it('leave rows out where only counts are wanted', () => {
    const { outcomes } = node.run(['INSERT INTO t VALUES(1) RETURNING a'], { rows: false });
    expect(resultOf(outcomes[0])).toEqual({
      rowsAffected: 1,
      lastInsertRowId: 1,
      columns: [],
      rows: [],
    });
  });

  it('tell message, extended code, byte offset and number of an error', () => {
    const { outcomes, committed } = node.run(['SELECT 1', "SELECT 'é', nowhere"]);
    expect(committed).toBe(false);
    expect(outcomes[1]).toEqual({
      type: 'error',
      error: {
        code: 'Sql',
        message: 'no such column: nowhere',
        sqlite: { resultCode: 1, offset: 13, statement: 1 },
      },
    });
    const duplicate = node.run(insert(1, 1)).outcomes[1];
    expect(duplicate).toMatchObject({ error: { sqlite: { resultCode: 1555, offset: null } } });
  });

  it.each([
    ['', 'the statement is empty'],
    ['  -- nothing\n;', 'the statement is empty'],
    ['SELECT 1; SELECT 2', 'one statement at a time'],
    ['SELECT 1\u0000', 'one statement at a time'],
    ['SELECT ?', 'the statement takes 1 parameters, not 0'],
    ['SELECT', 'incomplete input'],
  ])('refuse %j', (sql, message) => {
    expect(messagesOf(node.run([sql]))).toEqual([message]);
  });

  it('take a statement with comments and semicolons behind it', () => {
    expect(messagesOf(node.run(['SELECT 1; -- one\n ; /* two */']))).toEqual([null]);
  });
});

describe('parameters', () => {
  const row = (sql: string, params: never): unknown =>
    resultOf(node.run([{ sql, params }]).outcomes[0]).rows[0];

  it('keep their types', () => {
    const values = [
      null,
      1,
      1.5,
      2n ** 60n,
      'é\u0000x',
      new Uint8Array([0, 255]),
      true,
      -0,
      Number.NaN,
    ];
    const marks = values.map(() => 'typeof(?)').join(', ');
    const types = [
      'null',
      'integer',
      'real',
      'integer',
      'text',
      'blob',
      'integer',
      'integer',
      'null',
    ];
    expect(row(`SELECT ${marks}`, values as never)).toEqual(types);
    const back = [null, 1, 1.5, 2n ** 60n, 'é\u0000x', new Uint8Array([0, 255]), 1, 0, null];
    expect(row(`SELECT ${values.map(() => '?').join(', ')}`, values as never)).toEqual(back);
  });

  it('may be named, with or without the prefix', () => {
    const params = { a: 1, '@b': 2, $c: 3 };
    expect(row('SELECT :a, @b, $c, :a', params as never)).toEqual([1, 2, 3, 1]);
  });

  it.each([
    ['SELECT ?, ?', [1], 'the statement takes 2 parameters, not 1'],
    ['SELECT ?', [1, 2], 'the statement takes 1 parameters, not 2'],
    ['SELECT :a', {}, 'no value is given for the parameter :a'],
    ['SELECT :a', { a: 1, b: 2 }, 'the statement has no parameter b'],
    ['SELECT ?', { a: 1 }, 'parameter 1 has no name: give a list of values'],
  ])('of %s are checked against %j', (sql, params, message) => {
    expect(messagesOf(node.run([{ sql, params } as never]))).toEqual([message]);
  });
});

describe("mode 'atomic'", () => {
  it('undoes all at the first failing statement and runs nothing behind it', () => {
    const response = node.run(insert(1, 2, 1, 3));
    expect(messagesOf(response)).toEqual([null, null, DUPLICATE]);
    expect(response.committed).toBe(false);
    expect(rows()).toEqual([]);
  });

  it('undoes rows that OR FAIL would leave', () => {
    node.run(['INSERT OR FAIL INTO t VALUES(1), (2), (1)']);
    expect(rows()).toEqual([]);
  });
});

describe("mode 'each'", () => {
  it('counts every statement by itself', () => {
    const response = node.run(insert(1, 1, 2), { mode: 'each' });
    expect(messagesOf(response)).toEqual([null, DUPLICATE, null]);
    expect(response.committed).toBe(true);
    expect(rows()).toEqual([1, 2]);
  });

  it('leaves nothing of a failing statement, OR FAIL or not', () => {
    node.run(['INSERT OR FAIL INTO t VALUES(1), (2), (1)', ...insert(9)], { mode: 'each' });
    expect(rows()).toEqual([9]);
  });

  it('stops behind the first failing statement where it bails', () => {
    const response = node.run(insert(1, 1, 2), { mode: 'each', bail: true });
    expect(messagesOf(response)).toEqual([null, DUPLICATE]);
    expect(rows()).toEqual([1]);
  });
});

describe("mode 'script'", () => {
  it('commits what succeeded, together', () => {
    const response = node.run(insert(1, 1, 2), { mode: 'script' });
    expect(messagesOf(response)).toEqual([null, DUPLICATE, null]);
    expect(response.committed).toBe(true);
    expect(rows()).toEqual([1, 2]);
  });

  it('keeps what stood before the statement it bailed at', () => {
    const response = node.run(insert(1, 1, 2), { mode: 'script', bail: true });
    expect(messagesOf(response)).toEqual([null, DUPLICATE]);
    expect(rows()).toEqual([1]);
  });
});

describe('foreign keys', () => {
  const FAILED = 'FOREIGN KEY constraint failed';

  beforeEach(() => {
    node.run([
      'CREATE TABLE p(id INTEGER PRIMARY KEY)',
      'CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
      'CREATE TABLE i(p REFERENCES p)',
    ]);
  });

  const children = (): unknown[] => node.all('SELECT p FROM c').flat();
  const DEFERRED = ['INSERT INTO c VALUES(1)', 'INSERT INTO p VALUES(1)'];

  it.each(['atomic', 'script'] as const)('deferred ones are checked at the end of %s', (mode) => {
    expect(node.run(DEFERRED, { mode }).committed).toBe(true);
    const response = node.run(['SELECT 1', 'INSERT INTO c VALUES(5)', 'SELECT 2'], { mode });
    expect(response.committed).toBe(false);
    expect(messagesOf(response)).toEqual([null, null, FAILED]);
    expect(response.outcomes[2]).toMatchObject({ error: { sqlite: { resultCode: 787 } } });
    expect(children()).toEqual([1]);
  });

  it("are checked behind each statement of 'each'", () => {
    const response = node.run(DEFERRED, { mode: 'each' });
    expect(messagesOf(response)).toEqual([FAILED, null]);
    expect(children()).toEqual([]);
  });

  it('are not enforced in an entry that says so, and are in the next, in one batch', () => {
    const statements = ['INSERT INTO i VALUES(5)', 'PRAGMA foreign_keys'];
    const requests = [
      requestOf(['CREATE TABLE p(id INTEGER PRIMARY KEY)', 'CREATE TABLE i(p REFERENCES p)']),
      requestOf(statements, { foreignKeys: false }),
      requestOf(statements, { mode: 'each' }),
      requestOf(statements, { foreignKeys: false }),
    ];
    const other = new TestNode(runtime);
    const responses = other.apply(logOf(requests)).slice(1).map(responseOf);
    expect(responses.map(messagesOf)).toEqual([
      [null, null],
      [null, null],
      [FAILED, null],
      [null, null],
    ]);
    const settings = responses.slice(1).map(({ outcomes }) => resultOf(outcomes[1]).rows);
    expect(settings).toEqual([[[0]], [[1]], [[0]]]);
    other.close();
  });

  it('a violation of one entry does not fail the next of the batch', () => {
    const requests = [
      requestOf([
        'CREATE TABLE p(id INTEGER PRIMARY KEY)',
        'CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
      ]),
      requestOf(['INSERT INTO c VALUES(1)']),
      requestOf(['INSERT INTO p VALUES(2)', 'INSERT INTO c VALUES(2)']),
    ];
    const other = new TestNode(runtime);
    const responses = other.apply(logOf(requests)).slice(1).map(responseOf);
    expect(responses.map(({ committed }) => committed)).toEqual([true, false, true]);
    expect(other.all('SELECT * FROM c')).toEqual([[2]]);
    other.close();
  });

  it('cascade through more levels than triggers usually nest', () => {
    const chain = Array.from({ length: 300 }, (_, at) => `(${at + 1}, ${at === 0 ? 'NULL' : at})`);
    const response = node.run([
      'CREATE TABLE tree(id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE)',
      `INSERT INTO tree VALUES ${chain.join(', ')}`,
      'DELETE FROM tree WHERE id = 1',
    ]);
    expect(messagesOf(response)).toEqual([null, null, null]);
    expect(node.get('SELECT count(*) FROM tree')).toEqual([0]);
  });
});

describe('statements that end the transaction', () => {
  const ROLLBACK = 'INSERT OR ROLLBACK INTO t VALUES(1)';

  it.each(['atomic', 'script'] as const)(
    'undo their whole entry in mode %s, and no other',
    (mode) => {
      const requests = [
        requestOf(['CREATE TABLE t(a PRIMARY KEY)', ...insert(1)]),
        requestOf(insert(2)),
        requestOf([...insert(3), ROLLBACK, ...insert(4)], { mode }),
        requestOf(insert(5)),
      ];
      const other = new TestNode(runtime);
      const responses = other.apply(logOf(requests)).slice(1).map(responseOf);
      expect(responses.map(({ committed }) => committed)).toEqual([true, true, false, true]);
      expect(responses.map(messagesOf)[2]).toEqual([null, DUPLICATE]);
      expect(other.all('SELECT a FROM t').flat()).toEqual([1, 2, 5]);
      expect(other.applier.appliedIndex).toBe(5);
      other.close();
    },
  );

  it("have no effect by themselves in mode 'each', and the others count", () => {
    node.run(insert(1));
    const response = node.run([...insert(2), ROLLBACK, ...insert(3), ROLLBACK, ...insert(4)], {
      mode: 'each',
    });
    expect(messagesOf(response)).toEqual([null, DUPLICATE, null, DUPLICATE, null]);
    expect(response.committed).toBe(true);
    expect(rows()).toEqual([1, 2, 3, 4]);
  });

  it('may be triggers', () => {
    node.run([
      `CREATE TRIGGER no BEFORE INSERT ON t WHEN new.a < 0 BEGIN
        SELECT RAISE(ROLLBACK, 'not below zero'); END`,
    ]);
    const response = node.run(insert(1, -1, 2), { mode: 'each' });
    expect(messagesOf(response)).toEqual([null, 'not below zero', null]);
    expect(rows()).toEqual([1, 2]);
  });

  it('undo an entry that is full of them, and say so for every statement', () => {
    node.run(insert(1));
    const many = Array.from({ length: MAX_ENTRY_RERUNS + 1 }, () => ROLLBACK);
    const response = node.run([...insert(2), ...many, ...insert(3)], { mode: 'each' });
    expect(response.committed).toBe(false);
    expect(response.outcomes).toHaveLength(many.length + 2);
    expect(new Set(response.outcomes.map(({ type }) => type))).toEqual(new Set(['error']));
    expect(messagesOf(response)[0]).toContain('undone together with statement');
    expect(rows()).toEqual([1]);
  });
});

describe('a full-text index at odds with itself', () => {
  beforeEach(() => {
    node.run([
      'CREATE VIRTUAL TABLE f USING fts5(x)',
      "INSERT INTO f VALUES('one')",
      'ANALYZE sqlite_schema',
    ]);
  });

  it('fails a statement, not the node', () => {
    const response = node.run(
      [
        "CREATE VIRTUAL TABLE e USING fts5(x, content='')",
        "INSERT INTO e(e, rowid, x) VALUES('delete', 1, 'never was there')",
        ...insert(1),
      ],
      { mode: 'each' },
    );
    expect(response.outcomes.map(({ type }) => type)).toEqual(['result', 'error', 'result']);
    expect(response.outcomes[1]).toMatchObject({ error: { sqlite: { resultCode: 267 } } });
  });

  it.each(['atomic', 'each', 'script'] as const)(
    'fails the statement whose words cannot be written, in mode %s',
    (mode) => {
      // What FTS5 reads first when it writes out; no statement of an entry could do this.
      node.database.connection.configure(1010, false);
      node.database.connection.run("UPDATE f_data SET block = x'00000000ffffffffff' WHERE id = 10");
      node.database.connection.configure(1010, true);
      const response = node.run([...insert(1), "INSERT INTO f VALUES('two')", ...insert(2)], {
        mode,
      });
      const [first, second, third] = response.outcomes.map(({ type }) => type);
      if (mode === 'atomic') {
        // It is found at the end.
        expect([first, second, third]).toEqual(['result', 'result', 'error']);
      } else {
        expect([first, second, third]).toEqual(['result', 'error', 'result']);
      }
      expect(response.committed).toBe(mode !== 'atomic');
      expect(rows()).toEqual(mode === 'atomic' ? [] : [1, 2]);
      expect(messagesOf(node.run(insert(3)))).toEqual([null]);
      // Changed statistics make it write out earlier.
      const statistics = "INSERT INTO sqlite_stat1 VALUES('t', NULL, '5')";
      const analyzed = node.run(["INSERT INTO f VALUES('two')", statistics, ...insert(4)], {
        mode,
      });
      const failed = mode === 'atomic' ? 1 : 0;
      expect(analyzed.outcomes.findIndex(({ type }) => type === 'error')).toBe(failed);
    },
  );
});

describe('the budget of steps', () => {
  const SLOW = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
    INSERT INTO t SELECT i + 100 FROM n`;
  const SLOW_READ = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n)
    SELECT max(i) FROM n`;
  const TOO_LONG = 'the log entry takes more steps than one may: do the work in several';

  it.each([
    ['a write', SLOW],
    ['a read', SLOW_READ],
  ])('undoes the whole entry with %s beyond it, and no other', (_what, slow) => {
    const requests = [
      requestOf(['CREATE TABLE t(a)']),
      requestOf(insert(1)),
      requestOf([...insert(2), slow]),
      requestOf([...insert(3), slow, ...insert(4)], { mode: 'each' }),
      requestOf(insert(5)),
    ];
    const other = new TestNode(runtime, { stepsPerEntry: 300_000 });
    const responses = other.apply(logOf(requests)).slice(1).map(responseOf);
    expect(responses.map(({ committed }) => committed)).toEqual([true, true, false, false, true]);
    expect(responses.map(messagesOf)[2]).toEqual([null, TOO_LONG]);
    expect(responses[2]?.outcomes[1]).toMatchObject({ error: { code: 'TooLarge' } });
    expect(responses.map(messagesOf)[3]?.[1]).toBe(TOO_LONG);
    expect(responses[3]?.outcomes.map(({ type }) => type)).toEqual(['error', 'error', 'error']);
    expect(other.all('SELECT a FROM t').flat()).toEqual([1, 5]);
    // Between entries nothing is counted.
    expect(other.database.budget).toBeNull();
    other.close();
  });

  it('is exact, whatever ran before and however it was batched', () => {
    const fill = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO f SELECT 'word' || i FROM n`;
    const requests = [
      requestOf(['CREATE VIRTUAL TABLE f USING fts5(x)']),
      ...[3, 100, 1_000, 3_000, 1, 9_999, 50, 4_000, 2_900, 3_100].map((count) =>
        requestOf([{ sql: fill, params: [count] }], { mode: 'each' }),
      ),
    ];
    const entries = logOf(requests);
    const verdicts = [10_000, 20_000, 30_000, 50_000, 70_000, 100_000].map((stepsPerEntry) => {
      const [first, second] = [
        new TestNode(runtime, { stepsPerEntry }),
        new TestNode(runtime, { stepsPerEntry }),
      ];
      const together = first.apply(entries).slice(1).map(responseOf);
      const apart = entries.flatMap((entry) => {
        second.reopen();
        return second.apply([entry]);
      });
      expect(apart.slice(1).map(responseOf)).toEqual(together);
      first.close();
      second.close();
      return together.map(({ committed }) => committed);
    });
    expect(new Set(verdicts.flat())).toEqual(new Set([true, false]));
  });
});

describe('answers', () => {
  const BIG = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    INSERT INTO t SELECT hex(zeroblob(5000)) || i FROM n RETURNING a`;

  it('that are too large are left out, and the effect stays', () => {
    const response = node.run([...insert(1), BIG, ...insert(2)]);
    expect(response.committed).toBe(true);
    expect(response.outcomes.map(({ type }) => type)).toEqual(['result', 'error', 'result']);
    expect(response.outcomes[1]).toMatchObject({
      error: { code: 'TooLarge', message: expect.stringContaining('took effect') },
    });
    expect(node.get('SELECT count(*) FROM t')).toEqual([202]);
  });

  it('that are too many end with a notice', () => {
    const response = node.run(
      Array.from({ length: 60_000 }, () => 'SELECT 1'),
      { mode: 'each' },
    );
    expect(response.committed).toBe(true);
    expect(response.outcomes.length).toBeLessThan(60_000);
    expect(response.outcomes.at(-1)).toMatchObject({ error: { code: 'TooLarge' } });
    expect(response.outcomes.slice(0, -1).every(({ type }) => type === 'result')).toBe(true);
  });

  it('hold long messages only in part', () => {
    node.run([
      `CREATE TRIGGER long BEFORE INSERT ON t BEGIN
        SELECT RAISE(ABORT, hex(zeroblob(100000))); END`,
    ]);
    const [message] = messagesOf(node.run(insert(1)));
    expect(message).toHaveLength(4_096);
  });
});
