/** CSV in and out: what RFC 4180 says, what goes into the log, and that everything comes back. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { exportCsv } from '../../src/client/csv-export.ts';
import type { CsvImportOptions } from '../../src/client/csv-import-options.ts';
import { importCsv } from '../../src/client/csv-import.ts';
import { csvLine, csvNumber, CsvReader } from '../../src/client/csv-text.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import type { RowBatch } from '../../src/client/cursor.ts';
import { failure } from '../../src/node/errors.ts';
import type { ExecuteRequest, SqlParams, SqlValue } from '../../src/node/sql.ts';
import type { Term } from '../../src/raft/types.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { loadTestRuntime, TestNode } from '../sqlite/support.ts';
import { errorOfCall } from './fake-database.ts';

const runtime = await loadTestRuntime();

function rowsOf(parts: readonly string[], separator = ','): unknown[] {
  const reader = new CsvReader(separator);
  const rows = [...parts.flatMap((part) => [...reader.push(part)]), ...reader.end()];
  return rows.map(({ line, fields, fault }) => [
    line,
    fault ?? fields.map(({ text, isQuoted }) => (isQuoted ? { text } : text)),
  ]);
}

/** A file that was taken away after it was picked. */
function unreadable(): Blob {
  const stream = (): ReadableStream =>
    new ReadableStream({
      pull: (controller) => controller.error(new DOMException('it is gone', 'NotReadableError')),
    });
  return Object.assign(new Blob(['x']), { stream });
}

/** The database behind the calls of `db.importCsv` and `db.exportCsv`. */
class Target {
  readonly node = new TestNode(runtime);
  readonly requests: ExecuteRequest[] = [];
  /** Instead of an answer to the nth entry, counted from 1. */
  readonly failures = new Map<number, ResqliteError>();

  query = async (sql: string, params: SqlParams = []) => this.#read(sql, params).rows;

  execute = async (request: ExecuteRequest) => {
    this.requests.push(request);
    const failed = this.failures.get(this.requests.length);
    if (failed !== undefined) throw failed;
    const response = this.node.runRequest(request);
    return { index: this.node.applier.appliedIndex, term: 1 as Term, response };
  };

  import(file: Blob | string, options: CsvImportOptions = {}, table = 't') {
    return importCsv(this, table, file, options);
  }

  async export(sql: string, options: Parameters<typeof exportCsv>[1] = {}): Promise<string> {
    const { columns, rows } = this.#read(sql, []);
    async function* batches(): AsyncGenerator<RowBatch> {
      yield { columns, rows: rows.slice(0, 2) };
      if (rows.length > 2) yield { columns, rows: rows.slice(2) };
    }
    return (await exportCsv(batches(), options)).text();
  }

  #read(sql: string, params: SqlParams) {
    const query = { sql, params, deadlineMs: performance.now() + 60_000 };
    return runQuery(this.node.database, this.node.applier.appliedIndex, query);
  }
}

function targetWith(...statements: string[]): Target {
  const target = new Target();
  if (statements.length > 0) target.node.run(statements);
  return target;
}

describe('reading', () => {
  test('fields, quotes and line ends are as RFC 4180 has them', () => {
    expect(rowsOf(['a,"b ""q"", c",\r\n"two\nlines",5" disk,x\n\n"",,last'])).toEqual([
      [1, ['a', { text: 'b "q", c' }, '']],
      [2, [{ text: 'two\nlines' }, '5" disk', 'x']],
      [4, ['']],
      [5, [{ text: '' }, '', 'last']],
    ]);
    expect(rowsOf(['a;b\n'], ';')).toEqual([[1, ['a', 'b']]]);
    expect(rowsOf([''])).toEqual([]);
  });

  test('a row that is none is told by its line, and the next one is read', () => {
    expect(rowsOf(['"a"b",c\r\nd\n"open\n,'])).toEqual([
      [1, 'a quoted field goes on behind its closing quote'],
      [2, ['d']],
      [3, 'a quoted field has no closing quote'],
    ]);
  });

  test('how the text is cut makes no difference', () => {
    const piece = fc.constantFrom('a', '"', '""', ',', '\r\n', '\n', '\r', 'é😀', ' ');
    const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(40)), (whole, cuts) => {
        const at = [0, ...cuts.toSorted((one, other) => one - other), whole.length];
        const parts = at.slice(1).map((end, index) => whole.slice(at[index], end));
        expect(rowsOf(parts)).toEqual(rowsOf([whole]));
      }),
    );
  });

  test('numbers are what looks like nothing else', () => {
    const texts = ['0', '-17', '9223372036854775807', '1.50', '1e999', '-2.5E-8'];
    expect(texts.map(csvNumber)).toEqual([0, -17, 2n ** 63n - 1n, 1.5, Infinity, -2.5e-8]);
    const others = ['', '007', '+1', '1.', '.5', '0x10', ' 1', '9223372036854775808', 'NaN', '1_0'];
    expect(others.filter((text) => csvNumber(text) !== null)).toEqual([]);
  });
});

describe('an import', () => {
  test('makes the table as sqlite3 does, named by the first row', async () => {
    const target = new Target();
    const result = await target.import('\ufeffzip,"the name"\n007,"O\'Neil, ""x"""\n,""\n');
    expect(result).toMatchObject({ rows: 2, errors: 0, firstErrors: [], created: true });
    expect(target.node.get("SELECT sql FROM sqlite_schema WHERE name = 't'")).toEqual([
      'CREATE TABLE "t" ("zip" TEXT, "the name" TEXT)',
    ]);
    expect(target.node.all('SELECT * FROM t')).toEqual([
      ['007', 'O\'Neil, "x"'],
      [null, ''],
    ]);
    // It is there now: the first row is a row.
    expect(await target.import('1;2\n3;4', { separator: ';' })).toMatchObject({ rows: 2 });
    expect(await target.import('zip,x\n\n5,', { skip: 1, empty: 'text' })).toMatchObject({
      rows: 1,
    });
    expect(target.node.all('SELECT * FROM t WHERE zip < 9 AND zip > 0')).toEqual([
      ['007', 'O\'Neil, "x"'],
      ['1', '2'],
      ['3', '4'],
      ['5', ''],
    ]);
  });

  test("columns' types decide what a value becomes, or the fields where asked to", async () => {
    const target = targetWith('CREATE TABLE t(i INTEGER, r REAL, n NUMERIC, s TEXT, b)');
    await target.import("1,2,3.0,4,5\nx,9007199254740993,1e3,007,X'41'");
    expect(target.node.all('SELECT * FROM t')).toEqual([
      [1, 2, 3, '4', '5'],
      ['x', 9007199254740992, 1000, '007', "X'41'"],
    ]);
    expect(target.node.get('SELECT typeof(r), typeof(n) FROM t')).toEqual(['real', 'integer']);
    await target.import('b,s\n5,5\n"5",X\'41\'\n2.5,"X\'41\'"', { header: true, infer: true });
    expect(target.node.all('SELECT b, s, i FROM t WHERE i IS NULL')).toEqual([
      [5, '5', null],
      ['5', Uint8Array.of(0x41), null],
      [2.5, "X'41'", null],
    ]);
  });

  test('counts rows that fail by their lines, and the others go in', async () => {
    const target = targetWith('CREATE TABLE t(a INTEGER PRIMARY KEY, b NOT NULL)');
    const file = '1,one\n2\n3,"th\nree"\n1,again\n5,\n6,six,7\n7,"x"y\n8,eight';
    const { rows, errors, firstErrors } = await target.import(file);
    expect([rows, errors]).toEqual([3, 5]);
    expect(firstErrors.map(({ line, error }) => `${line} ${error.code} ${error.message}`)).toEqual([
      '2 InvalidArgument line 2: 1 fields where 2 are expected',
      '5 Sql UNIQUE constraint failed: t.a',
      '6 Sql NOT NULL constraint failed: t.b',
      '7 InvalidArgument line 7: 3 fields where 2 are expected',
      '8 InvalidArgument line 8: a quoted field goes on behind its closing quote',
    ]);
    expect(target.node.all('SELECT a FROM t')).toEqual([[1], [3], [8]]);
  });

  test('sends batches of bounded size, each an entry, and tells how far it is', async () => {
    const target = targetWith('CREATE TABLE t(a INTEGER PRIMARY KEY, b)');
    const lines = Array.from({ length: 1_500 }, (_, at) => `${at},${'x'.repeat(300)}`);
    lines.splice(1_200, 0, `10000,${'y'.repeat(300_000)}`);
    const told: number[] = [];
    const { rows, errors } = await target.import(new Blob([lines.join('\n')]), {
      onProgress: ({ fraction }) => told.push(fraction),
    });
    expect([rows, errors]).toEqual([1_501, 0]);
    const sizes = target.requests.map(({ statements }) => statements.length);
    expect(Math.max(...sizes)).toBe(500);
    expect(Math.min(...sizes)).toBe(1);
    expect(told).toEqual(told.toSorted((one, other) => one - other));
    expect(told.at(-1)).toBe(1);
    expect(target.node.get('SELECT count(*), max(length(b)) FROM t')).toEqual([1_501, 300_000]);
  });

  test('goes on behind a batch that is too large to be sent', async () => {
    const target = targetWith('CREATE TABLE t(a)');
    target.failures.set(2, new ResqliteError(failure('TooLarge', 'no', 'large')));
    const lines = Array.from({ length: 1_200 }, (_, at) => String(at)).join('\n');
    const { rows, errors, firstErrors } = await target.import(lines);
    expect([rows, errors]).toEqual([700, 500]);
    expect(firstErrors.at(0)).toMatchObject({ line: 501, error: { code: 'TooLarge' } });
  });

  test('with bail ends at its first error, with the batches before it', async () => {
    const target = targetWith('CREATE TABLE t(a INTEGER PRIMARY KEY)');
    const lines = Array.from({ length: 1_200 }, (_, at) => (at === 700 ? '3' : String(at)));
    const stopped = await target.import(lines.join('\n'), { bail: true });
    expect(stopped).toMatchObject({ rows: 500, errors: 1, firstErrors: [{ line: 701 }] });
    expect(target.node.get('SELECT count(*) FROM t')).toEqual([500]);

    const unread = await target.import('1000\n1001\n1,2\n1003', { bail: true });
    expect(unread).toMatchObject({ rows: 2, errors: 1, firstErrors: [{ line: 3 }] });
  });

  test('a batch that cannot be committed is not in, and all its rows are counted', async () => {
    const target = targetWith(
      'CREATE TABLE p(id INTEGER PRIMARY KEY)',
      'CREATE TABLE t(a REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)',
    );
    const { rows, errors, firstErrors } = await target.import('1\n2\n');
    expect([rows, errors, firstErrors[0]?.error.code]).toEqual([0, 2, 'Sql']);
    expect(target.node.get('SELECT count(*) FROM t')).toEqual([0]);
  });

  test('that the cluster fails, or the caller, says what went in before', async () => {
    const target = targetWith('CREATE TABLE t(a)');
    const lines = Array.from({ length: 4_000 }, (_, at) => String(at)).join('\n');
    target.failures.set(3, new ResqliteError(failure('NoQuorum', 'no', 'alone')));
    const failed = await errorOfCall(target.import(lines));
    expect(failed).toMatchObject({ code: 'NoQuorum', applied: 'unknown' });
    const [rows] = target.node.get('SELECT count(*) FROM t');
    expect(failed.message).toBe(`alone (after ${String(rows)} rows had gone in)`);

    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    const aborted = await errorOfCall(target.import(lines, options));
    expect(aborted).toMatchObject({ code: 'Aborted', applied: 'unknown' });
    expect(aborted.message).toMatch(/after \d+ rows/u);
    const { signal } = controller;
    expect(await errorOfCall(target.import(lines, { signal }))).toMatchObject({ applied: 'no' });
  });

  test.each([
    ['x\n', { separator: ';;' }, /separator/u],
    ['x\n', { skip: -1 }, /skip/u],
    ['x\n', { columns: 'a' as never }, /columns/u],
    ['x\n', { columns: [] }, /columns/u],
    [7 as never, {}, /a Blob, a File or a text/u],
    [unreadable(), {}, /cannot be read: it is gone/u],
    ['a,A\n', {}, /named twice/u],
    ['a,\n', {}, /empty name/u],
    ['"a"b\n', {}, /line 1/u],
    ['1\n', { header: false }, /no columns are named/u],
    [new Blob([Uint8Array.of(0x61, 0xff)]), {}, /not UTF-8/u],
  ])('that cannot be is refused, and changes nothing: %j %j', async (file, options, message) => {
    const target = new Target();
    const refused = await errorOfCall(target.import(file, options));
    expect(refused).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
    expect(refused.message).toMatch(message);
    expect(target.requests).toEqual([]);
  });
});

describe('an export', () => {
  test('quotes what has to be, and tells NULL from an empty text', async () => {
    const target = new Target();
    const sql = `SELECT 1 AS "a,b", NULL AS n, '' AS e, 'x"y' AS q, X'00ff' AS b, '12' AS t,
      9223372036854775807 AS i, -1e999 AS f UNION ALL SELECT 2.5,2,3,'a b',5,' ',7,8 UNION ALL
      SELECT 3,'X''41''','1.5x','line
end',X'',6,7,8`;
    expect(await target.export(sql)).toBe(
      '"a,b",n,e,q,b,t,i,f\r\n' +
        `1,,"","x""y",X'00ff',"12",9223372036854775807,-1e999\r\n` +
        '2.5,2,3,a b,5," ",7,8\r\n' +
        `3,"X'41'",1.5x,"line\nend",X'',6,7,8\r\n`,
    );
    const options = { header: false, separator: ';', blobs: 'base64' } as const;
    expect(await target.export("SELECT X'00ff', 'a;b', 'a,b'", options)).toBe('AP8=;"a;b";a,b\r\n');
    expect(await target.export('SELECT 1 AS x WHERE 0')).toBe('x\r\n');
    const refused = await errorOfCall(target.export('SELECT 1', { blobs: 'octal' as never }));
    expect(refused).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
  });

  test('comes back as it was by an import that infers types', async () => {
    const special = ['\n', '\r', '"', ',', "X'", '1', '0', '.', 'ü', '\ufeff', ' ', "'"];
    const value: fc.Arbitrary<SqlValue> = fc.oneof(
      fc.constant(null),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true }),
      fc.string({ unit: fc.constantFrom(...special) }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array({ maxLength: 9 }),
    );
    const rows = fc.sample(fc.tuple(value, value), { numRuns: 600, seed: 7 });
    const target = targetWith('CREATE TABLE v(a, "b,")');
    const sql = 'INSERT INTO v VALUES (?, ?)';
    target.node.run(rows.map((params) => ({ sql, params })));
    const csv = await target.export('SELECT * FROM v');
    expect(await target.import(csv, { infer: true })).toMatchObject({ rows: 600, errors: 0 });
    expect(target.node.all('SELECT * FROM t')).toEqual(target.node.all('SELECT * FROM v'));
    const single = csvLine([null], ',', 'hex') + csvLine([1], ',', 'hex');
    expect(await target.import(single, { columns: ['a'] })).toMatchObject({ rows: 2 });
  });
});
