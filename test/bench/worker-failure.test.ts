/** Nobody waits for a worker that could not be loaded. */

import { expect, test } from 'vitest';

import { endWithWorker } from '../../src/bench/worker-failure.ts';
import { RpcClient } from '../../src/client/rpc.ts';

interface Api {
  ask(): Promise<number>;
}

test('calls that wait for it, and later ones, reject with the reason', async () => {
  const { port1, port2 } = new MessageChannel();
  const rpc = new RpcClient<Api, never>(port1, () => undefined);
  let fail = (_event: { readonly message?: string }): void => undefined;
  endWithWorker(rpc, {
    addEventListener: (_type, listener) => {
      fail = listener;
    },
  });
  const waiting = rpc.call('ask', []);
  fail({});
  await expect(waiting).rejects.toThrow('could not be loaded');
  await expect(rpc.call('ask', [])).rejects.toThrow('a worker of the benchmark failed');
  port1.close();
  port2.close();
});
