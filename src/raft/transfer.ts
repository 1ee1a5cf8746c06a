/**
 * Leadership transfer (thesis section 3.10): a leader hands over to a server of its choice, faster
 * than any election timeout, since nobody has to find out that it is gone.
 *
 * It stops taking proposals, waits until the target's log is as long as its own, and tells it to
 * campaign at once. The target then wins unless something else happens; the leader learns of it by the
 * newer term. Where that does not come within an election timeout, the leader goes on as before.
 *
 * A leader whose process ends now has no time for that: it tells the voter that has most of its log, which
 * may lose the election and will have cost no more than the others would have waited.
 */

import { isJoint } from './configuration.ts';
import type { Progress } from './progress.ts';
import type { Leadership, ServerState } from './state.ts';
import type { NodeId } from './types.ts';

/** 'not-ready': a transfer or a configuration change is under way. */
export type TransferOutcome = 'started' | 'not-leader' | 'not-ready' | 'not-eligible';

/** Begins to hand over to `target`, a voter other than this server. */
export function startTransfer(state: ServerState, target: NodeId): TransferOutcome {
  const { leadership, log, nodeId, nowMs, limits } = state;
  if (leadership === null) return 'not-leader';
  const { configuration } = log;
  if (target === nodeId || !configuration.voters.includes(target)) return 'not-eligible';
  if (leadership.transfer !== null || isJoint(configuration)) return 'not-ready';
  const deadlineMs = nowMs + limits.electionTimeoutMinMs;
  leadership.transfer = { target, deadlineMs, isSent: false };
  return 'started';
}

/** Tells the target as soon as it has the whole log. */
export function advanceTransfer(state: ServerState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === null || transfer.isSent) return;
  const progress = leadership.progressByNode.get(transfer.target);
  if (progress?.matchIndex !== state.log.lastIndex) return;
  transfer.isSent = true;
  const { nodeId, term } = state;
  state.outbox.send({ type: 'timeout-now', from: nodeId, to: transfer.target, term });
}

/** The process ends: whoever is likeliest to be elected is to campaign. */
export function abdicate(state: ServerState, leadership: Leadership): void {
  const { log, nodeId, term } = state;
  if (isJoint(log.configuration)) return;
  let heir: Progress | null = null;
  for (const voter of log.configuration.voters) {
    const progress = leadership.progressByNode.get(voter);
    if (progress === undefined || progress.state === 'snapshot') continue;
    if (heir === null || progress.matchIndex > heir.matchIndex) heir = progress;
  }
  if (heir === null) return;
  leadership.transfer = { target: heir.nodeId, deadlineMs: Infinity, isSent: true };
  state.outbox.send({ type: 'timeout-now', from: nodeId, to: heir.nodeId, term });
}

/** The target did not take over in time: this leader goes on. */
export function expireTransfer(state: ServerState, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer !== null && state.nowMs >= transfer.deadlineMs) leadership.transfer = null;
}
