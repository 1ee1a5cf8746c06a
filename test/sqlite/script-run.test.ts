/** Batch scripts as `db.run` runs them, against SQLite itself: exact counts, and where they stop. */

import { describe, expect, test } from 'vitest';

import { ResqliteError } from '../../src/client/errors.ts';
import type { RunProgress } from '../../src/client/script-report.ts';
import { runOn } from './script-node.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const INSERTS = 1_500;
/** Of every hundred inserts one names a key that is taken. */
const TAKEN = INSERTS / 100;

const runtime = await loadTestRuntime();

/** Semicolons wherever they end nothing. */
function script(): string {
  const inserts = Array.from({ length: INSERTS }, (_, at) => {
    const id = at % 100 === 99 ? 1 : at + 1;
    return `INSERT INTO "a;b" VALUES(${id}, 'x; ''y; -- ${at}') /* ; */; -- one; more`;
  });
  return [
    '-- made; by hand',
    'CREATE TABLE "a;b"(id INTEGER PRIMARY KEY, [t;] TEXT);;',
    'CREATE TABLE log(what);',
    `CREATE TRIGGER note AFTER DELETE ON "a;b" BEGIN
       INSERT INTO log VALUES('gone; ' || old.id); /* ; */ UPDATE log SET what = what;
       SELECT CASE WHEN 1 THEN 2 END; -- END;
     END;`,
    ...inserts,
    'SELECT count(*) FROM "a;b"; /* only; reads */',
    'DELETE FROM "a;b" WHERE id <= 3;',
    'INSERT INTO nowhere VALUES(1);',
    "VALUES('last; without an end')",
  ].join('\n');
}

describe('a script', () => {
  test('is counted exactly: statements, errors, rows', async () => {
    const node = new TestNode(runtime);
    const told: RunProgress[] = [];
    const read: unknown[] = [];
    const result = await runOn(node, script(), {
      onProgress: (progress) => told.push(progress),
      onResult: ({ outcome }) => outcome.type === 'rows' && read.push(outcome.answer),
    });
    const statements = 3 + INSERTS + 4;
    const errors = TAKEN + 1;
    const rowsAffected = INSERTS - TAKEN + 3;
    expect(result).toMatchObject({ statements, errors, rowsAffected });
    expect(result.firstErrors[0]).toMatchObject({ statement: 3 + 99, line: 7 + 100 });
    expect(read).toEqual([[[INSERTS - TAKEN]], [['last; without an end']]]);
    expect(node.all('SELECT what FROM log')).toEqual([['gone; 1'], ['gone; 2'], ['gone; 3']]);
    expect(told.map((progress) => progress.statements)).toEqual(
      Array.from({ length: statements }, (_, at) => at + 1),
    );
    expect(told.at(-1)).toMatchObject({ errors, rowsAffected, fraction: 1 });
    node.close();
  });

  test('with bail stops at its first error', async () => {
    const node = new TestNode(runtime);
    const result = await runOn(node, script(), { bail: true });
    expect(result).toMatchObject({ statements: 3 + 100, errors: 1, rowsAffected: 99 });
    expect(node.get('SELECT count(*) FROM "a;b"')).toEqual([99]);
    node.close();
  });

  test('that is cancelled on its way says that some of it may have happened', async () => {
    const node = new TestNode(runtime);
    const controller = new AbortController();
    const work = runOn(node, script().repeat(4), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    const error: unknown = await work.catch((caught: unknown) => caught);
    if (!(error instanceof ResqliteError)) throw new Error(`no ResqliteError: ${String(error)}`);
    expect(error).toMatchObject({ code: 'Aborted', applied: 'unknown' });
    expect(error.message).toMatch(/after \d+ statements had been answered/u);
    const [rows] = node.get('SELECT count(*) FROM "a;b"');
    expect(Number(rows)).toBeGreaterThan(0);
    node.close();
  });
});
