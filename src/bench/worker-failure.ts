/**
 * Calls to a worker that cannot be loaded, or that has failed, reject: the benchmark's workers are not
 * kept for a page without its server, and nobody is to wait for them there.
 */

import type { RpcClient } from '../client/rpc.ts';

/** What is needed of a worker. Where its script cannot be had, the event has no message. */
interface Failing {
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
}

export function endWithWorker(rpc: Pick<RpcClient<never, never>, 'end'>, worker: Failing): void {
  worker.addEventListener('error', ({ message }) => {
    const why = message === undefined || message === '' ? 'it could not be loaded' : message;
    rpc.end({
      code: 'Internal',
      applied: 'no',
      message: `a worker of the benchmark failed: ${why}`,
      sqlite: null,
    });
  });
}
