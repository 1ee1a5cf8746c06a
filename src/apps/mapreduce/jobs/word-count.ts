/**
 * Word count: how often each word stands in the inputs. A word is a longest run of Unicode letters, and
 * capital letters count as others. What an input has of a word is counted there, so that one pair a
 * word travels.
 */

import type { JobFunctions, KeyValue } from '../job.ts';

const WORDS = /\p{L}+/gu;

export const wordCount: JobFunctions = {
  map: (_name, contents) => {
    const counts = new Map<string, number>();
    for (const word of contents.match(WORDS) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    return Array.from(counts, ([key, count]): KeyValue => ({ key, value: String(count) }));
  },
  reduce: (_key, values) => String(values.reduce((total, value) => total + Number(value), 0)),
};
