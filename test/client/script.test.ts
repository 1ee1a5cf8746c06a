/** Running a script: order, pipelining, counting, and what is said when the cluster fails. */

import { describe, expect, test } from 'vitest';
import { aborted } from '../../src/client/call-limits.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import type { Executed } from '../../src/client/protocol.ts';
import type { RunOptionsFor, RunProgress } from '../../src/client/script-report.ts';
import { runScript } from '../../src/client/script.ts';
import { failure } from '../../src/node/errors.ts';
import type { StateRequest, StatementKind } from '../../src/node/sql.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { errorOfCall } from './fake-database.ts';
import { errorOf, READS, resultOf, statementsOf, WRITES } from './fake-workers.ts';

const TRANSACTION = /^(begin|commit|rollback)/u;

function kindOf(sql: string): StatementKind {
  const transaction = TRANSACTION.exec(sql)?.[1] as 'begin' | undefined;
  if (transaction !== undefined) return { ...READS, transaction };
  if (sql.includes('later')) return { ...WRITES, error: errorOf('no such table').error };
  return sql.startsWith('select') ? READS : WRITES;
}

/** A database that fails every statement with "bad" in it; entries are answered when told to. */
class FakeDatabase {
  readonly log: string[] = [];
  readonly inFlight: (() => void)[] = [];
  maxInFlight = 0;
  held = false;
  /** Instead of an answer to the nth entry, counted from 1. */
  failures = new Map<number, ResqliteError>();
  #entries = 0;

  split = async (part: string) =>
    (part.match(/[^;]+;?/gu) ?? [])
      .map((sql) => sql.trim())
      .filter((sql) => sql !== '')
      .map((sql) => ({ sql, kind: kindOf(sql) }));

  classify = async (sql: string): Promise<StatementKind> => {
    this.log.push(`classify ${sql}`);
    return {
      ...(sql.startsWith('select') ? READS : WRITES),
      error: sql.includes('bad') ? errorOf('still').error : null,
    };
  };

  query = async (sql: string): Promise<string> => {
    this.log.push(sql);
    if (sql.includes('bad')) throw new ResqliteError(failure('Sql', 'no', 'bad read'));
    if (sql.includes('alone')) throw new ResqliteError(failure('NoQuorum', 'no', 'alone'));
    return `rows of ${sql}`;
  };

  execute = async (request: StateRequest): Promise<Executed> => {
    this.#entries += 1;
    const number = this.#entries;
    const statements = statementsOf(request);
    this.log.push(`${request.mode} ${statements.map(({ sql }) => sql).join(' ')}`);
    if (this.held) {
      await new Promise<void>((resolve) => {
        this.inFlight.push(resolve);
        this.maxInFlight = Math.max(this.maxInFlight, this.inFlight.length);
      });
    }
    const failed = this.failures.get(number);
    if (failed !== undefined) throw failed;
    return { index: number as LogIndex, term: 1 as Term, response: respond(request) };
  };

  run(script: string, options: RunOptionsFor<string> = {}) {
    return runScript(this, script, options);
  }
}

function respond(request: StateRequest): Executed['response'] {
  const { mode } = request;
  const statements = statementsOf(request);
  const bail = 'bail' in request && request.bail;
  const outcomes: Executed['response']['outcomes'][number][] = [];
  let committed = !statements.some(({ sql }) => sql.includes('undone'));
  for (const [at, { sql }] of statements.entries()) {
    outcomes.push(sql.includes('bad') ? errorOf('bad one', at) : resultOf());
    if (sql.includes('undone'))
      outcomes.splice(at, 1, errorOf('FOREIGN KEY constraint failed', at));
    if (!sql.includes('bad') || !bail) continue;
    committed = mode !== 'atomic';
    break;
  }
  return { outcomes, committed };
}

/** One line for each statement. */
function recorder() {
  const lines: string[] = [];
  const onResult: RunOptionsFor<string>['onResult'] = ({ statement, outcome }) => {
    const detail =
      outcome.type === 'error' ? ` ${outcome.error.code} ${outcome.error.statement}` : '';
    lines.push(`${statement} ${outcome.type}${detail}`);
  };
  return { lines, onResult };
}

async function untilTrue(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('it did not come true');
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('a script', () => {
  test('runs in order, and everything is counted', async () => {
    const database = new FakeDatabase();
    const { lines, onResult } = recorder();
    const result = await database.run('a; bad; b; select 1; c; select bad;', { onResult });
    expect(database.log).toEqual(['each a; bad; b;', 'select 1;', 'each c;', 'select bad;']);
    expect(lines).toEqual([
      '0 executed',
      '1 error Sql 1',
      '2 executed',
      '3 rows',
      '4 executed',
      '5 error Sql null',
    ]);
    expect(result).toMatchObject({ statements: 6, errors: 2, rowsAffected: 3 });
    expect(result.firstErrors.map(({ statement, line, sql }) => [statement, line, sql])).toEqual([
      [1, 1, 'bad;'],
      [5, 1, 'select bad;'],
    ]);
  });

  test('tells how far it is', async () => {
    const told: RunProgress[] = [];
    const script = 'a; b;\nbegin; c; commit;';
    await new FakeDatabase().run(script, { onProgress: (progress) => told.push(progress) });
    expect(told.map(({ statements }) => statements)).toEqual([1, 2, 3, 4, 5]);
    expect(told.at(-1)).toEqual({ statements: 5, errors: 0, rowsAffected: 3, fraction: 1 });
    expect(told[0]?.fraction).toBeCloseTo(2 / script.length);
  });

  test('keeps several entries on their way, but not any number', async () => {
    const database = new FakeDatabase();
    database.held = true;
    const running = database.run('a;'.repeat(256 * 20));
    await untilTrue(() => database.inFlight.length === 8);
    let answered = 0;
    while (answered < 20) {
      await untilTrue(() => database.inFlight.length > 0);
      database.inFlight.shift()?.();
      answered += 1;
    }
    expect((await running).statements).toBe(256 * 20);
    expect(database.maxInFlight).toBe(8);
  });

  test('reads only when everything before is answered', async () => {
    const database = new FakeDatabase();
    database.held = true;
    const running = database.run('a; select 1; b;');
    await untilTrue(() => database.inFlight.length === 1);
    expect(database.log).toEqual(['each a;']);
    database.inFlight.shift()?.();
    await untilTrue(() => database.inFlight.length === 1);
    expect(database.log).toEqual(['each a;', 'select 1;', 'each b;']);
    database.inFlight.shift()?.();
    await running;
  });

  test('stops at the first error when asked to', async () => {
    const database = new FakeDatabase();
    const { lines, onResult } = recorder();
    const result = await database.run('a; bad; b; select 1;', { bail: true, onResult });
    expect(database.log).toEqual(['each a; bad; b;']);
    expect(lines).toEqual(['0 executed', '1 error Sql 1']);
    expect(result).toMatchObject({ statements: 2, errors: 1, rowsAffected: 1 });
  });

  test('asks again what a statement is that did not compile before its time', async () => {
    const database = new FakeDatabase();
    const { lines, onResult } = recorder();
    await database.run('a; select later; with later; select later bad;', { onResult });
    expect(database.log).toEqual([
      'each a;',
      'classify select later;',
      'select later;',
      'classify with later;',
      'each with later;',
      'classify select later bad;',
    ]);
    expect(lines).toEqual(['0 executed', '1 rows', '2 executed', '3 error Sql 3']);
  });
});

describe('a transaction in a script', () => {
  test('commits around failing statements', async () => {
    const { lines, onResult } = recorder();
    const result = await new FakeDatabase().run('begin; a; bad; commit; b;', { onResult });
    expect(lines).toEqual(['0 done', '1 executed', '2 error Sql 2', '3 done', '4 executed']);
    expect(result).toMatchObject({ statements: 5, errors: 1, rowsAffected: 2 });
  });

  test('that cannot be committed is an error of its COMMIT and affects no rows', async () => {
    const { lines, onResult } = recorder();
    const result = await new FakeDatabase().run('begin; a; undone; commit;', { onResult });
    expect(lines).toEqual(['0 done', '1 dropped', '2 dropped', '3 error Sql 3']);
    expect(result).toMatchObject({ errors: 1, rowsAffected: 0 });
  });

  test('is undone by its first error with bail', async () => {
    const { lines, onResult } = recorder();
    const options = { bail: true, onResult };
    const result = await new FakeDatabase().run('begin; a; bad; b; commit; c;', options);
    expect(lines).toEqual(['0 done', '1 dropped', '2 error Sql 2', '3 dropped', '4 dropped']);
    expect(result).toMatchObject({ errors: 1, rowsAffected: 0 });
  });

  test('that is too large for the node fails, and the script goes on', async () => {
    const database = new FakeDatabase();
    database.failures.set(1, new ResqliteError(failure('TooLarge', 'no', 'too large')));
    const { lines, onResult } = recorder();
    const result = await database.run('begin; a; b; commit; c;', { onResult });
    expect(lines).toEqual([
      '0 done',
      '1 error TooLarge null',
      '2 error TooLarge null',
      '3 dropped',
      '4 executed',
    ]);
    expect(result).toMatchObject({ errors: 2, rowsAffected: 1 });
  });
});

describe('a script whose cluster fails', () => {
  test('fails with "no" when nothing was applied', async () => {
    const database = new FakeDatabase();
    database.failures.set(1, new ResqliteError(failure('NoQuorum', 'no', 'no quorum')));
    const error = await errorOfCall(database.run('a; b;'));
    expect([error.code, error.applied]).toEqual(['NoQuorum', 'no']);
  });

  test('fails with "unknown" when an earlier entry was applied', async () => {
    const database = new FakeDatabase();
    database.failures.set(2, new ResqliteError(failure('NoQuorum', 'no', 'no quorum')));
    const error = await errorOfCall(database.run('a; select 1; b;'));
    expect([error.code, error.applied]).toEqual(['NoQuorum', 'unknown']);
    expect(error.message).toContain('2 statements');
  });

  test('fails with "unknown" when an entry behind the failed one was applied', async () => {
    const database = new FakeDatabase();
    database.failures.set(1, new ResqliteError(failure('NoQuorum', 'no', 'no quorum')));
    const error = await errorOfCall(database.run('a;'.repeat(300)));
    expect([error.code, error.applied]).toEqual(['NoQuorum', 'unknown']);
  });

  test('fails when a read finds no quorum', async () => {
    const error = await errorOfCall(new FakeDatabase().run('select alone; a;'));
    expect([error.code, error.applied]).toEqual(['NoQuorum', 'no']);
  });

  test('that is aborted before anything was sent changed nothing', async () => {
    const database = new FakeDatabase();
    const error = await errorOfCall(database.run('a;', { signal: AbortSignal.abort() }));
    expect([error.code, error.applied, database.log]).toEqual(['Aborted', 'no', []]);
  });

  test('that is aborted on its way sends nothing more', async () => {
    const database = new FakeDatabase();
    const abort = new AbortController();
    database.failures.set(1, aborted('unknown'));
    const onProgress = (): void => abort.abort();
    const error = await errorOfCall(
      database.run('select 1; a; select 2;', { signal: abort.signal, onProgress }),
    );
    expect([error.code, error.applied]).toEqual(['Aborted', 'no']);
    expect(database.log).toEqual(['select 1;']);
  });
});
