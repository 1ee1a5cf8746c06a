/** How a tab's own node goes for good: with the cluster's consent, or without asking it. */

import type { NodeId } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import type { Calls } from './calls.ts';

export interface LeaveOptions extends CallOptions {
  /** The cluster is not asked. */
  readonly force?: boolean;
}

export async function leave(
  calls: Calls,
  nodeId: NodeId,
  { force = false, ...options }: LeaveOptions,
): Promise<{ warning: string }> {
  if (!force) return calls.administer({ type: 'leave', nodeId }, options);
  await calls.forget(options);
  return { warning: '' };
}
