/**
 * What a node does whose state is lost, or was found to be wrong: hands the leadership to somebody
 * whose state is sound, and asks the leader for a snapshot until it has been given one.
 *
 * Its log is sound, so it votes and acknowledges as before; a cluster whose states are damaged one
 * after the other loses no acknowledged entry. It may even have to lead, while its log is longer than
 * that of those with a sound state; then it brings one of them up to date first.
 *
 * Time comes in as arguments.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import type { NodeMessage } from './messages.ts';
import type { LoadedLog } from './ports.ts';

/** The state cannot be had from the log, which is compacted, nor from anybody else. */
export function holdsOnlyCopy({ snapshot, entries }: LoadedLog, nodeId: NodeId): boolean {
  if (snapshot === null) return false;
  const latest = entries.findLast((entry) => entry.type === 'configuration');
  const configuration = latest?.configuration ?? snapshot.configuration;
  return isAlone(configuration, nodeId);
}

function isAlone(configuration: Configuration, nodeId: NodeId): boolean {
  return membersOf(configuration).every((id) => id === nodeId);
}

export interface QuarantineOptions {
  readonly raft: Raft;
  readonly intervalMs: number;
  readonly send: (message: NodeMessage) => void;
  /** What the member says of itself; true where it says nothing. */
  readonly isQuarantined: (member: NodeId) => boolean;
  /** Nobody else has the state. */
  readonly onHopeless: () => void;
}

export class Quarantine {
  readonly #options: QuarantineOptions;
  #nextMs = -Infinity;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** To be called while the state is not to be trusted. */
  check(nowMs: number, connected: ReadonlySet<NodeId>): void {
    if (nowMs < this.#nextMs) return;
    const { raft, send, intervalMs } = this.#options;
    const { leaderId, nodeId } = raft;
    if (leaderId === null) return;
    this.#nextMs = nowMs + intervalMs;
    if (leaderId === nodeId) this.#handOver(connected);
    else {
      const atLeast = raft.appliedIndex;
      send({ type: 'snapshot-request', from: nodeId, to: leaderId, atLeast });
    }
  }

  #handOver(connected: ReadonlySet<NodeId>): void {
    const { raft, isQuarantined, onHopeless } = this.#options;
    const { configuration, nodeId } = raft;
    if (isAlone(configuration, nodeId)) {
      onHopeless();
      return;
    }
    let best: NodeId | null = null;
    for (const id of configuration.voters) {
      if (id === nodeId || !connected.has(id) || isQuarantined(id)) continue;
      const isFurther =
        (raft.progress(id)?.matchIndex ?? 0) >
        (best === null ? -1 : (raft.progress(best)?.matchIndex ?? -1));
      if (best === null || isFurther) best = id;
    }
    if (best !== null) raft.transferLeadership(best);
  }
}
