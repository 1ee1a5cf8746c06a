/**
 * What a node that was removed leaves: its id is never used again, and the next start of its tab gets
 * another. Part of the node worker's entry. Nothing may end the worker before that is done, or the next
 * tab would find this node; but nobody waits for it for ever.
 */

import type { SqlApplierApi } from './client/protocol.ts';
import type { RpcClient } from './client/rpc.ts';
import type { Administration } from './node/messages.ts';
import type { NodeId } from './raft/types.ts';
import { retireRemovedNode, type NodeStorage } from './storage/node-storage.ts';
import { newKeyPair } from './transport/node-key.ts';
import { within } from './worker-calls.ts';

const PATIENCE_MS = 2_500;

export class Retirement {
  #isBegun = false;
  #end: () => void = () => undefined;
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Settled when it is done, or has taken too long. */
  async begin(storage: NodeStorage, sql: RpcClient<SqlApplierApi, never>): Promise<void> {
    this.#isBegun = true;
    const closed = sql.call('close', []).catch(() => undefined);
    const retired = closed.then(() => retireRemovedNode(storage, newKeyPair));
    await within(PATIENCE_MS, retired);
    this.#end();
  }

  /** Settled when it is over, also where it is yet to begin, or that has taken too long. */
  over(): Promise<void> {
    return within(PATIENCE_MS, this.#ended);
  }
}

/** Who asked for that may close its tab as soon as it is answered. */
export function isDepartureOf(nodeId: NodeId, administration: Administration): boolean {
  const { type } = administration;
  return (type === 'leave' || type === 'remove') && administration.nodeId === nodeId;
}
