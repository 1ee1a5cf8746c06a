/**
 * What a map task and a reduce task do with pairs, wherever they run: the sequential mode and the
 * workers share it, which is why their outputs are the same.
 */

import type { JobInput, JobRunner, KeyValue, KeyValues } from './job.ts';
import { bucketOf } from './partition.ts';
import { sortedByKey } from './utf8-order.ts';

/** A bucket of a map task's output: a key with its values, in the order of its pairs, and so on. */
export type Bucket = (string | string[])[];

/** Of the buckets that are not empty, by number. */
export async function mapInto(
  runner: JobRunner,
  input: JobInput,
  nReduce: number,
  signal: AbortSignal,
): Promise<Map<number, Bucket>> {
  const valuesByKey = new Map<string, string[]>();
  for (const { key, value } of await runner.map(input, signal)) {
    const values = valuesByKey.get(key);
    if (values === undefined) valuesByKey.set(key, [value]);
    else values.push(value);
  }
  const buckets = new Map<number, Bucket>();
  for (const [key, values] of valuesByKey) {
    const number = bucketOf(key, nReduce);
    const bucket = buckets.get(number);
    if (bucket === undefined) buckets.set(number, [key, values]);
    else bucket.push(key, values);
  }
  return buckets;
}

/** `buckets` are one reduce task's, in the order of the map tasks. Answers its results, sorted. */
export async function reduceFrom(
  runner: JobRunner,
  buckets: readonly Bucket[],
  signal: AbortSignal,
): Promise<KeyValue[]> {
  const groups = grouped(buckets);
  const values = await runner.reduce(groups, signal);
  return groups.map(({ key }, at) => ({ key, value: values[at] ?? '' }));
}

function grouped(buckets: readonly Bucket[]): KeyValues[] {
  const valuesByKey = new Map<string, string[]>();
  for (const bucket of buckets) {
    for (let at = 0; at < bucket.length; at += 2) {
      // Keys are strings and stand at even places, their values behind them.
      const key = bucket[at] as string;
      const values = bucket[at + 1] as string[];
      const known = valuesByKey.get(key);
      if (known === undefined) valuesByKey.set(key, [...values]);
      else for (const value of values) known.push(value);
    }
  }
  return sortedByKey(Array.from(valuesByKey, ([key, values]) => ({ key, values })));
}

/** All results of a job in order; each bucket's keys are its own. */
export function merged(results: readonly KeyValue[][]): KeyValue[] {
  return sortedByKey(results.flat());
}
