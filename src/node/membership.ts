/**
 * Who belongs to the cluster: founding, joining, promotion.
 *
 * - A founder's log begins with a configuration of itself alone. A joiner's log begins empty: it is
 *   in no configuration, never campaigns, and asks to join until its log says that it belongs.
 * - Newcomers become learners (thesis section 4.2.1). When two learners are caught up they become
 *   voters together, by joint consensus, so that the number of voters stays odd: an even number
 *   tolerates no more losses than the odd one below it, and needs a larger quorum.
 *
 * The leader alone decides; followers pass requests on. Time comes in as arguments.
 */

import type { Raft } from '../raft/raft.ts';
import type { Configuration, LogIndex, LogRecord, NodeId, Term } from '../raft/types.ts';
import {
  CAUGHT_UP_ENTRIES,
  JOIN_INTERVAL_MS,
  LEARNER_SILENCE_MS,
  MAX_MEMBERS,
  MAX_VOTERS,
} from './limits.ts';
import type { JoinRequest, JoinResponse, NodeMessage } from './messages.ts';

/** The first record of a founder's log. It must be durable before the runtime starts. */
export function foundingRecord(nodeId: NodeId): LogRecord {
  const term = 1 as Term;
  const configuration: Configuration = { voters: [nodeId], outgoingVoters: [], learners: [] };
  return {
    hardState: { term, votedFor: null },
    entries: [{ type: 'configuration', index: 1 as LogIndex, term, configuration }],
  };
}

export function membersOf(configuration: Configuration): NodeId[] {
  const { voters, outgoingVoters, learners } = configuration;
  return [...new Set([...voters, ...outgoingVoters, ...learners])].toSorted();
}

export class Membership {
  readonly #raft: Raft;
  readonly #send: (message: NodeMessage) => void;
  /** Where a joiner asks: what the invite or the registry named, and what members answered. */
  readonly #contacts: Set<NodeId>;
  /** Newcomers the leader has not got into the log yet. */
  readonly #newcomers = new Set<NodeId>();
  #nextCheckMs: number;

  constructor(
    raft: Raft,
    contacts: readonly NodeId[],
    nowMs: number,
    send: (message: NodeMessage) => void,
  ) {
    this.#raft = raft;
    this.#send = send;
    this.#contacts = new Set(contacts);
    this.#contacts.delete(raft.nodeId);
    this.#nextCheckMs = nowMs;
  }

  /** This node is in the configuration. */
  get belongs(): boolean {
    return membersOf(this.#raft.configuration).includes(this.#raft.nodeId);
  }

  /** The servers to keep links with. */
  peers(): NodeId[] {
    const members = membersOf(this.#raft.configuration);
    const wanted = this.belongs ? members : [...members, ...this.#contacts];
    return [...new Set(wanted)].filter((id) => id !== this.#raft.nodeId).toSorted();
  }

  nextDeadlineMs(): number {
    return this.#nextCheckMs;
  }

  check(nowMs: number): void {
    if (nowMs < this.#nextCheckMs) return;
    this.#nextCheckMs = nowMs + JOIN_INTERVAL_MS;
    if (!this.belongs || this.#mayBeForgotten) this.#askToJoin();
    if (this.#raft.role !== 'leader') {
      this.#newcomers.clear();
      return;
    }
    if (this.#admitNewcomers()) return;
    this.#promoteLearners(nowMs);
  }

  /**
   * The entry that admitted this node may never have been committed, and be gone from the others'
   * logs: then it waits as a learner for a leader that does not know of it.
   */
  get #mayBeForgotten(): boolean {
    return this.#raft.role === 'learner' && this.#raft.leaderId === null;
  }

  #askToJoin(): void {
    const from = this.#raft.nodeId;
    for (const to of new Set([...membersOf(this.#raft.configuration), ...this.#contacts])) {
      if (to !== from) this.#send({ type: 'join-request', from, to, nodeId: from });
    }
  }

  onJoinRequest(request: JoinRequest, nowMs: number): void {
    const { nodeId, leaderId, configuration } = this.#raft;
    const answer: JoinResponse = {
      type: 'join-response',
      from: nodeId,
      to: request.from,
      leaderId,
      members: membersOf(configuration),
    };
    if (request.from === request.nodeId) this.#send(answer);
    if (this.#raft.role === 'leader') {
      if (membersOf(configuration).includes(request.nodeId)) return;
      if (this.#newcomers.size < MAX_MEMBERS) this.#newcomers.add(request.nodeId);
      this.#nextCheckMs = Math.min(this.#nextCheckMs, nowMs);
    } else if (leaderId !== null && leaderId !== request.from && request.from === request.nodeId) {
      // One hop only: a request passed on twice would be chasing a leader that moved.
      this.#send({ ...request, from: nodeId, to: leaderId });
    }
  }

  onJoinResponse(response: JoinResponse): void {
    if (this.belongs) return;
    for (const id of response.members) {
      if (id !== this.#raft.nodeId && this.#contacts.size < MAX_MEMBERS) this.#contacts.add(id);
    }
  }

  /** True where a change was proposed or has to be waited for. */
  #admitNewcomers(): boolean {
    const { configuration } = this.#raft;
    const members = membersOf(configuration);
    for (const id of this.#newcomers) if (members.includes(id)) this.#newcomers.delete(id);
    const room = MAX_MEMBERS - members.length;
    const admitted = [...this.#newcomers].slice(0, Math.max(room, 0));
    if (admitted.length === 0) return false;
    const outcome = this.#raft.proposeConfiguration({
      voters: configuration.voters,
      learners: [...configuration.learners, ...admitted],
    });
    if (outcome === 'appended') for (const id of admitted) this.#newcomers.delete(id);
    return true;
  }

  #promoteLearners(nowMs: number): void {
    const { voters, learners } = this.#raft.configuration;
    const room = MAX_VOTERS - voters.length;
    // Two at a time keep an odd number odd; an even one, should it ever be, is made odd by one.
    const step = voters.length % 2 === 1 ? 2 : 1;
    if (room < step) return;
    const ready = learners.filter((id) => this.#isCaughtUp(id, nowMs));
    if (ready.length < step) return;
    const promoted = ready.slice(0, step);
    this.#raft.proposeConfiguration({
      voters: [...voters, ...promoted],
      learners: learners.filter((id) => !promoted.includes(id)),
    });
  }

  #isCaughtUp(learner: NodeId, nowMs: number): boolean {
    const progress = this.#raft.progress(learner);
    if (progress === null || progress.lastContactMs === null) return false;
    return (
      nowMs - progress.lastContactMs <= LEARNER_SILENCE_MS &&
      progress.matchIndex + CAUGHT_UP_ENTRIES >= this.#raft.lastIndex
    );
  }
}
