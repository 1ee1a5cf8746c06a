/**
 * How terms begin and end (paper section 5.2, thesis sections 4.2.3 and 9.6):
 *
 * - a term begins with a candidate, and with nothing else: pre-votes raise nobody's term;
 * - a leader grants no pre-vote, and so is deposed by nobody who could not be elected;
 * - whoever leads was voted for, durably, by a majority of the voters (of both sets while the
 *   configuration is joint), its own vote included.
 *
 * Election Safety rests on the last, and breaks only if a crash comes at the right moment.
 */

import type { Configuration, HardState, NodeId, Role, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** The part of a server's state that campaigns are about. */
export interface Campaigner {
  readonly nodeId: NodeId;
  readonly term: Term;
  readonly votedFor: NodeId | null;
  readonly role: Role;
}

/** The term that a founder's log begins with; nobody campaigned for it. */
const FOUNDING_TERM = 1;

export class Campaigns {
  readonly #begunTerms = new Set<number>([0, FOUNDING_TERM]);
  /** In which term each server was last heard to lead. */
  readonly #ledTermByNode = new Map<NodeId, Term>();

  /** A server's term, vote or role changed. */
  onView(server: Campaigner): void {
    const { nodeId, term, votedFor, role } = server;
    if (votedFor === nodeId && (role === 'candidate' || role === 'leader')) {
      this.#begunTerms.add(term);
    }
    if (this.#begunTerms.has(term)) return;
    throw new Violation('campaigns', '5.2', `${nodeId} is in term ${term}, which nobody began`);
  }

  /** `node` sends AppendEntries in `term`. */
  onLeads(node: NodeId, term: Term): void {
    this.#ledTermByNode.set(node, term);
  }

  /**
   * A server, which is as given when it had done whatever it did before, grants a pre-vote. Only what
   * it was while it led can be told: a vote that it granted just before may leave it just after.
   */
  onPreVoteGranted(server: Campaigner): void {
    const { nodeId, term, role } = server;
    if (role !== 'leader' || this.#ledTermByNode.get(nodeId) !== term) return;
    const evidence = `${nodeId} grants a pre-vote while it leads ${term}`;
    throw new Violation('campaigns', 'thesis 4.2.3', evidence);
  }

  /** `leader` is elected in `configuration`. Who has gone on to a later term may have voted. */
  onElected(
    leader: NodeId,
    term: Term,
    configuration: Configuration,
    hardStateOf: (node: NodeId) => HardState | null,
  ): void {
    const mayHaveVoted = (voter: NodeId): boolean => {
      const hardState = hardStateOf(voter);
      if (hardState === null || hardState.term > term) return true;
      return hardState.term === term && hardState.votedFor === leader;
    };
    const isMajority = (voters: readonly NodeId[]): boolean =>
      voters.length === 0 || 2 * voters.filter(mayHaveVoted).length > voters.length;
    const { voters, outgoingVoters } = configuration;
    if (isMajority(voters) && isMajority(outgoingVoters)) return;
    const evidence = `${leader} leads ${term} without the durable votes of a majority`;
    throw new Violation('campaigns', '5.2', evidence);
  }
}
