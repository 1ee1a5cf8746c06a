/** The Lab's worker in Chromium: what it tells is what the command line's code finds in Node. */

import { afterEach, expect, inject, test } from 'vitest';

import { RpcClient, RpcFailure } from '../../../src/client/rpc.ts';
import type { LabApi } from '../../../src/lab/protocol.ts';

const SECOND_US = 1_000_000;
const workers: Worker[] = [];

function startLab(): RpcClient<LabApi, never> {
  const worker = new Worker(new URL('../../../src/lab-worker.ts', import.meta.url), {
    type: 'module',
  });
  workers.push(worker);
  return new RpcClient(worker, () => undefined);
}

afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

test.each(inject('traceHashes'))(
  'seed %i has the trace that it has in Node',
  async (seed, hash) => {
    const lab = startLab();
    const source = { type: 'run', seed, servers: null, clients: null, engine: 'model' } as const;
    await lab.call('load', [source]);
    const inOneGo = await lab.call('runToEnd', []);
    expect(inOneGo.picture).toMatchObject({ traceHash: hash, verdict: { type: 'held' } });
    let update = await lab.call('open', [`#/lab?run=${seed}`]);
    while (!update.picture.ended) update = await lab.call('run', [SECOND_US / 4]);
    expect(update.picture.traceHash).toBe(hash);
  },
);

test('every story is told, and claims nothing that is not so', async () => {
  const lab = startLab();
  for (const { id, steps } of await lab.call('stories', [])) {
    let { picture } = await lab.call('load', [{ type: 'story', id }]);
    for (const { claim } of steps) {
      await lab.call('act', [{ type: 'next' }]);
      ({ picture } = await lab.call('runToEnd', []));
      expect([claim, picture.story?.claimHolds]).toEqual([claim, true]);
    }
    expect(picture.story?.isOver).toBe(true);
    expect((await lab.call('open', [picture.link])).picture).toEqual(picture);
  }
});

test('calls are answered in their order, though SQLite comes late, or as here not at all', async () => {
  const lab = startLab();
  const answered: string[] = [];
  const open = async (fragment: string): Promise<void> => {
    try {
      const { picture } = await lab.call('open', [fragment]);
      answered.push(picture.source.type);
    } catch (error) {
      answered.push(String(error));
    }
  };
  const stories = async (): Promise<void> => {
    await lab.call('stories', []);
    answered.push('stories');
  };
  const [first = { id: '' }] = await lab.call('stories', []);
  const calls = [open('#/lab?run=1&engine=sql'), open(`#/lab?story=${first.id}`), stories()];
  await Promise.all(calls);
  const failed: unknown = expect.stringContaining('SQLite could not be loaded');
  expect(answered).toEqual([failed, 'story', 'stories']);
  const { picture } = await lab.call('step', ['event']);
  expect(picture.source).toEqual({ type: 'story', id: first.id });
});

test('what makes no sense is refused with the reason', async () => {
  const lab = startLab();
  const failure = await lab.call('open', ['#/lab?run=x']).catch((error: unknown) => error);
  if (!(failure instanceof RpcFailure)) throw new Error('It was opened.');
  expect(failure.failure).toMatchObject({ code: 'InvalidArgument', applied: 'no' });
  const { picture, refused } = await lab.call('open', ['#/lab']);
  expect(refused).toBeNull();
  expect(picture.source).toMatchObject({ type: 'free' });
});
