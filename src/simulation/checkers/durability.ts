/**
 * Nothing is promised before it is on disk (paper section 5, Figure 2: "updated on stable storage
 * before responding to RPCs"; thesis section 10.2.1 for the leader's own write in parallel):
 *
 * - a vote is sent only when it, with its term, is durable, and so is the candidate's own vote
 *   before it asks for others';
 * - an accepted AppendEntries is answered only for entries that are durable;
 * - what a leader takes for matched is durable on that server, unless it has gone on to a later term;
 * - a leader commits only what is durable on a majority of the voters, of both sets while the
 *   configuration is joint (section 6).
 *
 * A server whose durable term is later already promises nothing by a message of an older term: it can
 * neither vote nor accept anything else in that term any more.
 */

import type { Message } from '../../raft/messages.ts';
import type { Configuration, HardState, LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** A server's disk as it is now. */
export interface DurableState {
  readonly hardState: HardState;
  readonly lastIndex: LogIndex;
  chainAt(index: LogIndex): number | null;
}

const SECTION = 'Figure 2';

/** A message of the core leaves the server whose disk is `disk`. */
export function checkSentDurable(message: Message, disk: DurableState): void {
  const { term, votedFor } = disk.hardState;
  if (term > message.term) return;
  switch (message.type) {
    case 'request-vote':
      if (term === message.term && votedFor === message.from) return;
      throw new Violation('durability', SECTION, `${message.from} asks for votes without its own`);
    case 'request-vote-response':
      if (!message.voteGranted || (term === message.term && votedFor === message.to)) return;
      throw new Violation('durability', SECTION, `${message.from} votes before it is durable`);
    case 'append-entries-response':
      if (!message.success || message.matchIndex <= disk.lastIndex) return;
      throw new Violation(
        'durability',
        SECTION,
        `${message.from} accepts up to ${message.matchIndex}, durable up to ${disk.lastIndex}`,
      );
    default:
      return;
  }
}

/** `leader` takes the log of `peer` for equal to its own, which is `chain`, up to `matchIndex`. */
export function checkMatchDurable(
  leader: { readonly node: NodeId; readonly term: Term },
  peer: NodeId,
  match: { readonly index: LogIndex; readonly chain: number | null },
  disk: DurableState,
): void {
  if (disk.hardState.term > leader.term || disk.chainAt(match.index) === match.chain) return;
  throw new Violation(
    'durability',
    '5.3',
    `${leader.node}, leading ${leader.term}, takes ${peer} to have ${match.index}, which it has not`,
  );
}

/**
 * A leader committed `index`, where its log is `chain`. `configurations` are those that were in force
 * in the step that committed it.
 */
export function checkCommitDurable(
  commit: { readonly node: NodeId; readonly term: Term; readonly index: LogIndex },
  chain: number | null,
  configurations: readonly Configuration[],
  diskOf: (node: NodeId) => DurableState | null,
): void {
  const has = (node: NodeId): boolean => diskOf(node)?.chainAt(commit.index) === chain;
  const holds = (voters: readonly NodeId[]): boolean =>
    voters.length === 0 || 2 * voters.filter(has).length > voters.length;
  const durable =
    chain !== null &&
    configurations.some(({ voters, outgoingVoters }) => holds(voters) && holds(outgoingVoters));
  if (durable) return;
  throw new Violation(
    'durability',
    '5.4.2',
    `${commit.node} commits ${commit.index} in ${commit.term}, not durable on a majority`,
  );
}
