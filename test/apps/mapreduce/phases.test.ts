/** The life of a job that nothing befalls: phases, inputs and outputs of any kind and size. */

import { describe, expect, test } from 'vitest';
import { openInlineRunner } from '../../../src/apps/mapreduce/inline-runner.ts';
import type { JobRunner, OpenRunner } from '../../../src/apps/mapreduce/job.ts';
import type { JobStatus } from '../../../src/apps/mapreduce/job-status.ts';
import {
  jobs,
  mapReduce,
  registerJob,
  resultOf,
  startJob,
  watchJobs,
} from '../../../src/apps/mapreduce/mapreduce.ts';
import { LocalDatabase } from '../local-database.ts';
import { numberFiles, rowsLeft, startMember, struck } from './members.ts';
import { FIELDS } from './original-job.ts';

const PATIENCE = { timeout: 30_000 };

registerJob('one pair', {
  map: (name, contents) => [{ key: contents, value: name }],
  reduce: (_key, values) => values.join(' '),
});
registerJob('first and last', {
  map: (name) => [
    { key: 'k', value: `${name}1` },
    { key: `only ${name}`, value: '' },
    { key: 'k', value: `${name}2` },
  ],
  reduce: (_key, values) => values.join(),
});
registerJob('noise', {
  map: (name, contents) =>
    Array.from({ length: 10 }, (_, at) => ({ key: `${name} ${at}`, value: contents })),
  reduce: (_key, values) => values.join(''),
});

/** Tells of each call before and after it. */
function observed(tell: (event: string) => void): OpenRunner {
  return async (source) => {
    const runner = await openInlineRunner(source);
    const within = async <Result>(name: string, call: () => Promise<Result>): Promise<Result> => {
      tell(`${name} begins`);
      const result = await call();
      tell(`${name} ends`);
      return result;
    };
    return {
      map: (input, signal) => within('map', () => runner.map(input, signal)),
      reduce: (groups, signal) => within('reduce', () => runner.reduce(groups, signal)),
      close: () => runner.close(),
    } satisfies JobRunner;
  };
}

test('no reduce task begins before the last map task is done, and nobody has two tasks', async () => {
  const local = await LocalDatabase.open();
  const all: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) {
    let busy = 0;
    const openRunner = observed((event) => {
      all.push(event);
      busy += event.endsWith('begins') ? 1 : -1;
      expect(busy).toBeLessThanOrEqual(1);
    });
    startMember(local, name, { openRunner });
  }
  const seen: JobStatus[] = [];
  const inputs = numberFiles(600, 30);
  await mapReduce(local.db, {
    inputs,
    job: FIELDS,
    nReduce: 20,
    onProgress: (status) => seen.push(status),
  });
  expect(all.lastIndexOf('map ends')).toBeLessThan(all.indexOf('reduce begins'));
  expect(all.filter((event) => event === 'map ends')).toHaveLength(30);
  expect(all.filter((event) => event === 'reduce ends')).toHaveLength(20);
  for (const { state, map, reduce, running } of seen) {
    if (state === 'map') expect(reduce.done + reduce.running).toBe(0);
    if (state === 'reduce') expect(map.done).toBe(30);
    expect(new Set(running.map(({ worker }) => worker)).size).toBe(running.length);
  }
  expect(seen.at(-1)).toMatchObject({ state: 'done', error: null, failures: [], running: [] });
});

test('values come in the order of the inputs, and within one in that of its pairs', async () => {
  const local = await LocalDatabase.open();
  for (const name of ['a', 'b', 'c']) startMember(local, name);
  const inputs = ['x', 'y', 'z', 'w'].map((name) => ({ name, contents: '' }));
  const { results } = await mapReduce(local.db, { inputs, job: 'first and last', nReduce: 2 });
  expect(results[0]).toEqual({ key: 'k', value: 'x1,x2,y1,y2,z1,z2,w1,w2' });
});

describe('sizes', () => {
  test('more reduce tasks than inputs, and than keys', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const inputs = [{ name: 'n', contents: 'c' }];
    const { results, workers } = await mapReduce(local.db, { inputs, job: 'one pair', nReduce: 9 });
    expect(results).toEqual([{ key: 'c', value: 'n' }]);
    expect(workers).toEqual([{ worker: 'a', mapTasks: 1, reduceTasks: 9 }]);
  });

  test('no input at all, and inputs with nothing in them', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const none = await mapReduce(local.db, { inputs: [], job: FIELDS, nReduce: 2 });
    expect(none.results).toEqual([]);
    const inputs = [
      { name: '', contents: '' },
      { name: '', contents: '' },
    ];
    const empty = await mapReduce(local.db, { inputs, job: FIELDS, nReduce: 2 });
    expect(empty.results).toEqual([]);
    const blank = await mapReduce(local.db, { inputs, job: 'one pair', nReduce: 2 });
    expect(blank.results).toEqual([{ key: '', value: ' ' }]);
  });

  test('keys of any characters come out as they are, lone surrogates too, in order', async () => {
    const local = await LocalDatabase.open();
    startMember(local, 'a');
    const keys = ['\u{1f600}', '\u{e000}', '\u{d800}', '\0', '"\\', 'é', 'e\u{301}', '\n'];
    const inputs = keys.map((contents) => ({ name: '\u{dfff}', contents }));
    const { results } = await mapReduce(local.db, { inputs, job: 'one pair', nReduce: 3 });
    expect(results).toEqual(
      ['\0', '\n', '"\\', 'e\u{301}', 'é', '\u{d800}', '\u{e000}', '\u{1f600}'].map((key) => ({
        key,
        value: '\u{dfff}',
      })),
    );
  });

  test('megabytes that cannot be deflated go through entries of a modest size', async () => {
    const local = await LocalDatabase.open();
    let largest = 0;
    const { db } = measured(local, (bytes) => (largest = Math.max(largest, bytes)));
    startMember(local, 'a', {}, db);
    const { db: asking } = measured(local, (bytes) => (largest = Math.max(largest, bytes)));
    const inputs = [0, 1].map((number) => ({
      name: `n${number}`,
      contents: noise(100_000, number),
    }));
    const { results } = await mapReduce(asking, { inputs, job: 'noise', nReduce: 3 });
    expect(results).toHaveLength(20);
    for (const { key, value } of results) {
      expect(value === inputs[key.startsWith('n0') ? 0 : 1]?.contents).toBe(true);
    }
    expect(largest).toBeLessThanOrEqual(256 * 1024);
    expect(await rowsLeft(asking)).toMatchObject({ inputs: 0, pairs: 0 });
  });
});

/** Text of which nothing can be foretold. */
function noise(length: number, seed: number): string {
  let state = seed + 1;
  const characters = Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCodePoint(0x30 + (state >>> 26));
  });
  return characters.join('');
}

/** A handle that tells of the bytes in the parameters of each write. */
function measured(local: LocalDatabase, tell: (bytes: number) => void): ReturnType<typeof struck> {
  const handle = struck(local, () => null);
  const execute = handle.db.execute.bind(handle.db);
  handle.db.execute = (request, options) => {
    const statements = Array.isArray(request) ? request : [request];
    const params = statements.flatMap((one) =>
      typeof one === 'string' || !Array.isArray(one.params) ? [] : one.params,
    );
    tell(params.reduce((sum, one) => sum + (one instanceof Uint8Array ? one.length : 0), 0));
    return execute(request, options);
  };
  return handle;
}

test('a job is found by its id, in another tab', async () => {
  const local = await LocalDatabase.open();
  const other = local.another();
  expect(await jobs(other)).toEqual([]);
  const told: string[][] = [];
  const end = watchJobs(other, (list) => told.push(list.map(({ state }) => state)));
  await expect.poll(() => told, PATIENCE).toEqual([[]]);
  const inputs = [{ name: 'n', contents: 'c' }];
  const id = await startJob(local.db, { inputs, job: 'one pair', nReduce: 1 });
  await expect(resultOf(other, id)).rejects.toMatchObject({ code: 'Unfinished', jobId: id });
  startMember(local, 'a');
  await expect.poll(async () => (await jobs(other))[0]?.state, PATIENCE).toBe('done');
  const result = await resultOf(other, id);
  expect(result).toMatchObject({ jobId: id, results: [{ key: 'c', value: 'n' }] });
  await expect.poll(() => told.at(-1), PATIENCE).toEqual(['done']);
  end();
});
