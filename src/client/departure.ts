/** How a tab's own node goes for good: with the cluster's consent, or without asking it. */

import type { NodeId } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import type { Calls } from './calls.ts';

/**
 * What is to be known of a node that is out of the cluster.
 *
 * @category Membership
 */
export interface RemovalAnswer {
  /** Where the cluster is weaker now than is good, in words for a person; else empty. */
  readonly warning: string;
}

/**
 * How a node leaves.
 *
 * @category Membership
 *
 * @example
 * ```ts newcomer
 * import { open, type LeaveOptions } from 'resqlite';
 *
 * // The others are out of reach, and this copy has to go.
 * const inAnyCase: LeaveOptions = { force: true };
 *
 * const db = await open();
 * await db.leave(inAnyCase);
 * await db.query('SELECT 1'); // throws 'Removed'
 * ```
 */
export interface LeaveOptions extends CallOptions {
  /** The cluster is not asked; false where not given. */
  readonly force?: boolean;
}

export async function leave(
  calls: Calls,
  nodeId: NodeId,
  { force = false, ...options }: LeaveOptions,
): Promise<RemovalAnswer> {
  if (!force) return calls.administer({ type: 'leave', nodeId }, options);
  await calls.forget(options);
  return { warning: '' };
}
