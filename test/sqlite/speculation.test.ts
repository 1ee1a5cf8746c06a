/**
 * Interactive transactions where they run first: that nothing of them shows to others, that giving way
 * changes nothing of what they see, that errors are those of a log entry, and every bound.
 */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Statement, StatementOutcome } from '../../src/node/sql.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import {
  MAX_TRANSACTION_ANSWER_BYTES,
  MAX_TRANSACTION_BYTES,
  MAX_TRANSACTION_READ_BYTES,
  MAX_TRANSACTION_STATEMENTS,
} from '../../src/sqlite/limits.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { generatedLog } from './generated-log.ts';
import { loadTestRuntime, TestNode } from './support.ts';
import { failureOf, NEVER, newSpeculation, TestTransaction } from './transaction.ts';

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
  node.run([
    'CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE)',
    'CREATE TABLE single(id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK)',
    'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
    'CREATE TABLE child(p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
  ]);
});

afterEach(() => node.close());

const query = (sql: string): readonly unknown[] =>
  runQuery(node.database, node.applier.appliedIndex, { sql, params: [], deadlineMs: NEVER }).rows;
const messageOf = (outcome: StatementOutcome | undefined): string | null =>
  outcome?.type === 'error' ? outcome.error.message : null;

describe('statements', () => {
  it('see what those before them did, and nobody else does', () => {
    const before = hashDatabase(node.database);
    const transaction = new TestTransaction(node);
    expect(transaction.result('INSERT INTO t(a) VALUES(5), (6)')).toEqual({
      rowsAffected: 2,
      lastInsertRowId: 2,
      columns: [],
      rows: [],
    });
    expect(transaction.result('SELECT a FROM t').rows).toEqual([[5], [6]]);
    transaction.park();
    expect(query('SELECT a FROM t')).toEqual([]);
    expect(hashDatabase(node.database)).toBe(before);
    expect(transaction.result('SELECT count(*) FROM t').rows).toEqual([[2]]);
    transaction.park();
  });

  it('that fail do nothing, and the others are committed', () => {
    const transaction = new TestTransaction(node);
    transaction.result('INSERT INTO t(a) VALUES(1)');
    expect(transaction.run('INSERT INTO t(a) VALUES(2), (1)')).toMatchObject({
      type: 'error',
      error: { code: 'Sql', message: 'UNIQUE constraint failed: t.a', sqlite: { statement: 1 } },
    });
    expect(transaction.result('SELECT a FROM t').rows).toEqual([[1]]);
    expect(node.runRequest(transaction.finish()).committed).toBe(true);
    expect(node.all('SELECT a FROM t')).toEqual([[1]]);
  });

  it.each([
    'BEGIN',
    'COMMIT',
    'SAVEPOINT s',
    'VACUUM',
    "ATTACH 'x' AS y",
    'PRAGMA foreign_keys = OFF',
    'CREATE TEMP TABLE q(a)',
    'SELECT sqlite_version()',
    'SELECT * FROM _resqlite_meta',
    'SELECT 1; SELECT 2',
    'EXPLAIN SELECT 1',
    '',
  ])('are refused as in a log entry: %s', (sql) => {
    const message = messageOf(new TestTransaction(node).run(sql));
    node.database.rollback();
    const [inEntry] = node.run([sql], { mode: 'script' }).outcomes;
    expect(message).toBe(messageOf(inEntry));
    expect(message).not.toBeNull();
  });

  it('of queries may not write, and are not run then', () => {
    const transaction = new TestTransaction(node);
    transaction.result('INSERT INTO t(a) VALUES(random())');
    const failure = failureOf(() => transaction.run('DELETE FROM t RETURNING a', true));
    expect(failure.code).toBe('InvalidArgument');
    expect(transaction.run('SELECT count(*), max(random()) FROM t', true).type).toBe('result');
    expect(node.runRequest(transaction.finish()).committed).toBe(true);
  });
});

describe('the end', () => {
  it('is nothing to commit where nothing was written, be it for an error', () => {
    const transaction = new TestTransaction(node);
    transaction.run('SELECT * FROM t');
    transaction.run('INSERT INTO nowhere VALUES(1)');
    expect(transaction.speculation.hasWritten).toBe(false);
    transaction.park();
  });

  it('fails where a row points to nothing, as the commit would', () => {
    const transaction = new TestTransaction(node);
    transaction.result('INSERT INTO child VALUES(7)');
    transaction.park();
    expect(failureOf(() => transaction.finish())).toMatchObject({
      code: 'Sql',
      applied: 'no',
      message: 'FOREIGN KEY constraint failed',
      sqlite: { statement: 0, resultCode: 787 },
    });
    const repaired = new TestTransaction(node);
    repaired.result('INSERT INTO child VALUES(7)');
    repaired.result('INSERT INTO parent VALUES(7)');
    expect(node.runRequest(repaired.finish()).committed).toBe(true);
  });

  it('comes with a statement that rolls everything back', () => {
    node.run(['INSERT INTO single VALUES(1)']);
    const transaction = new TestTransaction(node);
    transaction.result('INSERT INTO t(a) VALUES(1)');
    expect(failureOf(() => transaction.run('INSERT INTO single VALUES(1)'))).toMatchObject({
      code: 'Sql',
      applied: 'no',
      message: 'UNIQUE constraint failed: single.id',
    });
    expect(node.database.connection.autocommit).toBe(true);
    expect(query('SELECT count(*) FROM t')).toEqual([[0]]);
  });

  it('comes with more steps than a log entry may take, and with the deadline', () => {
    const small = new TestNode(runtime, { stepsPerEntry: 100_000 });
    small.run(['CREATE TABLE t(a)']);
    const endless = {
      sql: `INSERT INTO t WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n)
        SELECT sum(i) FROM n`,
    };
    const late = newSpeculation();
    const codes = [NEVER, performance.now()].map((deadlineMs) => {
      const speculation = deadlineMs === NEVER ? newSpeculation() : late;
      return failureOf(() => speculation.run(small.database, endless, false, deadlineMs)).code;
    });
    expect(codes).toEqual(['TooLarge', 'Timeout']);
    // The steps of all statements count together.
    const transaction = new TestTransaction(small);
    const long = `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      SELECT sum(i) FROM n`;
    transaction.result(long);
    transaction.park();
    const many = (): void => {
      for (let i = 0; i < 5; i += 1) transaction.run(long);
    };
    expect(failureOf(many).code).toBe('TooLarge');
    expect(small.run(['INSERT INTO t VALUES(1)']).committed).toBe(true);
    small.close();
  });
});

describe('bounds', () => {
  const refusalOf = (outcome: StatementOutcome): string => {
    if (outcome.type === 'error') return `${outcome.error.code}: ${outcome.error.message}`;
    throw new Error('it was run');
  };

  it('of statements', () => {
    const transaction = new TestTransaction(node);
    for (let i = 0; i < MAX_TRANSACTION_STATEMENTS; i += 1) transaction.run('SELECT 1');
    const told = refusalOf(transaction.run('SELECT 1'));
    expect(told).toBe(
      `TooLarge: the transaction has reached its limit of ${MAX_TRANSACTION_STATEMENTS} statements`,
    );
    transaction.park();
  });

  it('of what goes into the log: what does not fit is as if it had not been asked', () => {
    const transaction = new TestTransaction(node);
    const blob = new Uint8Array(MAX_TRANSACTION_BYTES / 2 - 1_000);
    const insert: Statement = { sql: 'INSERT INTO t(a) VALUES(?)', params: [blob] };
    transaction.result(insert);
    transaction.result({ ...insert, params: [blob.slice(1)] });
    const told = refusalOf(transaction.run({ ...insert, params: [blob.slice(2)] }));
    expect(told).toContain(`limit of ${MAX_TRANSACTION_BYTES / 2 ** 20} MiB of statements`);
    expect(transaction.result('INSERT INTO t(a) VALUES(1)').lastInsertRowId).toBe(3);
    expect(node.runRequest(transaction.finish()).committed).toBe(true);
    expect(node.get('SELECT count(*) FROM t')).toEqual([3]);
  });

  it('of one answer, whose statement has no effect, and of all together', () => {
    const transaction = new TestTransaction(node);
    const blob = (bytes: number): string =>
      `INSERT INTO t(a) VALUES(zeroblob(${bytes})) RETURNING a`;
    const told = refusalOf(transaction.run(blob(MAX_TRANSACTION_ANSWER_BYTES)));
    expect(told).toBe('TooLarge: the statement gives more than 1 MiB: use LIMIT');
    expect(transaction.result('SELECT count(*) FROM t').rows).toEqual([[0]]);
    transaction.result(blob(MAX_TRANSACTION_ANSWER_BYTES - 1_000));
    const count = MAX_TRANSACTION_READ_BYTES / MAX_TRANSACTION_ANSWER_BYTES;
    for (let i = 0; i < count; i += 1) transaction.result('SELECT a FROM t');
    const limit = `limit of ${MAX_TRANSACTION_READ_BYTES / 2 ** 20} MiB of answers`;
    expect(refusalOf(transaction.run('SELECT 1'))).toContain(limit);
    const request = transaction.finish();
    expect(node.runRequest(request).committed).toBe(true);
    expect(node.get('SELECT count(*) FROM t')).toEqual([1]);
  });
});

it(
  'whatever the statements: giving way changes nothing, and the entry comes to what was seen',
  { timeout: 120_000 },
  () => {
    const property = fc.property(generatedLog, fc.nat(), ([schema, ...requests], parks) => {
      const parked = new TestNode(runtime);
      const open = new TestNode(runtime);
      if (schema === undefined) throw new Error('no schema');
      for (const each of [parked, open]) each.runRequest(schema);
      for (const [at, request] of requests.entries()) {
        if (!('statements' in request)) {
          for (const each of [parked, open]) each.runRequest(request);
          continue;
        }
        const seed = at + 1;
        const [seen, seenAgain] = [
          attempt(open, request.statements, seed, () => false),
          attempt(parked, request.statements, seed, (number) => (parks >> (number % 5)) % 2 === 0),
        ];
        expect(seenAgain).toEqual(seen);
        if (seen.request === null) continue;
        for (const each of [parked, open]) {
          expect(each.runRequest(seen.request).committed).toBe(true);
        }
      }
      expect(hashDatabase(parked.database)).toBe(hashDatabase(open.database));
      parked.close();
      open.close();
    });
    fc.assert(property, { numRuns: Number(process.env['DIFFERENTIAL_RUNS'] ?? 12) });
  },
);

/** What a transaction of these statements sees, and what is to be committed if it gets so far. */
function attempt(
  on: TestNode,
  statements: readonly Statement[],
  seed: number,
  parksAt: (statement: number) => boolean,
) {
  const transaction = new TestTransaction(on, seed);
  let failure: unknown = null;
  let request = null;
  try {
    for (const [number, statement] of statements.entries()) {
      transaction.run(statement);
      if (parksAt(number)) transaction.park();
    }
    request = transaction.finish();
  } catch (error) {
    failure = (error as { failure?: unknown }).failure ?? error;
  }
  return { outcomes: transaction.outcomes, failure, request };
}
