/**
 * The roles of a server and the ways between them (paper Figure 4, thesis sections 4.2.1 and 9.6),
 * and what each change of role takes with it.
 *
 *   learner <-> follower -> pre-candidate -> candidate -> leader
 *                  ^____________________________________________| a newer term, or no quorum heard
 */

import { membersOf } from './configuration.ts';
import type { RaftEventDetail } from './events.ts';
import { assertInvariant } from './invariants.ts';
import { Progress } from './progress.ts';
import { failForwardedReads, failLeaderReads } from './read-index.ts';
import { Leadership } from './state.ts';
import type { ServerState } from './state.ts';
import type { Configuration, Entry, NodeId, Term } from './types.ts';

export type PreVoteReason = Extract<RaftEventDetail, { readonly type: 'pre-vote' }>['reason'];
type SteppedDown = Extract<RaftEventDetail, { readonly type: 'stepped-down' }>;

/**
 * Follows `leaderId` (null: nobody known) in `term`, the present one or a newer. The election timer
 * of a server that has one runs on: only a leader heard or a vote given put it off (Figure 2), or a
 * candidate that cannot win would keep those that can from campaigning.
 */
export function becomeFollower(
  state: ServerState,
  term: Term,
  leaderId: NodeId | null,
  reason: SteppedDown['reason'] = 'higher-term',
): void {
  assertInvariant(term >= state.term, 'terms only grow');
  if (term > state.term) state.hardState = { term, votedFor: null };
  if (state.leadership !== null) {
    failLeaderReads(state, state.leadership);
    state.leadership = null;
    state.leaderSeenMs = state.nowMs;
    state.events.note(term, { type: 'stepped-down', reason });
    state.resetElectionTimer();
  }
  followLeader(state, leaderId);
  state.role = state.passiveRole;
  state.votes.clear();
}

/** A leader gives up in its own term. */
export function stepDown(
  state: ServerState,
  reason: Exclude<SteppedDown['reason'], 'higher-term'>,
): void {
  becomeFollower(state, state.term, null, reason);
}

/** Reads forwarded to the previous leader can no longer be trusted to be answered. */
function followLeader(state: ServerState, leaderId: NodeId | null): void {
  const { leaderId: former, term, nodeId } = state;
  if (former === leaderId) return;
  failForwardedReads(state);
  state.leaderId = leaderId;
  if (former !== null && former !== nodeId) {
    state.events.note(term, { type: 'leader-lost', leader: former });
  }
  if (leaderId !== null) state.events.note(term, { type: 'leader-known', leader: leaderId });
}

/** An AppendEntries of `term` came from `leaderId`. */
export function hearLeader(state: ServerState, term: Term, leaderId: NodeId): void {
  if (term === state.term) {
    assertInvariant(state.leadership === null, 'Election Safety: one leader in a term');
    const isKnown = state.leaderId === null || state.leaderId === leaderId;
    assertInvariant(isKnown, 'Election Safety: one leader in a term');
  }
  const isFollowing = term === state.term && state.leaderId === leaderId;
  if (!isFollowing) becomeFollower(state, term, leaderId);
  state.resetElectionTimer();
  state.lastLeaderContactMs = state.nowMs;
  state.leaderSeenMs = state.nowMs;
  state.isLeaderLinkLost = false;
  state.electionDeferred = false;
}

/** The known leader was not heard for an election timeout, and this server may not campaign. */
export function loseLeader(state: ServerState): void {
  followLeader(state, null);
  state.electionDeadlineMs = Infinity;
}

/** Asks for pre-votes, in no term of its own yet (thesis section 9.6). */
export function becomePreCandidate(state: ServerState, reason: PreVoteReason): void {
  const { term, leaderId: silentLeader, nowMs, leaderSeenMs } = state;
  const silentMs = nowMs - leaderSeenMs;
  state.events.note(term, { type: 'pre-vote', reason, silentLeader, silentMs });
  followLeader(state, null);
  state.role = 'pre-candidate';
  state.votes.clear();
  state.resetPreVoteTimer();
}

/** Begins a term and votes for itself; the vote counts once it is durable (paper section 5.2). */
export function becomeCandidate(state: ServerState, isAsked: boolean): void {
  state.hardState = { term: (state.term + 1) as Term, votedFor: state.nodeId };
  state.events.note(state.term, { type: 'candidacy', reason: isAsked ? 'asked' : 'pre-votes' });
  followLeader(state, null);
  state.role = 'candidate';
  state.votes.clear();
  state.resetElectionTimer();
}

/** Appends an entry of its own term at once: only that commits what came before (section 8). */
export function becomeLeader(state: ServerState): void {
  const votes = [...state.votes];
  const leadership = new Leadership(nextIndex(state), votes);
  state.events.note(state.term, { type: 'election-won', votes });
  state.role = 'leader';
  state.leaderId = state.nodeId;
  state.leadership = leadership;
  state.isLeaderLinkLost = false;
  state.votes.clear();
  state.electionDeadlineMs = Infinity;
  trackMembers(state, leadership);
  state.log.append({ type: 'noop', index: nextIndex(state), term: state.term });
}

function nextIndex(state: ServerState): Entry['index'] {
  return (state.log.lastIndex + 1) as Entry['index'];
}

/** Appends a configuration, which is in force from now on (paper section 6). */
export function appendConfiguration(
  state: ServerState,
  leadership: Leadership,
  configuration: Configuration,
): void {
  const { term } = state;
  state.log.append({ type: 'configuration', index: nextIndex(state), term, configuration });
  trackMembers(state, leadership);
}

/**
 * Makes `progressByNode` follow the configuration. Who is voted out is kept, or taken up again by a
 * new leader, until it can be told that this is committed.
 */
function trackMembers(state: ServerState, leadership: Leadership): void {
  const { progressByNode } = leadership;
  const { log, commitIndex, nodeId, nowMs, limits } = state;
  const members = new Set(membersOf(log.configuration));
  const tracked = new Set(members);
  if (log.configurationIndex > commitIndex) {
    for (const id of membersOf(log.previousConfiguration)) tracked.add(id);
  }
  for (const id of tracked) {
    if (id === nodeId || progressByNode.has(id)) continue;
    progressByNode.set(id, new Progress(id, nextIndex(state), nowMs, limits));
  }
  for (const progress of progressByNode.values()) {
    progress.isLeaving = !members.has(progress.nodeId);
  }
}

/** The configuration, or that it is committed, may be news to a server that does not lead. */
export function adoptConfiguration(state: ServerState): void {
  if (state.role === 'follower' || state.role === 'learner') state.role = state.passiveRole;
}
