/** Why a node does not run any more, as far as its tab knows. Pure. */

import type { NodeStatus } from '../../node/status.ts';

/** 'removed': by the cluster; 'storage': it failed, or has no room; else it crashed. */
export const STOP_REASONS = ['removed', 'storage', 'crash'] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/** Null: it runs, or is about to. */
export function stopReasonOf(
  status: Pick<NodeStatus, 'state' | 'transport' | 'storage'>,
): StopReason | null {
  const { state, transport, storage } = status;
  if (state !== 'stopped') return null;
  if (transport.refusal === 'removed') return 'removed';
  return storage.state === 'ok' ? 'crash' : 'storage';
}
