/**
 * The Lab's worker, from the page: started with the first call, and again after it broke. Calls reject
 * with `RpcFailure`: 'InvalidArgument' for a link that makes no sense, 'Internal' where the worker broke.
 */

import { RpcClient } from '../../client/rpc.ts';
import type { LabApi } from '../../lab/protocol.ts';

export type LabEngine = RpcClient<LabApi, never>;

let engine: LabEngine | null = null;

/** Every method of it answers in the order of the calls. */
export function labEngine(): LabEngine {
  engine ??= startEngine();
  return engine;
}

function startEngine(): LabEngine {
  // The literal form is what bundlers look for.
  const worker = new Worker(new URL('../../lab-worker.ts', import.meta.url), { type: 'module' });
  const client: LabEngine = new RpcClient<LabApi, never>(worker, () => undefined);
  const onBroken = ({ message }: { readonly message?: string }): void => {
    if (engine === client) engine = null;
    worker.terminate();
    client.end({
      code: 'Internal',
      applied: 'no',
      message: `The simulator broke${message === undefined || message === '' ? '' : `: ${message}`}.`,
      sqlite: null,
    });
  };
  worker.addEventListener('error', onBroken);
  worker.addEventListener('messageerror', () => onBroken({}));
  return client;
}
