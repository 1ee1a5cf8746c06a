/** The job of the original's own tests: its files' fields, each once, with nothing as their value. */

import { registerJob } from '../../../src/apps/mapreduce/mapreduce.ts';

export const FIELDS = 'fields';

registerJob(FIELDS, {
  map: (_name, contents) =>
    contents.split(/\s+/u).flatMap((key) => (key === '' ? [] : [{ key, value: '' }])),
  reduce: () => '',
});
