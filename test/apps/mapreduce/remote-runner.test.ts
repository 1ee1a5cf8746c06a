/** Calls into another place: what comes of answers that are wrong, late or never come. */

import { expect, test, vi } from 'vitest';

import { TaskError } from '../../../src/apps/mapreduce/job.ts';
import { packTexts } from '../../../src/apps/mapreduce/packed-texts.ts';
import { RemoteRunner, type Place } from '../../../src/apps/mapreduce/remote-runner.ts';
import { PAIRS_MAX, type RunnerCall } from '../../../src/apps/mapreduce/runner-protocol.ts';

const { signal: never } = new AbortController();
const INPUT = { name: 'a', contents: 'x y' };

type Answering = (call: RunnerCall) => unknown;
const SILENCE: Answering = () => null;

/** Places that answer as told; which of them have been ended. */
class Places {
  readonly ended: number[] = [];
  started = 0;
  broken: ((error: Error) => void) | null = null;

  start(answering: Answering): Promise<Place> {
    this.started += 1;
    const number = this.started;
    let listener: (answer: unknown) => void = () => undefined;
    return Promise.resolve({
      post: (call) => queueMicrotask(() => listener(answering(call))),
      listen: (listen, onBroken) => {
        listener = listen;
        this.broken = onBroken;
      },
      end: () => void this.ended.push(number),
    });
  }
}

function runnerOf(answering: Answering, limitMs: number | null = null) {
  const places = new Places();
  const start = () => places.start(answering);
  return { places, runner: new RemoteRunner({ start, timeLimitMs: () => limitMs }) };
}

function done(...texts: string[]): Answering {
  return ({ id }) => ({ type: 'done', id, texts: packTexts(texts) });
}

test('a map call gives pairs, a reduce call values, from one place', async () => {
  const { places, runner } = runnerOf((call) =>
    call.type === 'map' ? done('k', '1', 'l', '2')(call) : done('3')(call),
  );
  expect(await runner.map(INPUT, never)).toEqual([
    { key: 'k', value: '1' },
    { key: 'l', value: '2' },
  ]);
  expect(await runner.reduce([{ key: 'k', values: ['1', '2'] }], never)).toEqual(['3']);
  expect(places.started).toBe(1);
  runner.close();
  expect(places.ended).toEqual([1]);
});

test.each([
  ['what the functions throw', ({ id }) => ({ type: 'failed', id, message: 'map: Error: no' })],
  ['a key without a value', done('k')],
  ['texts of another kind', ({ id }) => ({ type: 'done', id, texts: [{ key: 'k' }] })],
] satisfies [string, Answering][])('%s is the job’s fault', async (_, answering) => {
  const { places, runner } = runnerOf(answering);
  await expect(runner.map(INPUT, never)).rejects.toBeInstanceOf(TaskError);
  expect(places.ended).toEqual([1]);
});

test('so are more texts than a call may answer with, before they are made', async () => {
  const texts = { text: '', ends: new Uint32Array(2 * PAIRS_MAX + 2) };
  const { runner } = runnerOf(({ id }) => ({ type: 'done', id, texts }));
  const tooMany = 'the answer is too large, or no list of texts';
  await expect(runner.map(INPUT, never)).rejects.toThrow(new TaskError(tooMany));
  const groups = [{ key: 'k', values: ['v'] }];
  await expect(runner.reduce(groups, never)).rejects.toThrow(new TaskError(tooMany));
});

test('so are fewer values than keys', async () => {
  const { runner } = runnerOf(done());
  const reducing = runner.reduce([{ key: 'k', values: [] }], never);
  await expect(reducing).rejects.toThrow(new TaskError('reduce: 0 values came for 1 keys'));
});

test('an answer to another call counts for nothing, and the time limit ends the call', async () => {
  vi.useFakeTimers();
  try {
    const { places, runner } = runnerOf(({ id }) => done('k', '1')({ ...CALL, id: id + 1 }), 5_000);
    const outcome = runner.map(INPUT, never).catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(5_000);
    const error = await outcome;
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ message: 'map: ended after 5 s, the time limit of a task' });
    expect(places.ended).toEqual([1]);
  } finally {
    vi.useRealTimers();
  }
});

test('an abort ends the call and its place, and the next call has a new one', async () => {
  const { places, runner } = runnerOf(SILENCE);
  for (const round of [1, 2]) {
    const abort = new AbortController();
    const mapped = runner.map(INPUT, abort.signal);
    abort.abort(new Error('given up'));
    await expect(mapped).rejects.toThrow('given up');
    expect(places.started).toBe(round);
  }
  expect(places.ended).toEqual([1, 2]);
});

test('that a place breaks, or cannot be had, is no fault of the job', async () => {
  const { places, runner } = runnerOf(SILENCE);
  const mapped = runner.map(INPUT, never);
  await vi.waitFor(() => expect(places.broken).not.toBeNull());
  places.broken?.(new Error('it broke'));
  const error = await mapped.catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(TaskError);
  expect(error).toMatchObject({ message: 'it broke' });

  const start = () => Promise.reject(new Error('offline'));
  const nowhere = new RemoteRunner({ start, timeLimitMs: () => null });
  await expect(nowhere.map(INPUT, never)).rejects.not.toBeInstanceOf(TaskError);
});

test('a runner that was closed while its place started ends it', async () => {
  const { places, runner } = runnerOf(done());
  const mapped = runner.map(INPUT, never);
  runner.close();
  await expect(mapped).rejects.toThrow('closed');
  expect(places.ended).toEqual([1]);
});

const CALL: RunnerCall = { id: 0, type: 'map', ...INPUT };
