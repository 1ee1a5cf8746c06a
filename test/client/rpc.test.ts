/** Calls between page and workers, over real message ports. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { Moved, RpcClient, RpcFailure, RpcServer } from '../../src/client/rpc.ts';
import { failure } from '../../src/node/errors.ts';
import { MAX_PENDING_CALLS } from '../../src/node/limits.ts';

interface Api {
  add(a: number, b: number): Promise<number>;
  fail(how: string): Promise<void>;
  hang(): Promise<void>;
  take(port: MessagePort): Promise<string>;
  give(length: number): Promise<Uint8Array>;
  untilAborted(): Promise<string>;
}

type Event = { readonly type: 'tick'; readonly count: number };

const open: MessagePort[] = [];

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function pair() {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const events: Event[] = [];
  const begun: string[] = [];
  const given: Uint8Array[] = [];
  const client = new RpcClient<Api, Event>(port1, (event) => events.push(event));
  const server = new RpcServer<Api, Event>(port2, {
    add: async (a, b) => a + b,
    fail: async (how) => {
      // No structured clone has functions.
      if (how === 'answer') return (() => undefined) as never;
      if (how === 'typed') throw new RpcFailure(failure('NoQuorum', 'no', 'alone'));
      throw new RangeError('oops');
    },
    hang: () => new Promise(() => undefined),
    untilAborted: (signal) => {
      begun.push('untilAborted');
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('told'));
      });
    },
    give: async (length) => {
      const bytes = new Uint8Array(length).fill(7);
      given.push(bytes);
      // Nothing can be moved twice.
      const times = length === 0 ? 2 : 1;
      return new Moved(
        bytes,
        Array.from({ length: times }, () => bytes.buffer),
      );
    },
    take: (port) =>
      new Promise((resolve) => {
        port.addEventListener('message', (event) => resolve(event.data as string));
        port.start();
        open.push(port);
      }),
  });
  return { client, server, events, begun, given };
}

async function failureOf(work: Promise<unknown>) {
  const error: unknown = await work.catch((caught: unknown) => caught);
  if (!(error instanceof RpcFailure)) throw new Error(`not a failure: ${String(error)}`);
  return error.failure;
}

describe('calls over a port', () => {
  test('an answer that cannot cross is a failure', async () => {
    const { client } = pair();
    const failed = await failureOf(client.call('fail', ['answer']));
    expect([failed.code, failed.applied]).toEqual(['Internal', 'unknown']);
    expect(await client.call('add', [1, 2])).toBe(3);
  });

  test('more calls than the limit are refused, having done nothing', async () => {
    const { client } = pair();
    const waiting = Array.from({ length: MAX_PENDING_CALLS }, () => client.call('hang', []));
    const refused: unknown = await client.call('add', [1, 2]).catch((error: unknown) => error);
    if (!(refused instanceof RpcFailure)) throw new Error('it was not refused');
    expect([refused.failure.code, refused.failure.applied]).toEqual(['Overloaded', 'no']);
    client.end(failure('Closed', 'unknown', 'closed'));
    const ends = await Promise.allSettled(waiting);
    expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  });

  test('many at once each get their own answer', async () => {
    const { client } = pair();
    const calls = Array.from({ length: 100 }, (_, n) => client.call('add', [n, 1]));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test('what is called in one turn crosses as one message, and so do the answers', async () => {
    const { port1, port2 } = new MessageChannel();
    open.push(port1, port2);
    const posted = [vi.spyOn(port1, 'postMessage'), vi.spyOn(port2, 'postMessage')];
    const client = new RpcClient<Pick<Api, 'add'>, Event>(port1, () => undefined);
    const server = new RpcServer<Pick<Api, 'add'>, Event>(port2, { add: async (a, b) => a + b });
    const calls = Array.from({ length: 50 }, (_, n) => client.call('add', [n, 1]));
    await Promise.all(calls);
    expect(posted.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(server).toBeDefined();
  });

  test('an event leaves at once, behind what was said before', () => {
    const { port1, port2 } = new MessageChannel();
    open.push(port1, port2);
    const posted = vi.spyOn(port2, 'postMessage');
    const server = new RpcServer<Pick<Api, 'add'>, Event>(port2, { add: async (a, b) => a + b });
    server.push({ type: 'tick', count: 1 });
    expect(posted.mock.calls.length).toBe(1);
  });

  test('what cannot be cloned takes nothing with it that is called beside it', async () => {
    const { client } = pair();
    const before = client.call('add', [1, 2]);
    const failed = failureOf(client.call('fail', [(() => 1) as never]));
    const behind = client.call('add', [3, 4]);
    expect((await failed).code).toBe('InvalidArgument');
    expect(await Promise.all([before, behind])).toEqual([3, 7]);
  });

  test('failures cross with their code and effect; whatever else is thrown is a defect', async () => {
    const { client } = pair();
    const typed = failure('NoQuorum', 'no', 'alone');
    expect(await failureOf(client.call('fail', ['typed']))).toEqual(typed);
    const defect = failure('Internal', 'unknown', 'oops');
    expect(await failureOf(client.call('fail', ['otherwise']))).toEqual(defect);
  });

  test('a method that does not exist is a failure, also one every object has', async () => {
    const { client } = pair();
    for (const name of ['nothing', 'toString', 'constructor']) {
      const { code } = await failureOf(client.call(name as 'hang', []));
      expect(code).toBe('Internal');
    }
  });

  test('an argument that cannot be cloned is refused and nothing is left pending', async () => {
    const { client } = pair();
    const { code, applied } = await failureOf(client.call('fail', [(() => 1) as never]));
    expect([code, applied]).toEqual(['InvalidArgument', 'no']);
    expect(await client.call('add', [1, 2])).toBe(3);
  });

  test('ports move with a call', async () => {
    const { client } = pair();
    const { port1, port2 } = new MessageChannel();
    open.push(port1);
    const taken = client.call('take', [port2], [port2]);
    port1.postMessage('hello');
    expect(await taken).toBe('hello');
  });

  test('the buffers of an answer move with it; where one cannot, the answer is a failure', async () => {
    const { client, given } = pair();
    expect(await client.call('give', [3])).toEqual(new Uint8Array([7, 7, 7]));
    expect(given.map(({ length }) => length)).toEqual([0]);
    expect((await failureOf(client.call('give', [0]))).code).toBe('Internal');
    expect(await client.call('add', [1, 2])).toBe(3);
  });

  test('events arrive in order between answers', async () => {
    const { client, server, events } = pair();
    server.push({ type: 'tick', count: 1 });
    server.push({ type: 'tick', count: 2 });
    await client.call('add', [1, 1]);
    expect(events).toEqual([
      { type: 'tick', count: 1 },
      { type: 'tick', count: 2 },
    ]);
  });

  test('the end of a port rejects what is pending and what comes later, with the first reason', async () => {
    const { client } = pair();
    const pending = failureOf(client.call('hang', []));
    client.end(failure('Internal', 'unknown', 'the worker died'));
    client.end(failure('Closed', 'no', 'again'));
    expect((await pending).message).toBe('the worker died');
    expect((await failureOf(client.call('add', [1, 1]))).message).toBe('the worker died');
  });

  test('a call aborted before it began is never begun', async () => {
    const { client, begun } = pair();
    const early = client.call('untilAborted', [], [], AbortSignal.abort());
    expect(await failureOf(early)).toEqual(failure('Aborted', 'no', expect.any(String)));
    const abort = new AbortController();
    const queued = client.call('untilAborted', [], [], abort.signal);
    // The other end finds both in its queue.
    abort.abort();
    expect(await failureOf(queued)).toEqual(failure('Aborted', 'no', expect.any(String)));
    expect(begun).toEqual([]);
    expect(await client.call('add', [1, 2], [], new AbortController().signal)).toBe(3);
  });

  test('a call that has begun is told of the abort, and is answered', async () => {
    const { client, begun } = pair();
    const abort = new AbortController();
    const call = client.call('untilAborted', [], [], abort.signal);
    await vi.waitFor(() => expect(begun).toEqual(['untilAborted']));
    abort.abort();
    expect(await call).toBe('told');
  });
});
