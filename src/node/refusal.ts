/** Why a node serves nobody. */

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
