/** Registered functions in the caller's thread, and what is wrong with them. */

import { expect, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import { TaskError, type JobFunctions } from '../../../src/apps/mapreduce/job.ts';
import { registerJob } from '../../../src/apps/mapreduce/registered-jobs.ts';

const { signal } = new AbortController();

function runnerOf(name: string, functions: JobFunctions) {
  registerJob(name, functions);
  return openInlineRunner({ type: 'registered', name });
}

test('map and reduce answer what the functions do', async () => {
  const runner = await runnerOf('inline lengths', {
    map: (name, contents) => [{ key: name, value: String(contents.length) }],
    reduce: (key, values) => `${key} ${values.join('+')}`,
  });
  const input = { name: 'a', contents: 'abc' };
  expect(await runner.map(input, signal)).toEqual([{ key: 'a', value: '3' }]);
  const groups = [
    { key: 'a', values: ['3', '4'] },
    { key: 'b', values: [] },
  ];
  expect(await runner.reduce(groups, signal)).toEqual(['a 3+4', 'b ']);
  runner.close();
});

test('what they throw, or answer that is no text, is the task’s error', async () => {
  const runner = await runnerOf('inline faults', {
    map: (name) => {
      if (name === 'throws') throw new Error('no luck');
      return [{ key: 'a', value: 1 as unknown as string }];
    },
    reduce: () => null as unknown as string,
  });
  const errorOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);
  const errors = [
    await errorOf(runner.map({ name: 'throws', contents: '' }, signal)),
    await errorOf(runner.map({ name: 'number', contents: '' }, signal)),
    await errorOf(runner.reduce([{ key: 'a', values: [] }], signal)),
    await errorOf(openInlineRunner({ type: 'typed', map: '', reduce: '' })),
    await errorOf(openInlineRunner({ type: 'registered', name: 'inline missing' })),
  ];
  expect(errors.every((error) => error instanceof TaskError)).toBe(true);
  expect(errors.map(String)).toEqual([
    'TaskError: map: Error: no luck',
    'TaskError: map: keys and values must be strings',
    'TaskError: reduce: the value of "a" is no string',
    'TaskError: functions that were typed in need a sandbox',
    'TaskError: no job is registered as "inline missing"',
  ]);
});
