/** Why a node serves nobody, or not this request. */

import { EXECUTE_OVERHEAD_BYTES } from './command.ts';
import type { DurableRequest } from './durable-requests.ts';
import { failure, type ErrorCode, type Failure } from './errors.ts';
import type { Machine } from './machine.ts';
import type { Proposals } from './proposals.ts';
import { stallReason } from './stall.ts';

const OUTDATED_REASON =
  'this tab runs an older version of the page than the cluster has gone over to: reload it';

/** Null: it serves. */
export function refusalOf(
  stopped: { readonly code: ErrorCode; readonly reason: string } | null,
  machine: Pick<Machine, 'isQuarantined' | 'isOutdated' | 'stalledAt'>,
  proposals: Pick<Proposals, 'isHalted'>,
): Failure | null {
  if (stopped !== null) return failure(stopped.code, 'no', stopped.reason);
  if (machine.isQuarantined) {
    const reason = "this node's data is lost or wrong; it is being replaced by the others'";
    return failure('Quarantined', 'no', reason);
  }
  if (machine.isOutdated) return failure('Stale', 'no', OUTDATED_REASON);
  if (machine.stalledAt !== null) return failure('Stale', 'no', stallReason(machine.stalledAt));
  if (proposals.isHalted) {
    return failure('Diverged', 'no', "the nodes' data differ, and no majority agrees");
  }
  return null;
}

/** Null: the body fits into a log entry. */
export function tooLarge(
  body: Uint8Array,
  { maxEntryBytes }: { readonly maxEntryBytes: number },
): Failure | null {
  if (body.length + EXECUTE_OVERHEAD_BYTES <= maxEntryBytes) return null;
  const reason = `${body.length} bytes do not fit into a log entry of ${maxEntryBytes}`;
  return failure('TooLarge', 'no', reason);
}

/**
 * A cluster that has not gone over to this build may not know yet that a durable session is registered
 * once, however often it is asked for. Null: it does.
 */
export function durableRefusalOf(
  request: DurableRequest,
  build: { readonly own: string; readonly adopted: string },
): Failure | null {
  if (request.type !== 'register' || build.own === build.adopted) return null;
  return failure('Stale', 'no', 'the cluster has not gone over to the version of this page yet');
}
