/** What a leader tells of a member's progress. Plain reading, nothing changes. */

import type { ProgressView } from './invariants.ts';
import type { ServerState } from './state.ts';
import type { LogIndex, NodeId } from './types.ts';

/** Of a member, the leader included; null for others, and unless the server leads. */
export function progressOf(state: ServerState, peer: NodeId): ProgressView | null {
  const { leadership, log, nodeId, nowMs: lastContactMs } = state;
  if (leadership === null) return null;
  if (peer === nodeId) {
    const nextIndex = (log.lastIndex + 1) as LogIndex;
    const matchIndex = log.durableIndex;
    return { matchIndex, nextIndex, lastContactMs, state: 'replicate', inflightMessages: 0 };
  }
  const progress = leadership.progressByNode.get(peer);
  if (progress === undefined) return null;
  const { matchIndex, nextIndex, inflightMessages } = progress;
  const { lastContactMs: answeredMs, state: mode } = progress;
  return { matchIndex, nextIndex, lastContactMs: answeredMs, state: mode, inflightMessages };
}
