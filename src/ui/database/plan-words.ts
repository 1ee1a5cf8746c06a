/** What the steps of a query plan mean, in a sentence. Pure. */

interface Meaning {
  readonly pattern: RegExp;
  readonly text: string;
}

/** In this order: the first that matches is meant. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /^SCAN CONSTANT ROW/,
    text: 'One row is computed; no table is read.',
  },
  {
    pattern: /^SCAN .*VIRTUAL TABLE INDEX/,
    text: 'The virtual table is asked, and finds the rows in its own way.',
  },
  {
    pattern: /^SCAN .*USING COVERING INDEX/,
    text: 'Every entry of the index is read, in its order. It holds all that is needed, so the table itself is not touched.',
  },
  {
    pattern: /^SCAN .*USING INDEX/,
    text: 'Every row of the table is read, in the order of the index.',
  },
  {
    pattern: /^SCAN/,
    text: 'Every row is read, one after the other. That is slow for a large table: an index on what is looked for would help.',
  },
  {
    pattern: /^SEARCH .*USING (?:AUTOMATIC|AUTO)/,
    text: 'SQLite builds an index for this query alone, and drops it afterwards. An index of your own would save that each time.',
  },
  {
    pattern: /^SEARCH .*USING INTEGER PRIMARY KEY/,
    text: 'Rows are found by their key at once: the fastest way there is.',
  },
  {
    pattern: /^SEARCH .*USING COVERING INDEX/,
    text: 'Rows are found by the index. It holds all that is needed, so the table itself is not touched.',
  },
  {
    pattern: /^SEARCH/,
    text: 'Only the rows that match are found, by the index or key that is named; the others are not read.',
  },
  {
    pattern: /USE TEMP B-TREE FOR (?:LAST |RIGHT PART OF )/,
    text: 'Rows come nearly in order; what is left of it is sorted in temporary storage, a few rows at a time.',
  },
  {
    pattern: /USE TEMP B-TREE FOR ORDER BY/,
    text: 'All rows of the result are sorted in temporary storage before the first is given. An index in that order would save it.',
  },
  {
    pattern: /USE TEMP B-TREE FOR GROUP BY/,
    text: 'Rows are sorted in temporary storage to bring those of a group together. An index on the grouped columns would save it.',
  },
  {
    pattern: /USE TEMP B-TREE|USING TEMP B-TREE/,
    text: 'Rows are put into temporary storage to find out which are the same.',
  },
  { pattern: /^MULTI-INDEX OR/, text: 'Each side of the OR is found by an index of its own.' },
  { pattern: /^INDEX \d/, text: 'One side of the OR.' },
  {
    pattern: /^MATERIALIZE/,
    text: 'This part is run once, and its rows are kept in temporary storage for the rest.',
  },
  {
    pattern: /^CO-ROUTINE/,
    text: 'This part gives its rows one by one, as the rest asks for them.',
  },
  {
    pattern: /^CORRELATED/,
    text: 'This subquery is run anew for every row of the query around it.',
  },
  {
    pattern: /SUBQUERY/,
    text: 'This subquery is run once, when its value is first needed.',
  },
  {
    pattern: /^(?:COMPOUND QUERY|LEFT-MOST)/,
    text: 'Several queries whose rows are put together.',
  },
  {
    pattern: /^(?:UNION|EXCEPT|INTERSECT)/,
    text: 'The rows of this query are combined with those before.',
  },
  { pattern: /^MERGE/, text: 'Two sorted results are combined in one pass.' },
  { pattern: /^(?:LEFT|RIGHT)$/, text: 'One of the two results that are merged.' },
  { pattern: /^SETUP/, text: 'The rows that the recursion begins with.' },
  {
    pattern: /^RECURSIVE STEP/,
    text: 'Run again for every row that it has given, until none is left.',
  },
  {
    pattern: /BLOOM FILTER/,
    text: 'A small filter is built first: most rows that cannot match are skipped by it.',
  },
];

/** Null: there is nothing to explain. */
export function meaningOfStep(detail: string): string | null {
  return MEANINGS.find(({ pattern }) => pattern.test(detail))?.text ?? null;
}
