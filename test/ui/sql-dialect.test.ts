/** What the editor takes for a keyword. */

import { expect, test } from 'vitest';
import { SQLITE_DIALECT } from '../../src/ui/sql-dialect.ts';

function keywordsIn(sql: string): string[] {
  const words: string[] = [];
  SQLITE_DIALECT.language.parser.parse(sql).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'Keyword') words.push(sql.slice(from, to));
    },
  });
  return words;
}

test('keywords are those of SQLite, also the newer ones', () => {
  expect(keywordsIn('EXPLAIN insert into t values (1) returning *;')).toEqual([
    'EXPLAIN',
    'insert',
    'into',
    'values',
    'returning',
  ]);
  const windowed = 'select sum(a) over (partition by b) from t;';
  expect(keywordsIn(windowed)).toEqual(['select', 'over', 'partition', 'by', 'from']);
  expect(keywordsIn('select mode, log from tables;')).toEqual(['select', 'from']);
});
