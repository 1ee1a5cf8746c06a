/**
 * What a node does that cannot apply the next entry (machine.ts), and what a leader has skipped.
 *
 * Whoever is alone with its trouble makes room: it hands the leadership to a voter that has applied the
 * entry, or asks a leader that has for a snapshot. Where all are stalled, an operator may have the
 * entry skipped. A leader takes that where it is stalled at this entry itself, and no voter that it
 * hears has applied it. One that it does not hear and that has applied it finds, by the `skip` in its
 * log, that its state is not the others', and is sent a snapshot.
 *
 * Time comes in as arguments.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import type { Machine } from './machine.ts';
import type { NodeMessage } from './messages.ts';
import type { Proposals } from './proposals.ts';

export interface StallOptions {
  readonly raft: Pick<
    Raft,
    'nodeId' | 'leaderId' | 'term' | 'appliedIndex' | 'configuration' | 'transferLeadership'
  >;
  readonly intervalMs: number;
  readonly machine: Pick<Machine, 'stalledAt' | 'isSkipped'>;
  /** What the member has applied, as it says; null where it is not heard. */
  readonly appliedBy: (member: NodeId) => LogIndex | null;
  readonly proposals: Pick<Proposals, 'skip'>;
  readonly send: (message: NodeMessage) => void;
}

/** 'waiting': the skip is in the log, or soon will be. */
export type SkipVerdict = 'done' | 'waiting' | { readonly refusal: string };

export class Stall {
  readonly #options: StallOptions;
  #nextMs = -Infinity;
  #proposed: { readonly term: Term; readonly index: LogIndex } | null = null;

  constructor(options: StallOptions) {
    this.#options = options;
  }

  check(nowMs: number): void {
    const { raft, intervalMs, appliedBy, send } = this.#options;
    const { stalledAt } = this.#options.machine;
    if (stalledAt === null || nowMs < this.#nextMs) return;
    const { nodeId, leaderId } = raft;
    if (leaderId === null) return;
    this.#nextMs = nowMs + intervalMs;
    const { index } = stalledAt;
    if (leaderId === nodeId) {
      const [further] = this.#thoseBeyond(index);
      if (further !== undefined) raft.transferLeadership(further);
    } else if ((appliedBy(leaderId) ?? 0) >= index) {
      send({ type: 'snapshot-request', from: nodeId, to: leaderId, atLeast: index });
    }
  }

  /** What a leader says to who wants the entry skipped. */
  skip(index: LogIndex): SkipVerdict {
    const { raft, machine, proposals } = this.#options;
    if (raft.appliedIndex >= index) {
      return machine.isSkipped(index) ? 'done' : { refusal: `the entry at ${index} is applied` };
    }
    if (machine.stalledAt?.index !== index) {
      return { refusal: `the cluster is not stalled at entry ${index}` };
    }
    const [further] = this.#thoseBeyond(index);
    if (further !== undefined) return { refusal: `${further} has applied the entry at ${index}` };
    const { term } = raft;
    const isProposed = this.#proposed?.term === term && this.#proposed.index === index;
    if (!isProposed && proposals.skip(index)) this.#proposed = { term, index };
    return 'waiting';
  }

  #thoseBeyond(index: LogIndex): NodeId[] {
    const { raft, appliedBy } = this.#options;
    const { voters } = raft.configuration;
    return voters.filter((id) => id !== raft.nodeId && (appliedBy(id) ?? 0) >= index);
  }
}

/** What is said to those whom a stalled node cannot serve. */
export function stallReason({ index, reason }: { index: LogIndex; reason: string }): string {
  return (
    `this node cannot apply the log entry at ${index} (${reason}), and serves nothing behind it: ` +
    'where all nodes say so, skip it'
  );
}
