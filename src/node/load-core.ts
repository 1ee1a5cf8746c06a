/** The Raft core of a node, as it was stored: its log, and how far its state machine had come. */

import { Raft } from '../raft/raft.ts';
import type { RuntimeLimits } from './limits.ts';
import type { NodeOptions } from './node-options.ts';

/** A state machine that is behind the log's snapshot has lost its state, and applies nothing. */
export function loadCore(options: NodeOptions, limits: RuntimeLimits, nowMs: number): Raft {
  const { nodeId, loaded, appliedIndex, quarantined, ports } = options;
  const { hardState, snapshot, entries } = loaded;
  const raft = new Raft({
    nodeId,
    hardState,
    snapshot,
    entries,
    appliedIndex: appliedIndex < (snapshot?.index ?? 0) ? null : appliedIndex,
    nowMs,
    random: (bound) => ports.clock.random(bound),
    limits: limits.raft,
  });
  if (quarantined) raft.suspendApply();
  return raft;
}
