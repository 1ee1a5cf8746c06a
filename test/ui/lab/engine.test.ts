/** The Lab's worker as the page holds it: made anew where it was ended, however busy it was. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endEngine, isEnded, labEngine } from '../../../src/ui/lab/engine.ts';

/** Never answers, as one in the middle of an hour. */
class BusyWorker extends EventTarget {
  static readonly all: BusyWorker[] = [];
  isTerminated = false;

  constructor() {
    super();
    BusyWorker.all.push(this);
  }

  postMessage(): void {}

  terminate(): void {
    this.isTerminated = true;
  }
}

beforeEach(() => {
  BusyWorker.all.length = 0;
  vi.stubGlobal('Worker', BusyWorker);
});
afterEach(() => {
  endEngine();
  vi.unstubAllGlobals();
});

test('a worker that is ended takes its calls with it, and the next call starts another', async () => {
  endEngine();
  expect(BusyWorker.all).toEqual([]);
  const engine = labEngine();
  const opened = engine.call('open', ['#/lab']).catch((error: unknown) => error);
  expect(labEngine()).toBe(engine);
  endEngine();
  endEngine();
  const error = await opened;
  expect(isEnded(error)).toBe(true);
  expect(error).toMatchObject({ failure: { code: 'Aborted', applied: 'no' } });
  expect(BusyWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true]);
  expect(labEngine()).not.toBe(engine);
  expect(BusyWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true, false]);
});

test('one that breaks says so, and does not end the one that came after it', async () => {
  const stories = labEngine()
    .call('stories', [])
    .catch((error: unknown) => error);
  const [broken] = BusyWorker.all;
  const event = Object.assign(new Event('error'), { message: 'boom' });
  broken?.dispatchEvent(event);
  const error = await stories;
  expect(isEnded(error)).toBe(false);
  expect(error).toMatchObject({ message: 'The simulator broke: boom.' });
  const next = labEngine();
  broken?.dispatchEvent(event);
  expect(labEngine()).toBe(next);
});
