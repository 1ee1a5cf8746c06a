/** Rows for other programs: as JSON, as cells, and as files. */

import { describe, expect, test } from 'vitest';
import type { Database } from '../../../src/client/database.ts';
import { fileOf } from '../../../src/ui/database/row-files.ts';
import { jsonRows, tabbedRows } from '../../../src/ui/database/row-text.ts';
import { wholeRows } from '../../../src/ui/table-rows.ts';

describe('JSON', () => {
  test('has every digit of an integer, and blobs as texts', () => {
    const row = [
      9_007_199_254_740_993n,
      1.5,
      null,
      'say "hi"\n',
      new Uint8Array([0, 255]),
      Infinity,
    ];
    const text = jsonRows(['big', 'real', 'none', 'text', 'blob', 'most'], [row]);
    expect(text).toBe(
      '[\n  { "big": 9007199254740993, "real": 1.5, "none": null, ' +
        `"text": "say \\"hi\\"\\n", "blob": "X'00ff'", "most": 9.0e+999 }\n]`,
    );
    expect(JSON.parse(text)).toHaveLength(1);
  });

  test('gives columns of one name names of their own', () => {
    const text = jsonRows(['a', 'a', 'a:1', '"'], [[1, 2, 3, 4]]);
    expect(JSON.parse(text)).toEqual([{ a: 1, 'a:1': 2, 'a:1:1': 3, '"': 4 }]);
  });

  test('of no rows is an empty list', () => {
    expect(jsonRows(['a'], [])).toBe('[]');
  });
});

test('cells are tab-separated below their heads; what would break a cell is quoted', () => {
  const rows = [
    ['plain', null, 12n],
    ['a\tb', 'say "hi"', new Uint8Array([1])],
  ];
  expect(tabbedRows(['x', 'y', 'z'], rows)).toBe(
    `x\ty\tz\nplain\t\t12\n"a\tb"\t"say ""hi"""\tX'01'`,
  );
});

describe('a file', () => {
  const columns = ['a', 'b'];

  test('has the rows of its query, batch behind batch', async () => {
    const asked: unknown[] = [];
    const database = {
      async *iterate(...args: unknown[]) {
        asked.push(args);
        yield { columns, rows: [] };
        yield { columns, rows: [[1, 'x,y']] };
        yield { columns, rows: [[2n ** 60n, null]] };
      },
    } as unknown as Database;
    const query = { sql: 'select ?', params: [3], level: 'weak' } as const;
    const json = await (await fileOf('json', database, query, null)).text();
    expect(json).toBe(
      '[\n  { "a": 1, "b": "x,y" },\n  { "a": 1152921504606846976, "b": null }\n]\n',
    );
    const csv = await (await fileOf('csv', database, query, null)).text();
    expect(csv).toBe('a,b\r\n1,"x,y"\r\n1152921504606846976,\r\n');
    expect(asked[0]).toEqual(['select ?', [3], { level: 'weak' }]);
  });

  test('has the rows that are here where no query gives them again', async () => {
    const rows = wholeRows(columns, [[1, 'RETURNING']]);
    const csv = await (await fileOf('csv', {} as Database, null, rows)).text();
    expect(csv).toBe('a,b\r\n1,RETURNING\r\n');
    const none = await fileOf('json', {} as Database, null, wholeRows(columns, []));
    expect(JSON.parse(await none.text())).toEqual([]);
  });
});
