/** What a person reads of a job. */

import { expect, test } from 'vitest';

import type { JobStatus } from '../../../../src/apps/mapreduce/job-status.ts';
import {
  elapsedMs,
  failureWords,
  isOver,
  ownWords,
  progressWords,
  titleOf,
  workerName,
  workerRows,
} from '../../../../src/ui/apps/mapreduce/job-words.ts';
import { foundIn, tableOf } from '../../../../src/ui/apps/mapreduce/result-rows.ts';

const RUNNING: JobStatus = {
  id: 'job',
  source: { type: 'registered', name: 'word-count' },
  state: 'map',
  error: null,
  map: { total: 1_200, done: 3, running: 2 },
  reduce: { total: 4, done: 0, running: 0 },
  running: [
    { phase: 'map', number: 3, worker: 'bbbbbbbbbb', attempt: 1, leasedUntilMs: 0 },
    { phase: 'map', number: 4, worker: 'cccccccccc', attempt: 2, leasedUntilMs: 0 },
  ],
  failures: [],
  workers: [
    { worker: 'bbbbbbbbbb', mapTasks: 1, reduceTasks: 0 },
    { worker: 'aaaaaaaaaa', mapTasks: 2, reduceTasks: 0 },
  ],
  createdMs: 10_000,
  endedMs: null,
};

test('progress says what is done, under way and left, as far as there is some', () => {
  expect(progressWords(RUNNING.map)).toBe('3 of 1,200 done, 2 running, 1,195 waiting');
  expect(progressWords({ total: 4, done: 4, running: 0 })).toBe('4 of 4 done');
});

test('jobs are told by what they do', () => {
  expect(titleOf(RUNNING.source)).toBe('Word count');
  expect(titleOf({ type: 'registered', name: 'fields' })).toBe('fields');
  expect(titleOf({ type: 'registered', name: 'toString' })).toBe('toString');
  expect(titleOf({ type: 'typed', map: '', reduce: '' })).toBe('Own functions');
});

test('workers are those that have done something or are at it, by name', () => {
  expect(
    workerRows(RUNNING).map(({ worker, mapTasks, task }) => [worker, mapTasks, task?.number]),
  ).toEqual([
    ['aaaaaaaaaa', 2, undefined],
    ['bbbbbbbbbb', 1, 3],
    ['cccccccccc', 0, 4],
  ]);
  expect(workerName('bbbbbbbbbb', 'bbbbbbbbbb')).toBe('bbbbbb (this tab)');
  expect(workerName('bbbbbbbbbb', null)).toBe('bbbbbb');
});

test('a job that is over took as long as it took; clocks that differ make no time negative', () => {
  expect([isOver(RUNNING), elapsedMs(RUNNING, 12_500), elapsedMs(RUNNING, 9_000)]).toEqual([
    false,
    2_500,
    0,
  ]);
  const done: JobStatus = { ...RUNNING, state: 'done', endedMs: 11_000 };
  expect([isOver(done), elapsedMs(done, 99_000)]).toEqual([true, 1_000]);
});

test('failures name the task, its input and how often', () => {
  const failure = { number: 6, message: 'no', failures: 1 };
  expect(failureWords({ ...failure, phase: 'map', input: 'a.txt' })).toBe('map task 6 (a.txt)');
  expect(failureWords({ ...failure, phase: 'reduce', input: null, failures: 3 })).toBe(
    'reduce task 6, 3 times',
  );
});

test('what this tab does is one sentence', () => {
  expect(ownWords({ type: 'working', jobId: '', phase: 'reduce', number: 2 })).toBe(
    'Working on reduce task 2.',
  );
  expect(ownWords({ type: 'idle' })).toBe('Waiting for tasks.');
  expect(ownWords({ type: 'stopped' })).toBe('Not working.');
});

test('a search finds keys whatever their capitals, and the table has what it found', async () => {
  const results = [
    { key: 'Apple', value: '1' },
    { key: 'grape', value: '2' },
    { key: 'plum', value: '3' },
  ];
  expect(foundIn(results, '')).toBe(results);
  const rows = tableOf(foundIn(results, 'AP'));
  expect([rows.rowCount, rows.rowAt(1), rows.rowAt(2)]).toEqual([2, ['grape', '2'], null]);
  expect(await rows.later?.read(1, 5)).toEqual([['grape', '2']]);
});
