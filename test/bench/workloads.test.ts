/** The workloads have the counts that they are known by, and their reads give what they say. */

import initialize from '@sqlite.org/sqlite-wasm';
import { describe, expect, test } from 'vitest';

import {
  countQuery,
  dropScript,
  rowsWritten,
  scriptOf,
  workload,
  type WorkloadName,
} from '../../src/bench/workloads.ts';

const WHOLE = { seed: 1, share: 1 };

function countsOf(name: WorkloadName): { writes: number; reads: number } {
  const statements = workload(name, WHOLE);
  const reads = statements.filter(({ rows }) => rows !== null).length;
  return { writes: statements.length - reads, reads };
}

describe('counts', () => {
  test('the file that writes has 15,637 statements, of the kinds that a dump has', () => {
    const statements = workload('write-only', WHOLE);
    const kinds = new Map<string, number>();
    for (const { sql } of statements) {
      const kind = sql.split(' ').slice(0, 2).join(' ').toLowerCase();
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(statements).toHaveLength(15_637);
    expect(statements.every(({ rows }) => rows === null)).toBe(true);
    expect(Object.fromEntries(kinds)).toEqual({
      'pragma foreign_keys=off': 1,
      'create table': 11,
      'insert into': 15_613,
      'create index': 10,
      analyze: 1,
      'pragma foreign_keys=on': 1,
    });
  });

  test('the others have their reads and writes', () => {
    expect(countsOf('read-only')).toEqual({ writes: 0, reads: 15_060 });
    expect(countsOf('write-heavy')).toEqual({ writes: 4_877, reads: 1_137 });
    expect(countsOf('read-heavy')).toEqual({ writes: 602, reads: 4_518 });
  });

  test('reads are of 274, 346 and 1 rows in turn', () => {
    for (const name of ['read-only', 'write-heavy', 'read-heavy'] as const) {
      const reads = workload(name, WHOLE).flatMap(({ rows }) => rows ?? []);
      expect(reads).toEqual(reads.map((_, at) => [274, 346, 1][at % 3]));
    }
  });

  test('mixtures are of alternating blocks', () => {
    const blocks = workload('write-heavy', WHOLE)
      .map(({ rows }) => (rows === null ? 'w' : 'r'))
      .join('')
      .match(/w+|r+/g);
    expect(blocks).toHaveLength(226);
    expect(new Set(blocks?.map((block) => block.length))).toEqual(new Set([10, 11, 43, 44]));
  });
});

test('the same seed gives the same statements, another one others', () => {
  const share = 0.05;
  const first = scriptOf(workload('write-only', { seed: 1, share }));
  expect(scriptOf(workload('write-only', { seed: 1, share }))).toBe(first);
  expect(scriptOf(workload('write-only', { seed: 2, share }))).not.toBe(first);
});

describe('in SQLite', () => {
  test.each([1, 0.005])('a share of %d runs, and gives the rows that it says', async (share) => {
    const { oo1 } = await initialize();
    const database = new oo1.DB(':memory:');
    // As on the cluster, where this is so whatever a statement before it was.
    database.exec('pragma foreign_keys=on');
    const run = (sql: string): number =>
      sql.startsWith('PRAGMA') ? 0 : database.selectArrays(sql).length;
    for (const { sql } of workload('write-only', { seed: 1, share })) run(sql);
    expect(database.selectValue(countQuery())).toBe(rowsWritten(share));
    for (const name of ['read-only', 'write-heavy', 'read-heavy'] as const) {
      // The first statements have all kinds; all of them would take long.
      for (const { sql, rows } of workload(name, { seed: 1, share }).slice(0, 300)) {
        expect(run(sql)).toBe(rows ?? 0);
      }
    }
    database.exec(dropScript());
    expect(
      database.selectValue('select count(*) from sqlite_schema where type = ?', ['table']),
    ).toBe(1);
    database.close();
  });
});
