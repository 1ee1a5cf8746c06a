/** Jobs by name. */

import { expect, test } from 'vitest';
import { TaskError, type JobFunctions } from '../../../src/apps/mapreduce/job.ts';
import { functionsOf, registerJob } from '../../../src/apps/mapreduce/registered-jobs.ts';

const NOTHING: JobFunctions = { map: () => [], reduce: () => '' };

test('a job is registered once, and is found by its name', () => {
  registerJob('nothing', NOTHING);
  expect(functionsOf('nothing')).toBe(NOTHING);
  expect(() => registerJob('nothing', { ...NOTHING })).toThrow(RangeError);
  expect(() => functionsOf('another')).toThrow(TaskError);
});
