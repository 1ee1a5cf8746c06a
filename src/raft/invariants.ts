/**
 * What must hold in one server, and from one of its states to the next. The cheap ones are asserted
 * where the state changes and stay on in production: a server that finds itself in an impossible
 * state stops, because going on could lose what was acknowledged. The ones that cost more than the
 * work they guard are `checkServer` and `checkTransition`, for tests and the simulator.
 *
 * Nothing here changes anything. The properties that take more than one server to see (Election
 * Safety, Log Matching, Leader Completeness, State Machine Safety: paper Figure 3) are checked by
 * whoever holds all servers; `termAt` and `entryAt` of the face are there for that.
 */

import type { Configuration, Entry, LogIndex, NodeId, Role, Snapshot, Term } from './types.ts';

/** A state that the algorithm excludes: a defect, or storage that lied. Never caught and ignored. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Throws `InvariantViolation` unless `holds`. `what` names the law, not the values. */
export function assertInvariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new InvariantViolation(what);
}

/** What a leader knows of one server. */
export interface ProgressView {
  readonly matchIndex: LogIndex;
  readonly nextIndex: LogIndex;
  readonly lastContactMs: number | null;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Messages with entries that it has not answered. */
  readonly inflightMessages: number;
}

/** The part of a server's state that only ever moves forward. */
export interface ServerSummary {
  readonly nodeId: NodeId;
  readonly term: Term;
  readonly votedFor: NodeId | null;
  readonly role: Role;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
}

/** A server as the checks see it; the core's face is one. */
export interface ServerView extends ServerSummary {
  readonly leaderId: NodeId | null;
  readonly durableIndex: LogIndex;
  readonly configuration: Configuration;
  /** What stands in for the log before `firstIndex`. */
  readonly snapshot: Snapshot | null;
  /** It is in the log and not yet in the state machine. */
  readonly isRestoring: boolean;
  entryAt(index: LogIndex): Entry | null;
  termAt(index: LogIndex): Term | null;
  progress(peer: NodeId): ProgressView | null;
}

/** Copies what `checkTransition` compares, since a view changes under its holder. */
export function summarize(server: ServerSummary): ServerSummary {
  const { nodeId, term, votedFor, role, commitIndex, appliedIndex, firstIndex, lastIndex } = server;
  return { nodeId, term, votedFor, role, commitIndex, appliedIndex, firstIndex, lastIndex };
}

/** Throws `InvariantViolation` where one server's state is impossible. O(uncommitted entries). */
export function checkServer(server: ServerView): void {
  const { appliedIndex, commitIndex, lastIndex, durableIndex } = server;
  assertInvariant(appliedIndex >= 0, '0 <= appliedIndex');
  assertInvariant(appliedIndex <= commitIndex, 'appliedIndex <= commitIndex');
  assertInvariant(appliedIndex <= durableIndex, 'appliedIndex <= durableIndex');
  assertInvariant(commitIndex <= lastIndex, 'commitIndex <= lastIndex');
  assertInvariant(durableIndex <= lastIndex, 'durableIndex <= lastIndex');
  checkSnapshot(server);
  checkUncommittedTail(server);
  checkConfiguration(server.configuration);
  if (server.role === 'leader') checkLeader(server);
  else checkNonLeader(server);
}

/** The log begins behind its snapshot, which covers committed entries alone (paper section 7). */
function checkSnapshot(server: ServerView): void {
  const { snapshot, firstIndex, isRestoring, appliedIndex, durableIndex } = server;
  const baseIndex = (firstIndex - 1) as LogIndex;
  assertInvariant(baseIndex === (snapshot?.index ?? 0), 'the log begins behind its snapshot');
  assertInvariant(server.entryAt(baseIndex) === null, 'what is compacted is gone');
  assertInvariant(server.termAt(baseIndex) === (snapshot?.term ?? 0), 'the term of the base stays');
  assertInvariant(baseIndex <= server.commitIndex, 'what is compacted is committed');
  assertInvariant(baseIndex <= appliedIndex || isRestoring, 'what is compacted is applied');
  assertInvariant(baseIndex <= durableIndex || isRestoring, 'what is compacted is durable');
  if (snapshot !== null) checkConfiguration(snapshot.configuration);
}

function checkUncommittedTail(server: ServerView): void {
  const { commitIndex, lastIndex } = server;
  let previousTerm = server.termAt(commitIndex);
  let configurations = 0;
  for (let index = commitIndex + 1; index <= lastIndex; index += 1) {
    const entry = server.entryAt(index as LogIndex);
    assertInvariant(entry !== null && entry.index === index, 'the log has no holes');
    assertInvariant(previousTerm !== null && entry.term >= previousTerm, 'terms in a log grow');
    previousTerm = entry.term;
    if (entry.type === 'configuration') configurations += 1;
  }
  assertInvariant(server.term >= (previousTerm ?? 0), 'no entry is newer than the term');
  // Another server may know less than was committed, and so hold a joint and a final configuration.
  const knowsCommitted = server.termAt(server.commitIndex) === server.term;
  if (server.role === 'leader' && knowsCommitted) {
    assertInvariant(configurations <= 1, 'at most one uncommitted configuration');
  }
}

function checkConfiguration(configuration: Configuration): void {
  const { voters, outgoingVoters, learners } = configuration;
  for (const ids of [voters, outgoingVoters, learners]) {
    const ascending = ids.every((id, i) => i === 0 || (ids[i - 1] ?? '') < id);
    assertInvariant(ascending, 'ids of a configuration are sorted and unique');
  }
  assertInvariant(!learners.some((id) => voters.includes(id)), 'a learner is no voter');
  assertInvariant(outgoingVoters.length === 0 || voters.length > 0, 'a change leads somewhere');
}

function checkLeader(leader: ServerView): void {
  assertInvariant(leader.leaderId === leader.nodeId, 'a leader knows itself as the leader');
  assertInvariant(leader.votedFor === leader.nodeId, 'a leader voted for itself');
  const own = leader.progress(leader.nodeId);
  assertInvariant(
    own?.matchIndex === leader.durableIndex,
    "a leader's own match is its durable log",
  );
  const { voters, outgoingVoters, learners } = leader.configuration;
  for (const id of [...voters, ...outgoingVoters, ...learners]) {
    const progress = leader.progress(id);
    assertInvariant(progress !== null, 'a leader tracks every member');
    assertInvariant(progress.matchIndex >= 0, '0 <= matchIndex');
    assertInvariant(progress.matchIndex < progress.nextIndex, 'matchIndex < nextIndex');
    assertInvariant(progress.nextIndex <= leader.lastIndex + 1, 'nextIndex <= lastIndex + 1');
    if (progress.state !== 'snapshot') continue;
    const lacksBase = progress.matchIndex < leader.firstIndex - 1;
    assertInvariant(lacksBase, 'who has the base needs no snapshot');
    assertInvariant(progress.nextIndex <= leader.firstIndex, 'who lacks the base is sent no entry');
  }
}

function checkNonLeader(server: ServerView): void {
  const { role, nodeId, leaderId } = server;
  const { voters, outgoingVoters } = server.configuration;
  const votes = voters.includes(nodeId) || outgoingVoters.includes(nodeId);
  assertInvariant(role !== 'learner' || !votes, 'a voter is no learner');
  const isSettled = server.commitIndex === server.lastIndex;
  assertInvariant(role === 'learner' || votes || !isSettled, 'who does not vote is a learner');
  assertInvariant(leaderId !== nodeId, 'only a leader follows itself');
  if (role === 'candidate')
    assertInvariant(server.votedFor === nodeId, 'a candidate votes for itself');
  const campaigns = role === 'candidate' || role === 'pre-candidate';
  assertInvariant(!campaigns || leaderId === null, 'who campaigns knows no leader');
}

/**
 * Throws `InvariantViolation` where `after` cannot follow `before` in one life of a server. After a
 * crash, compare only what was durable.
 */
export function checkTransition(before: ServerSummary, after: ServerSummary): void {
  assertInvariant(before.nodeId === after.nodeId, 'a server keeps its id');
  assertInvariant(after.term >= before.term, 'terms only grow');
  assertInvariant(after.commitIndex >= before.commitIndex, 'commitIndex only grows');
  assertInvariant(after.appliedIndex >= before.appliedIndex, 'appliedIndex only grows');
  assertInvariant(after.firstIndex >= before.firstIndex, 'firstIndex only grows');
  if (after.term !== before.term) return;
  const voteKept = before.votedFor === null || after.votedFor === before.votedFor;
  assertInvariant(voteKept, 'one vote in a term');
  if (before.role === 'leader' && after.role === 'leader') {
    assertInvariant(after.lastIndex >= before.lastIndex, 'Leader Append-Only');
  }
  const deposed = before.role === 'leader' && after.role === 'candidate';
  assertInvariant(!deposed, 'a leader does not campaign again in its own term');
}
