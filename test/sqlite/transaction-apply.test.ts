/**
 * Interactive transactions as log entries: they take effect where everything that their caller saw
 * comes out as it did, and else do nothing, on every node alike.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecuteResponse, StateRequest, TransactionRequest } from '../../src/node/sql.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import {
  MAX_TRANSACTION_READ_BYTES,
  MAX_TRANSACTION_SKEW_MS,
  MAX_TRANSACTION_STATEMENTS,
} from '../../src/sqlite/limits.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { encodeResponse } from '../../src/sqlite/response-codec.ts';
import { executeEntry, logOf, registration, requestOf, responseOf, STAMP_MS } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';
import { failureOf, TestTransaction, transact } from './transaction.ts';

const runtime = await loadTestRuntime();
let node: TestNode;

const SCHEMA = [
  'CREATE TABLE account(id INTEGER PRIMARY KEY, owner TEXT UNIQUE, balance INTEGER)',
  "INSERT INTO account VALUES(1, 'ann', 100), (2, 'bob', 50), (3, 'cyd', 0)",
  'CREATE TABLE parent(id INTEGER PRIMARY KEY)',
  'CREATE TABLE child(p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE line(id INTEGER PRIMARY KEY, n)',
  'CREATE TABLE single(id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK)',
  'INSERT INTO parent VALUES(1)',
];

beforeEach(() => {
  node = new TestNode(runtime);
  node.run(SCHEMA);
});

afterEach(() => node.close());

const COMMITTED: ExecuteResponse = { outcomes: [], committed: true };
const codesOf = ({ outcomes }: ExecuteResponse): string[] =>
  outcomes.map((one) => (one.type === 'error' ? one.error.code : one.type));

const contents = (): unknown =>
  ['sqlite_schema', 'account', 'parent', 'child', 'line', 'single'].map((table) =>
    node.all(`SELECT * FROM ${table}`),
  );

/** What each observes, and what others do to it meanwhile. */
const OBSERVATIONS: readonly (readonly [what: string, seen: string, others: readonly string[]])[] =
  [
    ['a value', 'SELECT balance FROM account WHERE id = 1', ['UPDATE account SET balance = 99']],
    [
      'a row that was not there',
      "SELECT id FROM account WHERE owner = 'dan'",
      ["INSERT INTO account VALUES(4, 'dan', 1)"],
    ],
    [
      'a row that went',
      'SELECT count(*) FROM account',
      ["DELETE FROM account WHERE owner = 'cyd'"],
    ],
    [
      'the order of rows',
      'SELECT owner FROM account ORDER BY balance',
      ["UPDATE account SET balance = 500 WHERE owner = 'cyd'"],
    ],
    [
      'the type of a value',
      'SELECT typeof(n), n FROM line UNION ALL SELECT typeof(balance), balance FROM account',
      ['INSERT INTO line(n) VALUES(1.0)'],
    ],
    [
      'the names of columns',
      'SELECT * FROM account',
      ['ALTER TABLE account RENAME balance TO cents'],
    ],
    [
      'how many rows an update meets',
      'UPDATE account SET owner = owner WHERE balance > 40',
      ["UPDATE account SET balance = 0 WHERE owner = 'bob'"],
    ],
    ['the number of a new row', 'INSERT INTO line(n) VALUES(1)', ['INSERT INTO line(n) VALUES(2)']],
    [
      'rows returned by a write',
      "UPDATE account SET balance = balance - 1 WHERE owner = 'ann' RETURNING balance",
      ["UPDATE account SET balance = 7 WHERE owner = 'ann'"],
    ],
    [
      'that a statement succeeds',
      "INSERT INTO account(id, owner) VALUES(9, 'dan')",
      ["INSERT INTO account(id, owner) VALUES(9, 'eve')"],
    ],
    [
      'that a statement fails',
      "INSERT INTO account(owner) VALUES('ann')",
      ["DELETE FROM account WHERE owner = 'ann'"],
    ],
    [
      'what a statement fails with',
      "INSERT INTO account(id, owner) VALUES(1, 'ann')",
      ['UPDATE account SET id = 100 WHERE id = 1'],
    ],
    ['that there is no table', 'SELECT * FROM later', ['CREATE TABLE later(a)']],
    [
      'that it does not end the transaction',
      'INSERT INTO single VALUES(1)',
      ['INSERT INTO single VALUES(1)'],
    ],
    [
      'that what a row points to is there at the end',
      'INSERT INTO child VALUES(1)',
      ['DELETE FROM parent'],
    ],
  ];

describe.each(OBSERVATIONS)('a transaction that saw %s', (_what, seen, others) => {
  const WRITE = 'INSERT INTO line(id, n) VALUES(1000, 1)';
  const begin = (): TestTransaction => {
    const transaction = new TestTransaction(node);
    transaction.run(seen);
    transaction.run(WRITE);
    return transaction;
  };

  it('is committed where it is so, and answers no rows again', () => {
    const request = begin().finish();
    node.run(['CREATE TABLE unrelated(a)']);
    expect(node.runRequest(request)).toEqual(COMMITTED);
    expect(node.get('SELECT n FROM line WHERE id = 1000')).toEqual([1]);
  });

  it('conflicts at apply where it is no longer so, and does nothing', () => {
    const request = begin().finish();
    node.run(others);
    const before = contents();
    const response = node.runRequest(request);
    expect(response.committed).toBe(false);
    expect(codesOf(response)).toEqual(['Conflict']);
    expect(contents()).toEqual(before);
  });

  it('conflicts already where it runs, once it has given way', () => {
    const transaction = begin().park();
    node.run(others);
    const failure = failureOf(() => {
      transaction.run('SELECT 1');
      // What points to nothing is found out at the end only.
      transaction.finish();
    });
    const isAtEnd = seen.includes('child');
    expect(failure).toMatchObject({ code: isAtEnd ? 'Sql' : 'Conflict', applied: 'no' });
    expect(node.database.connection.autocommit).toBe(true);
  });
});

describe('two transactions at once', () => {
  const both = (first: readonly string[], second: readonly string[]): ExecuteResponse[] => {
    const requests = [transact(node, first), transact(node, second)];
    return requests.map((request) => node.runRequest(request));
  };

  it.each([
    [
      'lost update',
      [
        'SELECT balance FROM account WHERE id = 1',
        'UPDATE account SET balance = 100 + 1 WHERE id = 1',
      ],
      [
        'SELECT balance FROM account WHERE id = 1',
        'UPDATE account SET balance = 100 + 2 WHERE id = 1',
      ],
    ],
    [
      'write skew',
      [
        'SELECT sum(balance) FROM account WHERE id < 3',
        'UPDATE account SET balance = balance - 150 WHERE id = 1',
      ],
      [
        'SELECT sum(balance) FROM account WHERE id < 3',
        'UPDATE account SET balance = balance - 150 WHERE id = 2',
      ],
    ],
    [
      'phantom',
      [
        'SELECT count(*) FROM account WHERE balance > 200',
        "INSERT INTO account(owner, balance) VALUES('dan', 300)",
      ],
      ['SELECT count(*) FROM account WHERE balance > 200', 'INSERT INTO line(n) VALUES(0)'],
    ],
  ])('%s: the second one conflicts', (_anomaly, first, second) => {
    expect(both(first, second).map(({ committed }) => committed)).toEqual([true, false]);
  });

  it('that have nothing to do with each other are both committed', () => {
    const first = ['UPDATE account SET balance = 1 WHERE id = 1'];
    const second = ['UPDATE account SET balance = 2 WHERE id = 2'];
    expect(both(first, second)).toEqual([COMMITTED, COMMITTED]);
    expect(node.all('SELECT balance FROM account ORDER BY id')).toEqual([[1], [2], [0]]);
  });
});

describe('the time that a transaction shows', () => {
  const at = (stampMs: number): TransactionRequest => {
    const transaction = new TestTransaction(node, 1, stampMs);
    transaction.run("INSERT INTO line(n) VALUES(strftime('%s', 'now'))");
    return transaction.finish();
  };

  it.each([-1, 1])('may be off by so much, be it early or late (%d)', (sign) => {
    const near = at(STAMP_MS + sign * MAX_TRANSACTION_SKEW_MS);
    const far = at(STAMP_MS + sign * (MAX_TRANSACTION_SKEW_MS + 1));
    expect(codesOf(node.runRequest(far))).toEqual(['Conflict']);
    expect(node.runRequest(near)).toEqual(COMMITTED);
    const seconds = Math.floor((STAMP_MS + sign * MAX_TRANSACTION_SKEW_MS) / 1_000);
    expect(node.all('SELECT n FROM line')).toEqual([[String(seconds)]]);
  });
});

describe('a transaction beyond the bounds of one', () => {
  it.each([
    ['statements', 'SELECT 1', MAX_TRANSACTION_STATEMENTS],
    ['MiB of answers', 'SELECT zeroblob(1000000)', Math.ceil(MAX_TRANSACTION_READ_BYTES / 1e6)],
  ])('does nothing, whoever let it come so far (%s)', (what, sql, fits) => {
    const one = transact(node, [sql, 'INSERT INTO line(n) VALUES(1)']);
    const ofCount = (count: number): TransactionRequest => ({
      ...one,
      statements: Array.from({ length: count }, () => ({ sql })),
      digests: Array.from({ length: count }, () => one.digests[0] ?? new Uint8Array()),
    });
    expect(node.runRequest(ofCount(fits))).toEqual(COMMITTED);
    const { committed, outcomes } = node.runRequest(ofCount(fits + 1));
    expect(committed).toBe(false);
    expect(outcomes).toMatchObject([
      { error: { code: 'TooLarge', message: expect.stringContaining(what) } },
    ]);
  });
});

describe('on every node', () => {
  /** Transactions that commit, that conflict, and that end the database's transaction. */
  function newLog(): StateRequest[] {
    const log: StateRequest[] = [requestOf(SCHEMA)];
    const add = (request: StateRequest): void => {
      log.push(request);
      node.runRequest(request);
    };
    const losing = transact(node, [
      'INSERT INTO single VALUES(5)',
      'INSERT INTO line(n) VALUES(5)',
    ]);
    const late = transact(node, ['INSERT INTO child VALUES(1)']);
    for (let round = 0; round < 4; round += 1) {
      const rival = transact(node, ['SELECT max(id) FROM line', 'CREATE TABLE rival(a)']);
      add(
        transact(node, [
          'INSERT INTO line(n) VALUES(random()), (randomblob(3)) RETURNING n',
          "INSERT INTO line(n) SELECT datetime('now') || id FROM account ORDER BY random()",
          "INSERT INTO account(owner) VALUES('ann')",
        ]),
      );
      add(rival);
      add(requestOf([`INSERT INTO single VALUES(${5 + round})`]));
      add(losing);
    }
    add(requestOf(['DELETE FROM parent']));
    add(late);
    return log;
  }

  it('comes to the same, however batches are cut and whatever restarts between', () => {
    const entries = logOf(newLog());
    const accounts = [1, 2, 5, entries.length].map((cut) => {
      const other = new TestNode(runtime, { cacheKib: cut === 2 ? 16 : 4_096 });
      const responses: string[] = [];
      for (let at = 0; at < entries.length; at += cut) {
        for (const outcome of other.apply(entries.slice(at, at + cut))) {
          if (outcome.type !== 'executed') continue;
          responses.push(Buffer.from(encodeResponse(responseOf(outcome))).toString('hex'));
        }
        if (cut < 5) other.reopen();
      }
      const hash = hashDatabase(other.database);
      other.close();
      return { responses, hash };
    });
    const [first, ...others] = accounts;
    for (const account of others) expect(account).toEqual(first);
    // Four of each kind, and the one whose parent went.
    const verdicts = logVerdicts(entries);
    expect(verdicts).toEqual({ committed: 4 + 4 + 2, conflicts: 4 + 4 + 1 });
  });

  function logVerdicts(entries: ReturnType<typeof logOf>) {
    const other = new TestNode(runtime);
    const all = other.apply(entries).filter(({ type }) => type === 'executed');
    const responses = all.map((outcome) => responseOf(outcome));
    other.close();
    const conflicts = responses.filter((one) => codesOf(one).includes('Conflict')).length;
    return { committed: responses.filter(({ committed }) => committed).length, conflicts };
  }

  it('a copy of the entry answers what the first one did', () => {
    const request = transact(node, ['INSERT INTO line(n) VALUES(1)']);
    const other = new TestNode(runtime);
    const body = encodeRequest(request);
    const schema = executeEntry(2, { sequence: 1, body: encodeRequest(requestOf(SCHEMA)) });
    other.apply([registration(), schema]);
    const copies = [3, 4].map((index) =>
      other.apply([executeEntry(index, { sequence: 2, lowestUnanswered: 2, body })]),
    );
    expect(copies.map(([outcome]) => responseOf(outcome))).toEqual([COMMITTED, COMMITTED]);
    expect(other.get('SELECT count(*) FROM line')).toEqual([1]);
    other.close();
  });
});
