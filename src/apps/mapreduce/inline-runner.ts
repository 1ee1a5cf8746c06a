/**
 * Runs a job that this page's code has registered, in the caller's own thread. What the functions throw,
 * and what they answer that is no text, is the job's own fault and a `TaskError`. A call that does not
 * come back cannot be ended here: for long or untrusted functions there are other runners.
 */

import { TaskError, type JobFunctions, type KeyValue, type OpenRunner } from './job.ts';
import { functionsOf } from './registered-jobs.ts';

export const openInlineRunner: OpenRunner = async (source) => {
  if (source.type === 'typed') throw new TaskError('functions that were typed in need a sandbox');
  const functions = functionsOf(source.name);
  return {
    map: async ({ name, contents }) => guarded('map', () => mapped(functions, name, contents)),
    reduce: async (groups) =>
      guarded('reduce', () => groups.map(({ key, values }) => reduced(functions, key, values))),
    close: () => undefined,
  };
};

function mapped({ map }: JobFunctions, name: string, contents: string): KeyValue[] {
  return Array.from(map(name, contents), ({ key, value }) => {
    if (typeof key === 'string' && typeof value === 'string') return { key, value };
    throw new TaskError('map: keys and values must be strings');
  });
}

function reduced({ reduce }: JobFunctions, key: string, values: readonly string[]): string {
  const value: unknown = reduce(key, values);
  if (typeof value === 'string') return value;
  throw new TaskError(`reduce: the value of ${JSON.stringify(key)} is no string`);
}

function guarded<Result>(what: 'map' | 'reduce', run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof TaskError) throw error;
    throw new TaskError(`${what}: ${String(error)}`, { cause: error });
  }
}
