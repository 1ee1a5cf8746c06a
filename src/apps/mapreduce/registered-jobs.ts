/**
 * The jobs of this page's code, by name. Every member that is to work on a job has registered it, under
 * the same name and with the same functions, when its worker starts.
 */

import { TaskError, type JobFunctions } from './job.ts';
import { invertedIndex } from './jobs/inverted-index.ts';
import { wordCount } from './jobs/word-count.ts';

const jobs = new Map<string, JobFunctions>([
  ['word-count', wordCount],
  ['inverted-index', invertedIndex],
]);

/** Once a name: functions must not change under tasks that run. Throws a `RangeError` otherwise. */
export function registerJob(name: string, functions: JobFunctions): void {
  if (jobs.has(name))
    throw new RangeError(`a job is registered as ${JSON.stringify(name)} already`);
  jobs.set(name, functions);
}

/** Throws a `TaskError` where this page's code has no such job, as that of another build may. */
export function functionsOf(name: string): JobFunctions {
  const functions = jobs.get(name);
  if (functions === undefined)
    throw new TaskError(`no job is registered as ${JSON.stringify(name)}`);
  return functions;
}

export function jobNames(): string[] {
  return [...jobs.keys()];
}
