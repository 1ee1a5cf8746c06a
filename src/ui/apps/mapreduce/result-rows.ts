/** A job's results as rows of a table that draws only what is in sight, and those that a search finds. Pure. */

import { signal } from '@preact/signals';
import type { KeyValue } from '../../../apps/mapreduce/job.ts';
import type { Row } from '../../row-source.ts';
import type { TableRows } from '../../table-rows.ts';

const COLUMNS = ['key', 'value'];
/** By which the columns are measured. */
const SAMPLE_ROWS = 500;

/** Whose key has the text somewhere, whatever its capitals. */
export function foundIn(results: readonly KeyValue[], search: string): readonly KeyValue[] {
  if (search === '') return results;
  const text = search.toLowerCase();
  return results.filter(({ key }) => key.toLowerCase().includes(text));
}

export function tableOf(results: readonly KeyValue[]): TableRows {
  const rowsFrom = (from: number, end: number): Row[] => results.slice(from, end).map(rowOf);
  return {
    columns: COLUMNS,
    rowCount: results.length,
    sample: rowsFrom(0, SAMPLE_ROWS),
    rowAt: (at) => {
      const result = results[at];
      return result === undefined ? null : rowOf(result);
    },
    // All of them are here, and one line high.
    later: {
      version: signal(0),
      error: null,
      show: () => undefined,
      read: (from, count) => Promise.resolve(rowsFrom(from, from + count)),
    },
  };
}

function rowOf({ key, value }: KeyValue): Row {
  return [key, value];
}
