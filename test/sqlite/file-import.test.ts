/** What becomes of a file at its source: found to be sound, or refused with the reason. */

import { describe, expect, it } from 'vitest';
import { FileImport } from '../../src/sqlite/file-import.ts';
import { contentsOfFile, digestOf, makeFile } from './files.ts';
import { failureOf, loadTestRuntime, openService } from './support.ts';

const runtime = await loadTestRuntime();

const source = async (): Promise<FileImport> => new FileImport(await openService(runtime));

const blob = (bytes: Uint8Array): Blob => new Blob([bytes as Uint8Array<ArrayBuffer>]);
const DATA = [
  'PRAGMA page_size = 1024',
  'CREATE TABLE t(id INTEGER PRIMARY KEY, x UNIQUE)',
  'CREATE TABLE child(t REFERENCES t(id))',
  'CREATE VIRTUAL TABLE f USING fts5(y)',
  "INSERT INTO f VALUES('hello')",
  'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300) ' +
    "INSERT INTO t(x) SELECT 'text ' || i FROM n",
];
/** Rows in the schema that no statement would make. */
const inSchema = (values: string): string[] => [
  ...DATA,
  'PRAGMA writable_schema = ON',
  `INSERT INTO sqlite_schema VALUES(${values})`,
];

describe('a file that is to be imported', () => {
  it('has the same hash and bytes everywhere, and is given out in pieces', async () => {
    const bytes = makeFile(runtime, DATA);
    const [first, second] = [await source(), await source()];
    const opened = await first.openImport(blob(bytes));
    expect(await second.openImport(blob(bytes))).toEqual(opened);
    expect(opened).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      sizeBytes: bytes.length,
    });
    expect(await first.importProgress()).toBe(1);
    expect(digestOf(await first.readImport(100, 5_000))).toBe(digestOf(bytes.slice(100, 5_100)));
    expect(await first.readImport(bytes.length - 3, 100)).toEqual(bytes.slice(-3));
    await first.closeImport();
    expect(await failureOf(first.readImport(0, 1))).toMatchObject({ code: 'Closed' });
    expect(await first.openImport(blob(bytes))).toEqual(opened);
  });

  it('loses its journal mode, our own tables and statistics of other builds, and nothing else', async () => {
    const bytes = makeFile(runtime, [
      ...DATA,
      'CREATE TABLE _resqlite_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID',
      'CREATE TABLE _resqlite_sessions(id INTEGER PRIMARY KEY, a)',
      'CREATE INDEX session_index ON _resqlite_sessions(a)',
      'CREATE TABLE stat_four(tbl)',
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_schema SET name = 'sqlite_stat4', tbl_name = 'sqlite_stat4',
        sql = 'CREATE TABLE sqlite_stat4(tbl)' WHERE name = 'stat_four'`,
      // Rows that point to nothing are data like any other.
      'INSERT INTO child VALUES(7000)',
    ]);
    // As a file looks that was in WAL mode.
    bytes.set([2, 2], 18);
    const importing = await source();
    const { sizeBytes } = await importing.openImport(blob(bytes));
    const freed = await importing.readImport(0, sizeBytes);
    expect([...freed.subarray(18, 20)]).toEqual([1, 1]);
    const expected = makeFile(runtime, [...DATA, 'INSERT INTO child VALUES(7000)']);
    expect(contentsOfFile(runtime, freed)).toEqual(contentsOfFile(runtime, expected));
  });

  it('is refused with the reason where it cannot be taken', async () => {
    const sound = makeFile(runtime, DATA);
    const utf16 = sound.slice();
    utf16[59] = 3;
    const damaged = makeFile(runtime, [
      'CREATE TABLE p(a)',
      'CREATE INDEX i ON p(a)',
      "INSERT INTO p VALUES('needle')",
    ]);
    // Of the row, or of its entry in the index.
    damaged[new TextDecoder('latin1').decode(damaged).lastIndexOf('needle')] = 65;
    const newer = sound.slice();
    newer[19] = 3;
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /it is empty/],
      [new Uint8Array(5_000).fill(9), /no SQLite database, or it is encrypted/],
      [sound.slice(0, 90), /no SQLite database/],
      [sound.slice(0, 5_000), /it is damaged|it cannot be checked|malformed/],
      [newer, /made by a version of SQLite/],
      [utf16, /UTF-16.*\.dump/],
      [damaged, /it is damaged: .*row 1 missing from index i/s],
      [
        makeFile(runtime, inSchema("'table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING fts4(a)'")),
        /x is a virtual table of fts4/,
      ],
      [makeFile(runtime, [...DATA, 'CREATE VIEW _resqlite_v AS SELECT 1']), /are reserved/],
      [makeFile(runtime, inSchema("'table', 'x', 'x', 5, 'CREATE TABLE x('")), /malformed/],
      [makeFile(runtime, [...DATA, 'INSERT INTO child VALUES(zeroblob(16777300))']), /16 MiB/],
    ];
    const importing = await source();
    for (const [bytes, reason] of cases) {
      const failure = await failureOf(importing.openImport(blob(bytes)));
      expect(failure).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
      expect(failure.message).toMatch(reason);
    }
    const endless = { size: 2 ** 40 } as Blob;
    expect(await failureOf(importing.openImport(endless))).toMatchObject({ code: 'TooLarge' });
    const unreadable = {
      size: 5_000,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('it was moved')) }),
    } as unknown as Blob;
    expect(await failureOf(importing.openImport(unreadable))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining('it was moved'),
    });
    // None of them stands in the way.
    expect(await importing.openImport(blob(sound))).toMatchObject({ sizeBytes: sound.length });
  });

  it('comes alone, and can be given up at any time', async () => {
    const bytes = makeFile(runtime, DATA);
    const service = await openService(runtime);
    const importing = new FileImport(service);
    const opening = failureOf(importing.openImport(blob(bytes)));
    await Promise.resolve();
    expect(await failureOf(importing.openImport(blob(bytes)))).toMatchObject({
      code: 'Overloaded',
    });
    await importing.closeImport();
    expect(await opening).toMatchObject({ code: 'Aborted', applied: 'no' });
    await importing.openImport(blob(bytes));
    // With the database everything that is made beside it is closed.
    await service.close();
    expect(await failureOf(importing.readImport(0, 1))).toMatchObject({ code: 'Closed' });
  });
});
