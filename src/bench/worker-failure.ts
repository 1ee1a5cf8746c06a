/**
 * Calls to a worker that cannot be loaded, or that has failed, reject: the benchmark's workers are not
 * kept for a page without its server, and nobody is to wait for them there.
 */

import type { RpcClient } from '../client/rpc.ts';

export function endWithWorker(rpc: Pick<RpcClient<never, never>, 'end'>, worker: Worker): void {
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
