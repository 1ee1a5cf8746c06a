/**
 * Inverted index: in which inputs each word stands. Of a word it tells in how many, a space, and their
 * names, sorted and with commas between them. Inputs of the same name count as one.
 */

import type { JobFunctions, KeyValue } from '../job.ts';
import { compareUtf8 } from '../utf8-order.ts';

const WORDS = /\p{L}+/gu;

export const invertedIndex: JobFunctions = {
  map: (name, contents) =>
    Array.from(new Set(contents.match(WORDS)), (key): KeyValue => ({ key, value: name })),
  reduce: (_key, values) => {
    const names = [...new Set(values)].toSorted(compareUtf8);
    return `${names.length} ${names.join(',')}`;
  },
};
