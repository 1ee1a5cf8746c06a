/** The sample database: of the size and shape it says, sound, and safe to load twice. */

import { beforeAll, describe, expect, test } from 'vitest';
import { runQuery } from '../../../src/sqlite/query.ts';
import {
  LAST_INDEX,
  SAMPLE_QUERY,
  SAMPLE_TABLES,
  sampleStatements,
  storedSql,
} from '../../../src/ui/sample/music-shop.ts';
import { loadTestRuntime, TestNode } from '../../sqlite/support.ts';

/** As many rows as the original has in each. */
const ROWS = {
  artist: 275,
  album: 347,
  genre: 25,
  media_type: 5,
  track: 3_503,
  playlist: 18,
  playlist_track: 8_715,
  employee: 8,
  customer: 59,
  invoice: 412,
  invoice_line: 2_240,
};
/** An entry of the log may be far larger; one that is small keeps the others' waits short. */
const MAX_STATEMENT_CHARACTERS = 64 * 1024;

let values: (sql: string) => unknown[];

beforeAll(async () => {
  const node = new TestNode(await loadTestRuntime());
  // A load that broke off, and the next one.
  for (const { sql } of sampleStatements().slice(0, 30)) node.run([sql]);
  for (const { sql } of sampleStatements()) node.run([sql]);
  values = (sql) => {
    const deadlineMs = Number.POSITIVE_INFINITY;
    const { appliedIndex } = node.applier;
    return runQuery(node.database, appliedIndex, { sql, params: [], deadlineMs }).rows.flat();
  };
  return () => node.close();
});

describe('the music shop', () => {
  test.each(Object.entries(ROWS))('has in %s %d rows', (table, rows) => {
    expect(values(`select count(*) from ${table}`)).toEqual([rows]);
  });

  test('has nothing but sound references and totals', () => {
    expect(values('pragma foreign_key_check')).toEqual([]);
    expect(values('pragma integrity_check')).toEqual(['ok']);
    const wrong = `select count(*) from invoice where abs(total - (
      select sum(unit_price * quantity) from invoice_line using_line
      where using_line.invoice_id = invoice.invoice_id)) > 0.001`;
    expect(values(wrong)).toEqual([0]);
    const days = 'select min(invoice_date), max(invoice_date) from invoice';
    expect(values(days)).toEqual(['2021-01-01', expect.stringMatching(/^2025-12-\d\d$/)]);
  });

  test('is told from tables of somebody’s own by their SQL, and is complete with its last index', () => {
    for (const name of Object.keys(SAMPLE_TABLES)) {
      expect(values(`select sql from sqlite_schema where name = '${name}'`)).toEqual([
        storedSql(name),
      ]);
    }
    expect(values(`select count(*) from sqlite_schema where name = '${LAST_INDEX}'`)).toEqual([1]);
    expect(sampleStatements().at(-1)?.sql).toContain(LAST_INDEX);
    expect(storedSql('note')).toBeNull();
  });

  test('answers the question that the guide asks', () => {
    const answer = values(SAMPLE_QUERY);
    expect(answer).toHaveLength(30);
    expect(answer[0]).toEqual(expect.any(String));
  });

  test('is the same every time, in statements of moderate size', () => {
    expect(sampleStatements()).toEqual(sampleStatements());
    for (const { sql } of sampleStatements()) {
      expect(sql.length).toBeLessThan(MAX_STATEMENT_CHARACTERS);
    }
  });
});
