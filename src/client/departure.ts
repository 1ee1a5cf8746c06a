/** How a tab's own node goes for good: with the cluster's consent, or without asking it. */

import type { NodeId } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import type { Calls } from './calls.ts';

/** What is to be known of a node that is out of the cluster. */
export interface RemovalAnswer {
  /** Where the cluster is weaker now than is good, in words for a person; else empty. */
  readonly warning: string;
}

export interface LeaveOptions extends CallOptions {
  /** The cluster is not asked. */
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
