/** The sequential mode: a job from its inputs to its results by one runner, without a database. */

import type { JobInput, JobSource, KeyValue, OpenRunner } from './job.ts';
import { mapInto, merged, reduceFrom, type Bucket } from './grouping.ts';

export async function runSequentially(
  inputs: readonly JobInput[],
  source: JobSource,
  nReduce: number,
  openRunner: OpenRunner,
  signal: AbortSignal,
): Promise<KeyValue[]> {
  const runner = await openRunner(source);
  try {
    const buckets: Bucket[][] = Array.from({ length: nReduce }, () => []);
    for (const input of inputs) {
      signal.throwIfAborted();
      const made = await mapInto(runner, input, nReduce, signal);
      for (const [number, bucket] of made) buckets[number]?.push(bucket);
    }
    const results: KeyValue[][] = [];
    for (const bucket of buckets) {
      signal.throwIfAborted();
      results.push(await reduceFrom(runner, bucket, signal));
    }
    return merged(results);
  } finally {
    runner.close();
  }
}
