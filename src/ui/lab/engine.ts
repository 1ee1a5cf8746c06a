/**
 * The Lab's worker, from the page: started with the first call, and again after it broke or was ended. Calls
 * reject with `RpcFailure`: 'InvalidArgument' for a link that makes no sense, 'Internal' where the worker
 * broke, 'Aborted' where it was ended.
 */

import { RpcClient, RpcFailure } from '../../client/rpc.ts';
import type { LabApi } from '../../lab/protocol.ts';
import type { ErrorCode } from '../../node/errors.ts';

export type LabEngine = RpcClient<LabApi, never>;

interface Running {
  readonly client: LabEngine;
  readonly end: (code: ErrorCode, message: string) => void;
}

let engine: Running | null = null;

/** Every method of it answers in the order of the calls. */
export function labEngine(): LabEngine {
  engine ??= startEngine();
  return engine.client;
}

/**
 * What it simulates is of no use any more: a worker at work hears nothing, so it is ended in the middle of
 * it. Whoever wants the session again opens its link.
 */
export function endEngine(): void {
  engine?.end('Aborted', 'The simulator was ended.');
}

export function isEnded(error: unknown): boolean {
  return error instanceof RpcFailure && error.failure.code === 'Aborted';
}

function startEngine(): Running {
  // The literal form is what bundlers look for.
  const worker = new Worker(new URL('../../lab-worker.ts', import.meta.url), { type: 'module' });
  const client: LabEngine = new RpcClient<LabApi, never>(worker, () => undefined);
  const end = (code: ErrorCode, message: string): void => {
    if (engine?.client === client) engine = null;
    worker.terminate();
    client.end({ code, applied: 'no', message, sqlite: null });
  };
  const onBroken = ({ message = '' }: { readonly message?: string }): void => {
    end('Internal', `The simulator broke${message === '' ? '' : `: ${message}`}.`);
  };
  worker.addEventListener('error', onBroken);
  worker.addEventListener('messageerror', () => onBroken({}));
  return { client, end };
}
