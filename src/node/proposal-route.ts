/** Between callers and the leader's log: where proposals go, and what becomes of those that come. */

import type { Raft } from '../raft/raft.ts';
import type { NodeId } from '../raft/types.ts';
import type { NodeMessage, Proposal, Propose } from './messages.ts';
import type { Proposals } from './proposals.ts';

export interface ProposalRouteOptions {
  readonly raft: Pick<Raft, 'nodeId' | 'leaderId' | 'awaitCommits'>;
  readonly proposals: Pick<Proposals, 'take'>;
  readonly connected: ReadonlySet<NodeId>;
  readonly send: (message: NodeMessage) => void;
}

export class ProposalRoute {
  readonly #options: ProposalRouteOptions;

  constructor(options: ProposalRouteOptions) {
    this.#options = options;
  }

  /** Hands a proposal of this node's own callers to the leader; false: not taken now. */
  toLeader(proposal: Proposal, nowMs: number): boolean {
    const { raft, proposals, connected, send } = this.#options;
    const { leaderId, nodeId } = raft;
    if (leaderId === nodeId) return proposals.take(proposal, nowMs) === 'taken';
    if (leaderId === null || !connected.has(leaderId)) return false;
    send({ type: 'propose', from: nodeId, to: leaderId, proposal });
    return true;
  }

  onPropose({ proposal, from: to }: Propose, nowMs: number): void {
    const { raft, proposals, send } = this.#options;
    const reason = proposals.take(proposal, nowMs);
    if (reason === 'taken') raft.awaitCommits(to);
    else send({ type: 'propose-refused', from: raft.nodeId, to, reason });
  }
}
