/**
 * What a node that was removed leaves: its id is never used again, and the next start of its tab gets
 * another. Part of the node worker's entry. Nothing may end the worker before that is done, or the next
 * tab would find this node; but nobody waits for it for ever. Who was promised it is told how it ended.
 */

import { RpcFailure } from './client/rpc.ts';
import { failure } from './node/errors.ts';
import type { Administration } from './node/messages.ts';
import type { Stopped } from './node/node-options.ts';
import type { NodeId } from './raft/types.ts';
import { within, type Ending } from './worker-calls.ts';

const PATIENCE_MS = 2_500;

export class Retirement {
  #isBegun = false;
  #end: (ending: Ending) => void = () => undefined;
  readonly #ended = new Promise<Ending>((resolve) => {
    this.#end = resolve;
  });

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Settled when it is done, has failed, or has taken too long. The database may be closed or not. */
  async begin(closeDatabase: () => Promise<void>, retire: () => Promise<void>): Promise<void> {
    this.#isBegun = true;
    const closed = closeDatabase().catch(() => undefined);
    this.#end(await within(PATIENCE_MS, closed.then(retire)));
  }

  /** Settled when it is over, also where it is yet to begin, or that has taken too long. */
  async over(): Promise<void> {
    await within(PATIENCE_MS, this.#ended);
  }

  /** Of a node that has stopped; rejects with `RpcFailure` unless its id is retired for good. */
  async done(stopped: Stopped | null): Promise<void> {
    if (!this.#isBegun) {
      const { code, reason } = stopped ?? { code: 'Internal', reason: 'the node runs' };
      throw new RpcFailure(failure(code, 'no', reason));
    }
    const ending = await this.#ended;
    if (ending.type === 'done') return;
    const why = ending.type === 'failed' ? ending.reason : 'it took too long';
    const message = `the node stopped, but may not be forgotten: ${why}`;
    throw new RpcFailure(failure('StorageLost', 'unknown', message));
  }
}

/** Who asked for that may close its tab as soon as it is answered. */
export function isDepartureOf(nodeId: NodeId, administration: Administration): boolean {
  const { type } = administration;
  return (type === 'leave' || type === 'remove') && administration.nodeId === nodeId;
}
